"""`overfitting`: regions whose train–val gap is larger than that of the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.evidence import gap_excess
from mlflow_latent.insights import words
from mlflow_latent.insights.base import NotApplicableError
from mlflow_latent.insights.losses import split_moments
from mlflow_latent.insights.nesting import nested
from mlflow_latent.insights.registry import register
from mlflow_latent.report.model import Insight

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from mlflow_latent.evidence import Evidence, Moments
    from mlflow_latent.insights.base import Context, InsightOptions
    from mlflow_latent.insights.nesting import StandsOut, Within

KIND = "overfitting"
EFFECT = "train–val gap − gap of the rest"


@register(KIND)
def find(context: Context) -> Iterator[Insight]:
    """Test each region: is its train–val gap larger than the gap of the rest?

    A gap that is the same everywhere is the model's, not a region's, and is no insight.
    """
    options, regions = context.options, context.several_regions()
    val = context.labelled(context.tested, "validation")
    train = context.labelled(context.reference, "training")
    rows, loss = val | train, context.loss
    if (loss[rows] < 0).any():
        raise NotApplicableError("some losses are negative; a gap has no scale to compare")
    gaps = Gaps(*regions.moments(loss, val), *regions.moments(loss, train))
    evidence = gaps.evidence(options.confidence)
    q = context.q_values(
        KIND, np.where(gaps.smallest >= options.min_samples, evidence.p_value, np.nan)
    )
    least = options.min_gap_excess * float(loss[val].mean())
    chosen = (q <= context.alpha) & _matters(evidence, least)
    found = np.flatnonzero(chosen).tolist()
    yield from nested(
        [_insight(context, gaps, evidence, region, float(q[region])) for region in found],
        [regions.members(region)[rows] for region in found],
        larger_within(loss[rows], val[rows], least, options),
    )


@dataclass(frozen=True, eq=False)
class Gaps:
    """Losses of G sets of samples and of the rest, in val and in train."""

    val_in: Moments
    val_out: Moments
    train_in: Moments
    train_out: Moments

    def evidence(self, confidence: float) -> Evidence:
        """How much larger the gap is inside."""
        return gap_excess(self.val_in, self.val_out, self.train_in, self.train_out, confidence)

    @property
    def smallest(self) -> NDArray[np.float64]:
        """(G,) samples in the smallest of the four."""
        parts = (self.val_in, self.val_out, self.train_in, self.train_out)
        return np.asarray(np.min([part.n for part in parts], axis=0))


def _matters(evidence: Evidence, least: float) -> NDArray[np.bool_]:
    return np.asarray((evidence.effect >= least) & (evidence.lower > 0))


def larger_within(
    loss: NDArray[np.floating], val: NDArray[np.bool_], least: float, options: InsightOptions
) -> Within:
    """Return the test of `nesting.nest` for regions with a larger gap.

    Args:
        loss: (M,) of val and train.
        val: (M,) mask of val; the others are train.
        least: excess from which a gap matters.
        options: `min_samples` and `confidence`.
    """

    def within(outer: NDArray[np.bool_]) -> StandsOut:
        def stands_out(inner: NDArray[np.bool_]) -> float:
            sides = [outer & split for split in (val, ~val)]
            in_val, in_train = (split_moments(loss[side], inner[side]) for side in sides)
            gaps = Gaps(*in_val, *in_train)
            evidence = gaps.evidence(options.confidence)
            enough = gaps.smallest[0] >= options.min_samples and _matters(evidence, least)[0]
            return float(evidence.p_value[0]) if enough else 1.0

        return stands_out

    return within


def _insight(
    context: Context, gaps: Gaps, evidence: Evidence, region: int, q_value: float
) -> Insight:
    rows = [context.labelled(split, "") for split in (context.tested, context.reference)]
    members = context.regions.members(region) & np.logical_or(*rows)
    val_in, val_out = (float(of.mean[region]) for of in (gaps.val_in, gaps.val_out))
    train_in, train_out = (float(of.mean[region]) for of in (gaps.train_in, gaps.train_out))
    rates = {
        f"mean_loss_region_{context.tested}": val_in,
        f"mean_loss_region_{context.reference}": train_in,
        "gap_region": val_in - train_in,
        "gap_rest": val_out - train_out,
    }
    effect = float(evidence.effect[region])
    span = (float(evidence.lower[region]), float(evidence.upper[region]))
    total = float(gaps.val_in.total[region] + gaps.val_out.total[region])
    metadata = context.explain(members)
    return Insight(
        kind=KIND,
        title=words.title(
            f"Gap {context.reference}–{context.tested} {words.number(effect)} larger than "
            f"elsewhere in a region of {words.samples(int(members.sum()))}"
            f"{words.where(context.snapshot, members, context.collectable(metadata))}"
        ),
        description=_describe(rates, context)
        + f" Excess {words.number(effect)} ({words.span(*span, context.options.confidence)}).",
        action="The model has learned these training samples by heart: collect more samples "
        "like them, or augment or regularize more.",
        region=context.regions.ids[region],
        split=context.tested,
        samples=context.keys(members),
        effect=effect,
        effect_name=EFFECT,
        interval=span,
        p_value=float(evidence.p_value[region]),
        q_value=q_value,
        severity=min(1.0, float(gaps.val_in.n[region]) * effect / total) if total else 0.0,
        counts=context.counts(members),
        base_rates=rates,
        metadata=metadata,
    )


def _describe(rates: dict[str, float], context: Context) -> str:
    val = words.number(rates[f"mean_loss_region_{context.tested}"])
    train = words.number(rates[f"mean_loss_region_{context.reference}"])
    return (
        f"Mean loss {val} in {context.tested} and {train} in {context.reference}: a gap of "
        f"{words.number(rates['gap_region'])}, against {words.number(rates['gap_rest'])} elsewhere."
    )
