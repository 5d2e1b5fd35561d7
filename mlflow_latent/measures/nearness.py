"""The law that distances to the nearest neighbor follow where no sample is a copy."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

BULK = 0.4, 0.97  # quantiles of depth between which the law is fitted: nearer ones may be copies
FIT_ROWS = 20_000  # samples that the law is fitted on at most
MAX_TRUST = 1.5  # in a sample's own dimension; 1 is what evenly spread samples have
UNUSUAL = 2.0  # deviations below the median from which a dimension is taken as it is
EVEN_INTERCEPT = 0.42  # of log u where samples are spread evenly: ψ(2), of the second neighbor
CAUTION = 0.5  # of the local dimension, which is estimated
DEVIATION = 1.4826  # of a normal distribution, in median absolute deviations


@dataclass(frozen=True, eq=False)
class NearnessLaw:
    """How probable a nearest neighbor of some depth is by chance.

    The depth of a distance r is log(S / r) below the scale S of its surroundings. Where samples are
    spread evenly in d dimensions, r^d / S^d is exponential (Weibull's law for r), so the chance of
    a depth t or more is 1 − exp(−u) with log u = intercept − d t. `rate` is that d.

    Attributes:
        intercept: of log u.
        rate: (N,) d of each sample.
        start: depth from which the law was fitted; the line bends up beyond it (see `chance`).
        degrees: how many independent distances it was fitted on.
    """

    intercept: float
    rate: NDArray[np.float64]
    start: float
    degrees: float

    def at_most(self, rate: NDArray[np.float64]) -> NearnessLaw:
        """Return the law where no sample has more dimensions than (N,) `rate`."""
        return replace(self, rate=np.minimum(self.rate, rate))

    def chance(self, depth: NDArray[np.float64]) -> NDArray[np.float64]:
        """(N,) chance of a depth that large.

        The rate was estimated; beyond the start the exponential is therefore replaced by its
        predictive distribution, (1 + d t / n)^−n, which is heavier where n is small.
        """
        beyond = self.rate * np.maximum(depth - self.start, 0)
        inside = self.rate * np.minimum(depth, self.start)
        log_u = self.intercept - inside - self.degrees * np.log1p(beyond / self.degrees)
        chance: NDArray[np.float64] = -np.expm1(-np.exp(np.minimum(log_u, 50)))
        return chance

    def depth(self, chance: float) -> NDArray[np.float64]:
        """(N,) depth that is reached by that chance: the inverse of `chance`, below 0.3."""
        log_u = np.log(-np.log1p(-chance))
        beyond = (self.intercept - self.rate * self.start - log_u) / self.degrees
        depth: NDArray[np.float64] = (
            self.start + self.degrees * np.expm1(np.maximum(beyond, 0)) / self.rate
        )
        return depth


def fit_nearness(
    depth: NDArray[np.float64], dimension: NDArray[np.float64], kept: NDArray[np.bool_]
) -> NearnessLaw:
    """Fit the law by maximum likelihood to the bulk of the samples, the rest censored.

    The rate is that of all samples, times a power of how much lower a sample's own dimension is
    than the median; the data choose the power. Only lower: where dimensions differ, the tail is
    that of the lowest. A dimension far below the others is taken as it is.

    Args:
        depth: (N,) log(S / r) of the nearest neighbor.
        dimension: (N,) local intrinsic dimension.
        kept: (N,) mask of samples that are no copies as far as is known; at least one.
    """
    from scipy.optimize import minimize

    rows = np.flatnonzero(kept)
    start, end = np.quantile(depth[rows], BULK)
    middle = (depth[rows] >= start) & (depth[rows] <= end)
    degrees = max(float(middle.sum()) / 2, 1.0)  # a pair has one distance
    rows = rows[:: max(1, len(rows) // FIT_ROWS)]
    usual, unusual = _lower_dimension(dimension)
    rate = 1 / max(float(np.mean(np.maximum(depth[rows] - start, 0))) / (1 - BULK[0]), 1e-3)
    guess = [np.log(rate), 0.0, np.log(-np.log(BULK[0])) + rate * start]

    def cost(parameters: NDArray[np.float64]) -> float:
        base, trust, intercept = parameters
        log_rate = base + trust * usual[rows] + unusual[rows]
        return -_log_likelihood(depth[rows], log_rate, intercept, (start, end))

    bounds = [(-5, 7), (0, MAX_TRUST), (None, None)]
    base, trust, intercept = minimize(cost, guess, method="L-BFGS-B", bounds=bounds).x
    return NearnessLaw(
        float(intercept), np.exp(base + trust * usual + unusual), float(start), degrees
    )


def even_law(dimension: NDArray[np.float64]) -> NearnessLaw:
    """Return the law of an even spread in half the local dimension: a heavy tail, nothing fitted.

    It does not depend on how many samples are copies. Where few are it is needlessly cautious.

    Args:
        dimension: (N,) local intrinsic dimension.
    """
    return NearnessLaw(EVEN_INTERCEPT, CAUTION * dimension, 0.0, float(len(dimension)))


def _lower_dimension(
    dimension: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(N,) log of each dimension below the median, in two parts: within the usual, and beyond."""
    log = np.log(dimension)
    log -= np.median(log)
    usual = max(UNUSUAL * DEVIATION * float(np.median(np.abs(log))), 1e-9)
    log = np.minimum(log, 0)
    beyond = np.clip((-log - usual) / usual, 0, 1)
    return log * (1 - beyond), log * beyond


def _log_likelihood(
    depth: NDArray[np.float64],
    log_rate: NDArray[np.float64],
    intercept: float,
    bulk: tuple[float, float],
) -> float:
    """Mean log-likelihood; of depths outside the bulk only the side is known."""
    log_u = intercept - np.exp(log_rate) * np.clip(depth, *bulk)
    u = np.exp(np.clip(log_u, -50, 50))
    inside = log_rate + log_u - u
    deeper = np.log(np.maximum(-np.expm1(-u), 1e-300))
    each = np.where(depth < bulk[0], -u, np.where(depth > bulk[1], deeper, inside))
    return float(each.mean())
