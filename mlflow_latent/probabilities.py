"""Class probabilities: whether numbers that are called so can be ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROUNDING = 0.05
"""How far a sum may be from 1: ten classes with two decimals each; float16 needs less."""
OUTSIDE = 1e-3  # how far a value may be below 0: float16 near 1 rounds by half of that
MEND = (
    "give probabilities: the softmax of the logits; of one sigmoid output p, [1 - p, p]; none where"
    " a sample may have several classes (multi-label)"
)


@dataclass(frozen=True)
class Unfit:
    """The rows that are no probabilities of classes that exclude one another.

    Attributes:
        row: the first of them.
        why: `sums to 2`, `holds -1.2`, `holds NaN`.
        count: how many they are.
    """

    row: int
    why: str
    count: int

    def words(self, key: str, size: int) -> str:
        """Return what is wrong and what to do, in one line.

        Args:
            key: `split/sample_id` of the row.
            size: rows there are.
        """
        return (
            f"pred_probs are no class probabilities: row {self.row} ({key}) {self.why}"
            f" ({self.count:,} of {size:,} rows are unfit); {MEND}"
        )


def fit_rows(probabilities: NDArray[np.float32]) -> NDArray[np.bool_]:
    """(N,) mask of the rows of (N, C) that are within 0…1 and sum to 1, but for rounding."""
    with np.errstate(over="ignore", invalid="ignore"):  # logits may be anything
        total = probabilities.sum(axis=1, dtype=np.float64)
        near = np.abs(total - 1) <= ROUNDING
    return np.asarray(near & (probabilities.min(axis=1, initial=1.0) >= -OUTSIDE))


def find_unfit(probabilities: NDArray[np.float32]) -> Unfit | None:
    """Return what is wrong with (N, C) probabilities; None if nothing is."""
    unfit = ~fit_rows(probabilities)
    if not unfit.any():
        return None
    row = int(np.argmax(unfit))
    return Unfit(row, _why(probabilities[row]), int(np.count_nonzero(unfit)))


def _why(row: NDArray[np.float32]) -> str:
    if not np.isfinite(row).all():
        return "holds NaN" if np.isnan(row).any() else "holds infinity"
    if row.min() < -OUTSIDE:
        return f"holds {row.min():.4g}"
    return f"sums to {row.sum(dtype=np.float64):.4g}"
