"""`low_performance`: regions of the tested split with more loss than the rest of that split."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.evidence import Evidence, Moments, mean_ratio, welch
from mlflow_latent.insights import words
from mlflow_latent.insights.registry import register
from mlflow_latent.report.model import Insight

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from mlflow_latent.insights.base import Context

KIND = "low_performance"
RATIO, DIFFERENCE = "mean loss ÷ rest", "mean loss − rest"


@register(KIND)
def find(context: Context) -> Iterator[Insight]:
    """Test each region: is its loss larger than that of the rest of the same split?

    Two one-sided tests, Mann–Whitney (many samples a little worse) and Welch (a few much worse),
    Bonferroni over the two, Benjamini–Hochberg over the regions of all levels. An insight also
    needs an effect that matters and an interval that excludes "no effect".
    """
    options = context.options
    rows = context.labelled(context.tested, "validation")
    regions = context.several_regions()
    loss = context.loss
    inside, outside = regions.moments(loss, rows)
    ratio = bool((loss[rows] >= 0).all())  # a ratio of means that may be negative says nothing
    evidence = (mean_ratio if ratio else welch)(inside, outside, options.confidence)
    enough = np.minimum(inside.n, outside.n) >= options.min_samples
    p_value = 2 * np.fmin(evidence.p_value, regions.rank_test(loss, rows))
    p_value = np.where(enough, np.minimum(p_value, 1.0), np.nan)
    q = context.q_values(KIND, p_value)
    found = (q <= context.alpha) & _matters(evidence, loss[rows], context, ratio=ratio)
    for region in np.flatnonzero(found).tolist():
        members = regions.members(region) & rows
        yield _insight(
            context,
            replace(evidence, p_value=p_value),
            (inside, outside),
            (region, regions.ids[region], members, float(q[region])),
            effect_name=RATIO if ratio else DIFFERENCE,
        )


def _matters(
    evidence: Evidence, loss: NDArray[np.floating], context: Context, *, ratio: bool
) -> NDArray[np.bool_]:
    """Large enough to matter, and an interval that excludes "no effect"."""
    least = context.options.min_loss_ratio
    if ratio:
        return (evidence.effect >= least) & (evidence.lower > 1)
    return (evidence.effect >= (least - 1) * float(loss.std())) & (evidence.lower > 0)


def _insight(
    context: Context,
    evidence: Evidence,
    summary: tuple[Moments, Moments],
    where: tuple[int, str, NDArray[np.bool_], float],
    effect_name: str,
) -> Insight:
    inside, outside = summary
    region, region_id, members, q_value = where
    mean, base, n = float(inside.mean[region]), float(outside.mean[region]), int(inside.n[region])
    effect = float(evidence.effect[region])
    span = (float(evidence.lower[region]), float(evidence.upper[region]))
    size = (
        f"{words.number(effect)} × the"
        if effect_name == RATIO
        else f"{words.number(effect)} above the"
    )
    metadata = context.explain(members, context.tested)
    return Insight(
        kind=KIND,
        title=f"Loss {size} rest of {context.tested} in {words.samples(n)}"
        f"{words.mostly(context.snapshot, members)}",
        description=f"Mean loss {words.number(mean)} against {words.number(base)} in the rest of "
        f"{context.tested} ({effect_name}: {words.number(effect)}, "
        f"{words.span(*span, context.options.confidence)}).",
        action=_action(words.fields(context.collectable(metadata))),
        region=region_id,
        split=context.tested,
        samples=context.keys(members),
        effect=effect,
        effect_name=effect_name,
        interval=span,
        p_value=float(evidence.p_value[region]),
        q_value=q_value,
        severity=_recoverable(inside, outside, region),
        counts={str(context.tested): n},
        base_rates={"mean_loss_region": mean, f"mean_loss_rest_of_{context.tested}": base},
        metadata=metadata,
    )


def _recoverable(inside: Moments, outside: Moments, region: int) -> float:
    """Share of the split's loss that would go if the region performed like the rest."""
    total = abs(float(inside.total[region])) + abs(float(outside.total[region]))
    excess = float(inside.n[region] * (inside.mean[region] - outside.mean[region]))
    return min(1.0, excess / total) if total else 0.0


def _action(separated_by: str) -> str:
    more = f"samples with {separated_by}" if separated_by else "samples like these"
    return f"Check the labels of these samples first; if they are right, collect or augment {more}."
