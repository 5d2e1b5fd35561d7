"""Color spaces, as the standards define them, on planes of float32.

Own formulas, because the libraries that have them cost more than they save: scikit-image's
`rgb2lab` and `rgb2hsv` take ten times as long, and OpenCV's wheels weigh 70 MB and exclude one
another. The tests hold these to both, and to `colorsys`.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

XYZ_OF_LINEAR = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)
"""CIE 1931 XYZ of linear sRGB, white D65 (IEC 61966-2-1)."""
GAMMA_KNEE, GAMMA_SLOPE, GAMMA_OFFSET, GAMMA = 0.04045, 12.92, 0.055, 2.4  # IEC 61966-2-1
LAB_KNEE, LAB_SLOPE, LAB_OFFSET = (6 / 29) ** 3, (29 / 6) ** 2 / 3, 4 / 29  # CIE 15
LEAST_KELVIN, GREATEST_KELVIN = 1_667.0, 25_000.0
"""Where the approximation of the Planckian locus holds (Kim et al. 2002)."""
GREATEST_DISTANCE = 0.05
"""From the Planckian locus in CIE 1960 (u, v): beyond it, a color has no temperature (CIE 15)."""
LOCUS_POINTS = 4_096


def linear_from_srgb(rgb: NDArray[np.floating]) -> NDArray[np.float32]:
    """Undo sRGB's gamma.

    Args:
        rgb: any shape, 0…1.

    Returns:
        The same shape, light in 0…1. Source: IEC 61966-2-1.
    """
    values = np.asarray(rgb, dtype=np.float32)
    curved = ((values + np.float32(GAMMA_OFFSET)) / np.float32(1 + GAMMA_OFFSET)) ** np.float32(
        GAMMA
    )
    return np.where(values <= GAMMA_KNEE, values / np.float32(GAMMA_SLOPE), curved)


@cache
def linear_of_codes() -> NDArray[np.float32]:
    """Return (256,) what 8-bit sRGB values are as linear light: three times as fast to look up."""
    return linear_from_srgb(np.arange(256) / 255)


def lab_ab_from_linear(linear: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a* (−green, +red) and b* (−blue, +yellow), about −110…110.

    Args:
        linear: (3, H, W) linear sRGB, 0…1.

    Returns:
        (2, H, W), of CIE 1976 L*a*b*, white as in sRGB (D65). Source: CIE 15.
    """
    matrix = np.asarray(XYZ_OF_LINEAR)
    relative = (matrix / matrix.sum(axis=1, keepdims=True)).astype(np.float32)  # white is 1, 1, 1
    share = (relative @ linear.reshape(3, -1)).reshape(linear.shape)
    dark = share <= LAB_KNEE
    line = np.float32(LAB_SLOPE) * share + np.float32(LAB_OFFSET)
    x, y, z = np.cbrt(share, out=share)
    np.copyto(share, line, where=dark)
    ab: NDArray[np.float32] = line[
        :2
    ]  # its room is free now, and fresh memory is what takes the time here
    np.subtract(x, y, out=ab[0])
    np.subtract(y, z, out=ab[1])
    ab *= np.array([500, 200], dtype=np.float32).reshape(-1, 1, 1)
    return ab


def hue_of(rgb: NDArray[np.float32], value: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the hue of HSV in radians, −π/3…5π/3; 0 where there is none (gray).

    Args:
        rgb: (3, H, W), 0…1.
        value: (H, W) greatest channel.
    """
    red, green, blue = rgb
    between = value - np.minimum(np.minimum(red, green), blue)
    between = np.where(between > 0, between, np.float32(1))
    sixths = np.where(
        value == red,
        (green - blue) / between,
        np.where(value == green, 2 + (blue - red) / between, 4 + (red - green) / between),
    )
    hue: NDArray[np.float32] = sixths * np.float32(np.pi / 3)
    return hue


def temperature_of(linear: NDArray[np.floating]) -> float:
    """Return the correlated color temperature of a light, in kelvin.

    That of the black body whose color is nearest in CIE 1960 (u, v), the definition of CIE 15. The
    black bodies' colors are the cubic splines of Kim et al. 2002 (US 7,024,034), within
    1,667…25,000 K.

    Args:
        linear: (3,) linear sRGB.

    Returns:
        Kelvin; NaN for black, and where no black body is near enough (green, magenta, violet).
    """
    x, y, z = np.asarray(XYZ_OF_LINEAR) @ np.asarray(linear, dtype=np.float64)
    weight = x + 15 * y + 3 * z
    if not weight > 0:
        return float("nan")
    kelvin, u, v = _planckian_locus()
    distance = np.hypot(u - 4 * x / weight, v - 6 * y / weight)
    nearest = int(distance.argmin())
    if nearest in {0, len(kelvin) - 1} or distance[nearest] > GREATEST_DISTANCE:
        return float("nan")
    return float(kelvin[nearest])


@cache
def _planckian_locus() -> tuple[NDArray[np.float64], ...]:
    """Kelvin, u and v of black bodies, evenly spaced in 1 / kelvin."""
    t = 1 / np.linspace(1 / LEAST_KELVIN, 1 / GREATEST_KELVIN, LOCUS_POINTS)
    inverse = 1e3 / t
    warm = np.polyval([-0.2661239, -0.2343589, 0.8776956, 0.179910], inverse)
    cold = np.polyval([-3.0258469, 2.1070379, 0.2226347, 0.240390], inverse)
    x = np.where(t < 4_000, warm, cold)  # noqa: PLR2004 - a knot of the spline, as the next one
    y = np.select(
        [t < 2_222, t < 4_000],  # noqa: PLR2004
        [
            np.polyval([-1.1063814, -1.34811020, 2.18555832, -0.20219683], x),
            np.polyval([-0.9549476, -1.37418593, 2.09137015, -0.16748867], x),
        ],
        np.polyval([3.0817580, -5.87338670, 3.75112997, -0.37001483], x),
    )
    weight = -2 * x + 12 * y + 3
    return t, 4 * x / weight, 6 * y / weight
