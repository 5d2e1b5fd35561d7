"""Samples of one split that are stranger than those of another: the other is the control.

Nobody knows how far the tail of an embedding reaches. But if two splits were drawn alike, whatever
is far out is in either of them as often as its size says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

FIRST_LOOK = 5  # of the strangest samples, how many of the split are among them; then twice as many
MOST = 0.02  # and so on up to this share of all, beyond which it is no few that are strange,
LEAST = 20  # or up to so many
SMALLEST_VARIANCE = 1e-4  # of the first component's: smaller ones are rounding and dead units
FALSE_SHARE = 0.1  # expected share of chance among the strangers


@dataclass(frozen=True, eq=False)
class Strangers:
    """The samples of a split that are stranger than the control.

    Attributes:
        p_value: that so many of the strangest are of this split, if both are drawn alike.
        rows: row numbers, the strangest first.
    """

    p_value: float
    rows: NDArray[np.intp]


def find_strangers(
    scores: Sequence[NDArray[np.floating]], mine: NDArray[np.bool_], control: NDArray[np.bool_]
) -> Strangers:
    """Find the samples of a split that are strange as hardly any of the control is.

    Null hypothesis: the scores of both are exchangeable. Exact: of the k strangest of both, the
    number in this split is hypergeometric. Bonferroni over the k's, doubled from look to look, and
    over the scores. Those found are the most at the top of the score that says it best, of which
    the control has so few that at most `FALSE_SHARE` are expected to be chance.
    Source of the control: Barber & Candès 2015 (knockoffs).

    Args:
        scores: (N,) each, larger where stranger.
        mine: (N,) mask of the split.
        control: (N,) mask of another.
    """
    rows = np.flatnonzero(mine | control)
    tests = [_Ranking(score[rows], mine[rows]) for score in scores]
    best = min(tests, key=lambda test: test.p_value)
    return Strangers(min(1.0, best.p_value * len(tests)), rows[best.strangers])


def unlikeliness(reduced: NDArray[np.floating]) -> NDArray[np.float64]:
    """(N,) distance from the mean, in the standard deviation of each principal component.

    What is off the directions in which samples differ at all is not far, but unlikely.
    Source: Mahalanobis 1936; Lee et al. 2018 for embeddings.

    Args:
        reduced: (N, d) principal components, which are uncorrelated.
    """
    variance = reduced.var(axis=0, dtype=np.float64)
    scale = np.maximum(variance, SMALLEST_VARIANCE * variance.max(initial=0.0))
    scale[scale == 0] = 1.0
    step = reduced - reduced.mean(axis=0, dtype=np.float64)
    return np.asarray(np.sqrt(np.einsum("ij,ij,j->i", step, step, 1 / scale)))


class _Ranking:
    """The samples of both splits, the strangest first.

    Args:
        score: (M,) larger where stranger.
        mine: (M,) mask.
    """

    def __init__(self, score: NDArray[np.floating], mine: NDArray[np.bool_]) -> None:
        most = min(len(score), max(LEAST, int(MOST * len(score))))
        self.order = np.argsort(-score, kind="stable")[:most]
        self.is_mine = mine[self.order]
        self.total, self.mine = len(score), int(np.count_nonzero(mine))

    @property
    def p_value(self) -> float:
        """That so many at the top are mine."""
        looks = [min(FIRST_LOOK, len(self.order))]
        while 2 * looks[-1] <= len(self.order):
            looks.append(2 * looks[-1])
        found = np.cumsum(self.is_mine)[np.array(looks) - 1]
        chance = stats.hypergeom.sf(found - 1, self.total, self.mine, looks)
        return float(len(looks) * chance.min())

    @property
    def strangers(self) -> NDArray[np.intp]:
        """Places of those that are mine, and chance in no more than `FALSE_SHARE`."""
        found, others = np.cumsum(self.is_mine), np.cumsum(~self.is_mine)
        odds = self.mine / (self.total - self.mine)
        few = (1 + others) * odds <= FALSE_SHARE * found
        last = int(np.flatnonzero(few)[-1]) + 1 if few.any() else 0
        return self.order[:last][self.is_mine[:last]]
