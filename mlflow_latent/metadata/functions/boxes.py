"""How large the objects are, of what shape, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.metadata.registry import Quantity, register

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from mlflow_latent.metadata.objects import Objects

_SUMMARIES: dict[str, Callable[[NDArray[np.float64]], np.floating]] = {
    "mean": np.mean,
    "median": np.median,
    "min": np.min,
    "max": np.max,
    "var": np.var,
}
_MEASURES = {
    "area": Quantity("share of the image's area", 0, 1),
    "aspect_ratio": Quantity("width ÷ height", 0),
    "x": Quantity("share of the image's width, from the left", 0, 1),
    "y": Quantity("share of the image's height, from the top", 0, 1),
}
_FIELDS = {
    f"bbox_{measure}_{summary}": Quantity(f"{quantity.unit}, squared", 0)
    if summary == "var"
    else quantity
    for measure, quantity in _MEASURES.items()
    for summary in _SUMMARIES
}


@register("objects", _FIELDS)
def boxes(objects: Objects) -> dict[str, float | None]:
    """Return mean, median, min, max and var of the boxes' area, aspect ratio and center.

    The area is a share of the image's, the aspect ratio is width ÷ height in pixels, x and y are
    the center as shares of the image's width and height. Boxes are cut to the image before. The
    variance is that of the boxes that are there (÷ K), 0 for a single one. All are None without
    objects.
    """
    if not len(objects.boxes):
        return dict.fromkeys(_FIELDS)
    left, top, right, bottom = objects.boxes.T
    measured = {
        "area": objects.areas / (objects.width * objects.height),
        "aspect_ratio": objects.widths / objects.heights,
        "x": (left + right) / 2 / objects.width,
        "y": (top + bottom) / 2 / objects.height,
    }
    return {
        f"bbox_{measure}_{summary}": float(summarize(measured[measure]))
        for measure in _MEASURES
        for summary, summarize in _SUMMARIES.items()
    }
