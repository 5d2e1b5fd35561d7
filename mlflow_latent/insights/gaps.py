"""The test that some samples lie further above the rest in one split than in another.

What a loss is worth is told by the rest of its own split: a sample is scored by its place among
them. Whatever a model does to all losses of a split, as when it learns train by heart, changes no
place; and a region that is harder by one factor has the same places in both splits.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

if TYPE_CHECKING:
    from numpy.typing import NDArray

TESTS = 2  # many a little worse, some much worse


@dataclass(frozen=True, eq=False)
class Sorted:
    """The losses of a split, sorted once for many sets of its samples.

    Attributes:
        order: (M,) from the smallest loss to the largest.
        below: (M,) in that order, how many losses are smaller.
        up_to: (M,) in that order, how many are not larger.
    """

    order: NDArray[np.intp]
    below: NDArray[np.intp]
    up_to: NDArray[np.intp]

    @classmethod
    def of(cls, loss: NDArray[np.floating]) -> Sorted:
        """Sort (M,) finite losses."""
        order = np.argsort(loss, kind="stable")
        starts = np.flatnonzero(np.diff(loss[order], prepend=np.nan) != 0)
        size = np.diff(starts, append=len(loss))
        return cls(order, np.repeat(starts, size), np.repeat(starts + size, size))

    def places(self, inside: NDArray[np.bool_]) -> Places:
        """Find the places of a set among the rest.

        Args:
            inside: (M,) mask.
        """
        member = inside[self.order]
        before = np.concatenate([[0], np.cumsum(member)])  # members among the smallest losses
        below, up_to = self.below[member], self.up_to[member]
        rest = len(member) - int(before[-1])
        lower, upper = below - before[below], up_to - before[up_to] + 1
        return Places(lower / (rest + 1), upper / (rest + 1), rest)

    def all_places(self) -> Places:
        """Return the place of each of the M among all of them."""
        size = len(self.order)
        return Places(self.below / size, self.up_to / size, size)


@dataclass(frozen=True, eq=False)
class Places:
    """Where n samples lie among the rest: uniform within 0…1 if they are like the rest.

    Attributes:
        lower: (n,) share of the rest with a smaller loss.
        upper: (n,) the same and one sample more, or all of those that are equal.
        rest: samples of the rest.
    """

    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    rest: int

    @property
    def ranks(self) -> NDArray[np.float64]:
        """(n,) relative rank among the rest."""
        return (self.lower + self.upper) / 2

    def savage(self, resolution: int) -> NDArray[np.float64]:
        """(n,) what an exponential loss at that place would be, if the mean of the rest is 1.

        Source: Savage 1956. The mean over each place, on a grid as coarse as that of a rest of
        `resolution` samples: what is above all of a large rest is worth more than what is above
        all of a small one, and splits of different sizes shall be compared alike.
        """
        grid = np.linspace(0, 1, resolution + 2)
        left = 1 - grid[:-1]
        total = np.append(grid[:-1] + left * np.log(left), 1.0)  # integral of −log(1 − place)
        both = np.interp(self.upper, grid, total) - np.interp(self.lower, grid, total)
        return np.asarray(both / (self.upper - self.lower))

    def __len__(self) -> int:
        return len(self.lower)


@dataclass(frozen=True, eq=False)
class GapTest:
    """Two splits, sorted once for many regions."""

    first: Sorted
    second: Sorted

    @classmethod
    def of(cls, first: NDArray[np.floating], second: NDArray[np.floating]) -> GapTest:
        """Take (M,) losses of the one split and (L,) of the other."""
        return cls(Sorted.of(first), Sorted.of(second))

    @cached_property
    def _alike(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Variance of the ranks and of Savage's scores of samples like the rest, in each split."""
        both = self.first.all_places(), self.second.all_places()
        resolution = min(len(places) for places in both)
        ranks, savage = (
            [float(scores.var()) for scores in of]
            for of in ([p.ranks for p in both], [p.savage(resolution) for p in both])
        )
        return (ranks[0], ranks[1]), (savage[0], savage[1])

    def p_value(self, inside_first: NDArray[np.bool_], inside_second: NDArray[np.bool_]) -> float:
        """Return the p-value that a region is further above the rest in the first split.

        Null hypothesis: its samples have the same places in both. Two statistics, Bonferroni over
        them: the difference of the mean ranks, and the logarithm of the ratio of the mean Savage
        scores.

        Args:
            inside_first: (M,) mask.
            inside_second: (L,) mask.

        Returns:
            NaN where a region or its rest has fewer than two samples in a split.
        """
        both = self.first.places(inside_first), self.second.places(inside_second)
        rests = both[0].rest, both[1].rest
        if min(*rests, *(len(places) for places in both)) < 2:  # noqa: PLR2004 - a variance
            return float("nan")
        ranks, savage = self._alike
        tests = [
            _difference((both[0].ranks, both[1].ranks), rests, ranks),
            _log_ratio((both[0].savage(min(rests)), both[1].savage(min(rests))), rests, savage),
        ]
        return min(1.0, TESTS * min(tests))


