"""How noisy an image is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.metadata.registry import Quantity, register

if TYPE_CHECKING:
    from mlflow_latent.metadata.pixels import Pixels

KERNEL_NORM = 6.0
"""Root of the summed squares of Immerkær's kernel: the deviation it gives noise of deviation 1."""
MEDIAN_OF_NORMAL = 0.6744897501960817
"""Median of |x| where x is standard normal."""
REACH = 3  # pixels that the kernel covers


@register("image", {"noise": Quantity("share of white", 0, 16 / KERNEL_NORM / MEDIAN_OF_NORMAL)})
def noise(image: Pixels) -> float | None:
    """Return the standard deviation of the luma's noise, in shares of white; None below 3×3 pixels.

    The kernel 1 −2 1 / −2 4 −2 / 1 −2 1 sees no edges that are straight and no smooth shading;
    the median of what is left, rather than its mean, forgets the texture of less than half of an
    image. Exact for white normal noise; fine texture everywhere is taken for noise, and noise that
    JPEG removed or clipping hid is not seen.
    Source: Immerkær 1996, Fast noise variance estimation, with the median absolute deviation of
    Donoho & Johnstone 1994.
    """
    if min(image.width, image.height) < REACH:
        return None
    left = np.diff(np.diff(image.luma, n=2, axis=0), n=2, axis=1)
    if np.isnan(left).any():
        return None
    return float(np.median(np.abs(left))) / (KERNEL_NORM * MEDIAN_OF_NORMAL)
