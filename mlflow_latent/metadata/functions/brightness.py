"""How bright an image is, and how much its brightness varies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.metadata.registry import Quantity, register

if TYPE_CHECKING:
    from mlflow_latent.metadata.pixels import Pixels


@register("image", {"brightness": Quantity("share of white", 0, 1)})
def brightness(image: Pixels) -> float:
    """Return the mean luma: 0 is black, 1 white. Source: Rec. ITU-R BT.601."""
    return float(image.luma.mean(dtype=np.float64))


@register("image", {"contrast": Quantity("share of white", 0, 0.5)})
def contrast(image: Pixels) -> float:
    """Return the RMS contrast: the standard deviation of the luma, 0 (even) … 0.5 (half and half).

    Source: Peli 1990, Contrast in complex images, eq. 4.
    """
    return float(image.luma.std(dtype=np.float64))
