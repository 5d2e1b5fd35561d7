"""How many instances of each class and super-category there are, and how large."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_latent.metadata.registry import Quantity, Value, register

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mlflow_latent.metadata.segments import Segments

_COUNT = Quantity("count", 0)
_SIZE = Quantity("percent of the labelled pixels", 0, 100)


@register(
    "segments",
    {
        "instances_<class>": _COUNT,
        "size_<class>": _SIZE,
        "supercategory_instances_<supercategory>": _COUNT,
        "supercategory_size_<supercategory>": _SIZE,
    },
)
def instances(segments: Segments) -> dict[str, Value]:
    """Return number and mean size of the instances of each class and super-category.

    The size is the mean area in percent of the pixels, None where there is no instance. Crowd
    regions and empty masks are no instances. All are None where masks are classes and not
    instances: how many objects a class's pixels are is then unknown.
    """
    fields: dict[str, Value] = {}
    for slug, rows in segments.names.rows_by_class(segments.classes).items():
        fields[f"instances_{slug}"], fields[f"size_{slug}"] = _summary(segments, rows)
    for slug, rows in segments.names.rows_by_supercategory(segments.classes).items():
        count, size = _summary(segments, rows)
        fields[f"supercategory_instances_{slug}"] = count
        fields[f"supercategory_size_{slug}"] = size
    return fields


def _summary(segments: Segments, rows: NDArray[np.bool_]) -> tuple[int | None, float | None]:
    if not segments.has_instances:
        return None, None
    areas = segments.areas[rows & ~segments.crowd & (segments.areas > 0)]
    return len(areas), segments.percent(float(areas.mean())) if len(areas) else None
