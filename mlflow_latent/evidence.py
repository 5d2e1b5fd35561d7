"""Effects with intervals and p-values: what makes a difference a statement.

All functions are vectorised over groups: `(G,)` arrays in, `(G,)` arrays out. Intervals are
two-sided at `confidence`; tests are one-sided, towards the alternative that the name says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

if TYPE_CHECKING:
    from numpy.typing import NDArray

CONTINUITY = 0.5  # Haldane–Anscombe: added to each cell, so that an empty cell has an odds ratio


@dataclass(frozen=True)
class Evidence:
    """Effect sizes of G groups, with interval and p-value.

    Attributes:
        effect: (G,) size of the effect, in the units that the function says.
        lower: (G,) lower end of its interval.
        upper: (G,) upper end of its interval.
        p_value: (G,) of the test; NaN where the group cannot be tested.
    """

    effect: NDArray[np.float64]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    p_value: NDArray[np.float64]


@dataclass(frozen=True)
class Moments:
    """Size, mean and variance (n − 1) of G groups; NaN where a group is too small for them."""

    n: NDArray[np.float64]
    mean: NDArray[np.float64]
    variance: NDArray[np.float64]

    @property
    def squared_error(self) -> NDArray[np.float64]:
        """(G,) squared standard error of the mean."""
        return _divide(self.variance, self.n)

    @property
    def total(self) -> NDArray[np.float64]:
        """(G,) sum of the values."""
        return self.n * np.nan_to_num(self.mean)


def moments(values: NDArray[np.floating], groups: NDArray[np.integer], size: int) -> Moments:
    """Summarize each group.

    Args:
        values: (N,) finite.
        groups: (N,) group of each value, 0…size−1.
        size: G, number of groups.
    """
    values = np.asarray(values, dtype=np.float64)
    n = np.bincount(groups, minlength=size).astype(np.float64)
    mean = _divide(np.bincount(groups, weights=values, minlength=size), n)
    squares = np.bincount(groups, weights=(values - mean[groups]) ** 2, minlength=size)
    return Moments(n, mean, _divide(squares, n - 1))


def rest(of: Moments) -> Moments:
    """Summarize, for each group, all the other groups together."""
    squares = np.nan_to_num(of.variance) * np.maximum(of.n - 1, 0)
    n, total = of.n.sum(), of.total.sum()
    spread = squares + of.n * (np.nan_to_num(of.mean) - total / max(n, 1)) ** 2
    others = n - of.n
    mean = _divide(total - of.total, others)
    shift = others * (mean - total / max(n, 1)) ** 2
    rest_squares = np.maximum(spread.sum() - spread - np.nan_to_num(shift), 0)
    return Moments(others, mean, _divide(rest_squares, others - 1))


def unite(of: Moments, unions: NDArray[np.bool_]) -> Moments:
    """Summarize groups taken together.

    Args:
        of: K groups.
        unions: (G, K) which of them make each of the G new ones.
    """
    center = of.total.sum() / max(of.n.sum(), 1)
    mean = np.nan_to_num(of.mean)
    squares = np.nan_to_num(of.variance) * np.maximum(of.n - 1, 0) + of.n * (mean - center) ** 2
    n = unions @ of.n
    new = _divide(unions @ of.total, n)
    spread = np.maximum(unions @ squares - n * np.nan_to_num(new - center) ** 2, 0)
    return Moments(n, new, _divide(spread, n - 1))


def mean_ratio(inside: Moments, outside: Moments, confidence: float) -> Evidence:
    """Ratio of means, larger inside; for values that are not negative.

    Interval: delta method on the log of the ratio. Test: Welch's t on the difference of means
    (Welch 1947), which for right-skewed values and a small group inside errs to the careful side.
    """
    ratio = _divide(inside.mean, outside.mean)
    relative = _divide(inside.squared_error, inside.mean**2)
    relative = np.sqrt(relative + _divide(outside.squared_error, outside.mean**2))
    with np.errstate(over="ignore"):  # of a mean that one sample makes: it may be anything
        reach = np.exp(_normal_quantile(confidence) * relative)
    return Evidence(ratio, ratio / reach, ratio * reach, welch(inside, outside).p_value)


def welch(inside: Moments, outside: Moments, confidence: float = 0.95) -> Evidence:
    """Difference of means, larger inside. Source: Welch 1947, Welch–Satterthwaite degrees."""
    return _combine([(1, inside), (-1, outside)], confidence)


def gap_excess(
    val_inside: Moments,
    val_outside: Moments,
    train_inside: Moments,
    train_outside: Moments,
    confidence: float,
) -> Evidence:
    """How much larger the gap val − train is inside than outside, in the units of the values.

    Welch's test on the four means (Welch 1947), which is for values that are not very skewed.
    """
    signed = [(1, val_inside), (-1, train_inside), (-1, val_outside), (1, train_outside)]
    return _combine(signed, confidence)


def odds_ratio(
    inside: NDArray[np.integer],
    inside_total: int,
    outside: NDArray[np.integer],
    outside_total: int,
    confidence: float,
    *,
    mid_p: bool = False,
) -> Evidence:
    """Odds that a member of the first set falls into a group, against those of the second set.

    Args:
        inside: (G,) members of the first set in each group.
        inside_total: size of the first set.
        outside: (G,) members of the second set in each group.
        outside_total: size of the second set.
        confidence: of the interval.
        mid_p: whether the counts that were seen are half as likely to be luck (Lancaster 1961).
            The exact test errs to the careful side, the more so the fewer there are; over many
            groups of different sizes the mid-p-value is true on average.

    Returns:
        The odds ratio with 0.5 added to each cell and its interval (Haldane 1956, Anscombe 1956);
        the p-value of Fisher's exact test that it is above 1.
    """
    cells = [inside, inside_total - inside, outside, outside_total - outside]
    a, b, c, d = (np.asarray(cell, dtype=np.float64) + CONTINUITY for cell in cells)
    log_odds = np.log(a * d / (b * c))
    reach = _normal_quantile(confidence) * np.sqrt(1 / a + 1 / b + 1 / c + 1 / d)
    drawn = inside_total + outside_total, inside + outside, inside_total
    p_value = stats.hypergeom.sf(np.asarray(inside) - 1, *drawn)
    if mid_p:
        p_value = p_value - stats.hypergeom.pmf(np.asarray(inside), *drawn) / 2
    return Evidence(
        np.exp(log_odds), np.exp(log_odds - reach), np.exp(log_odds + reach), np.asarray(p_value)
    )


def superiority(
    ranks: NDArray[np.floating], inside: NDArray[np.bool_], confidence: float
) -> tuple[float, float, float, float]:
    """Cliff's delta of the values inside against the rest, its interval, and a two-sided p-value.

    Args:
        ranks: (N,) mid-ranks of the values.
        inside: (N,) mask.
        confidence: of the interval.

    Returns:
        (delta, lower, upper, p): delta is P(inside > outside) − P(inside < outside), −1…1.
        Source: Cliff 1993; interval on Fisher's z with the variance of Hanley & McNeil 1982.
    """
    n, m = int(inside.sum()), int((~inside).sum())
    area = (float(ranks[inside].sum()) - n * (n + 1) / 2) / (n * m)
    q1, q2 = area / (2 - area), 2 * area**2 / (1 + area)
    spread = area * (1 - area) + (n - 1) * (q1 - area**2) + (m - 1) * (q2 - area**2)
    error = 2 * float(np.sqrt(max(spread, 0) / (n * m)))
    delta = 2 * area - 1
    reach = _normal_quantile(confidence) * error / max(1 - delta**2, 1 / (n * m))
    center = np.arctanh(np.clip(delta, -1 + 1e-12, 1 - 1e-12))
    null_error = float(np.sqrt((n + m + 1) / (3 * n * m)))
    p_value = 2 * float(stats.norm.sf(abs(delta) / null_error))
    return delta, float(np.tanh(center - reach)), float(np.tanh(center + reach)), p_value


def q_values(p_values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Benjamini & Hochberg 1995 over the p-values that are not NaN; NaN stays NaN."""
    result = np.full(len(p_values), np.nan)
    tested = ~np.isnan(p_values)
    if tested.any():
        result[tested] = stats.false_discovery_control(np.clip(p_values[tested], 0, 1))
    return result


