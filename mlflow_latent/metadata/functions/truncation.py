"""How many objects the image's border cuts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_latent.metadata.registry import Quantity, register

if TYPE_CHECKING:
    from mlflow_latent.metadata.objects import Objects

TOUCH = 1.0
"""Pixels from the border within which a box touches it: annotators leave fractions of one."""


@register("objects", {"truncation": Quantity("share of the boxes", 0, 1)})
def truncation(objects: Objects) -> float | None:
    """Return the share of the boxes that touch the image's border or reach over it.

    Touching is to be nearer than one pixel. None without objects.
    """
    if not len(objects.given):
        return None
    left, top, right, bottom = objects.given.T
    beside = (left < TOUCH) | (right > objects.width - TOUCH)
    above = (top < TOUCH) | (bottom > objects.height - TOUCH)
    return float((beside | above).mean())
