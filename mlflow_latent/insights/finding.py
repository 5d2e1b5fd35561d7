"""Ask every kind for its insights, merge those that overlap, rank what is left."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mlflow_latent.insights.base import Context, InsightOptions
from mlflow_latent.insights.budget import ask
from mlflow_latent.insights.guards import guard
from mlflow_latent.insights.nesting import OVERLAP, overlap
from mlflow_latent.insights.registry import insight_kinds
from mlflow_latent.report.model import Insight, NotApplicable, RelatedInsight

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from mlflow_latent.fields import Fields
    from mlflow_latent.measures import Measures


class Findings(NamedTuple):
    """What the kinds found.

    Attributes:
        insights: the most severe first.
        not_applicable: the kinds that could not be computed, and why.
        tests: how many tests each kind made.
        fields: what was there to explain them.
    """

    insights: tuple[Insight, ...]
    not_applicable: tuple[NotApplicable, ...]
    tests: dict[str, int]
    fields: Fields


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
    context = Context(measures, options, tested, reference, options.error_budget)
    sizes = context.counts(np.ones(len(context.snapshot), dtype=bool))
    insights: list[Insight] = []
    not_applicable = []
    tests: dict[str, int] = {}
    for kind, answers in ask(kinds, context):
        insights += merge([one for answer in answers for one in answer.found], sizes)
        reasons = [answer.reason for answer in answers if answer.reason is not None]
        if len(reasons) == len(answers):  # the main one's reason is the kind's
            not_applicable.append(NotApplicable(kind=kind.name, reason=reasons[0]))
        if kind.tests:
            tests[kind.name] = sum(answer.tests[kind.name] for answer in answers)
    ranked = tuple(guard(one, sizes) for one in rank(relate(insights, sizes)))
    return Findings(ranked, tuple(not_applicable), tests, context.fields)


def rank(insights: Iterable[Insight]) -> list[Insight]:
    """Order by severity; ties by kind and region, so that the order is always the same."""
    return sorted(insights, key=lambda i: (-i.severity, i.kind, i.region or "", i.title))


def merge(insights: Iterable[Insight], sizes: Mapping[str, int]) -> list[Insight]:
    """Make an insight whose samples overlap with a better one of its kind that one's child.

    The better one has the smaller p-value, its own or that of a child which its finder has already
    put below it (`nesting.nest`). Of a region and a metadata-defined slice that hold the same
    samples the region leads, as it can be looked at as one place; the slice's rule is its child.

    Args:
        insights: of one kind.
        sizes: samples of each split, from which follows what overlap chance would give.
    """
    families: list[_Family] = []
    for insight in sorted(rank(insights), key=_clearest):
        one = _Family(insight, sizes)
        home = next((family for family in families if family.overlap(one) >= OVERLAP), None)
        if home is None:
            families.append(one)
        elif insight.region and not home.lead.region and home.likeness(one) >= OVERLAP:
            families[families.index(home)] = one
            one.children = [home.lead, *home.children]
        else:
            home.children.append(insight)
    return rank(family.as_insight() for family in families)


def _clearest(insight: Insight) -> float:
    """The smallest p-value of an insight and its children."""
    return min(one.p_value for one in (insight, *insight.children))


def relate(insights: Sequence[Insight], sizes: Mapping[str, int]) -> list[Insight]:
    """Name on each insight those of other kinds that speak of about the same samples."""
    families = [_Family(insight, sizes) for insight in insights]
    return [
        one.lead.model_copy(update={"related": tuple(_names_of_related(one, families))})
        for one in families
    ]


def _names_of_related(one: _Family, families: Sequence[_Family]) -> Iterator[RelatedInsight]:
    for other in families:
        if other.lead.kind != one.lead.kind and one.overlap(other) >= OVERLAP:
            shared = len(one.samples & other.samples)
            yield RelatedInsight(kind=other.lead.kind, title=other.lead.title, shared=shared)


class _Family:
    """An insight with its children, and its samples as a set."""

    def __init__(self, lead: Insight, sizes: Mapping[str, int]) -> None:
        self.lead = lead
        self.children: list[Insight] = []
        self.samples = frozenset(lead.samples)
        self.population = sum(sizes.get(split, 0) for split in lead.counts)

    def overlap(self, other: _Family) -> float:
        """Share of the smaller of both that lies in the larger, beyond what chance gives."""
        larger = max(self, other, key=lambda family: len(family.samples))
        sizes = len(self.samples), len(other.samples)
        return overlap(len(self.samples & other.samples), sizes, larger.population)

    def likeness(self, other: _Family) -> float:
        """Jaccard index of both."""
        return len(self.samples & other.samples) / max(1, len(self.samples | other.samples))

    def as_insight(self) -> Insight:
        """Return the lead with all children below it, those that it had first."""
        children = (*self.lead.children, *self.children)
        return self.lead.model_copy(update={"children": children})