Pair = tuple[float, float]  # of the two splits
Values = tuple["NDArray[np.float64]", "NDArray[np.float64]"]


def _difference(values: Values, rests: tuple[int, int], alike: Pair) -> float:
    """P-value of the difference of the means."""
    first, second = (float(of.mean()) for of in values)
    spread = _Spread.of((values[0] - first, values[1] - second), alike)
    return _tail(first - second, spread.variance(rests), spread.third)


def _log_ratio(values: Values, rests: tuple[int, int], alike: Pair) -> float:
    """P-value of the logarithm of the ratio of the means.

    Its moments follow from those of the relative deviations by Taylor's series. Of exponential
    values it is half as skewed as the means, and to the other side.
    """
    first, second = (float(of.mean()) for of in values)
    spread = _Spread.of((values[0] / first - 1, values[1] / second - 1), alike)
    expected = (spread.of_means[1] - spread.of_means[0]) / 2
    third = spread.third - 3 * float(np.diff(np.square(spread.of_means[::-1]))[0])
    return _tail(float(np.log(first / second)) - expected, spread.variance(rests), third)


@dataclass(frozen=True, eq=False)
class _Spread:
    """How much the means of a region vary, if its samples have the same places in both splits.

    Attributes:
        sizes: samples inside, in each split.
        one: variance of one sample, in each split: that of samples like the rest, times what it is
            larger inside, which is the same factor in both.
        third: third cumulant of the difference of the means.
    """

    sizes: tuple[int, int]
    one: Pair
    third: float

    @classmethod
    def of(cls, deviations: Values, alike: Pair) -> _Spread:
        """Measure it.

        Args:
            deviations: from the mean of each split.
            alike: variance of samples like the rest.
        """
        n, m = len(deviations[0]), len(deviations[1])
        seen = sum(float((of**2).sum()) for of in deviations) / (n + m - 2)
        expected = (n * alike[0] + m * alike[1]) / (n + m)
        factor = max(1.0, seen / expected) if expected > 0 else 1.0
        cubes = sum(float((of**3).sum()) for of in deviations) / (n + m)
        third = cubes * (1 / n**2 - 1 / m**2)
        return cls((n, m), (factor * alike[0], factor * alike[1]), third)

    @property
    def of_means(self) -> Pair:
        """Variance of the mean inside, in each split."""
        return self.one[0] / self.sizes[0], self.one[1] / self.sizes[1]

    def variance(self, rests: tuple[int, int]) -> float:
        """Variance of the difference, with that of the rests which the places are among."""
        return sum(self.of_means) + self.one[0] / rests[0] + self.one[1] / rests[1]


def _tail(value: float, variance: float, third: float) -> float:
    """Chance of more, under Pearson's type III (Pitman 1938); 1 where nothing varies."""
    if variance <= 0:
        return 1.0
    deviation = float(np.sqrt(variance))
    return float(stats.pearson3.sf(value / deviation, third / deviation**3))
