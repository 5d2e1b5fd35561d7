"""The three channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.metadata.registry import Quantity, register

if TYPE_CHECKING:
    from mlflow_latent.metadata.pixels import Pixels

CHANNELS = ("red", "green", "blue")
_FIELDS = {
    **{f"{name}_mean": Quantity("share of white", 0, 1) for name in CHANNELS},
    **{f"{name}_std": Quantity("share of white", 0, 0.5) for name in CHANNELS},
}


@register("image", _FIELDS)
def rgb(image: Pixels) -> dict[str, float]:
    """Return mean (0…1) and standard deviation (0…0.5) of the red, green and blue sRGB values."""
    planes = dict(zip(CHANNELS, image.rgb, strict=True))
    means = {f"{name}_mean": float(plane.mean(dtype=np.float64)) for name, plane in planes.items()}
    stds = {f"{name}_std": float(plane.std(dtype=np.float64)) for name, plane in planes.items()}
    return means | stds
