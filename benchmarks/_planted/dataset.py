"""What a generator gives: a data set, and the truth that was planted in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow_latent.snapshot import Snapshot

NOTHING = "nothing"  # the kind of a data set in which nothing is planted
Key = tuple[str, str]


@dataclass(frozen=True, eq=False)
class Dataset:
    """A data set and the truth.

    Attributes:
        snapshot: what is analyzed.
        truth: (N,) mask of the samples that an insight of the planted kind should hold.
        field: the metadata field that the insight should name, where that is what was planted.
        possible: whether a test that is given the true samples would find them, at the error rate
            that one kind may spend; None where the kind has no such test.
        epochs: (E, N, C) class probabilities at each epoch, for peers that can use them.
    """

    snapshot: Snapshot
    truth: np.ndarray
    field: str | None = None
    possible: bool | None = None
    epochs: np.ndarray | None = None

    @property
    def keys(self) -> frozenset[Key]:
        """(split, sample_id) of the true samples."""
        rows = self.snapshot
        return frozenset(zip(rows.split[self.truth], rows.sample_id[self.truth], strict=True))


@dataclass(frozen=True)
class Case:
    """One cell of the benchmark: a way to make data sets.

    Attributes:
        kind: the kind of insight that should find what is planted, or `NOTHING`.
        name: what is planted, and how strongly.
        make: seed to data set.
        seeds: how many data sets a full run makes.
        asked: whether a person would care: these cells are what the figures to reach speak of.
        beside: kinds that may rightly speak of the same thing.
        quick: whether a quick run has this cell.
    """

    kind: str
    name: str
    make: Callable[[int], Dataset]
    seeds: int = 20
    asked: bool = True
    beside: frozenset[str] = frozenset()
    quick: bool = False


def mask(size: int, rows: Any) -> np.ndarray:
    """(size,) mask of the given row numbers."""
    result = np.zeros(size, dtype=bool)
    result[rows] = True
    return result
