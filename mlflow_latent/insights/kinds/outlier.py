"""`outlier`: samples far from all others, for what is usual around them.

Severity is the share of the split's loss that these samples carry beyond what as many of the rest
do; their share of the split where there is no loss. They may be the most interesting samples or
broken ones, so it is at least their share.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.insights import words
from mlflow_latent.insights.base import NotApplicableError
from mlflow_latent.insights.copies import keys, share_interval, span
from mlflow_latent.insights.registry import register
from mlflow_latent.measures.strangers import find_strangers
from mlflow_latent.report.model import Insight

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from mlflow_latent.insights.base import Context
    from mlflow_latent.measures.outliers import Outliers

KIND = "outlier"
MIN_SCORE = 1.5  # times the usual distance, from which a sample matters
FALSE_SHARE = 0.1  # expected share of chance among the outliers, where there are any


TAIL_SHARES, STRANGER_SHARES = 0.25, 0.75  # what is far beyond the tail needs little


@register(KIND, shares=TAIL_SHARES)
def find(context: Context) -> Iterator[Insight]:
    """Name, for each split, its samples that are farther from the others than the tail allows.

    The test is that of `mlflow_latent.measures.outliers`. Outliers are reported only if one remains
    at the kind's share of the error budget, Benjamini–Hochberg over all samples; then all that
    remain at `FALSE_SHARE` are.
    """
    found = _outliers(context)
    rare = context.measures.in_rare_class
    q = context.q_values(KIND, np.where(rare, np.nan, found.p_value))
    matters = (found.score >= MIN_SCORE) & ~rare
    if not (matters & (q <= context.alpha)).any():
        return
    far = matters & (q <= FALSE_SHARE)
    for split in context.snapshot.splits:
        rows = np.flatnonzero(far & context.snapshot.rows(split))
        if len(rows):
            farthest_first = rows[np.argsort(-found.score[rows], kind="stable")]
            certainty = float(found.p_value[rows].max()), float(q[rows].max())
            yield _insight(context, split, farthest_first, certainty)


@register(KIND, finder="strangers", shares=STRANGER_SHARES)
def find_in_tested(context: Context) -> Iterator[Insight]:
    """Name the samples of the tested split that are strange as hardly any of the other is.

    The test is that of `mlflow_latent.measures.strangers`, on the distance to the neighbors and on
    what is unlikely in the principal components: what the model draws in among its classes is not
    far, but often off the directions in which samples differ.
    """
    mine = context.rows(context.tested, "validation")
    control = context.rows(context.reference, "training")
    score = _outliers(context).score
    found = find_strangers([score, context.measures.unlikeliness], mine, control)
    q = context.q_values(KIND, np.array([found.p_value]))
    rare = context.measures.in_rare_class
    rows = found.rows[((score >= MIN_SCORE) & ~rare)[found.rows]]
    are_alone = 2 * len(rows) > len(found.rows)  # else they are a region, near one another
    if q[0] <= context.alpha and are_alone:
        beside = f" Among the strangest there are hardly any of {context.reference}."
        certainty = found.p_value, float(q[0])
        yield _insight(context, str(context.tested), rows, certainty, beside)


def _outliers(context: Context) -> Outliers:
    """Return the outlier scores.

    Raises:
        NotApplicableError: there are too few samples.
    """
    found = context.measures.outliers
    if np.isnan(found.p_value).all():
        raise NotApplicableError(
            f"{words.samples(len(context.snapshot))} are too few to tell what distance is usual"
        )
    return found


def _insight(
    context: Context,
    split: str,
    rows: NDArray[np.intp],
    certainty: tuple[float, float],
    beside: str = "",
) -> Insight:
    found, confidence = context.measures.outliers, context.options.confidence
    of_split = context.snapshot.rows(split)
    members = np.zeros_like(of_split)
    members[rows] = True
    total = int(of_split.sum())
    interval = share_interval(len(rows), total, confidence)
    middle, nearest = (float(np.median(of[rows])) for of in (found.score, found.nearest))
    others = "all but a few others" if nearest < MIN_SCORE else "all others"
    k = context.measures.spacing.k
    return Insight(
        kind=KIND,
        title=f"{words.samples(len(rows))} of {split} far from {others}"
        f"{words.mostly(context.snapshot, members)}",
        description=f"Their {k}th nearest sample is {words.number(middle)} × as far as is usual, "
        f"their nearest {words.number(nearest)} × (medians). They are "
        f"{words.percent(len(rows) / total)} of {split} ({span(interval, confidence)}), listed "
        f"strangest first.{beside}",
        action="Look at these samples: leave out broken ones and what does not belong to the task, "
        "and collect more of the rare ones that do.",
        split=split,
        samples=keys(context, rows),
        effect=len(rows) / total,
        effect_name=f"share of {split}",
        interval=interval,
        p_value=certainty[0],
        q_value=certainty[1],
        severity=max(len(rows) / total, _excess_loss(context, members, of_split)),
        counts=context.counts(members),
        base_rates={
            "median_distance_ratio": middle,
            "median_nearest_distance_ratio": nearest,
            "median_distance_ratio_of_the_rest": float(np.median(found.score[of_split & ~members]))
            if (of_split & ~members).any()
            else 1.0,
        },
        metadata=context.explain(members, split),
    )


def _excess_loss(
    context: Context, members: NDArray[np.bool_], of_split: NDArray[np.bool_]
) -> float:
    """Share of the split's loss that would go if these samples performed like the rest."""
    loss = context.snapshot.loss
    if loss is None:
        return 0.0
    inside, rest = (loss[rows & of_split & np.isfinite(loss)] for rows in (members, ~members))
    total = float(np.abs(inside).sum(dtype=np.float64) + np.abs(rest).sum(dtype=np.float64))
    if not (len(inside) and len(rest) and total):
        return 0.0
    excess = len(inside) * float(inside.mean(dtype=np.float64) - rest.mean(dtype=np.float64))
    return min(1.0, max(0.0, excess / total))
