"""Ask every kind for its insights, merge those that overlap, rank what is left."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mlflow_latent.insights.base import Context, InsightOptions, NotApplicableError
from mlflow_latent.insights.registry import insight_kinds
from mlflow_latent.report.model import Insight, NotApplicable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mlflow_latent.measures import Measures

OVERLAP = 0.5  # share of the smaller of two sets of samples from which they are one finding


class Findings(NamedTuple):
    """What the kinds found.

    Attributes:
        insights: the most severe first.
        not_applicable: the kinds that could not be computed, and why.
        tests: how many tests each kind made.
    """

    insights: tuple[Insight, ...]
    not_applicable: tuple[NotApplicable, ...]
    tests: dict[str, int]


def find_insights(
    measures: Measures, options: InsightOptions, *, tested: str | None, reference: str | None
) -> Findings:
    """Ask every kind.

    Args:
        measures: of the snapshot.
        options: what it takes to be an insight.
        tested: the split on which performance is judged, if there is one.
        reference: the split that it is compared with, if there is one.
    """
    kinds = insight_kinds()
    share = options.error_budget / max(1, sum(kind.tests for kind in kinds))
    context = Context(measures, options, tested, reference, share)
    insights: list[Insight] = []
    not_applicable = []
    for kind in kinds:
        try:
            insights += merge(kind.find(context))
        except NotApplicableError as reason:
            not_applicable.append(NotApplicable(kind=kind.name, reason=str(reason)))
    tests = {kind.name: context.tests[kind.name] for kind in kinds if kind.tests}
    return Findings(tuple(rank(insights)), tuple(not_applicable), tests)


def rank(insights: Iterable[Insight]) -> list[Insight]:
    """Order by severity; ties by kind and region, so that the order is always the same."""
    return sorted(insights, key=lambda i: (-i.severity, i.kind, i.region or "", i.title))


def merge(insights: Iterable[Insight]) -> list[Insight]:
    """Make an insight whose samples overlap with a more severe one of its kind that one's child."""
    parents: list[tuple[Insight, list[Insight]]] = []
    for insight in rank(insights):
        for parent, children in parents:
            if _overlap(parent.samples, insight.samples) >= OVERLAP:
                children.append(insight)
                break
        else:
            parents.append((insight, []))
    return [parent.model_copy(update={"children": tuple(c)}) for parent, c in parents]


def _overlap(a: Sequence[tuple[str, str]], b: Sequence[tuple[str, str]]) -> float:
    return len(set(a) & set(b)) / max(1, min(len(a), len(b)))
