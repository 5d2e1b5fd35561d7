"""Expectations and their results as a person reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_latent.report import words
from mlflow_latent.report.expectations.model import NO_WORSE

if TYPE_CHECKING:
    from mlflow_latent.report.expectations.model import (
        EarlierValue,
        ExpectationResult,
        ExpectationResults,
    )

NAMED_RUNS = 5
TITLE, RULE, NAME = 160, 240, 40  # letters


def describe_result(result: ExpectationResult, confidence: float) -> list[str]:
    """Return what was asked, what came of it, and what the runs before had, a line each."""
    expectation = result.expectation
    lines = [words.shorten(expectation.title, TITLE)]
    if expectation.name:
        lines.append(words.shorten(expectation.text, RULE))
    lines.append(_value(result, confidence))
    if result.reason:
        lines.append(words.one_line(result.reason))
    if result.before:
        runs = "; ".join(map(_earlier, result.before[:NAMED_RUNS]))
        lines.append(f"runs before: {runs}")
    return lines


def describe_counts(results: ExpectationResults) -> str:
    """Return `12 expectations: 10 passed, 1 failed, 1 undecided`."""
    parts = [f"{count} {status}" for status, count in results.counts.items() if count]
    return f"\n{words.count(len(results.results), 'expectation')}: {', '.join(parts)}"


def _value(result: ExpectationResult, confidence: float) -> str:
    metric = result.expectation.metric
    if result.expectation.comparison == NO_WORSE:
        metric = f"{metric} worse than the best run before by"
    if result.value is None:
        return f"{metric}: unknown, n = {result.n:,}"
    certain = result.interval[0] == result.interval[1] and result.interval[0] is not None
    known = result.interval != (None, None) and not certain
    interval = f" ({words.interval(result.interval, confidence)})" if known else ""
    return f"{metric} = {words.number(result.value)}{interval}, n = {result.n:,}"


def _earlier(run: EarlierValue) -> str:
    name = words.shorten_middle(run.name, NAME)
    return f"{name} {words.number(run.value)} (n = {run.n:,})" if run.n else f"{name} unknown"
