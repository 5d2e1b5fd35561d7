"""How much the objects lie over one another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.metadata.registry import Quantity, register

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlflow_latent.metadata.objects import Objects

_SHARE = Quantity("intersection ÷ union of a pair's areas", 0, 1)


@register("objects", {"occlusion_mean": _SHARE, "occlusion_max": _SHARE})
def occlusion(objects: Objects) -> dict[str, float | None]:
    """Return mean and max, over all pairs of boxes, of intersection ÷ union of their areas.

    0: no two boxes overlap; 1: two are the same. A single object has no other over it: 0. Both are
    None without objects. True boxes, cut to the image; which of two objects is in front is not
    known, nor what a mask would say.
    """
    count = len(objects.boxes)
    if count == 0:
        return {"occlusion_mean": None, "occlusion_max": None}
    if count == 1:
        return {"occlusion_mean": 0.0, "occlusion_max": 0.0}
    pairs = overlaps(objects.boxes)[np.triu_indices(count, k=1)]
    return {"occlusion_mean": float(pairs.mean()), "occlusion_max": float(pairs.max())}


def overlaps(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (K, K) intersection ÷ union of boxes (K, 4) given as left, top, right, bottom."""
    first, last = boxes[:, :2], boxes[:, 2:]
    shared = np.minimum(last[:, None], last) - np.maximum(first[:, None], first)
    intersection = shared.clip(min=0).prod(axis=2)
    areas = (last - first).prod(axis=1)
    union = areas[:, None] + areas - intersection
    found: NDArray[np.float64] = np.minimum(intersection / union, 1)
    return found
