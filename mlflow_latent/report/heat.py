"""Heat-maps laid over their samples: colors, opacity, and the picture."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, UnidentifiedImageError

from mlflow_latent.imaging import pillow_open

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlflow_latent.report.heatmaps import Heatmap

COLORS = (
    "#440154",
    "#472d7b",
    "#3b528b",
    "#2c728e",
    "#21918c",
    "#28ae80",
    "#5ec962",
    "#addc30",
    "#fde725",
)
"""From nothing to the map's strongest place: viridis, whose lightness grows evenly, so that it is
read alike with any color vision (Smith and van der Walt 2015)."""
OPACITY = 0.8  # of the strongest place
DIMMED = 0.85  # of the picture's brightness, in gray: what is strong must be the lightest


def overlaid(
    picture: NDArray[np.uint8], values: NDArray[np.float32], opacity: float = OPACITY
) -> NDArray[np.uint8]:
    """Return a picture in gray with a map over it, the stronger the more opaque.

    Args:
        picture: (H, W, 3) RGB.
        values: (size, size), not negative, over the whole picture.
        opacity: of the strongest place, 0…1.
    """
    height, width = picture.shape[:2]
    gray = picture.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32) * DIMMED
    strength = _relative(values)
    heat = Image.fromarray(strength).resize((width, height), Image.Resampling.BILINEAR)
    share = np.asarray(heat, dtype=np.float32)
    alpha = (opacity * share)[..., None]
    mixed = (1 - alpha) * gray[..., None] + alpha * colors_of(share)
    shown: NDArray[np.uint8] = np.rint(np.clip(mixed, 0, 255)).astype(np.uint8)
    return shown


def colors_of(share: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return (…, 3) RGB 0…255 of numbers 0…1."""
    stops = np.array([[int(color[at : at + 2], 16) for at in (1, 3, 5)] for color in COLORS])
    places = np.linspace(0, 1, len(stops))
    channels = [np.interp(share, places, stops[:, channel]) for channel in range(3)]
    return np.stack(channels, axis=-1).astype(np.float32)


def overlay(content: bytes, heatmap: Heatmap, side: int, opacity: float = OPACITY) -> bytes | None:
    """Return a WebP of an encoded thumbnail with a map over it; None if it is no picture.

    Args:
        content: of the thumbnail, which is square.
        heatmap: of the same sample.
        side: of the result, in pixels.
        opacity: of the strongest place, 0…1.
    """
    picture = decode(content, side)
    if picture is None:
        return None
    packed = io.BytesIO()
    shown = overlaid(picture, heatmap.values, opacity)
    Image.fromarray(shown).save(packed, "WEBP", quality=80, method=1)
    return packed.getvalue()


def decode(content: bytes, side: int) -> NDArray[np.uint8] | None:
    """Return an encoded square picture as (side, side, 3) RGB; None if it is none."""
    try:
        with pillow_open(io.BytesIO(content)) as image:
            larger = Image.Resampling.NEAREST if image.width < side else Image.Resampling.BILINEAR
            return np.asarray(image.convert("RGB").resize((side, side), larger))
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        return None


def _relative(values: NDArray[np.float32]) -> NDArray[np.float32]:
    known = np.nan_to_num(np.asarray(values, dtype=np.float32), posinf=0, neginf=0).clip(0)
    most = float(known.max(initial=0))
    return (known / most).astype(np.float32) if most > 0 else known.astype(np.float32)
