"""`low_performance`, found by metadata: at most two conditions under which the loss is large.

Candidates come from one half of the tested split and are tested on the other, from which effect,
interval and p-value are; the insight's samples are those of both halves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mlflow_latent.insights import words
from mlflow_latent.insights.base import NotApplicableError
from mlflow_latent.insights.guards import excess_loss
from mlflow_latent.insights.losses import Excess, Losses, split_moments
from mlflow_latent.insights.registry import register
from mlflow_latent.insights.slices import SAME, Search, Slice
from mlflow_latent.report.model import Insight
from mlflow_latent.schema import SAMPLE_ID

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from mlflow_latent.insights.base import Context

KIND = "low_performance"
EXPLAINED = 0.05  # p-value from which what is left of a slice, without a better one, is not worse


@dataclass(frozen=True, eq=False)
class Confirmed:
    """A slice that holds on the other half too, with what was seen there."""

    slice: Slice
    excess: Excess
    p_value: float
    q_value: float


@register(KIND, finder="slices")
def find(context: Context) -> Iterator[Insight]:
    """Search one half for slices, test them on the other: is their loss larger than the rest's?

    A conjunction must also have more loss than the rest of each of its single conditions (the
    largest of the p-values counts: intersection–union, Berger 1982).
    """
    rows = context.labelled(context.tested, "validation")
    fields = [f for f in context.fields.leaders(context.fields.usable) if not f.derived]
    if not fields:
        raise NotApplicableError("no metadata was captured to slice by")
    found_on, confirmed_on = halves(context, rows)
    options = context.options
    search = Search(found_on, context.loss, fields, options.min_samples, options.min_loss_ratio)
    confirmed = _confirm(context, search.find(), confirmed_on)
    for one, children in _families(context, confirmed, confirmed_on):
        parts = tuple(_insight(context, child, rows) for child in children)
        yield _insight(context, one, rows).model_copy(update={"children": parts})


def halves(
    context: Context, rows: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Cut `rows` in two by a hash of the sample's id: the same whatever the order and the seed."""
    ids = context.snapshot.frame[SAMPLE_ID].to_numpy(dtype=object)
    side = (pd.util.hash_array(ids) >> np.uint64(17)) % 2 == 1
    return rows & side, rows & ~side


def _confirm(context: Context, candidates: list[Slice], half: NDArray[np.bool_]) -> list[Confirmed]:
    if not candidates:
        return []
    options, losses = context.options, Losses.of(context.loss[half])
    p_values = np.array([_p_value(one, losses, half, options.min_samples) for one in candidates])
    q = context.q_values(KIND, p_values)
    confirmed = []
    for one, p_value, q_value in zip(candidates, p_values, q, strict=True):
        if q_value <= context.alpha:
            inside, outside = split_moments(losses.loss, one.members[half])
            excess = Excess.of(losses.loss, inside, outside, options.confidence)
            if excess.matters(options.min_loss_ratio)[0]:
                confirmed.append(Confirmed(one, excess, float(p_value), float(q_value)))
    return confirmed


def _p_value(one: Slice, losses: Losses, half: NDArray[np.bool_], min_samples: int) -> float:
    members = one.members[half]
    populations = [np.ones_like(members)]
    if len(one.parts) > 1:
        populations += [part[half] for part in one.parts]
    return float(np.max([losses[p].worse(members[p], min_samples) for p in populations]))


def _families(
    context: Context, confirmed: list[Confirmed], half: NDArray[np.bool_]
) -> list[tuple[Confirmed, list[Confirmed]]]:
    """Make a slice that is bad only where a conjunction is bad that conjunction's child."""
    pairs = [one for one in confirmed if len(one.slice.parts) > 1]
    families: list[tuple[Confirmed, list[Confirmed]]] = [(one, []) for one in pairs]
    for single in (one for one in confirmed if len(one.slice.parts) == 1):
        for pair, children in families:
            if len(pair.slice.parts) > 1 and _explains(context, pair.slice, single.slice, half):
                children.append(single)
                break
        else:
            families.append((single, []))
    return families


def _explains(context: Context, pair: Slice, single: Slice, half: NDArray[np.bool_]) -> bool:
    inside, wide = pair.members[half], single.members[half]
    if (inside & wide).sum() < SAME * inside.sum():
        return False
    left = ~inside
    losses = Losses.of(context.loss[half][left])
    p_value = losses.worse(wide[left], context.options.min_samples)
    return not p_value < EXPLAINED


def _insight(context: Context, one: Confirmed, rows: NDArray[np.bool_]) -> Insight:
    members = one.slice.members & rows
    n, excess, split = int(members.sum()), one.excess, context.tested
    insight = Insight(
        kind=KIND,
        title=words.title(
            f"Loss {excess.size(0)} {split} in {words.samples(n)} where {one.slice.rule}"
        ),
        description=f"{excess.describe(0, split, context.options.confidence)} Found on one half of "
        f"{split}, confirmed on the other: these numbers are of the other, "
        f"{words.samples(int(excess.inside.n[0]))}. Rule: {one.slice.rule}.",
        action="Check the labels of these samples first; if they are right, collect or augment "
        f"samples where {one.slice.rule}.",
        split=split,
        samples=context.keys(members),
        effect=float(excess.evidence.effect[0]),
        effect_name=excess.effect_name,
        interval=excess.interval(0),
        p_value=one.p_value,
        q_value=one.q_value,
        severity=float(excess.severity[0]),
        counts={str(split): n},
        base_rates=excess.base_rates(0, split, "slice"),
        metadata=context.explain(members, split),
    )
    expectation = excess_loss(insight, one.slice.filter)
    return insight.model_copy(update={"expectation": expectation})
