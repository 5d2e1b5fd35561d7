"""What the pixels of one image belong to: masks of instances, or one map of classes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.errors import InputError
from mlflow_latent.metadata.names import ClassNames, as_classes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

BACKGROUND = 0
"""Class index that a map of classes has where there is nothing."""
IGNORED = 255
"""Class index that a map of classes has where nobody knows (Pascal VOC, Cityscapes)."""
MAP_DIMENSIONS = 2


@dataclass(frozen=True, eq=False)
class Segments:
    """The true segmentation of one image.

    Attributes:
        masks: (K, H, W) bool, one per instance or, of a map of classes, one per class in it.
        classes: (K,) class index.
        crowd: (K,) which are crowd regions: their pixels count, they are no instances.
        has_instances: whether a mask is one instance, and not all of a class.
        labelled: pixels whose class is known; percents are of these.
        names: of the classes.
    """

    masks: NDArray[np.bool_]
    classes: NDArray[np.int64]
    crowd: NDArray[np.bool_]
    has_instances: bool
    labelled: int
    names: ClassNames

    @classmethod
    def of_instances(
        cls,
        masks: ArrayLike,
        classes: ArrayLike,
        *,
        width: int,
        height: int,
        names: ClassNames | Mapping[int, str] | Sequence[str],
        crowd: ArrayLike | None = None,
    ) -> Segments:
        """Take one mask per instance; they may overlap.

        Args:
            masks: (K, H, W), nonzero where the instance is; K may be 0.
            classes: (K,) class index.
            width: of the image, in pixels.
            height: of the image, in pixels.
            names: class names by index; each has its fields, in every image.
            crowd: (K,) which are crowd regions; default: none.

        Raises:
            InputError: shapes do not agree, or a class has no name.
        """
        index = as_classes(classes)
        found = np.asarray(masks) != 0
        found = found.reshape(0, height, width) if not len(index) and not found.size else found
        if found.shape != (len(index), height, width):
            raise InputError(
                f"masks must have the shape {(len(index), height, width)} (objects, height, width "
                f"of the image), got {found.shape}"
            )
        names = ClassNames.of(names)
        names.rows_by_class(index)  # refuses a class without a name
        crowds = np.zeros(len(index), bool) if crowd is None else np.asarray(crowd, bool)
        if crowds.shape != index.shape:
            raise InputError(
                f"crowd has the shape {crowds.shape}, but there are {len(index)} masks"
            )
        return cls(found, index, crowds, True, int(width) * int(height), names)  # noqa: FBT003

    @classmethod
    def of_map(
        cls,
        classes: ArrayLike,
        *,
        names: ClassNames | Mapping[int, str] | Sequence[str],
        background: int | None = BACKGROUND,
        ignored: int | None = IGNORED,
    ) -> Segments:
        """Take a map of classes (semantic segmentation); what is an instance is then unknown.

        Args:
            classes: (H, W) class index of each pixel, whole numbers.
            names: class names by index; each but the background's has its fields, in every image.
            background: index of what belongs to no class; None if there is no such index.
            ignored: index of pixels that nobody knows: they are in no figure. So are negative ones.

        Raises:
            InputError: it is no such map, or a class in it has no name.
        """
        index = np.asarray(classes)
        if index.ndim != MAP_DIMENSIONS or index.dtype.kind not in "iub":
            raise InputError(
                f"a map of classes must be whole numbers of the shape (H, W), got {index.dtype} of "
                f"shape {index.shape}"
            )
        index = index.astype(np.int64)
        unknown = (index < 0) | (index == ignored if ignored is not None else False)
        named = ClassNames.of(names).without(background)
        present = np.unique(index[~unknown])
        present = present[present != background] if background is not None else present
        named.rows_by_class(present)  # refuses a class without a name
        masks = index[None] == present[:, None, None]
        crowd = np.zeros(len(present), bool)
        return cls(masks, present, crowd, False, int((~unknown).sum()), named)  # noqa: FBT003

    @cached_property
    def areas(self) -> NDArray[np.int64]:
        """(K,) pixels of each mask."""
        areas: NDArray[np.int64] = np.count_nonzero(self.masks, axis=(1, 2))
        return areas

    def covered(self, rows: NDArray[np.bool_]) -> float:
        """Return the percent of the labelled pixels that any of these masks covers."""
        chosen = self.masks[rows & (self.areas > 0)]
        if not len(chosen):
            return self.percent(0)
        together = chosen[0] if len(chosen) == 1 else np.logical_or.reduce(chosen)
        return self.percent(int(np.count_nonzero(together)))

    def percent(self, pixels: float) -> float:
        """Return pixels as a percent of those labelled; NaN if none is."""
        return 100 * pixels / self.labelled if self.labelled else float("nan")
