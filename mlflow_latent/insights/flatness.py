"""The test that the loss knows nothing of a field: that the curve of one against the other is flat.

Linear rank statistics, which hold for any scores of the losses (Hájek & Šidák 1967).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from mlflow_latent.evidence import moments
from mlflow_latent.insights.conditions import spans
from mlflow_latent.insights.scores import permutation_test

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlflow_latent.insights.cells import Cells

PART_CELLS = 20  # of a number, of which neighbors make the parts
LONGEST = 3  # cells of a part: what is wider shows in the curve's own bins


@dataclass(frozen=True, eq=False)
class Parts:
    """G sets of M samples, each made of cells.

    Attributes:
        place: (M,) cell of each sample.
        sets: (G, B) which cells each holds.
    """

    place: NDArray[np.int64]
    sets: NDArray[np.bool_]

    @classmethod
    def of(cls, cells: Cells, rows: NDArray[np.bool_]) -> Parts:
        """Take each category, or neighboring ranges of a number up to LONGEST; and `missing`."""
        sets = np.eye(cells.size, dtype=bool)
        if not cells.field.categories:
            ranges, _ = spans(cells.values)
            ranges = ranges[ranges.sum(axis=1) <= LONGEST]
            sets = np.concatenate(
                [np.pad(ranges, ((0, 0), (0, cells.has_missing))), sets[cells.values :]]
            )
        return cls(cells.place[rows], sets)

    def one_worse(self, scores: NDArray[np.float64]) -> float:
        """P-value that one set has the larger (M,) scores, Bonferroni over the sets."""
        tests = permutation_test(scores, self.place, self.sets.shape[1], self.sets)
        return float(len(self.sets) * np.nanmin(tests, initial=1.0))


@dataclass(frozen=True, eq=False)
class Flatness:
    """The scored losses of M samples in the cells of a field.

    Attributes:
        place: (M,) cell of each.
        ranks: (M,) mid-ranks of the losses.
        savage: (M,) Savage's scores, likewise.
        ordered: cells, the first of all, that have an order: those of a number.
        parts: sets of which each may be the worse one.
    """

    place: NDArray[np.int64]
    ranks: NDArray[np.float64]
    savage: NDArray[np.float64]
    ordered: int
    parts: Parts

    @cached_property
    def p_value(self) -> float:
        """Of the null, Bonferroni over tests of unlike shapes.

        Kruskal–Wallis over the cells on ranks, and on Savage's scores (a few much worse); one part
        worse than all others, on both; for numbers the ranks' trend over the cells (Spearman's
        rho, with the cells for the values).
        """
        tests = [self._between(self.ranks), self._between(self.savage)]
        tests += [self.parts.one_worse(self.ranks), self.parts.one_worse(self.savage)]
        if self.ordered > 1:
            tests.append(self._trend())
        return float(min(1.0, len(tests) * min(tests)))

    @property
    def telling(self) -> NDArray[np.float64]:
        """(M,) the scores on which the cells differ most."""
        clear = self._between(self.savage) < self._between(self.ranks)
        return self.savage if clear else self.ranks

    @property
    def eta_squared(self) -> float:
        """Share of the ranks' variance that lies between the cells, less what chance gives."""
        share, n = between_share(self.ranks, self.place), len(self.ranks)
        return max(0.0, 1 - (1 - share) * (n - 1) / max(1, n - self.groups))

    @cached_property
    def groups(self) -> int:
        """Cells that hold samples."""
        return int(np.count_nonzero(np.bincount(self.place)))

    def _between(self, scores: NDArray[np.float64]) -> float:
        share = between_share(scores, self.place)
        return float(stats.chi2.sf((len(scores) - 1) * share, self.groups - 1))

    def _trend(self) -> float:
        rows = self.place < self.ordered
        n = np.bincount(self.place[rows])
        if np.count_nonzero(n) < 2 or np.ptp(self.ranks[rows]) == 0:  # noqa: PLR2004 - no trend
            return 1.0
        middle = (np.cumsum(n) - n / 2)[self.place[rows]]  # mid-rank of a cell's values
        rho = float(np.corrcoef(middle, self.ranks[rows])[0, 1])
        return float(2 * stats.norm.sf(abs(rho) * np.sqrt(len(middle) - 1)))


def between_share(scores: NDArray[np.float64], place: NDArray[np.int64]) -> float:
    """Eta squared: the share of the scores' variance that lies between the cells."""
    summary = moments(scores, place, int(place.max()) + 1)
    between = float((summary.n * np.nan_to_num(summary.mean - scores.mean()) ** 2).sum())
    return between / float(((scores - scores.mean()) ** 2).sum())
