"""The expectation that guards against each kind of insight, on every later run.

Of an effect at most half may remain: a bound half-way between "no effect" and what was found can be
decided both ways. It is never beyond the effect's interval, so the run that it comes from fails it.
Of findings on single samples none, or a fifth of what was found, may remain.

A kind may write a better one itself, as slices do, whose rule is a filter; then that stays.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import copysign, floor, log10, sqrt
from typing import TYPE_CHECKING

from mlflow_latent.insights.losses import RATIO
from mlflow_latent.report.expectations.filters import write_value
from mlflow_latent.report.expectations.model import Expectation

if TYPE_CHECKING:
    from mlflow_latent.report.model import Insight

IN_SAMPLES, IN_REGION = "in samples", "in region"
DIGITS = 3  # of a bound
REMAINING = 0.2
"""Share of the findings that may remain: about so many of the labels called wrong are right."""

Sizes = Mapping[str, int]
Guard = Callable[["Insight", Sizes], Expectation]


def guard(insight: Insight, sizes: Sizes) -> Insight:
    """Return the insight with its expectation; one that its kind has written stays.

    Args:
        insight: without samples in its expectation: they are the insight's.
        sizes: samples of each split.
    """
    if insight.expectation is not None:
        return insight
    write = _GUARDS.get(insight.kind, _fewer_findings)
    return insight.model_copy(update={"expectation": write(insight, sizes)})


def excess_loss(insight: Insight, where: str | None = None) -> Expectation:
    """Guard against a set of samples with more loss than the rest of its split.

    Args:
        insight: with an effect of `mlflow_latent.insights.losses.Excess`.
        where: the filter; default the insight's samples.
    """
    rule = IN_SAMPLES if where is None else in_split(insight.split, where)
    if insight.effect_name == RATIO:
        return _expect(insight, rule, "loss / rest", "<=", _half_of_ratio(insight))
    return _expect(insight, rule, "loss - rest", "<=", _half(insight))


def same_odds(insight: Insight, where: str | None = None) -> Expectation:
    """Guard against samples of which the splits hold different shares.

    Args:
        insight: of over- or under-representation.
        where: the filter; default the insight's region.
    """
    rule, bound = where or IN_REGION, _half_of_ratio(insight)
    if insight.kind == "over_representation":
        return _expect(insight, rule, "odds_ratio", "<=", bound)
    return _expect(insight, rule, "odds_ratio", ">=", -_rounded_down(-1 / bound))


def in_split(split: str | None, where: str = "all") -> str:
    """Return a filter of one split."""
    if split is None:
        return where
    of_split = f"split == {write_value(split)}"
    if where == "all":
        return of_split
    return f"{of_split} and ({where})" if " or " in where else f"{of_split} and {where}"


def _low_loss(insight: Insight, sizes: Sizes) -> Expectation:  # noqa: ARG001 - a Guard
    return excess_loss(insight)


def _small_gap(insight: Insight, sizes: Sizes) -> Expectation:  # noqa: ARG001 - a Guard
    return _expect(insight, IN_SAMPLES, "gap - rest", "<=", _half(insight))


def _same_odds(insight: Insight, sizes: Sizes) -> Expectation:  # noqa: ARG001 - a Guard
    return same_odds(insight)


def _no_findings(insight: Insight, sizes: Sizes) -> Expectation:  # noqa: ARG001 - a Guard
    return _expect(insight, in_split(insight.split), f"share_{insight.kind}", "<=", 0)


def _fewer_findings(insight: Insight, sizes: Sizes) -> Expectation:
    """Count in the whole split: samples that were removed are in no slice any more."""
    metric = f"share_{insight.kind}"
    size = sizes.get(insight.split or "", 0)
    if insight.region or not size:  # one of several, or of no split: of these very samples
        return _expect(insight, in_split(insight.split, IN_SAMPLES), metric, "<=", REMAINING)
    found = sum(split == insight.split for split, _ in insight.samples) / size
    return _expect(insight, in_split(insight.split), metric, "<=", _rounded_down(REMAINING * found))


def _half(insight: Insight) -> float:
    """Half of a difference, within its interval."""
    return _rounded_down(_at_most(insight, insight.effect / 2))


def _half_of_ratio(insight: Insight) -> float:
    """Half of a ratio above 1, on the scale of ratios, within its interval."""
    return _rounded_down(_at_most(insight, sqrt(max(insight.effect, 1.0))))


def _at_most(insight: Insight, bound: float) -> float:
    lower = insight.interval[0]
    return bound if lower is None else min(bound, lower)


def _rounded_down(value: float) -> float:
    """The next number of three digits that is not above."""
    if value == 0:
        return 0.0
    step = 10.0 ** (floor(log10(abs(value))) - DIGITS + 1)
    return float(f"{floor(value / step * (1 + copysign(1e-12, value))) * step:.{DIGITS}g}")


def _expect(
    insight: Insight, rule: str, metric: str, comparison: str, threshold: float
) -> Expectation:
    return Expectation(rule, metric, comparison, threshold, name=f"not again: {insight.title}")


_GUARDS: dict[str, Guard] = {
    "low_performance": _low_loss,
    "metadata_loss": _low_loss,
    "overfitting": _small_gap,
    "over_representation": _same_odds,
    "under_representation": _same_odds,
    "near_duplicate": _no_findings,
    "leakage": _no_findings,
}
