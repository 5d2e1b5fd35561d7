"""The cells of a field in which the loss is large, told from the rest, and what the choice costs.

A range of a number and its complement, any set of categories or of a few values; `missing` may be
in either. An interval of an effect that was chosen so holds for every choice that was possible.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.curves import FEW_VALUES
from mlflow_latent.insights.conditions import spans

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from mlflow_latent.insights.cells import Cells

FINE_CELLS = 40  # of a number: ranges end at multiples of 1/40 of the samples
ROUNDING = 0.25  # of a cell's width: what its edges may be moved by for shorter numbers
PIECE_COST = 1.0  # standard errors that a second edge, or a further category, must be worth: of
# sets that are about as good the simplest is taken (Breiman et al. 1984, the rule of one error)
DRAWS, DRAWS_AT_ONCE = 4_000, 500


@dataclass(frozen=True, eq=False)
class Cut:
    """Some of a field's cells.

    Attributes:
        chosen: (B,) mask.
        reach: standard errors by which, at the confidence asked for, no set that might have been
            chosen is off by chance.
    """

    chosen: NDArray[np.bool_]
    reach: float


@dataclass(frozen=True, eq=False)
class Cutter:
    """M samples in the cells of a field.

    Attributes:
        cells: B of them.
        place: (M,) cell of each sample.
        scores: (M,) of its loss.
        least: samples that either side needs.
    """

    cells: Cells
    place: NDArray[np.int64]
    scores: NDArray[np.float64]
    least: int

    def cut(self, confidence: float) -> Cut | None:
        """Choose the cells with the largest scores; None where either side would be too small."""
        field = self.cells.field
        few = len(np.unique(field.column[field.present])) <= FEW_VALUES
        if not field.categories and not few:
            sets, pieces = _ranges(self.cells)
            chosen = self._best(sets, pieces)
            return None if chosen is None else Cut(chosen, self._reach_of(sets, confidence))
        chosen = self._prefix() if field.categories else self._best(*_subsets(self.cells))
        if chosen is None:
            return None
        return Cut(chosen, self._reach_of_size(int(chosen.sum()), confidence))

    @property
    def _n(self) -> NDArray[np.float64]:
        n = np.bincount(self.place, minlength=self.cells.size)
        return n.astype(np.float64)

    @property
    def _sums(self) -> NDArray[np.float64]:
        """(B,) scores above the mean, in units of the standard deviation of one."""
        scores = (self.scores - self.scores.mean()) / self.scores.std()
        sums = np.bincount(self.place, weights=scores, minlength=self.cells.size)
        return sums.astype(np.float64)

    def _error(self, inside: NDArray[np.float64]) -> NDArray[np.float64]:
        """Standard error of the sum inside sets of so many samples; infinite for too few."""
        n = len(self.place)
        enough = (inside >= self.least) & (n - inside >= self.least)
        return np.where(enough, np.sqrt(np.maximum(inside * (1 - inside / n), 0)), np.inf)

    def _best(self, sets: NDArray[np.bool_], pieces: NDArray[np.int64]) -> NDArray[np.bool_] | None:
        error = self._error(sets @ self._n)
        value = sets @ self._sums / error - PIECE_COST * np.maximum(pieces - 1, 0)
        value = np.where(np.isfinite(error), value, -np.inf)
        best = int(value.argmax())
        return np.asarray(sets[best]) if np.isfinite(value[best]) else None

    def _prefix(self) -> NDArray[np.bool_] | None:
        """The fewest cells, worst first, that are as good as the best such set less PIECE_COST."""
        n, sums = self._n, self._sums
        order = np.argsort(-sums / np.maximum(n, 1), kind="stable")
        order = order[n[order] > 0]
        error = self._error(np.cumsum(n[order]))
        value = np.where(np.isfinite(error), np.cumsum(sums[order]) / error, -np.inf)
        if not np.isfinite(value.max()):
            return None
        chosen = np.zeros(len(n), dtype=bool)
        chosen[order[: int(np.argmax(value >= value.max() - PIECE_COST)) + 1]] = True
        return chosen

    def _reach_of(self, sets: NDArray[np.bool_], confidence: float) -> float:
        """Quantile of the largest of all sets' standard errors; complements have the same."""
        sets = sets[: len(sets) // 2]
        error = self._error(sets @ self._n)
        sets, error = sets[np.isfinite(error)], error[np.isfinite(error)]
        weights = (sets / error[:, None]).T
        return float(
            np.quantile(
                np.concatenate([np.abs(x @ weights).max(1) for x in self._noise]), confidence
            )
        )

    def _reach_of_size(self, size: int, confidence: float) -> float:
        """The same for a set of so many cells, where any may be taken together.

        Sets of each size are given the same chance of error (balanced intervals, Beran 1988).
        """
        n, largest = self._n, []
        for noise in self._noise:
            order = np.argsort(-noise / np.sqrt(np.maximum(n, 1)), axis=1)[:, :-1]
            sums = np.cumsum(np.take_along_axis(noise, order, axis=1), axis=1)
            error = self._error(np.cumsum(n[order], axis=1))
            largest.append(np.abs(sums) / error)
        table = np.concatenate(largest)
        place = np.argsort(np.argsort(table, axis=0), axis=0)
        level = np.quantile(place.max(axis=1), confidence) / (len(table) - 1)
        return float(np.quantile(table[:, size - 1], level))

    @property
    def _noise(self) -> Iterator[NDArray[np.float64]]:
        """(draws, B) sums of the cells where nothing is there, DRAWS in all."""
        rng, n = np.random.default_rng(0), self._n
        for _ in range(DRAWS // DRAWS_AT_ONCE):
            sums = rng.normal(size=(DRAWS_AT_ONCE, len(n))) * np.sqrt(n)
            yield sums - sums.sum(axis=1, keepdims=True) * n / n.sum()


def _ranges(cells: Cells) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """(C, B) ranges, then in the same order their complements; (C,) pieces that each is told in."""
    masks, edges = spans(cells.values)
    if not cells.has_missing:
        return np.concatenate([masks, ~masks]), np.tile(edges, 2)
    none = np.zeros(len(masks), dtype=bool)
    only = np.zeros(cells.size, dtype=bool)
    only[-1] = True
    half = np.concatenate([np.c_[masks, none], np.c_[masks, ~none], only[None]])
    one = np.array([1])
    pieces = np.concatenate([edges, edges + 1, one, edges + 1, edges, one])
    return np.concatenate([half, ~half]), pieces


def _subsets(cells: Cells) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """All (C, B) sets of a few cells; (C,) pieces that each is told in."""
    numbers = np.arange(1, 2**cells.size - 1)
    sets = (numbers[:, None] >> np.arange(cells.size) & 1).astype(bool)
    changes = np.diff(sets[:, : cells.values].astype(int), axis=1) != 0
    pieces = changes.sum(axis=1)
    if cells.has_missing:
        pieces = pieces + (sets[:, -1] & (pieces > 0))
    return sets, pieces
