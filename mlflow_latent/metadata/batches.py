"""Metadata from the batches of a training, for `LatentCapture(metadata=batch_metadata(…))`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mlflow_latent.errors import InputError
from mlflow_latent.metadata.describe import (
    Fields,
    detection_metadata,
    image_statistics,
    segmentation_metadata,
)
from mlflow_latent.metadata.names import ClassNames
from mlflow_latent.metadata.objects import Objects
from mlflow_latent.metadata.pixels import CHANNELS
from mlflow_latent.metadata.segments import BACKGROUND, IGNORED, Segments

if TYPE_CHECKING:
    from mlflow_latent.metadata.registry import Value

IMAGE, IMAGES = 3, 4  # dimensions of (C, H, W) and (N, C, H, W)
ULTRALYTICS = frozenset({"batch_idx", "bboxes", "cls"})
MASK_KEYS = ("mask", "masks", "target")


def batch_metadata(
    class_names: ClassNames | Mapping[int, str] | Sequence[str] | None = None,
    *,
    supercategories: Mapping[str, str] | None = None,
    mean: float | Sequence[float] | None = None,
    std: float | Sequence[float] | None = None,
    images: bool = True,
    background: int | None = BACKGROUND,
    ignored: int | None = IGNORED,
) -> BatchMetadata:
    """Make a function of a batch that returns the metadata of its samples.

    Images are the batch's first image tensor (N, 1, 3 or 4, H, W), or list of (C, H, W). With class
    names, annotations are read too:

    - `batch[1]`, or the key `mask`, `masks` or `target`, of whole numbers (N, H, W) or
      (N, 1, H, W): maps of classes;
    - `batch[1]`, one mapping per image with `boxes` (left, top, right, bottom in pixels) and
      `labels`, if given `masks` and `iscrowd` (torchvision's detection models);
    - the keys `batch_idx`, `bboxes` and `cls` (Ultralytics).

    Args:
        class_names: by index. For a map of classes, the background may be among them or not.
        supercategories: of class names.
        mean: that the images were normalized with, one number or one per channel.
        std: the same.
        images: compute the image statistics.
        background: index of the background in a map of classes.
        ignored: index in it of pixels that nobody knows.

    Raises:
        InputError: a super-category is given for an unknown class.

    Example:
        >>> capture_metadata = batch_metadata(mean=0.5, std=0.5)
        >>> dark_and_bright = np.stack([np.full((1, 2, 2), -1.0), np.full((1, 2, 2), 1.0)])
        >>> capture_metadata((dark_and_bright, np.array([3, 7])))["brightness"]
        [0.0, 1.0]
    """
    names = None if class_names is None else ClassNames.of(class_names, supercategories)
    return BatchMetadata(names, mean, std, images, background, ignored)


@dataclass(frozen=True)
class BatchMetadata:
    """A function of a batch; `batch_metadata` makes it, and says what the arguments are."""

    names: ClassNames | None
    mean: Any
    std: Any
    images: bool
    background: int | None
    ignored: int | None

    def __call__(self, batch: Any) -> dict[str, list[Value]]:
        """Return one value per sample for each field.

        Raises:
            InputError: no images, or no annotations, were found in the batch.
        """
        images = _find_images(batch)
        if images is None:
            raise InputError("metadata: no image tensor (N, 1, 3 or 4, H, W) is in the batch")
        rows: list[Fields] = [{} for _ in images]
        if self.images:
            rows = [self._statistics(image) for image in images]
        if self.names is not None:
            sizes = [(int(image.shape[-1]), int(image.shape[-2])) for image in images]
            annotated = self._annotations(batch, sizes, self.names)
            rows = [row | more for row, more in zip(rows, annotated, strict=True)]
        return {name: [row.get(name) for row in rows] for name in dict.fromkeys(_all_names(rows))}

    def _statistics(self, image: Any) -> Fields:
        return image_statistics(_array(image), mean=self.mean, std=self.std, channels_first=True)

    def _annotations(
        self, batch: Any, sizes: Sequence[tuple[int, int]], names: ClassNames
    ) -> list[Fields]:
        if isinstance(batch, Mapping) and batch.keys() >= ULTRALYTICS:
            return _of_ultralytics(batch, sizes, names)
        found = _annotation_of(batch)
        if _are_mappings(found, len(sizes)):
            return [_of_target(one, size, names) for one, size in zip(found, sizes, strict=True)]
        maps = None if found is None else _array(found)
        if maps is not None and maps.ndim == IMAGES and maps.shape[1] == 1:
            maps = maps[:, 0]
        if maps is None or maps.ndim != IMAGE or maps.dtype.kind not in "iub":
            raise InputError(
                "metadata: class names are given, but the batch has neither maps of classes (whole "
                "numbers, (N, H, W)) nor boxes and labels; leave class_names out for the images "
                "alone"
            )
        return [segmentation_metadata(self._segments(one, names)) for one in maps]

    def _segments(self, classes: Any, names: ClassNames) -> Segments:
        return Segments.of_map(
            classes, names=names, background=self.background, ignored=self.ignored
        )


def _array(value: Any) -> Any:
    """A numpy array of a tensor on any device, of any precision."""
    if hasattr(value, "detach"):
        value = value.detach().cpu()
        value = value.float() if value.is_floating_point() else value
    return np.asarray(value)


def _find_images(batch: Any) -> Any:
    """The first image tensor, or list of them, in nested tuples, lists and mappings."""
    if hasattr(batch, "shape"):
        return batch if len(batch.shape) == IMAGES and batch.shape[1] in CHANNELS else None
    if isinstance(batch, Mapping):
        return _first(_find_images, batch.values())
    if not isinstance(batch, tuple | list):
        return None
    if batch and all(_is_image(one) for one in batch):
        return batch
    return _first(_find_images, batch)


def _is_image(value: Any) -> bool:
    shape: tuple[int, ...] = getattr(value, "shape", ())
    return len(shape) == IMAGE and shape[0] in CHANNELS


def _first(find: Callable[[Any], Any], parts: Any) -> Any:
    return next((found for found in map(find, parts) if found is not None), None)


def _annotation_of(batch: Any) -> Any:
    if isinstance(batch, Mapping):
        return next((batch[key] for key in MASK_KEYS if key in batch), None)
    return batch[1] if isinstance(batch, tuple | list) and len(batch) > 1 else None


def _are_mappings(value: Any, size: int) -> bool:
    return (
        isinstance(value, tuple | list)
        and len(value) == size
        and all(isinstance(one, Mapping) and {"boxes", "labels"} <= one.keys() for one in value)
    )


def _of_target(target: Mapping[str, Any], size: tuple[int, int], names: ClassNames) -> Fields:
    labels = _array(target["labels"])
    crowd = _array(target["iscrowd"]) if "iscrowd" in target else None
    shape: dict[str, Any] = {
        "width": size[0],
        "height": size[1],
        "names": names,
        "crowd": crowd,
    }
    objects = Objects.of(_array(target["boxes"]), labels, box_format="xyxy", **shape)
    fields = detection_metadata(objects)
    if "masks" in target:
        masks = Segments.of_instances(_array(target["masks"]), labels, **shape)
        fields |= segmentation_metadata(masks)
    return fields


def _of_ultralytics(
    batch: Mapping[str, Any], sizes: Sequence[tuple[int, int]], names: ClassNames
) -> list[Fields]:
    place = _array(batch["batch_idx"]).reshape(-1)
    boxes, classes = _array(batch["bboxes"]), _array(batch["cls"]).reshape(-1)
    return [
        detection_metadata(
            Objects.of(
                boxes[place == number],
                classes[place == number],
                width=width,
                height=height,
                names=names,
                box_format="cxcywhn",
            )
        )
        for number, (width, height) in enumerate(sizes)
    ]


def _all_names(rows: Sequence[Fields]) -> list[str]:
    return [name for row in rows for name in row]
