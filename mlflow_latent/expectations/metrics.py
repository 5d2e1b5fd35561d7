"""What can be measured of a slice: a value with its interval, or the reason why there is none."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from scipy import stats

from mlflow_latent.errors import InputError, did_you_mean
from mlflow_latent.evidence import (
    Evidence,
    Moments,
    gap_excess,
    mean_interval,
    mean_ratio,
    moments,
    odds_ratio,
    share_difference,
    welch,
)
from mlflow_latent.expectations.population import CORRECT
from mlflow_latent.schema import LOSS, LOSS_PREFIX, METRIC_PREFIX

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlflow_latent.expectations.population import Population

    Mask = NDArray[np.bool_]

ACCURACY, ERROR_RATE, GAP, ODDS_RATIO, SHARE = (
    "accuracy",
    "error_rate",
    "gap",
    "odds_ratio",
    "share_",
)
MIN_SAMPLES = 10
"""From which the interval of a mean is one; of fewer losses it is too short (see the docs)."""
_METRIC = re.compile(r"(?P<base>.*?\S)\s*(?:(?P<relation>[/÷−-])\s*rest)?\s*")
_RELATIONS: dict[str, Relation] = {"/": "/", "÷": "/", "-": "-", "−": "-"}
Relation = Literal["/", "-"]


@dataclass(frozen=True)
class Metric:
    """What is measured: `base` alone, or beside the `rest` as a ratio or a difference."""

    base: str
    relation: Relation | None = None

    @property
    def is_share(self) -> bool:
        """Whether each sample either counts or does not."""
        return self.base in (ACCURACY, ERROR_RATE)

    @property
    def is_mean(self) -> bool:
        """Whether it is the mean of a number that every sample has."""
        special = self.base in (GAP, ODDS_RATIO) or self.base.startswith(SHARE)
        return self.relation is None and not special

    @property
    def compares_splits(self) -> bool:
        """Whether it needs the samples of two splits."""
        return self.base in (GAP, ODDS_RATIO)


@dataclass(frozen=True)
class Measured:
    """A value of n samples with its interval; where there is none, the reason."""

    n: int
    value: float | None = None
    lower: float | None = None
    upper: float | None = None
    reason: str = ""

    @classmethod
    def of(cls, n: int, found: Evidence) -> Measured:
        """Take the first of the groups."""
        value, lower, upper = (float(of[0]) for of in (found.effect, found.lower, found.upper))
        if not np.isfinite([value, lower, upper]).all():
            known = value if np.isfinite(value) else None
            return cls(n, known, reason="no interval can be given: a mean is 0 or unknown")
        return cls(n, value, lower, upper)


def parse_metric(text: str) -> Metric:
    """Read a metric.

    Raises:
        InputError: it is not one.
    """
    found = _METRIC.fullmatch(text.strip())
    if found is None:
        raise InputError(f"metric {text!r} cannot be read; give e.g. 'loss' or 'loss / rest'")
    metric = Metric(found["base"], _RELATIONS.get(found["relation"] or ""))
    alone = metric.base == ODDS_RATIO or metric.base.startswith(SHARE)
    ratio_of_gaps = metric.base == GAP and metric.relation == "/"
    if metric.relation and (alone or ratio_of_gaps):
        raise InputError(f"metric {text!r}: {metric.base!r} is not compared with the rest that way")
    return metric


def measure(metric: Metric, population: Population, chosen: Mask, confidence: float) -> Measured:
    """Measure a slice.

    Args:
        metric: what.
        population: N samples.
        chosen: (N,) mask of the slice.
        confidence: of the interval.

    Raises:
        InputError: the metric was not captured, or needs a split that was not.
    """
    if metric.base.startswith(SHARE):
        return _findings(metric, population, chosen)
    if metric.base == ODDS_RATIO:
        return _odds(population, chosen, confidence)
    if metric.base == GAP:
        return _gap(metric, population, chosen, confidence)
    return _number(metric, population, chosen, confidence)


def _number(metric: Metric, population: Population, chosen: Mask, confidence: float) -> Measured:
    values = values_of(metric.base, population)
    known = np.isfinite(values)
    inside = chosen & known
    if not inside.any():
        return Measured(0, reason=_nothing(metric, population, chosen))
    if metric.relation is None:
        return _alone(metric, values[inside], confidence)
    rest = known & ~chosen & population.splits_of(chosen)
    return _beside(metric, values[inside], values[rest], confidence)


def values_of(base: str, population: Population) -> NDArray[np.float64]:
    """(N,) of a number that every sample has, NaN where it is missing.

    Raises:
        InputError: there is no such number.
    """
    try:
        column = population.field(CORRECT if base in (ACCURACY, ERROR_RATE) else base)
    except InputError as error:
        raise InputError(f"metric {base!r}: {error}") from None
    if base not in (ACCURACY, ERROR_RATE) and not pd.api.types.is_numeric_dtype(column):
        raise InputError(f"metric {base!r} is not a number")
    values = column.astype("Float64").to_numpy(dtype=np.float64, na_value=np.nan)
    return np.asarray(1 - values if base == ERROR_RATE else values)


def worsening(
    metric: Metric, now: Population, chosen: Mask, before: Population, confidence: float
) -> Measured:
    """How much worse the slice is than in a run before, sample by sample.

    Args:
        metric: a mean.
        now: N samples.
        chosen: (N,) mask of the slice.
        before: the samples of the other run, of which those with the same key are compared.
        confidence: of the interval.

    Raises:
        InputError: it is not a mean, or which way is worse is not known.
    """
    worse = _worse(metric, now)
    rows = before.finder.locate(now.frame)
    shared = np.flatnonzero(chosen & (rows >= 0))
    difference = values_of(metric.base, now)[shared]
    difference = worse * (difference - values_of(metric.base, before)[rows[shared]])
    difference = difference[np.isfinite(difference)]
    if not len(difference):
        return Measured(0, reason="it has none of these samples with that metric")
    return _mean(difference, confidence)


def _worse(metric: Metric, population: Population) -> int:
    """1 where more is worse, −1 where less is."""
    if not metric.is_mean:
        raise InputError(
            f"'no worse than before' compares a mean such as 'loss' or 'accuracy' sample by sample,"
            f" not {metric.base!r}{' beside the rest' if metric.relation else ''}"
        )
    if metric.base in (LOSS, ERROR_RATE) or metric.base.startswith(LOSS_PREFIX):
        return 1
    if metric.base == ACCURACY:
        return -1
    name = metric.base.removeprefix(METRIC_PREFIX)
    direction = population.report.metrics.get(name)
    if direction is None:
        known = (LOSS, ACCURACY, ERROR_RATE, *population.report.metrics)
        raise InputError(
            f"metric {metric.base!r}: which way is worse is known of {', '.join(known)}; compare "
            "with a number (<= or >=) instead"
        )
    return 1 if direction == "lower" else -1


def _alone(metric: Metric, values: NDArray[np.float64], confidence: float) -> Measured:
    if not metric.is_share:
        return _mean(values, confidence)
    n, hits = len(values), round(float(values.sum()))
    interval = stats.binomtest(hits, n).proportion_ci(confidence, method="exact")
    return Measured(n, hits / n, float(interval.low), float(interval.high))


def _mean(values: NDArray[np.float64], confidence: float) -> Measured:
    n, value = len(values), float(values.mean())
    if n < MIN_SAMPLES:
        return Measured(n, value, reason=_few(n))
    lower, upper = mean_interval(_moments(values), confidence)
    return Measured(n, value, float(lower[0]), float(upper[0]))


def _beside(
    metric: Metric, inside: NDArray[np.float64], rest: NDArray[np.float64], confidence: float
) -> Measured:
    n = len(inside)
    if min(n, len(rest)) < MIN_SAMPLES:
        return Measured(n, reason=_few(n) if n < MIN_SAMPLES else f"the rest has {len(rest)}")
    if metric.relation == "/":
        if min(inside.min(), rest.min()) < 0:
            return Measured(n, reason=f"{metric.base} may be negative: a ratio says nothing; use -")
        return Measured.of(n, mean_ratio(_moments(inside), _moments(rest), confidence))
    if metric.is_share:
        hits = round(float(inside.sum())), round(float(rest.sum()))
        value, lower, upper, _ = share_difference((hits[0], n), (hits[1], len(rest)), confidence)
        return Measured(n, value, lower, upper)
    return Measured.of(n, welch(_moments(inside), _moments(rest), confidence))


def _gap(metric: Metric, population: Population, chosen: Mask, confidence: float) -> Measured:
    values = values_of(LOSS, population)
    known = np.isfinite(values)
    parts = [
        values[known & side & (population.split == split)]
        for side in (chosen, ~chosen)
        for split in population.require_splits()
    ]
    needed = parts if metric.relation else parts[:2]
    n = len(parts[0]) + len(parts[1])
    if (least := min(map(len, needed))) < MIN_SAMPLES:
        return Measured(n, reason=_few(least, "the smallest part has"))
    tested, reference, *others = (_moments(part) for part in needed)
    if not others:
        return Measured.of(n, welch(tested, reference, confidence))
    excess = gap_excess(tested, others[0], reference, others[1], confidence)
    return Measured.of(n, excess)


def _odds(population: Population, chosen: Mask, confidence: float) -> Measured:
    tested, reference = (population.split == name for name in population.require_splits())
    inside = [int((chosen & split).sum()) for split in (reference, tested)]
    n = sum(inside)
    if not n:
        return Measured(0, reason="no sample of either split lies there")
    counts = np.array([inside[0]]), int(reference.sum()), np.array([inside[1]]), int(tested.sum())
    return Measured.of(n, odds_ratio(*counts, confidence))


def _findings(metric: Metric, population: Population, chosen: Mask) -> Measured:
    """Count: what an analysis found in these very samples is not a guess about others."""
    kind = metric.base.removeprefix(SHARE)
    if kind not in population.kinds():
        hint = did_you_mean(kind, population.kinds())
        raise InputError(f"metric {metric.base!r}: there is no kind of insight {kind!r}{hint}")
    n = int(chosen.sum())
    if not n:
        return Measured(0)
    for missing in population.report.not_applicable:
        if missing.kind == kind:
            return Measured(n, reason=f"{kind} could not be computed: {missing.reason}")
    share = float(population.found(kind)[chosen].mean())
    return Measured(n, share, share, share)


def _moments(values: NDArray[np.float64]) -> Moments:
    return moments(values, np.zeros(len(values), dtype=np.int64), 1)


def _few(n: int, who: str = "it has") -> str:
    return f"{who} {n} samples, at least {MIN_SAMPLES} are needed for an interval"


def _nothing(metric: Metric, population: Population, chosen: Mask) -> str:
    splits = ", ".join(repr(name) for name in sorted(set(population.split[chosen])))
    return f"none of its {int(chosen.sum())} samples has {metric.base!r}: {splits} has no labels"
