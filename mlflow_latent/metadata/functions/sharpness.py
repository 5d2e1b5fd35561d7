"""How sharp an image is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.metadata.registry import Quantity, register

if TYPE_CHECKING:
    from mlflow_latent.metadata.pixels import Pixels

GRAY_LEVELS = 255
"""Luma is counted in these, so that the figure is the one that OpenCV users know."""
REACH = 3  # pixels that the kernel covers


@register("image", {"sharpness": Quantity("squared gray levels of 0…255", 0, (8 * 255) ** 2)})
def sharpness(image: Pixels) -> float | None:
    """Return the variance of the luma's Laplacian, in squared gray levels of 0…255.

    Blur lowers it (below about 100 a photograph looks blurred); noise and fine texture raise it,
    and so does a smaller copy of the same image. None below 3×3 pixels.
    The kernel is 0 1 0 / 1 −4 1 / 0 1 0, where it lies wholly within the image.
    Source: Pech-Pacheco et al. 2000, Diatom autofocusing in brightfield microscopy.
    """
    if min(image.width, image.height) < REACH:
        return None
    luma = image.luma
    around = luma[:-2, 1:-1] + luma[2:, 1:-1] + luma[1:-1, :-2] + luma[1:-1, 2:]
    return float((around - 4 * luma[1:-1, 1:-1]).var(dtype=np.float64)) * GRAY_LEVELS**2
