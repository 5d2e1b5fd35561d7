"""Regions and insights with rows in place of sample ids."""

from __future__ import annotations

import hashlib
import json
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mlflow_latent.report.explorer.header import InsightHeader, RegionHeader
from mlflow_latent.report.ranking import ranked_insights
from mlflow_latent.schema import SAMPLE_ID

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mlflow_latent.report.explorer.arrays import ArrayWriter
    from mlflow_latent.report.model import Insight, Region
    from mlflow_latent.report.table import SampleTable

KEY_DIGITS = 12


class RowFinder:
    """Finds the row of a (split, sample_id)."""

    def __init__(self, table: SampleTable) -> None:
        self._table = table

    def rows(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.uint32]:
        """Return the row of each pair that the table has, in their order."""
        found = np.full(len(pairs), -1, dtype=np.int64)
        splits = np.array([split for split, _ in pairs], dtype=object)
        for split in set(splits):
            places = np.flatnonzero(splits == split)
            index, rows = self._splits.get(split, (pd.Index([]), np.empty(0, np.int64)))
            inside = index.get_indexer([pairs[place][1] for place in places])
            found[places[inside >= 0]] = rows[inside[inside >= 0]]
        return found[found >= 0].astype(np.uint32)

    @cached_property
    def _splits(self) -> dict[str, tuple[pd.Index, NDArray[np.int64]]]:
        ids = self._table.frame[SAMPLE_ID].to_numpy(dtype=object)
        rows = {s: np.flatnonzero(self._table.split == s) for s in self._table.splits}
        return {split: (pd.Index(ids[own], dtype=object), own) for split, own in rows.items()}


class InsightEncoder:
    """Writes insights, each with a key that no other one of the report has."""

    def __init__(self, finder: RowFinder, arrays: ArrayWriter) -> None:
        self._finder, self._arrays = finder, arrays
        self._keys: set[str] = set()

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
            key=self._unique_key(insight),
            rows=self._arrays.add(self._finder.rows(insight.samples)),
            children=self.encode(insight.children),
            **shared,
        )

    def _unique_key(self, insight: Insight) -> str:
        """A second finding of the same kind and samples (by another field) is told apart."""
        key, ordinal = insight_key(insight), 1
        while key in self._keys:
            ordinal += 1
            key = insight_key(insight, ordinal)
        self._keys.add(key)
        return key


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
