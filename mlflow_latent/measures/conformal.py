"""From a score to a value with an interval, by what was wrong where the truth is known.

Cross-conformal prediction (Vovk 2015): the errors of scores that were made without the sample
itself. They are gathered in bins of the score (Mondrian; Vovk et al. 2003), as a small loss is
known better than a large one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

MIN_BIN = 50  # errors that a bin needs for the ends of a 90 % interval to be more than a guess
MOST_BINS = 20
ROUNDING = 1e-9  # of a rank: 0.05 × 100 is 5, whatever binary fractions make of it
SMALL = 0.01  # of the median: losses below it are about as good as 0


@dataclass(frozen=True)
class Scale:
    """Losses on the scale on which they are predicted: their logarithm, if none is negative.

    Attributes:
        offset: that is added before the logarithm, so that 0 has one; None takes losses as they
            are.
    """

    offset: float | None

    @classmethod
    def of(cls, loss: NDArray[np.floating]) -> Self:
        """Choose the scale for (n,) finite losses."""
        if (loss < 0).any():
            return cls(None)
        positive = loss[loss > 0].astype(np.float64)
        return cls(max(SMALL * float(np.median(positive)), 1e-12) if len(positive) else 1.0)

    def forward(self, loss: NDArray[np.floating]) -> Array:
        """Return losses on the scale."""
        values = loss.astype(np.float64)
        return values if self.offset is None else np.asarray(np.log(values + self.offset))

    def backward(self, values: Array) -> Array:
        """Return losses from values on the scale."""
        if self.offset is None:
            return values
        return np.asarray(np.maximum(np.exp(values) - self.offset, 0))

    def mean(self, errors: Array) -> float:
        """Return what makes a mean loss of a value on the scale: see `Errors.mean`."""
        return float(errors.mean() if self.offset is None else np.exp(errors).mean())


@dataclass(frozen=True, eq=False)
class Errors:
    """The errors of scores, by B bins of the score.

    Attributes:
        scale: on which scores and errors are.
        edges: (B − 1,) of the bins.
        low: (B,) what the true value is above the score at least, at the coverage.
        high: (B,) the same, at most.
        centers: (B,) mean score of each bin.
        smear: (B,) factor (or addend, on the scale of losses as they are) between what the score
            says and the mean loss. Source: Duan 1983.
    """

    scale: Scale
    edges: Array
    low: Array
    high: Array
    centers: Array
    smear: Array

    @classmethod
    def of(cls, scale: Scale, score: Array, true: Array, coverage: float) -> Self:
        """Gather them.

        Args:
            scale: on which all is.
            score: (n,) made without the samples themselves.
            true: (n,) values.
            coverage: of the intervals.
        """
        count = int(np.clip(len(score) // MIN_BIN, 1, MOST_BINS))
        edges = np.unique(np.quantile(score, np.arange(1, count) / count))
        place = np.searchsorted(edges, score, side="right")
        bins = [place == number for number in range(len(edges) + 1)]
        bins = [inside if inside.any() else np.ones_like(inside) for inside in bins]
        ends = np.array([_ends(true[b] - score[b], coverage) for b in bins])
        return cls(
            scale,
            edges,
            ends[:, 0],
            ends[:, 1],
            np.array([score[b].mean() for b in bins]),
            np.array([scale.mean(true[b] - score[b]) for b in bins]),
        )

    def mean(self, score: Array) -> Array:
        """(M,) expected loss of samples of these scores."""
        smear = np.interp(score, self.centers, self.smear)
        if self.scale.offset is None:
            return np.asarray(score + smear)
        return np.asarray(np.maximum(np.exp(score) * smear - self.scale.offset, 0))

    def interval(self, score: Array) -> tuple[Array, Array]:
        """(M,) ends of the intervals of the losses of samples of these scores."""
        place = np.searchsorted(self.edges, score, side="right")
        backward = self.scale.backward
        return backward(score + self.low[place]), backward(score + self.high[place])


def _ends(errors: Array, coverage: float) -> tuple[float, float]:
    """The order statistics that the next error lies between, with at least that probability.

    Too few errors have none; the largest and smallest that were seen stand for them, and the
    coverage that is measured says what that is worth.
    """
    ordered, n = np.sort(errors), len(errors)
    tail = (1 - coverage) / 2
    low = int(np.floor((n + 1) * tail + ROUNDING)) - 1
    high = int(np.ceil((n + 1) * (1 - tail) - ROUNDING)) - 1
    return float(ordered[max(low, 0)]), float(ordered[min(high, n - 1)])
