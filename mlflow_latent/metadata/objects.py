"""The annotated objects of one image: boxes and classes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from mlflow_latent.errors import InputError
from mlflow_latent.metadata.names import ClassNames, as_classes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

BoxFormat = Literal["xywh", "xyxy", "cxcywh", "cxcywhn"]
SIDES = 4  # numbers of a box


@dataclass(frozen=True, eq=False)
class Objects:
    """The true objects of one image.

    A crowd region stands for an unknown number of objects: it is in none of the figures but
    `n_crowd_regions`. A box is cut to the image; one of which nothing is left, or that is not made
    of numbers, is in none but `n_invalid_boxes`.

    Attributes:
        boxes: (K, 4) float64 left, top, right, bottom in pixels, cut to the image.
        given: (K, 4) the same, as annotated.
        classes: (K,) class index.
        width: of the image, in pixels.
        height: of the image, in pixels.
        names: of the classes.
        n_crowd_regions: how many crowd regions there are.
        n_invalid_boxes: how many boxes are unusable.
    """

    boxes: NDArray[np.float64]
    given: NDArray[np.float64]
    classes: NDArray[np.int64]
    width: int
    height: int
    names: ClassNames
    n_crowd_regions: int = 0
    n_invalid_boxes: int = 0

    @classmethod
    def of(
        cls,
        boxes: ArrayLike,
        classes: ArrayLike,
        *,
        width: int,
        height: int,
        names: ClassNames | Mapping[int, str] | Sequence[str],
        box_format: BoxFormat = "xywh",
        crowd: ArrayLike | None = None,
    ) -> Objects:
        """Take the boxes of one image.

        Args:
            boxes: (K, 4); K may be 0.
            classes: (K,) class index.
            width: of the image, in pixels.
            height: of the image, in pixels.
            names: class names by index; each has its fields, in every image.
            box_format: `xywh` left, top, width, height (COCO); `xyxy` left, top, right, bottom;
                `cxcywh` with the center instead of a corner; all in pixels. `cxcywhn`: center,
                width and height as shares of the image (YOLO).
            crowd: (K,) which of them are crowd regions; default: none.

        Raises:
            InputError: shapes do not agree, the image has no size, or a class has no name.
        """
        index = as_classes(classes)
        corners = _corners(_as_boxes(boxes, len(index)), box_format, width, height)
        names = ClassNames.of(names)
        names.rows_by_class(index)  # refuses a class without a name
        crowds = np.zeros(len(index), bool) if crowd is None else np.asarray(crowd, bool)
        if crowds.shape != index.shape:
            raise InputError(
                f"crowd has the shape {crowds.shape}, but there are {len(index)} boxes"
            )
        cut = np.clip(corners, 0, [width, height, width, height])
        usable = (cut[:, 2] > cut[:, 0]) & (cut[:, 3] > cut[:, 1])  # False for NaN
        kept = usable & ~crowds
        return cls(
            boxes=cut[kept],
            given=corners[kept],
            classes=index[kept],
            width=int(width),
            height=int(height),
            names=names,
            n_crowd_regions=int(crowds.sum()),
            n_invalid_boxes=int((~usable & ~crowds).sum()),
        )

    @cached_property
    def widths(self) -> NDArray[np.float64]:
        """(K,) in pixels."""
        widths: NDArray[np.float64] = self.boxes[:, 2] - self.boxes[:, 0]
        return widths

    @cached_property
    def heights(self) -> NDArray[np.float64]:
        """(K,) in pixels."""
        heights: NDArray[np.float64] = self.boxes[:, 3] - self.boxes[:, 1]
        return heights

    @cached_property
    def areas(self) -> NDArray[np.float64]:
        """(K,) in square pixels."""
        return self.widths * self.heights


def _as_boxes(boxes: ArrayLike, size: int) -> NDArray[np.float64]:
    try:
        found = np.asarray(boxes, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"boxes must be numbers of the shape (K, 4): {error}") from None
    found = found.reshape(0, SIDES) if not found.size else found
    if found.shape != (size, SIDES):
        raise InputError(f"boxes must have the shape ({size}, 4), one per class, got {found.shape}")
    return np.where(np.isfinite(found), found, np.nan)


def _corners(
    boxes: NDArray[np.float64], box_format: str, width: int, height: int
) -> NDArray[np.float64]:
    if not (width >= 1 and height >= 1):
        raise InputError(f"an image has a width and a height of 1 or more, got {width}×{height}")
    if box_format == "xyxy":
        return boxes
    if box_format not in {"xywh", "cxcywh", "cxcywhn"}:
        raise InputError(
            f"box_format takes 'xywh', 'xyxy', 'cxcywh' or 'cxcywhn', got {box_format!r}"
        )
    scale: Any = [width, height] if box_format == "cxcywhn" else [1, 1]
    with np.errstate(over="ignore"):  # what is beyond all numbers is cut to the image as well
        first, extent = boxes[:, :2] * scale, boxes[:, 2:] * scale
        if box_format != "xywh":
            first -= extent / 2
        return np.hstack([first, first + extent])
