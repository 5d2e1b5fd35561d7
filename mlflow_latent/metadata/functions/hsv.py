"""Hue, saturation and value."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.metadata.color import hue_of
from mlflow_latent.metadata.registry import Quantity, register

if TYPE_CHECKING:
    from mlflow_latent.metadata.pixels import Pixels

_DEGREES = Quantity("degrees: 0 red, 120 green, 240 blue", 0, 360)
_SHARE, _DEVIATION = Quantity("share", 0, 1), Quantity("share", 0, 0.5)
NO_DIRECTION = 1e-6
"""Length of the mean color's direction (0…1) below which opposite hues cancel: there is no mean."""


@register("image", {"hue_mean": _DEGREES, "hue_std": Quantity("degrees", 0)})
def hue(image: Pixels) -> dict[str, float | None]:
    """Return the circular mean and standard deviation of the hue, in degrees.

    Each pixel counts by its range (saturation × value), since the hue of a nearly gray pixel is
    chance: red at 359° and at 1° have the mean 0°, and gray has no part in it. Both are None where
    nothing has a color; the mean alone where hues cancel (and the deviation is then endless).
    Source: hue of Smith 1978 (HSV); Mardia & Jupp 2000, Directional Statistics, 2.3.
    """
    weight = image.range
    total = float(weight.sum(dtype=np.float64))
    if not total > 0:
        return {"hue_mean": None, "hue_std": None}
    angle = hue_of(image.rgb, image.value)
    x = float((weight * np.cos(angle)).sum(dtype=np.float64)) / total
    y = float((weight * np.sin(angle)).sum(dtype=np.float64)) / total
    length = min(float(np.hypot(x, y)), 1.0)
    if length < NO_DIRECTION:
        return {"hue_mean": None, "hue_std": None}
    deviation = float(np.sqrt(-2 * np.log(length))) or 0.0
    return {"hue_mean": float(np.degrees(np.arctan2(y, x))) % 360, "hue_std": np.degrees(deviation)}


@register("image", {"saturation_mean": _SHARE, "saturation_std": _DEVIATION})
def saturation(image: Pixels) -> dict[str, float]:
    """Return mean and standard deviation of HSV's saturation: 0 gray … 1 pure; 0 for black."""
    share = image.range / np.where(image.value > 0, image.value, np.float32(1))
    mean, std = share.mean(dtype=np.float64), share.std(dtype=np.float64)
    return {"saturation_mean": float(mean), "saturation_std": float(std)}


@register("image", {"value_mean": _SHARE, "value_std": _DEVIATION})
def value(image: Pixels) -> dict[str, float]:
    """Return mean and standard deviation of HSV's value, the greatest channel, 0…1."""
    mean, std = image.value.mean(dtype=np.float64), image.value.std(dtype=np.float64)
    return {"value_mean": float(mean), "value_std": float(std)}
