"""`near_duplicate`: samples of one split that are copies of one another.

Severity is the share of the split that is superfluous: all copies but one of each group.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.insights import words
from mlflow_latent.insights.copies import (
    are_beyond_chance,
    copies,
    in_groups,
    keys,
    share_interval,
    span,
    weakest,
)
from mlflow_latent.insights.registry import register
from mlflow_latent.report.model import Insight

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from mlflow_latent.insights.base import Context
    from mlflow_latent.insights.copies import Belongs

KIND = "near_duplicate"


@register(KIND)
def find(context: Context) -> Iterator[Insight]:
    """Name, for each split, its samples that are nearer to each other than chance brings them.

    The test is that of `mlflow_latent.measures.duplicates`; exact copies need none.
    """
    found = copies(context)
    q = context.q_values(KIND, found.p_value)
    for split in context.snapshot.splits:
        inside = context.snapshot.rows(split)
        rows = np.flatnonzero(inside & (found.group >= 0))
        size = np.bincount(found.group[rows], minlength=1)
        rows = rows[size[found.group[rows]] > 1]
        if len(rows) and are_beyond_chance(context, _within(inside)):
            rows = in_groups(rows, found.group, np.zeros_like(found.group))
            yield _insight(context, split, rows, q)


def _within(inside: NDArray[np.bool_]) -> Belongs:
    return lambda first, second: inside[first] & inside[second]


def _insight(
    context: Context, split: str, rows: NDArray[np.intp], q: NDArray[np.float64]
) -> Insight:
    found = context.measures.duplicates
    total = int(context.snapshot.rows(split).sum())
    groups, copied = np.unique(found.group[rows], return_counts=True)
    superfluous = len(rows) - len(groups)
    exact = int(found.exact[rows].sum())
    interval = share_interval(len(rows), total, context.options.confidence)
    members = np.zeros(len(context.snapshot), dtype=bool)
    members[rows] = True
    return Insight(
        kind=KIND,
        title=f"{words.samples(len(rows))} of {split} are copies of one another, in "
        f"{len(groups):,} group{'' if len(groups) == 1 else 's'}",
        description=f"They are {words.percent(len(rows) / total)} of {split} "
        f"({span(interval, context.options.confidence)}); {exact:,} have a copy with exactly "
        f"the same embedding, the largest group has {int(copied.max()):,}. Copies are listed next "
        "to each other.",
        action=f"Keep one sample of each group (the first listed) and leave out the other "
        f"{superfluous:,}, if the pictures show the same thing: a copy counts twice and teaches or "
        "tests nothing new.",
        split=split,
        samples=keys(context, rows),
        effect=len(rows) / total,
        effect_name=f"share of {split}",
        interval=interval,
        p_value=weakest(found.p_value, rows, found),
        q_value=weakest(q, rows, found),
        severity=superfluous / total,
        counts=context.counts(members),
        base_rates={
            "groups": len(groups),
            "superfluous": superfluous,
            "exact_copies": exact,
            "largest_group": int(copied.max()),
        },
        metadata=context.explain(members, split),
    )
