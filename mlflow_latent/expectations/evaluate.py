"""Does a run meet an expectation: the whole interval must agree, or it is undecided."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.errors import InputError
from mlflow_latent.expectations.metrics import Measured, measure, parse_metric, worsening
from mlflow_latent.expectations.selection import names_split, select, unknown_values
from mlflow_latent.report.expectations.filters import needs_samples, parse_filter
from mlflow_latent.report.expectations.model import (
    NO_WORSE,
    EarlierValue,
    Expectation,
    ExpectationResult,
    Status,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from mlflow_latent.expectations.metrics import Metric
    from mlflow_latent.expectations.population import Population

    Samples = Mapping[str, tuple[str, ...]] | None

CONFIDENCE = 0.95


@dataclass(frozen=True, eq=False)
class Earlier:
    """A run before: its id, its name, its samples."""

    run_id: str
    name: str
    population: Population


def evaluate(
    expectation: Expectation,
    population: Population,
    *,
    samples: Samples = None,
    before: Sequence[Earlier] = (),
    confidence: float = CONFIDENCE,
) -> ExpectationResult:
    """Ask one expectation of a run.

    Args:
        expectation: what should hold.
        population: the run's samples.
        samples: ids by split that the filter speaks of; default those that the expectation lists.
        before: the runs before it, newest first.
        confidence: of the interval, two-sided.

    Raises:
        InputError: the filter or the metric names something that this run did not capture.

    Source of the rule: a confidence interval that lies wholly on one side of a bound, as in tests
    of non-inferiority (Schuirmann 1987).
    """
    metric = parse_metric(expectation.metric)
    samples = samples or expectation.samples
    chosen = _slice(expectation, metric, population, samples)
    measured = _measure(expectation, metric, population, chosen, confidence)
    values = list(_before(expectation, metric, samples, before, confidence))
    if expectation.comparison == NO_WORSE and not measured.reason:
        measured = _worst(metric, population, chosen, before, confidence)
    return ExpectationResult(
        expectation=expectation,
        status=judge(expectation, measured),
        n=measured.n,
        value=measured.value,
        interval=(measured.lower, measured.upper),
        reason=measured.reason or _between(expectation, measured),
        before=tuple(values),
    )


def judge(expectation: Expectation, measured: Measured) -> Status:
    """Compare the interval with the threshold."""
    lower, upper = measured.lower, measured.upper
    if lower is None or upper is None:
        return "undecided"
    bound = expectation.threshold
    if expectation.comparison == ">=":
        lower, upper, bound = -upper, -lower, -bound
    if upper <= bound:
        return "passed"
    return "failed" if lower > bound else "undecided"


def _slice(
    expectation: Expectation, metric: Metric, population: Population, samples: Samples
) -> NDArray[np.bool_]:
    """(N,) mask of the slice: of the tested split, unless filter or metric speak of splits."""
    tree = parse_filter(expectation.filter)
    listed = None
    if needs_samples(tree) and samples is not None:
        listed = population.listed(samples)
    chosen = select(tree, population, listed)
    tested = population.report.tested_split
    elsewhere = listed is not None and not (chosen & (population.split == tested)).any()
    if names_split(tree) or metric.compares_splits or elsewhere or tested is None:
        return chosen
    return np.asarray(chosen & (population.split == tested))


def _measure(
    expectation: Expectation,
    metric: Metric,
    population: Population,
    chosen: NDArray[np.bool_],
    confidence: float,
) -> Measured:
    measured = measure(metric, population, chosen, confidence)  # a wrong metric is an error anyway
    if chosen.any():
        return measured
    hint = unknown_values(parse_filter(expectation.filter), population)
    return Measured(0, reason=f"no sample of this run meets the filter{hint}")


def _before(
    expectation: Expectation,
    metric: Metric,
    samples: Samples,
    before: Sequence[Earlier],
    confidence: float,
) -> Iterator[EarlierValue]:
    for run in before:
        try:
            chosen = _slice(expectation, metric, run.population, samples)
            found = _measure(expectation, metric, run.population, chosen, confidence)
        except InputError as error:
            found = Measured(0, reason=str(error))
        yield EarlierValue(
            run_id=run.run_id,
            name=run.name,
            n=found.n,
            value=found.value,
            interval=(found.lower, found.upper),
            reason=found.reason,
        )


def _worst(
    metric: Metric,
    population: Population,
    chosen: NDArray[np.bool_],
    before: Sequence[Earlier],
    confidence: float,
) -> Measured:
    """Compare with the best run before: that from which it is furthest."""
    found = [worsening(metric, population, chosen, run.population, confidence) for run in before]
    known = [one for one in found if one.upper is not None]
    if not known:
        why = f" ({found[0].reason})" if found else ""
        return Measured(int(chosen.sum()), reason=f"there is no run before to compare with{why}")
    return max(known, key=lambda one: one.value or 0.0)


def _between(expectation: Expectation, measured: Measured) -> str:
    if judge(expectation, measured) != "undecided":
        return ""
    return (
        f"the interval holds the threshold {expectation.threshold:g}: {measured.n} samples are too"
        " few to decide"
    )
