"""Search for slices: conjunctions of at most two metadata conditions under which the loss is large.

Only candidates come from here. They are chosen on one half of the samples, because the best of a
million conjunctions looks bad by chance too, and must be confirmed on the other half.
Source of the idea: Chung et al. 2019, Slice Finder; the honest halves: Cox 1975.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.insights.conditions import FINE_BINS, make_grid
from mlflow_latent.insights.scores import savage_scores

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from mlflow_latent.fields import Field
    from mlflow_latent.insights.conditions import Grid

CANDIDATES = 12  # of each depth that are taken to the other half: more would cost power there
PAIRED_FIELDS = 24  # fields of which pairs are searched, those with the largest effects alone
LEAST_SCORE = 3.0  # standard errors from which a slice is a candidate, and by which a second
# condition must add to the first
EDGE_COST = 1.0  # standard errors that a range's second edge must be worth: short rules win ties
SAME = 0.5  # share of the union of two slices from which they are one


@dataclass(frozen=True, eq=False)
class Slice:
    """A set of samples that one or two conditions define.

    Attributes:
        chosen: each condition, by its place in the grid of its field.
        score: standard errors above the rest, on the half that it was found on, less EDGE_COST for
            each range with two edges.
    """

    chosen: tuple[tuple[Grid, int], ...]
    score: float

    @cached_property
    def parts(self) -> tuple[NDArray[np.bool_], ...]:
        """(N,) mask of each condition."""
        return tuple(grid.members(condition) for grid, condition in self.chosen)

    @cached_property
    def members(self) -> NDArray[np.bool_]:
        """(N,) mask of the samples that meet all conditions."""
        return np.asarray(np.logical_and.reduce(self.parts))

    @property
    def rule(self) -> str:
        """The conditions in words."""
        return " and ".join(grid.rule(condition) for grid, condition in self.chosen)

    @property
    def filter(self) -> str | None:
        """The same as a filter, None where a condition has none."""
        filters = [grid.filter(condition) for grid, condition in self.chosen]
        return None if None in filters else " and ".join(map(str, filters))


@dataclass(frozen=True, eq=False)
class Search:
    """The half that is searched.

    Attributes:
        rows: (N,) mask of the half.
        loss: (N,) losses.
        fields: the fields that conditions are about.
        min_samples: that a slice needs here.
        min_loss_ratio: mean loss of a slice ÷ that of the rest from which it matters.
    """

    rows: NDArray[np.bool_]
    loss: NDArray[np.floating]
    fields: Sequence[Field]
    min_samples: int
    min_loss_ratio: float

    def find(self) -> list[Slice]:
        """Return the candidates of both depths, the best first."""
        made = [make_grid(field, self.rows, least=self.min_samples) for field in self.fields]
        grids = [grid for grid in made if grid is not None]
        tables = _Tables(self, savage_scores(self.loss[self.rows]))
        singles = [(grid, tables.one(grid)) for grid in grids]
        alone = [
            Slice(((grid, condition),), float(scores[condition]))
            for grid, scores in singles
            for condition in _disjoint(grid, scores)
        ]
        singles.sort(key=lambda pair: -float(pair[1].max()))
        paired = [grid for grid, _ in singles[:PAIRED_FIELDS]]
        together = [found for a, b in combinations(paired, 2) for found in _pair(tables, a, b)]
        best = [*distinct(alone, self.rows), *distinct(together, self.rows)]
        return [self._refine(tables, one) for one in best]

    @cached_property
    def _fine(self) -> dict[str, Grid | None]:
        return {}

    def _refine(self, tables: _Tables, one: Slice) -> Slice:
        """Move the edges of each range to where the score is largest, the others held."""
        for place in [*range(len(one.chosen))] * len(one.chosen):
            field = next(f for f in self.fields if f.name == one.chosen[place][0].field)
            if field.categories:
                continue
            if field.name not in self._fine:
                self._fine[field.name] = make_grid(field, self.rows, FINE_BINS, self.min_samples)
            fine = self._fine[field.name]
            others = [part for number, part in enumerate(one.parts) if number != place]
            within = np.logical_and.reduce(others) if others else None
            scores = tables.near(fine, one.parts[place], within) if fine else np.empty(0)
            scores -= EDGE_COST * sum(g.edges[c] - 1 for g, c in one.chosen[:place])
            scores -= EDGE_COST * sum(g.edges[c] - 1 for g, c in one.chosen[place + 1 :])
            if fine and scores.max() > one.score:
                chosen = list(one.chosen)
                chosen[place] = fine, int(scores.argmax())
                one = Slice(tuple(chosen), float(scores.max()))
        return one


def _pair(tables: _Tables, a: Grid, b: Grid) -> Iterable[Slice]:
    """The best conjunction of two fields, if it is a candidate."""
    scores = tables.two(a, b)
    best = int(scores.argmax())
    if scores.flat[best] >= LEAST_SCORE:
        first, second = divmod(best, scores.shape[1])
        yield Slice(((a, first), (b, second)), float(scores.flat[best]))


class _Tables:
    """Counts, scores and losses by bin: all conditions of a field, or of two, at once."""

    def __init__(self, search: Search, scores: NDArray[np.float64]) -> None:
        self.search = search
        self.weights = (None, scores, search.loss[search.rows].astype(np.float64))
        self.totals = np.array([len(scores), scores.sum(), self.weights[2].sum()])
        self.variance = float(scores.var())
        self.codes: dict[str, NDArray[np.int64]] = {}
        self.is_ratio = bool((search.loss[search.rows] >= 0).all())
        self.spread = float(search.loss[search.rows].std(dtype=np.float64))

    def one(self, grid: Grid, within: NDArray[np.bool_] | None = None) -> NDArray[np.float64]:
        """(C,) standard errors of each condition above the rest; −inf where it cannot matter.

        Args:
            grid: the conditions.
            within: (N,) mask of what else a sample must meet, if anything.
        """
        place = grid.place if within is None else np.where(within, grid.place, -1)
        inside = [grid.conditions @ table for table in self._binned(place, grid.bins)]
        return self._score(inside) - EDGE_COST * (grid.edges - 1)

    def near(
        self, grid: Grid, condition: NDArray[np.bool_], within: NDArray[np.bool_] | None
    ) -> NDArray[np.float64]:
        """(C,) likewise, but −inf for those that are about other samples than `condition`."""
        total = grid.conditions @ self._binned(grid.place, grid.bins)[0]
        shared = grid.conditions @ self._binned(np.where(condition, grid.place, -1), grid.bins)[0]
        union = total + condition[self.search.rows].sum() - shared
        return np.where(shared >= SAME * union, self.one(grid, within), -np.inf)

    def two(self, a: Grid, b: Grid) -> NDArray[np.float64]:
        """(C_a, C_b) likewise of each conjunction; −inf too where one condition adds nothing."""
        left, right = a.conditions.astype(float), b.conditions.astype(float)
        shape = a.bins + 1, b.bins + 1  # the last of each holds what has no value
        codes = self._codes(a) * shape[1] + self._codes(b)
        tables = [table.reshape(shape) for table in self._sum(codes, shape[0] * shape[1])]
        inside = [left @ table[:-1, :-1] @ right.T for table in tables]
        edges = a.edges[:, None] + b.edges[None, :]
        score = self._score(inside) - EDGE_COST * (edges - 2)
        for parent in (
            [(left @ table[:-1].sum(axis=1))[:, None] for table in tables],
            [(right @ table[:, :-1].sum(axis=0))[None, :] for table in tables],
        ):
            others = [p - i for p, i in zip(parent, inside, strict=True)]
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

    def _codes(self, grid: Grid) -> NDArray[np.int64]:
        """Bin of each sample of the half; B where it has no value."""
        if grid.field not in self.codes:
            codes = grid.place[self.search.rows]
            self.codes[grid.field] = np.where(codes < 0, grid.bins, codes)
        return self.codes[grid.field]

    def _binned(self, place: NDArray[np.int64], size: int) -> list[NDArray[np.float64]]:
        codes = place[self.search.rows]
        return [table[:size] for table in self._sum(np.where(codes < 0, size, codes), size + 1)]

    def _sum(self, codes: NDArray[np.int64], size: int) -> list[NDArray[np.float64]]:
        return [
            np.bincount(codes, weights=weights, minlength=size).astype(np.float64)
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
