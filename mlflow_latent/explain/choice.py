"""Which samples to explain: of each insight the worst and the most typical ones."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.errors import InputError
from mlflow_latent.explain.regions import RegionProfile
from mlflow_latent.report.cards import representatives
from mlflow_latent.report.explorer.rows import RowFinder
from mlflow_latent.report.ranking import ranked_insights
from mlflow_latent.report.table import SampleTable, region_number
from mlflow_latent.schema import KEY, SAMPLE_ID

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from mlflow_latent.explain.options import ExplainOptions
    from mlflow_latent.report.model import Insight, Report
    from mlflow_latent.snapshot import Snapshot

LEVEL = "coarse"  # of the region that a sample is explained by, where no insight names one


@dataclass(frozen=True, eq=False)
class Wanted:
    """A sample to explain, and the region that it is to be explained by."""

    split: str
    sample_id: str
    region: RegionProfile | None = None


def choose(
    report: Report,
    snapshot: Snapshot | None = None,
    options: ExplainOptions | None = None,
    samples: Sequence[tuple[str, str]] = (),
) -> list[Wanted]:
    """Return the samples to explain, those that matter most first.

    Of each insight come the worst samples, as its card shows them, and those nearest to the center
    of its region; insights take turns, the most severe first. Then come the largest losses, and the
    most typical samples of each region.

    Args:
        report: with its table of samples.
        snapshot: what was analyzed; without it there are no regions.
        options: how many.
        samples: explain these instead.

    Raises:
        InputError: the report has no sample of that split and id.
    """
    if options is None:
        from mlflow_latent.explain.options import ExplainOptions

        options = ExplainOptions()
    table = SampleTable.of(report)
    regions = _Regions(table, snapshot)
    if samples:
        unknown = [key for key in samples if not len(table.rows([key]))]
        if unknown:
            raise InputError(f"the report has no sample {unknown[0][1]!r} of {unknown[0][0]!r}")
        rows = [(row, "") for row in table.rows(samples).tolist()]
    else:
        rows = _in_turn(table, options.each)[: options.samples]
    return [
        Wanted(
            str(table.split[row]), str(table.frame[SAMPLE_ID].iloc[row]), regions.of(row, region)
        )
        for row, region in rows
    ]


def _in_turn(table: SampleTable, each: int) -> list[tuple[int, str]]:
    """Rows, and the region of the insight that a row was chosen for."""
    queues = [
        [(row, insight.region or "") for row in _of_insight(table, insight, each)]
        for insight in ranked_insights(table.report)
    ]
    typical = [
        [(row, region.id) for row in table.rows(region.typical)[:each].tolist()]
        for region in table.report.regions
        if region.level == LEVEL
    ]
    worst = [(row, "") for row in _worst(table, 2 * each)]
    chosen: dict[int, str] = {}
    for row, region in [*_turns(queues), *worst, *_turns(typical)]:
        chosen.setdefault(row, region)
    return list(chosen.items())


def _turns(queues: list[list[tuple[int, str]]]) -> list[tuple[int, str]]:
    """The first of each queue, then the second of each, and so on."""
    return [one for turn in zip_longest(*queues) for one in turn if one is not None]


def _of_insight(table: SampleTable, insight: Insight, each: int) -> list[int]:
    """The worst and the most typical ones, in turn."""
    worst = representatives(table, insight)[0][:each]
    ids = (insight.region or "").split("+")
    inside = set(table.rows(insight.samples).tolist())
    typical = [
        row
        for region in table.report.regions
        if region.id in ids
        for row in table.rows(region.typical).tolist()
        if row in inside
    ][:each]
    return [row for turn in zip_longest(worst, typical) for row in turn if row is not None]


def _worst(table: SampleTable, count: int) -> list[int]:
    if table.loss is None:
        return []
    loss = np.where(np.isfinite(table.loss), table.loss, -np.inf)
    if table.report.tested_split in table.splits:
        loss = np.where(table.split == table.report.tested_split, loss, -np.inf)
    rows: list[int] = np.argsort(-loss, kind="stable")[:count].tolist()
    return [row for row in rows if np.isfinite(loss[row])]


class _Regions:
    """Measures each region once, when it is asked for."""

    def __init__(self, table: SampleTable, snapshot: Snapshot | None) -> None:
        self._table, self._profiles = table, dict[str, RegionProfile | None]()
        self._embedding: NDArray[np.float32] | None = None
        if snapshot is not None and len(table):
            rows = RowFinder(snapshot.frame).locate(table.frame[KEY])
            self._known = rows >= 0
            self._embedding = snapshot.embedding[rows[self._known]]

    def of(self, row: int, region: str) -> RegionProfile | None:
        """Return the profile of that region, or of the coarse one that a sample is in."""
        if self._embedding is None:
            return None
        codes = self._table.clusters(LEVEL)
        if not region and codes is not None and codes[row] >= 0:
            region = f"{LEVEL}/{codes[row]}"
        if region not in self._profiles:
            self._profiles[region] = self._measure(region)
        return self._profiles[region]

    def _measure(self, region: str) -> RegionProfile | None:
        inside = np.zeros(len(self._table), dtype=bool)
        for one in filter(None, region.split("+")):
            codes = self._table.clusters(one.partition("/")[0])
            if codes is not None:
                inside |= codes == region_number(one)
        try:
            name = f"region {region}"
            return RegionProfile.of(name, np.asarray(self._embedding), inside[self._known])
        except InputError:  # one region holds all, so that nothing sets it apart
            return None


def wanted_ids(wanted: Iterable[Wanted]) -> dict[str, set[str]]:
    """Return the wanted ids by split."""
    ids: dict[str, set[str]] = {}
    for one in wanted:
        ids.setdefault(one.split, set()).add(one.sample_id)
    return ids
