"""Which insights appeared, were resolved, persisted: matched by the samples they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.sparse import csr_array

from mlflow_latent.report.comparison.model import InsightChange, InsightMention

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from mlflow_latent.comparison.comparable import Paired
    from mlflow_latent.comparison.join import Joined
    from mlflow_latent.report.model import Insight, Report

SAME = 0.5  # Jaccard overlap from which two insights of one kind speak of the same samples

Numbered = tuple[int, "Insight", "NDArray[np.intp]"]


def match_insights(
    joined: Joined, a: Report, b: Report, paired: Paired | None
) -> tuple[InsightChange, ...]:
    """Match the insights of two reports, kind by kind.

    One insight of a is matched with at most one of b, so that the overlaps add up to the most
    (Kuhn 1955). Only shared samples count.

    Args:
        joined: the shared samples.
        a: the first run's report.
        b: the second run's report.
        paired: the leading measure, to say what became of an insight's samples.
    """
    first, second = _numbered(joined, a), _numbered(joined, b)
    kinds = sorted({insight.kind for _, insight, _ in (*first, *second)})
    changes = [
        change
        for kind in kinds
        for change in _match_kind(_of(first, kind), _of(second, kind), _not_tested(a, b, kind))
    ]
    rank = {"appeared": 0, "persisted": 1, "resolved": 2, "untested": 3}
    with_means = [_with_means(change, members, paired) for change, members in changes]
    return tuple(
        sorted(with_means, key=lambda c: (rank[c.status], -_severity(c), c.kind, _number(c)))
    )


def jaccard_table(
    first: Sequence[NDArray[np.intp]], second: Sequence[NDArray[np.intp]]
) -> NDArray[np.float64]:
    """Return (A, B) overlap ÷ union of sets of numbers; 0 where both are empty."""
    if not first or not second:
        return np.zeros((len(first), len(second)))
    width = 1 + max((int(rows.max()) for rows in (*first, *second) if len(rows)), default=0)
    left, right = (_membership(sets, width) for sets in (first, second))
    both = np.asarray((left @ right.T).toarray(), dtype=np.float64)
    sizes_left, sizes_right = (np.array([len(rows) for rows in s]) for s in (first, second))
    union = sizes_left[:, None] + sizes_right[None, :] - both
    overlap: NDArray[np.float64] = both / np.maximum(union, 1)
    return overlap


def _membership(sets: Sequence[NDArray[np.intp]], width: int) -> csr_array:
    rows = np.repeat(np.arange(len(sets)), [len(members) for members in sets])
    columns = np.concatenate(sets)
    ones = np.ones(len(columns), dtype=np.int64)
    return csr_array((ones, (rows, columns)), shape=(len(sets), width))


def _numbered(joined: Joined, report: Report) -> list[Numbered]:
    return [
        (number, insight, joined.members(insight.samples))
        for number, insight in enumerate(report.insights, start=1)
    ]


def _of(insights: list[Numbered], kind: str) -> list[Numbered]:
    return [one for one in insights if one[1].kind == kind]


def _not_tested(a: Report, b: Report, kind: str) -> dict[str, str | None]:
    """Return, for the insights of a run, why the other one could not have found them."""
    reasons = [
        next((one.reason for one in report.not_applicable if one.kind == kind), None)
        for report in (a, b)
    ]
    return {"a": reasons[1], "b": reasons[0]}


def _match_kind(
    first: list[Numbered], second: list[Numbered], not_tested: dict[str, str | None]
) -> Iterator[tuple[InsightChange, NDArray[np.intp]]]:
    overlap = jaccard_table([rows for *_, rows in first], [rows for *_, rows in second])
    pairs = [
        (i, j)
        for i, j in zip(*linear_sum_assignment(-np.where(overlap >= SAME, overlap, 0)), strict=True)
        if overlap[i, j] >= SAME
    ]
    for i, j in pairs:
        members = np.union1d(first[i][2], second[j][2])
        yield (
            InsightChange(
                kind=first[i][1].kind,
                status="persisted",
                jaccard=float(overlap[i, j]),
                n=len(members),
                a=_mention(first[i]),
                b=_mention(second[j]),
            ),
            members,
        )
    matched = {i for i, _ in pairs}, {j for _, j in pairs}
    for which, insights in enumerate((first, second)):
        for place, one in enumerate(insights):
            if place not in matched[which]:
                yield _single(one, "ab"[which], not_tested), one[2]


def _single(one: Numbered, key: str, not_tested: dict[str, str | None]) -> InsightChange:
    _, insight, members = one
    reason = not_tested[key] if len(members) else "none of its samples is in the other run"
    alone = "resolved" if key == "a" else "appeared"
    return InsightChange(
        kind=insight.kind,
        status=alone if reason is None else "untested",
        reason=reason,
        n=len(members),
        a=_mention(one) if key == "a" else None,
        b=_mention(one) if key == "b" else None,
    )


def _mention(one: Numbered) -> InsightMention:
    number, insight, _ = one
    return InsightMention(
        number=number,
        title=insight.title,
        region=insight.region,
        split=insight.split,
        effect=insight.effect,
        effect_name=insight.effect_name,
        severity=insight.severity,
    )


def _with_means(
    change: InsightChange, members: NDArray[np.intp], paired: Paired | None
) -> InsightChange:
    if paired is None:
        return change
    known = members[paired.known[members]]
    if not len(known):
        return change
    return InsightChange(
        **change.model_dump(exclude={"measure", "mean_a", "mean_b"}),
        measure=paired.measure.name,
        mean_a=float(paired.a[known].mean()),
        mean_b=float(paired.b[known].mean()),
    )


def _severity(change: InsightChange) -> float:
    return max(one.severity for one in (change.a, change.b) if one is not None)


def _number(change: InsightChange) -> int:
    return next(one.number for one in (change.b, change.a) if one is not None)
