"""Regions and insights with rows in place of sample ids."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from mlflow_latent.report.explorer.header import InsightHeader, RegionHeader
from mlflow_latent.report.ranking import ranked_insights

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mlflow_latent.report.explorer.arrays import ArrayWriter
    from mlflow_latent.report.explorer.rows import RowFinder
    from mlflow_latent.report.model import Insight, Region, Report
    from mlflow_latent.report.table import SampleTable

KEY_DIGITS = 12


class InsightEncoder:
    """Writes insights, each with a key that no other one of the report has."""

    def __init__(self, finder: RowFinder, arrays: ArrayWriter) -> None:
        self._finder, self._arrays = finder, arrays
        self._keys = InsightKeys()

    def encode(self, insights: Sequence[Insight]) -> tuple[InsightHeader, ...]:
        """Return the insights as ranked on every page, children as they are."""
        return tuple(self._header(insight) for insight in insights)

    def _header(self, insight: Insight) -> InsightHeader:
        shared = {
            name: getattr(insight, name)
            for name in type(insight).model_fields
            if name not in ("samples", "children")
        }
        return InsightHeader(
            key=self._keys.add(insight),
            rows=self._arrays.add(self._finder.rows(insight.samples)),
            children=self.encode(insight.children),
            **shared,
        )


class InsightKeys:
    """Gives each insight of a report a key of its own.

    A second finding of the same kind and samples (by another field) is told apart.
    """

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def add(self, insight: Insight) -> str:
        """Return the key of the next insight, as the pages order them: each before its children."""
        key, ordinal = insight_key(insight), 1
        while key in self._taken:
            ordinal += 1
            key = insight_key(insight, ordinal)
        self._taken.add(key)
        return key


def keyed_insights(report: Report) -> dict[str, Insight]:
    """Return all insights of a report by their key, children too."""
    keys = InsightKeys()
    return {keys.add(insight): insight for insight in _with_children(ranked_insights(report))}


def _with_children(insights: Iterable[Insight]) -> Iterator[Insight]:
    for insight in insights:
        yield insight
        yield from _with_children(insight.children)


def insight_key(insight: Insight, ordinal: int = 1) -> str:
    """Return 12 hex digits of the kind and the samples, whatever their order.

    Args:
        insight: the finding.
        ordinal: 2 for the second of the same kind and samples in a report, and so on.
    """
    content = [insight.kind, ordinal, sorted(insight.samples)]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:KEY_DIGITS]


def encode_insights(
    table: SampleTable, finder: RowFinder, arrays: ArrayWriter
) -> tuple[InsightHeader, ...]:
    """Return the report's insights, most severe first."""
    return InsightEncoder(finder, arrays).encode(ranked_insights(table.report))


def encode_regions(table: SampleTable, finder: RowFinder) -> tuple[RegionHeader, ...]:
    """Return the report's regions."""
    return tuple(_region(region, finder) for region in table.report.regions)


def _region(region: Region, finder: RowFinder) -> RegionHeader:
    shared = {
        name: getattr(region, name) for name in type(region).model_fields if name != "typical"
    }
    return RegionHeader(typical=tuple(finder.rows(region.typical).tolist()), **shared)
