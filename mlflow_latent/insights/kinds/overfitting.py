"""`overfitting`: regions whose train–val gap is larger than that of the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.evidence import gap_excess
from mlflow_latent.insights import words
from mlflow_latent.insights.base import NotApplicableError
from mlflow_latent.insights.registry import register
from mlflow_latent.report.model import Insight

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow_latent.insights.base import Context

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
    loss = context.loss
    if (loss[val | train] < 0).any():
        raise NotApplicableError("some losses are negative; a gap has no scale to compare")
    val_in, val_out = regions.moments(loss, val)
    train_in, train_out = regions.moments(loss, train)
    evidence = gap_excess(val_in, val_out, train_in, train_out, options.confidence)
    smallest = np.min([val_in.n, val_out.n, train_in.n, train_out.n], axis=0)
    q = context.q_values(KIND, np.where(smallest >= options.min_samples, evidence.p_value, np.nan))
    matters = options.min_gap_excess * float(loss[val].mean())
    found = (q <= context.alpha) & (evidence.effect >= matters) & (evidence.lower > 0)
    for region in np.flatnonzero(found).tolist():
        members = regions.members(region) & (val | train)
        rates = {
            f"mean_loss_region_{context.tested}": float(val_in.mean[region]),
            f"mean_loss_region_{context.reference}": float(train_in.mean[region]),
            "gap_region": float(val_in.mean[region] - train_in.mean[region]),
            "gap_rest": float(val_out.mean[region] - train_out.mean[region]),
        }
        effect = float(evidence.effect[region])
        span = (float(evidence.lower[region]), float(evidence.upper[region]))
        total = float(val_in.total[region] + val_out.total[region])
        count = int(members.sum())
        metadata = context.explain(members)
        yield Insight(
            kind=KIND,
            title=words.title(
                f"Gap {context.reference}–{context.tested} {words.number(effect)} larger than "
                f"elsewhere in a region of {words.samples(count)}"
                f"{words.where(context.snapshot, members, context.collectable(metadata))}"
            ),
            description=_describe(rates, context)
            + f" Excess {words.number(effect)} ({words.span(*span, options.confidence)}).",
            action="The model has learned these training samples by heart: collect more samples "
            "like them, or augment or regularize more.",
            region=regions.ids[region],
            split=context.tested,
            samples=context.keys(members),
            effect=effect,
            effect_name=EFFECT,
            interval=span,
            p_value=float(evidence.p_value[region]),
            q_value=float(q[region]),
            severity=min(1.0, float(val_in.n[region]) * effect / total) if total else 0.0,
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
