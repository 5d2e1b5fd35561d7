"""All metadata of one sample: of its image, its boxes, its masks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlflow_latent.metadata.pixels import Pixels
from mlflow_latent.metadata.registry import Value, describe
from mlflow_latent.metadata.segments import BACKGROUND, IGNORED, Segments

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike

    from mlflow_latent.metadata.names import ClassNames
    from mlflow_latent.metadata.objects import Objects

Fields = dict[str, Value]


def image_statistics(image: Any, **reading: Any) -> Fields:
    """Return brightness, contrast, sharpness, noise, colors and size of an image.

    Args:
        image: a path, a Pillow image, an array, or a `Pixels`.
        reading: `mean`, `std`, `channels_first`, as in `Pixels.of`.

    Returns:
        By field name; None where a figure does not exist. `metadata_functions("image")` has units
        and ranges.

    Raises:
        InputError: the image cannot be read.

    Example:
        >>> import numpy as np
        >>> fields = image_statistics(np.full((4, 6, 3), (255, 0, 0), dtype=np.uint8))
        >>> fields["hue_mean"], fields["red_mean"], fields["aspect_ratio"], fields["is_colored"]
        (0.0, 1.0, 1.5, True)
    """
    return describe("image", Pixels.of(image, **reading))


def detection_metadata(objects: Objects) -> Fields:
    """Return counts, boxes' geometry, occlusion and truncation of an image's true objects.

    Args:
        objects: from `Objects.of`, `coco_objects` or `yolo_objects`.

    Example:
        >>> from mlflow_latent.metadata import Objects
        >>> cars = Objects.of([[0, 0, 50, 50]], [0], width=100, height=100, names=["car", "bus"])
        >>> fields = detection_metadata(cars)
        >>> fields["count_car"], fields["count_bus"], fields["bbox_area_mean"], fields["truncation"]
        (1, 0, 0.25, 1.0)
    """
    return describe("objects", objects)


def segmentation_metadata(segments: Segments) -> Fields:
    """Return percent of pixels, number and mean size of instances per class and super-category.

    Args:
        segments: from `Segments.of_instances`, `Segments.of_map` or `coco_segments`.
    """
    return describe("segments", segments)


def mask_metadata(
    mask: ArrayLike,
    names: ClassNames | Mapping[int, str] | Sequence[str],
    *,
    background: int | None = BACKGROUND,
    ignored: int | None = IGNORED,
) -> Fields:
    """Return the metadata of a map of classes (semantic segmentation); see `Segments.of_map`.

    Example:
        >>> fields = mask_metadata([[0, 0], [1, 255]], ["background", "person", "car"])
        >>> round(fields["percent_person"]), fields["percent_car"], fields["instances_person"]
        (33, 0.0, None)
    """
    segments = Segments.of_map(mask, names=names, background=background, ignored=ignored)
    return segmentation_metadata(segments)
