"""The expectations that a report's insights propose, complete enough for another run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_latent.errors import InputError, did_you_mean
from mlflow_latent.report.expectations.filters import needs_samples, parse_filter
from mlflow_latent.report.explorer.findings import keyed_insights
from mlflow_latent.report.ranking import ranked_insights

if TYPE_CHECKING:
    from mlflow_latent.report.expectations.model import Expectation
    from mlflow_latent.report.model import Insight, Report

LISTED_SAMPLES = 500  # written into the file; of more only where to read them


def proposals(report: Report) -> list[Expectation]:
    """Return what the insights propose, the most severe first, each with the samples it needs.

    Where there are many samples and the report is of a run, the expectation names the insight
    instead, and they are read from that run.
    """
    keys = {id(insight): key for key, insight in keyed_insights(report).items()}
    return [
        _complete(guard, insight, report.run_id, keys[id(insight)])
        for insight in ranked_insights(report)
        if (guard := insight.guard()) is not None
    ]


def _complete(guard: Expectation, insight: Insight, run_id: str | None, key: str) -> Expectation:
    if run_id is None or len(insight.samples) <= LISTED_SAMPLES or not guard.samples:
        return guard
    return guard.model_copy(update={"samples": None, "samples_of": f"{run_id}/{key}"})


def samples_of(report: Report, key: str) -> dict[str, tuple[str, ...]]:
    """Return the ids by split of an insight, by its key.

    Raises:
        InputError: the report has no insight of that key.
    """
    found = keyed_insights(report)
    if key not in found:
        hint = did_you_mean(key, found)
        raise InputError(f"the analysis of run {report.run_id!r} has no insight {key!r}{hint}")
    return found[key].samples_by_split


def speaks_of_samples(expectation: Expectation) -> bool:
    """Whether an expectation's filter needs samples that are listed or read."""
    return needs_samples(parse_filter(expectation.filter))
