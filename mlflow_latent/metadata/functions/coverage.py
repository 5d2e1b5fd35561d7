"""How much of an image each class, each super-category and the background cover."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.metadata.registry import Quantity, register

if TYPE_CHECKING:
    from mlflow_latent.metadata.segments import Segments

_PERCENT = Quantity("percent of the labelled pixels", 0, 100)
_FIELDS = ("background_percent", "percent_<class>", "supercategory_percent_<supercategory>")


@register("segments", dict.fromkeys(_FIELDS, _PERCENT))
def coverage(segments: Segments) -> dict[str, float]:
    """Return the percent of pixels of each class and super-category, and of none of them.

    A pixel under two masks of one class counts once for it; under masks of two classes, once for
    each, so percents may add up to more than 100. A class that is not there has 0. Crowd regions
    count. All None where no pixel is labelled.
    """
    by_class = segments.names.rows_by_class(segments.classes)
    by_super = segments.names.rows_by_supercategory(segments.classes)
    anything = np.ones(len(segments.classes), dtype=bool)
    return {
        "background_percent": 100 - segments.covered(anything),
        **{f"percent_{slug}": segments.covered(rows) for slug, rows in by_class.items()},
        **{
            f"supercategory_percent_{slug}": segments.covered(rows)
            for slug, rows in by_super.items()
        },
    }