def mean_interval(
    of: Moments, confidence: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Student's t interval of each mean; NaN where n < 2."""
    with np.errstate(invalid="ignore"):
        quantile = stats.t.ppf((1 + confidence) / 2, np.where(of.n > 1, of.n - 1, np.nan))
    reach = quantile * np.sqrt(of.squared_error)
    return of.mean - reach, of.mean + reach


def _combine(signed: list[tuple[int, Moments]], confidence: float) -> Evidence:
    effect = np.asarray(sum(sign * part.mean for sign, part in signed), dtype=np.float64)
    variance = np.asarray(sum(part.squared_error for _, part in signed), dtype=np.float64)
    degrees = sum(_divide(part.squared_error**2, part.n - 1) for _, part in signed)
    degrees = _divide(variance**2, np.asarray(degrees))
    error = np.sqrt(variance)
    reach = stats.t.ppf((1 + confidence) / 2, degrees) * error
    p_value = stats.t.sf(_divide(effect, error), degrees)
    certain = (error == 0) & np.isfinite(effect)
    p_value = np.where(certain, np.where(effect > 0, 0.0, 1.0), p_value)
    reach = np.where(certain, 0.0, reach)
    return Evidence(effect, effect - reach, effect + reach, p_value)


def _normal_quantile(confidence: float) -> float:
    return float(stats.norm.ppf((1 + confidence) / 2))


def _divide(a: NDArray[np.number], b: NDArray[np.number]) -> NDArray[np.float64]:
    with np.errstate(divide="ignore", invalid="ignore"):
        result: NDArray[np.float64] = np.where(b > 0, a / np.where(b > 0, b, 1), np.nan)
    return result


def share_difference(
    inside: tuple[int, int], outside: tuple[int, int], confidence: float
) -> tuple[float, float, float, float]:
    """Difference of two shares, its interval, and a two-sided p-value.

    Args:
        inside: (hits, total) of the first set.
        outside: (hits, total) of the second set.
        confidence: of the interval.

    Returns:
        (difference, lower, upper, p). Source: Newcombe 1998, method 10 (Wilson intervals combined);
        Fisher's exact test, doubled smaller tail.
    """
    (a, n), (b, m) = inside, outside
    first, second = a / n, b / m
    low1, high1 = stats.binomtest(a, n).proportion_ci(confidence, method="wilson")
    low2, high2 = stats.binomtest(b, m).proportion_ci(confidence, method="wilson")
    lower = first - second - np.hypot(first - low1, high2 - second)
    upper = first - second + np.hypot(high1 - first, second - low2)
    upper_tail = stats.hypergeom.sf(a - 1, n + m, a + b, n)
    lower_tail = stats.hypergeom.cdf(a, n + m, a + b, n)
    p_value = min(1.0, 2 * min(float(upper_tail), float(lower_tail)))
    return first - second, float(lower), float(upper), p_value
