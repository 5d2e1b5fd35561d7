"""Class indices without gaps: what is sized by classes is sized by those that are there.

A class index may be any integer: COCO's go to 90 of 80 classes, and some people hash names.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class ClassCodes:
    """The classes of N samples, numbered without gaps.

    Attributes:
        known: (C,) ascending class indices: of the columns of the probabilities, then the others.
        codes: (N,) place of each sample's class in `known`, −1 where missing.
    """

    known: NDArray[np.int32]
    codes: NDArray[np.int32]

    @classmethod
    def of(cls, target: NDArray[np.int32], columns: int = 0) -> ClassCodes:
        """Number the classes.

        Args:
            target: (N,) class index, −1 where missing.
            columns: classes that have a probability; these keep their numbers.
        """
        beyond = np.unique(target[target >= columns])
        known = np.concatenate([np.arange(columns, dtype=np.int32), beyond.astype(np.int32)])
        codes = np.where(target >= 0, np.searchsorted(known, target), -1)
        return cls(known, codes.astype(np.int32))

    def indices(self, codes: NDArray[np.int32]) -> NDArray[np.int32]:
        """Return the class indices of codes; −1 stays."""
        return np.where(codes >= 0, self.known[codes], -1).astype(np.int32)


def commonest(target: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Return the classes of M samples, the most frequent first, and their shares.

    Args:
        target: (M,) class indices, none missing. Ties by class index.
    """
    classes, counts = np.unique(target, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    return classes[order], counts[order] / max(1, len(target))
