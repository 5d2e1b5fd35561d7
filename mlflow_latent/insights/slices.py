"""Search for slices: conjunctions of at most two metadata conditions under which the loss is large.

Only candidates come from here. They are chosen on one half of the samples, because the best of a
million conjunctions looks bad by chance too, and must be confirmed on the other half.
Source of the idea: Chung et al. 2019, Slice Finder; the honest halves: Cox 1975.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from mlflow_latent.insights.conditions import Grid

CANDIDATES = 12  # of each depth that are taken to the other half: more would cost power there
PAIRED_FIELDS = 24  # fields of which pairs are searched, those with the largest effects alone
LEAST_SCORE = 3.0  # standard errors from which a slice is a candidate, and by which a second
# condition must add to the first
SAME = 0.5  # share of the union of two slices from which they are one


@dataclass(frozen=True, eq=False)
class Slice:
    """A set of samples that one or two conditions define.

    Attributes:
        parts: (N,) mask of each condition.
        rules: each condition in words.
        score: standard errors above the rest, on the half that it was found on.
    """

    parts: tuple[NDArray[np.bool_], ...]
    rules: tuple[str, ...]
    score: float

    @property
    def members(self) -> NDArray[np.bool_]:
        """(N,) mask of the samples that meet all conditions."""
        return np.asarray(np.logical_and.reduce(self.parts))

    @property
    def rule(self) -> str:
        """The conditions in words."""
        return " and ".join(self.rules)


@dataclass(frozen=True, eq=False)
class Search:
    """The half that is searched.

    Attributes:
        rows: (N,) mask of the half.
        loss: (N,) losses.
        min_samples: that a slice needs here.
        min_loss_ratio: mean loss of a slice ÷ that of the rest from which it matters.
    """

    rows: NDArray[np.bool_]
    loss: NDArray[np.floating]
    min_samples: int
    min_loss_ratio: float

    def find(self, grids: Sequence[Grid]) -> list[Slice]:
        """Return the candidates of both depths, the best first."""
        tables = _Tables(self, savage_scores(self.loss[self.rows]))
        singles = [(grid, tables.one(grid)) for grid in grids]
        alone = [
            self._slice((grid,), (condition,), float(scores[condition]))
            for grid, scores in singles
            for condition in _disjoint(grid, scores)
        ]
        singles.sort(key=lambda pair: -float(pair[1].max()))
        paired = [grid for grid, _ in singles[:PAIRED_FIELDS]]
        together = [found for a, b in combinations(paired, 2) for found in self._pair(tables, a, b)]
        return [*distinct(alone, self.rows), *distinct(together, self.rows)]

    def _pair(self, tables: _Tables, a: Grid, b: Grid) -> Iterable[Slice]:
        scores = tables.two(a, b)
        best = int(scores.argmax())
        if scores.flat[best] >= LEAST_SCORE:
            place = np.unravel_index(best, scores.shape)
            yield self._slice((a, b), (int(place[0]), int(place[1])), float(scores.flat[best]))

    def _slice(self, grids: tuple[Grid, ...], conditions: tuple[int, ...], score: float) -> Slice:
        chosen = list(zip(grids, conditions, strict=True))
        return Slice(
            tuple(grid.members(condition) for grid, condition in chosen),
            tuple(grid.rules[condition] for grid, condition in chosen),
            score,
        )


class _Tables:
    """Counts, scores and losses by bin: all conditions of a field, or of two, at once."""

    def __init__(self, search: Search, scores: NDArray[np.float64]) -> None:
        self.search = search
        self.weights = (None, scores, search.loss[search.rows].astype(np.float64))
        self.totals = np.array([len(scores), scores.sum(), self.weights[2].sum()])  # type: ignore[union-attr]
        self.variance = float(scores.var())
        self.is_ratio = bool((search.loss[search.rows] >= 0).all())
        self.spread = float(search.loss[search.rows].std(dtype=np.float64))

    def one(self, grid: Grid) -> NDArray[np.float64]:
        """(C,) standard errors of each condition above the rest; −inf where it cannot matter."""
        inside = [grid.conditions @ table for table in self._binned(grid.place, grid.bins)]
        return self._score(inside)

    def two(self, a: Grid, b: Grid) -> NDArray[np.float64]:
        """(C_a, C_b) likewise of each conjunction; −inf too where one condition adds nothing."""
        both = np.where((a.place >= 0) & (b.place >= 0), a.place * b.bins + b.place, -1)
        tables = self._binned(both, a.bins * b.bins)
        left, right = a.conditions.astype(float), b.conditions.astype(float)
        inside = [left @ table.reshape(a.bins, b.bins) @ right.T for table in tables]
        score = self._score(inside)
        for grid, shape in ((a, (-1, 1)), (b, (1, -1))):
            parent = [grid.conditions @ table for table in self._binned(grid.place, grid.bins)]
            others = [p.reshape(shape) - i for p, i in zip(parent, inside, strict=True)]
            score = np.where(self._above(inside, others) >= LEAST_SCORE, score, -np.inf)
        return score

    def _score(self, inside: list[NDArray[np.float64]]) -> NDArray[np.float64]:
        others = [total - part for total, part in zip(self.totals, inside, strict=True)]
        score = self._above(inside, others)
        mean, base = inside[2] / np.maximum(inside[0], 1), others[2] / np.maximum(others[0], 1)
        least = self.search.min_loss_ratio
        enough = mean >= least * base if self.is_ratio else mean - base >= (least - 1) * self.spread
        return np.where(enough, score, -np.inf)

    def _above(
        self, inside: list[NDArray[np.float64]], others: list[NDArray[np.float64]]
    ) -> NDArray[np.float64]:
        n, m = np.maximum(inside[0], 1), np.maximum(others[0], 1)
        error = np.sqrt(max(self.variance, np.finfo(float).tiny) * (1 / n + 1 / m))
        few = np.minimum(inside[0], others[0]) < self.search.min_samples
        return np.where(few, -np.inf, (inside[1] / n - others[1] / m) / error)

    def _binned(self, place: NDArray[np.int64], size: int) -> list[NDArray[np.float64]]:
        codes = place[self.search.rows]
        codes = np.where(codes < 0, size, codes)
        return [
            np.bincount(codes, weights=weights, minlength=size + 1)[:size].astype(np.float64)
            for weights in self.weights
        ]


def _disjoint(grid: Grid, scores: NDArray[np.float64]) -> Iterable[int]:
    """The best conditions of one field that share no bin: both ends of a U, not one end twice."""
    free = np.ones(grid.bins, dtype=bool)
    for condition in np.argsort(-scores, kind="stable").tolist():
        if scores[condition] < LEAST_SCORE:
            return
        if free[grid.conditions[condition]].all():
            free &= ~grid.conditions[condition]
            yield condition


def savage_scores(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """(N,) what an exponential sample would have at each rank: robust, and yet heavy at the top.

    Source: Savage 1956; ties get the mean of their scores.
    """
    size = len(values)
    expected = np.cumsum(1 / np.arange(size, 0, -1.0))
    ordinal = stats.rankdata(values, method="ordinal").astype(np.int64) - 1
    _, ties = np.unique(values, return_inverse=True)
    means = np.bincount(ties, weights=expected[ordinal]) / np.bincount(ties)
    return np.asarray(means[ties])


def distinct(slices: Iterable[Slice], rows: NDArray[np.bool_]) -> list[Slice]:
    """Keep the best of those that hold nearly the same samples, and no more than CANDIDATES."""
    kept: list[tuple[Slice, NDArray[np.bool_]]] = []
    for one in sorted(slices, key=lambda s: (-s.score, s.rule)):
        members = one.members[rows]
        if all(_shared(members, other) < SAME for _, other in kept):
            kept.append((one, members))
        if len(kept) == CANDIDATES:
            break
    return [one for one, _ in kept]


def _shared(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> float:
    return float((a & b).sum() / max(1, (a | b).sum()))
