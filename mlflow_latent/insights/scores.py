"""Rank scores of losses, and the permutation test that some samples hold the larger ones.

Two scores, because there are two ways to be worse: many a little (ranks), some much (Savage's). The
p-values are those of the permutation distribution, whose skewness counts: a small group of rare
errors is luck far more often than a normal distribution says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Scores:
    """The losses of M samples, scored once for many tests.

    Attributes:
        ranks: (M,) mid-ranks.
        savage: (M,) Savage's scores.
    """

    ranks: NDArray[np.float64]
    savage: NDArray[np.float64]

    @classmethod
    def of(cls, values: NDArray[np.floating]) -> Scores:
        """Score (M,) finite values among themselves."""
        return cls(stats.rankdata(values), savage_scores(values))

    def __getitem__(self, rows: NDArray[np.bool_]) -> Scores:
        """Keep some of them, and the scores that they had among all."""
        return Scores(self.ranks[rows], self.savage[rows])

    def larger(
        self,
        groups: NDArray[np.integer],
        size: int,
        unions: NDArray[np.bool_] | None = None,
    ) -> NDArray[np.float64]:
        """(G,) p-values that values are larger inside each group than in the rest.

        Bonferroni over the two scores; Fisher's exact test where there are two values only, as
        then both scores say the same.

        Args:
            groups: (M,) group of each value, 0…size−1.
            size: number of groups.
            unions: (G, size) which groups are taken together; default each alone.
        """
        low, high = self.ranks.min(), self.ranks.max()
        if low < high and ((self.ranks == low) | (self.ranks == high)).all():
            return _exact_test(self.ranks == high, groups, size, unions)
        tests = [permutation_test(s, groups, size, unions) for s in (self.ranks, self.savage)]
        return np.asarray(np.minimum(2 * np.fmin(*tests), 1.0))


def savage_scores(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """(N,) what an exponential sample would have at each rank: robust, and yet heavy at the top.

    Source: Savage 1956; ties get the mean of their scores.
    """
    size = len(values)
    expected = np.cumsum(1 / np.arange(size, 0, -1.0))
    order = np.argsort(values, kind="stable")
    new = np.diff(values[order], prepend=values[order[:1]]) != 0
    ties = np.cumsum(new)
    scores = np.empty(size)
    scores[order] = (np.bincount(ties, weights=expected) / np.bincount(ties))[ties]
    return scores


def permutation_test(
    scores: NDArray[np.floating],
    groups: NDArray[np.integer],
    size: int,
    unions: NDArray[np.bool_] | None = None,
) -> NDArray[np.float64]:
    """(G,) p-values that the scores inside are large among all ways to draw the group.

    For ranks without ties that is the test of Mann & Whitney 1947.

    Args:
        scores: (N,) finite.
        groups: (N,) group of each score, 0…size−1.
        size: number of groups.
        unions: (G, size) which groups are taken together; default each alone.

    Returns:
        NaN for a group of none or all, or where all scores are equal.
    """
    return Shift.of(scores, groups, size, unions).p_value


@dataclass(frozen=True, eq=False)
class Shift:
    """How far the mean score of G groups lies above the mean of all N; NaN for none or all of them.

    Attributes:
        mean: (G,) the shift; 0 is expected of a group that is drawn at random.
        variance: (G,) of the shift of such a group.
        third: (G,) its third cumulant.
    """

    mean: NDArray[np.float64]
    variance: NDArray[np.float64]
    third: NDArray[np.float64]

    @classmethod
    def of(
        cls,
        scores: NDArray[np.floating],
        groups: NDArray[np.integer],
        size: int,
        unions: NDArray[np.bool_] | None = None,
    ) -> Shift:
        """Measure it; arguments as for `permutation_test`.

        Source of the moments of the mean of n out of N: Cochran 1977, sections 2.5 and 2.15.
        """
        total, center = len(scores), scores - scores.mean()
        n = np.bincount(groups, minlength=size).astype(np.float64)
        sums = np.bincount(groups, weights=center, minlength=size)
        if unions is not None:
            n, sums = unions @ n, unions @ sums
        squares = center**2
        second, third = float(squares.mean()), float((squares * center).mean())  # a cube is slow
        if total < 3 or second == 0:  # noqa: PLR2004 - two values have no third moment
            return cls(*np.full((3, len(n)), np.nan))
        n = np.where((n > 0) & (n < total), n, np.nan)
        left = (total - n) / n / (total - 1)
        skew = left * (total - 2 * n) / n / (total - 2)
        return cls(sums / n, left * second, skew * third)

    @property
    def p_value(self) -> NDArray[np.float64]:
        """(G,) p-values that the shift is positive.

        Its distribution is taken for Pearson's type III, which has the same first three moments
        (Pitman 1938).
        """
        deviation = np.sqrt(self.variance)
        return np.asarray(stats.pearson3.sf(self.mean / deviation, self.third / deviation**3))


def _exact_test(
    hit: NDArray[np.bool_],
    groups: NDArray[np.integer],
    size: int,
    unions: NDArray[np.bool_] | None,
) -> NDArray[np.float64]:
    """(G,) p-values that hits are frequent inside; NaN for a group of none or all."""
    n, hits = np.bincount(groups, minlength=size), np.bincount(groups[hit], minlength=size)
    if unions is not None:
        n, hits = unions @ n, unions @ hits
    p_value = stats.hypergeom.sf(hits - 1, len(hit), int(hit.sum()), n)
    return np.where((n > 0) & (n < len(hit)), p_value, np.nan)
