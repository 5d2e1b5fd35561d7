"""`leakage`: samples that are in two splits, so that one does not test what the other taught.

Severity is the share of the later split (val) that has a copy in the earlier one (train).
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from mlflow_latent.evidence import moments, rest as rest_of, welch
from mlflow_latent.insights import words
from mlflow_latent.insights.base import NotApplicableError
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
from mlflow_latent.measures.duplicates import group_pairs
from mlflow_latent.report.model import Insight
from mlflow_latent.schema import UNLABELED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from mlflow_latent.insights.base import Context

KIND = "leakage"
MIN_ALIKE = 0.5  # of the ids that are in two splits; of fewer, they name other samples
MIN_LOSSES = 2  # on each side, for a difference with an interval


class Leak(NamedTuple):
    """Which samples of two splits are copies of one another.

    Attributes:
        earlier: the split that taught (train).
        later: the split that tests.
        rows: the copies, members of a group adjacent, those of `earlier` first.
        groups: how many groups they form.
        same_id: how many ids are in both splits.
        alike: how many of those are near each other too.
    """

    earlier: str
    later: str
    rows: NDArray[np.intp]
    groups: int
    same_id: int
    alike: int


class LeakedLoss(NamedTuple):
    """Mean loss of the leaked samples, the rest and all; interval of the difference of the two."""

    leaked: float
    rest: float
    lower: float
    upper: float
    whole: float

    def as_rates(self, split: str) -> dict[str, float]:
        """Return the means, named for the report."""
        return {
            "mean_loss_leaked": self.leaked,
            f"mean_loss_rest_of_{split}": self.rest,
            f"mean_loss_{split}": self.whole,
        }


@register(KIND)
def find(context: Context) -> Iterator[Insight]:
    """Name, for each pair of splits, the samples of both that are copies of one another.

    The test is that of `mlflow_latent.measures.duplicates`; exact copies and ids that are in both
    splits need none. Where most of those ids are on other embeddings, they may be names given
    twice: that is said by itself.
    """
    # Nothing is learned from unlabeled samples or tested on them: a copy there leaks nothing.
    splits = [split for split in context.snapshot.splits if split != UNLABELED]
    if len(splits) < 2:  # noqa: PLR2004 - a pair
        there = ", ".join(map(repr, context.snapshot.splits))
        raise NotApplicableError(f"leakage is between two splits with labels; captured: {there}")
    q = context.q_values(KIND, copies(context).p_value)
    for earlier, later in combinations(splits, 2):
        first, second = context.snapshot.rows(earlier), context.snapshot.rows(later)
        twins = _same_id(context.snapshot.sample_id, first, second)
        alike = _are_alike(context, twins)
        collide = alike.sum() < MIN_ALIKE * len(twins)
        leak = _leak(context, earlier, later, twins[alike] if collide else twins)
        if len(leak.rows):
            yield _insight(context, leak, q)
        if collide:
            yield _collision(context, (earlier, later), twins[~alike])


def _are_alike(context: Context, twins: NDArray[np.int32]) -> NDArray[np.bool_]:
    """(T,) mask of the pairs of one id whose embeddings are equal or those of copies."""
    a, b = twins.T
    group, embedding = context.measures.duplicates.group, context.snapshot.embedding
    copied = (group[a] >= 0) & (group[a] == group[b])
    return np.asarray(copied | (embedding[a] == embedding[b]).all(axis=1))


def _leak(context: Context, earlier: str, later: str, twins: NDArray[np.int32]) -> Leak:
    found, total = context.measures.duplicates, len(context.snapshot)
    first, second = context.snapshot.rows(earlier), context.snapshot.rows(later)
    group = group_pairs(np.concatenate([found.pairs, twins]), total)
    size = int(group.max(initial=-1)) + 2
    both = _has(group[first], size) & _has(group[second], size)
    rows = np.flatnonzero(both[group] & (first | second))
    if not len(twins) and not are_beyond_chance(
        context, lambda a, b: (first[a] & second[b]) | (second[a] & first[b])
    ):
        rows = rows[:0]
    alike = int(_are_alike(context, twins).sum())
    rows = in_groups(rows, group, np.where(first, 0, 1))
    return Leak(earlier, later, rows, len(np.unique(group[rows])), len(twins), alike)


def _has(groups: NDArray[np.integer], size: int) -> NDArray[np.bool_]:
    """(size,) whether each group is there; the last is −1, which is none."""
    there = np.zeros(size, dtype=bool)
    there[groups] = True
    there[-1] = False
    return there


def _same_id(
    ids: NDArray[np.object_], first: NDArray[np.bool_], second: NDArray[np.bool_]
) -> NDArray[np.int32]:
    """(T, 2) rows of the two splits that have the same id."""
    a, b = np.flatnonzero(first), np.flatnonzero(second)
    place = pd.Index(ids[a]).get_indexer(pd.Index(ids[b]))
    return np.stack([a[place[place >= 0]], b[place >= 0]], axis=1).astype(np.int32)


def _insight(context: Context, leak: Leak, q: NDArray[np.float64]) -> Insight:
    snapshot, confidence = context.snapshot, context.options.confidence
    found = context.measures.duplicates
    members = np.zeros(len(snapshot), dtype=bool)
    members[leak.rows] = True
    later = snapshot.rows(leak.later)
    leaked, total = int((members & later).sum()), int(later.sum())
    interval = share_interval(leaked, total, confidence)
    loss = _loss(context, members & later, ~members & later)
    return Insight(
        kind=KIND,
        title=f"{words.samples(leaked)} of {leak.later} {'is' if leaked == 1 else 'are'} in "
        f"{leak.earlier} too",
        description=f"That is {words.percent(leaked / total)} of {leak.later} "
        f"({span(interval, confidence)}), in {leak.groups:,} "
        f"group{'' if leak.groups == 1 else 's'} of copies; copies are listed next to each other, "
        f"{leak.earlier} first.{_about_ids(leak)}{_about_loss(loss, leak, confidence)}",
        action=f"Leave the copies out of {leak.later} when you judge this model, and split anew so "
        "that copies stay together before you train the next one.",
        split=leak.later,
        samples=keys(context, leak.rows),
        effect=leaked / total,
        effect_name=f"share of {leak.later}",
        interval=interval,
        p_value=weakest(found.p_value, leak.rows, found),
        q_value=weakest(q, leak.rows, found),
        severity=leaked / total,
        counts={leak.earlier: int((members & ~later).sum()), leak.later: leaked},
        base_rates={
            "groups": leak.groups,
            "same_id": leak.same_id,
            **({} if loss is None else loss.as_rates(leak.later)),
        },
        metadata=context.explain(members & later, leak.later),
    )


def _collision(context: Context, splits: tuple[str, str], twins: NDArray[np.int32]) -> Insight:
    """Say that ids are in two splits on other embeddings: they may not name the same samples."""
    earlier, later = splits
    inside = context.snapshot.rows(later)
    rows, share = twins.ravel().astype(np.intp), len(twins) / int(inside.sum())
    members = np.zeros(len(inside), dtype=bool)
    members[rows] = True
    interval = share_interval(len(twins), int(inside.sum()), context.options.confidence)
    one = len(twins) == 1
    return Insight(
        kind=KIND,
        title=f"{len(twins):,} {'id of' if one else 'ids of'} {later} {'is' if one else 'are'} in "
        f"{earlier} too, on {'another embedding' if one else 'other embeddings'}",
        description=f"That is {words.percent(share)} of {later} "
        f"({span(interval, context.options.confidence)}), and most of the ids that are in both "
        "splits: they look like names given twice, as numbers do that start anew in each split. "
        f"The two of one id are listed next to each other, {earlier} first.",
        action="Look at some of these pairs. Where they show different things, the ids collide: "
        "put the split into them and leave out nothing. Where they show the same thing (seen "
        f"through random augmentation in {earlier}), {later} does not test what {earlier} taught: "
        "split anew.",
        split=later,
        samples=keys(context, rows),
        effect=share,
        effect_name=f"share of {later}",
        interval=interval,
        p_value=0.0,
        q_value=0.0,
        severity=share,
        counts={earlier: len(twins), later: len(twins)},
        base_rates={"same_id": len(twins)},
        metadata=context.explain(members & inside, later),
    )


def _loss(
    context: Context, leaked: NDArray[np.bool_], rest: NDArray[np.bool_]
) -> LeakedLoss | None:
    """Compare the loss of the leaked samples with the rest; None where there is too little."""
    loss = context.snapshot.loss
    if loss is None:
        return None
    leaked, rest = leaked & np.isfinite(loss), rest & np.isfinite(loss)
    if min(leaked.sum(), rest.sum()) < MIN_LOSSES:
        return None
    rows = leaked | rest
    inside = moments(loss[rows], (~leaked[rows]).astype(np.intp), 2)  # leaked first
    outside = rest_of(inside)
    difference = welch(inside, outside, context.options.confidence)
    return LeakedLoss(
        leaked=float(inside.mean[0]),
        rest=float(outside.mean[0]),
        lower=float(difference.lower[0]),
        upper=float(difference.upper[0]),
        whole=float(loss[rows].mean(dtype=np.float64)),
    )


def _about_ids(leak: Leak) -> str:
    if not leak.same_id:
        return ""
    unlike = leak.same_id - leak.alike
    text = f" {leak.same_id:,} have the same id in both splits"
    if not unlike:
        return text + "."
    return (
        text + f", {unlike:,} of them with another embedding: if ids are only places in a data set,"
        " put the split into them."
    )


def _about_loss(loss: LeakedLoss | None, leak: Leak, confidence: float) -> str:
    if loss is None:
        return ""
    number = words.number
    return (
        f" Their mean loss in {leak.later} is {number(loss.leaked)} against {number(loss.rest)} of "
        f"the rest (difference {number(loss.leaked - loss.rest)}, "
        f"{words.span(loss.lower, loss.upper, confidence)}): without them the mean loss of "
        f"{leak.later} is {number(loss.rest)} instead of {number(loss.whole)}."
    )
