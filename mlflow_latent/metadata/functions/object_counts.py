"""How many objects there are, of which classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.metadata.registry import Quantity, register

if TYPE_CHECKING:
    from mlflow_latent.metadata.objects import Objects

_COUNT = Quantity("count", 0)
_FIELDS = ("n_objects", "n_classes", "n_crowd_regions", "n_invalid_boxes")
_PATTERNS = ("count_<class>", "supercategory_count_<supercategory>")


@register("objects", dict.fromkeys([*_FIELDS, *_PATTERNS], _COUNT))
def object_counts(objects: Objects) -> dict[str, int]:
    """Return the numbers of objects, of distinct classes, and of objects per class.

    A class that is not there has the count 0. Crowd regions and boxes of which nothing lies within
    the image are counted apart.
    """
    by_class = objects.names.rows_by_class(objects.classes)
    by_super = objects.names.rows_by_supercategory(objects.classes)
    counts = {f"count_{slug}": int(rows.sum()) for slug, rows in by_class.items()}
    return {
        "n_objects": len(objects.classes),
        "n_classes": int(np.count_nonzero(list(counts.values()))),
        "n_crowd_regions": objects.n_crowd_regions,
        "n_invalid_boxes": objects.n_invalid_boxes,
        **counts,
        **{f"supercategory_count_{slug}": int(rows.sum()) for slug, rows in by_super.items()},
    }
