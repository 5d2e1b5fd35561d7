"""Which samples' pictures matter most, where a file has no room for all."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.report.explorer.rows import RowFinder
from mlflow_latent.report.ranking import ranked_insights

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlflow_latent.report.table import SampleTable

FROM_EACH = 200  # samples of one insight that are asked for, at most
WORST = 500  # samples with the largest losses


def rows_that_matter(table: SampleTable) -> NDArray[np.int64]:
    """Return all N rows, the most wanted first.

    Typical samples of the regions come first, then those of the insights in turn, then the worst
    losses of the tested split, then the rest, evenly spread.
    """
    finder = RowFinder(table.frame)
    typical = [finder.rows(region.typical[:FROM_EACH]) for region in table.report.regions]
    insights = ranked_insights(table.report)
    members = [finder.rows(insight.samples[:FROM_EACH]) for insight in insights]
    wanted = [*_in_turn(typical), *_in_turn(members), *_worst(table), *_scattered(len(table))]
    rows, first = np.unique(np.array(wanted, dtype=np.int64), return_index=True)
    return rows[np.argsort(first)]


def _in_turn(groups: list[NDArray[np.uint32]]) -> list[int]:
    """The first of each group, then the second of each, and so on."""
    rounds = zip_longest(*(group.tolist() for group in groups))
    return [row for one in rounds for row in one if row is not None]


def _worst(table: SampleTable) -> list[int]:
    if table.loss is None:
        return []
    loss = np.where(np.isfinite(table.loss), table.loss, -np.inf)
    tested = table.report.tested_split
    if tested in table.splits:
        loss = np.where(table.split == tested, loss, -np.inf)
    worst: list[int] = np.argsort(-loss, kind="stable")[:WORST].tolist()
    return worst


def _scattered(size: int) -> list[int]:
    """All rows in an order whose beginning is spread over the whole: by reversed bits."""
    bits = max(1, (size - 1).bit_length()) if size else 1
    codes = np.arange(1 << bits, dtype=np.int64)
    turned = np.zeros_like(codes)
    for bit in range(bits):
        turned |= ((codes >> bit) & 1) << (bits - 1 - bit)
    rows: list[int] = turned[turned < size].tolist()
    return rows
