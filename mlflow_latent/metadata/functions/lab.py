"""Color by how it looks: CIELAB, and whether an image has any."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.metadata.registry import Quantity, register

if TYPE_CHECKING:
    from mlflow_latent.metadata.pixels import Pixels

COLORED_CHROMA = 8.0
"""Chroma from which a pixel has a color that is seen: several times the just noticeable difference
of 2.3 (Mahy et al. 1994), above what JPEG leaves in a gray image."""
COLORED_SHARE = 0.005
"""Share of the pixels that must have a color for the image to have one."""


@register("image", {"lab_a_mean": Quantity("CIELAB a*: −green, +red", -128, 128),
                    "lab_b_mean": Quantity("CIELAB b*: −blue, +yellow", -128, 128)})  # fmt: skip
def lab(image: Pixels) -> dict[str, float]:
    """Return the means of a* (−green, +red) and b* (−blue, +yellow); 0 and 0 for gray.

    Source: CIE 15, CIE 1976 L*a*b* of sRGB, white D65, 2° observer.
    """
    a, b = image.lab_ab
    mean_a, mean_b = a.mean(dtype=np.float64), b.mean(dtype=np.float64)
    return {"lab_a_mean": float(mean_a), "lab_b_mean": float(mean_b)}


@register("image", {"is_colored": Quantity("yes or no", 0, 1)})
def is_colored(image: Pixels) -> bool | None:
    """Return whether at least one pixel in 200 has a visible color (CIELAB chroma of 8 or more).

    Read from the pixels: a gray picture saved with three channels, or as a JPEG, is not colored,
    and one in sepia is.
    """
    chroma = np.hypot(*image.lab_ab)
    if np.isnan(chroma).any():
        return None
    return bool((chroma >= COLORED_CHROMA).mean() >= COLORED_SHARE)
