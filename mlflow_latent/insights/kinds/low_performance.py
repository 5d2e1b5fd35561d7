"""`low_performance`: regions of the tested split with more loss than the rest of that split."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.insights import words
from mlflow_latent.insights.losses import Excess, worse_within
from mlflow_latent.insights.nesting import nested
from mlflow_latent.insights.registry import register
from mlflow_latent.report.model import Insight

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow_latent.insights.base import Context

KIND = "low_performance"
SHARES = 3  # of the error budget: where the model fails is what people come to ask


@register(KIND, shares=SHARES)
def find(context: Context) -> Iterator[Insight]:
    """Test each region: is its loss larger than that of the rest of the same split?

    One-sided permutation tests on ranks (many samples a little worse) and on Savage's scores (some
    much worse), Bonferroni over the two, Benjamini–Hochberg over the regions of all levels. An
    insight also needs an effect that matters and an interval that excludes "no effect".
    """
    options = context.options
    rows = context.labelled(context.tested, "validation")
    regions = context.several_regions()
    inside, outside = regions.moments(context.loss, rows)
    excess = Excess.of(context.loss[rows], inside, outside, options.confidence)
    enough = np.minimum(inside.n, outside.n) >= options.min_samples
    p_value = np.where(enough, regions.larger(context.loss, rows), np.nan)
    q = context.q_values(KIND, p_value)
    chosen = (q <= context.alpha) & excess.matters(options.min_loss_ratio)
    found = np.flatnonzero(chosen).tolist()
    within = worse_within(
        context.loss[rows],
        min_samples=options.min_samples,
        least=options.min_loss_ratio,
        confidence=options.confidence,
    )
    yield from nested(
        [_insight(context, excess, r, (float(p_value[r]), float(q[r]))) for r in found],
        [regions.members(r)[rows] for r in found],
        within,
    )


def _insight(
    context: Context, excess: Excess, region: int, certainty: tuple[float, float]
) -> Insight:
    rows = context.labelled(context.tested, "validation")
    members = context.regions.members(region) & rows
    n = int(excess.inside.n[region])
    metadata = context.explain(members, context.tested)
    usual = float(excess.outside.mean[region])
    where = words.failing(context.snapshot, members, context.loss - usual) or words.where(
        context.snapshot, members, context.collectable(metadata)
    )
    return Insight(
        kind=KIND,
        title=words.title(
            f"Loss {excess.size(region)} {context.tested} in a region of {words.samples(n)}{where}"
        ),
        description=excess.describe(region, context.tested, context.options.confidence),
        action="Check the labels of these samples first; if they are right, collect or augment "
        f"more like these{f' ({where[2:]})' if where else ''}.",
        region=context.regions.ids[region],
        split=context.tested,
        samples=context.keys(members),
        effect=float(excess.evidence.effect[region]),
        effect_name=excess.effect_name,
        interval=excess.interval(region),
        p_value=certainty[0],
        q_value=certainty[1],
        severity=float(excess.severity[region]),
        counts={str(context.tested): n},
        base_rates=excess.base_rates(region, context.tested),
        metadata=metadata,
    )
