"""`hard_to_learn`: regions with right labels that are wrong in many epochs, or forgotten again.

Severity: the share of the split that the hard samples of the region are, beyond what they would be
at the rate of the rest, times the share of the region that is hard: of two regions around the same
samples, the tighter one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.evidence import odds_ratio
from mlflow_latent.insights import words
from mlflow_latent.insights.base import NotApplicableError
from mlflow_latent.insights.registry import register
from mlflow_latent.report.model import Insight

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from mlflow_latent.evidence import Evidence
    from mlflow_latent.insights.base import Context

KIND = "hard_to_learn"
MIN_EPOCHS = 3  # fewer say nothing about how a sample was learned
MANY_EPOCHS = 0.5  # share of the epochs in which a hard sample is wrong
MANY_EVENTS = 2  # or how often it is forgotten
EFFECT = "odds of being hard to learn ÷ rest"


@register(KIND)
def find(context: Context) -> Iterator[Insight]:
    """Test each region: are more of its samples hard to learn than of the rest of the split?

    Train if it was captured, since that is where samples are learned, else the tested split. Only
    samples whose neighbors agree with their label count: the others may be label errors. Fisher's
    exact test, Benjamini–Hochberg over the regions of all levels. The samples are the region's, of
    all splits.
    """
    options = context.options
    split, trusted, hard = _hard(context)
    rows = trusted & context.snapshot.rows(split)
    regions = context.several_regions()
    inside, all_inside = regions.counts(rows & hard), regions.counts(rows)
    n_hard, n_easy = int((rows & hard).sum()), int((rows & ~hard).sum())
    evidence = odds_ratio(inside, n_hard, all_inside - inside, n_easy, options.confidence)
    enough = np.minimum(all_inside, rows.sum() - all_inside) >= options.min_samples
    q = context.q_values(KIND, np.where(enough & (n_hard > 0), evidence.p_value, np.nan))
    matters = (evidence.effect >= options.min_odds_ratio) & (evidence.lower > 1)
    for region in np.flatnonzero((q <= context.alpha) & matters).tolist():
        where = (split, trusted, hard)
        yield _insight(context, region, where, evidence, float(q[region]))


def _hard(context: Context) -> tuple[str, NDArray[np.bool_], NDArray[np.bool_]]:
    """Return the split, the samples of any whose labels can be trusted, and the hard ones.

    Raises:
        NotApplicableError: nobody knows how the samples were learned.
    """
    dynamics = context.measures.dynamics
    if dynamics is None:
        raise NotApplicableError("only one epoch was captured; at least 3 are needed")
    quality = context.measures.label_quality
    if quality is None:
        raise NotApplicableError("no target (class index per sample) was captured")
    epochs = dynamics["epochs_captured"].to_numpy()
    wrong = dynamics["wrong_epochs"].to_numpy(np.float32)
    known = (epochs >= MIN_EPOCHS) & np.isfinite(wrong)
    split = context.reference or context.tested
    rows = context.rows(split, "training or validation") & known
    if rows.sum() < context.options.min_samples:
        raise NotApplicableError(
            f"{rows.sum()} samples of {split!r} were captured in {MIN_EPOCHS} epochs or more with"
            f" margin or prediction, at least {context.options.min_samples} are needed"
        )
    events = dynamics["forgetting_events"].to_numpy(dtype=np.float64, na_value=0)
    hard = (wrong >= MANY_EPOCHS) | (events >= MANY_EVENTS)
    return str(split), known & (quality.neighbor_margin > 0), hard


def _in_words(
    context: Context, region: NDArray[np.bool_], known: NDArray[np.bool_], hard: NDArray[np.bool_]
) -> str:
    """Say how it is in the other splits: ` In val: 12 %, 5 % of the rest.`."""
    parts = []
    for split in context.snapshot.splits:
        rows = known & context.snapshot.rows(split)
        inside, outside = rows & region, rows & ~region
        if inside.any() and outside.any():
            here, there = float(hard[inside].mean()), float(hard[outside].mean())
            parts.append(f"in {split}, {words.percent(here)}, {words.percent(there)} of the rest")
    return f" The same {'; '.join(parts)}." if parts else ""


def _insight(
    context: Context,
    region: int,
    where: tuple[str, NDArray[np.bool_], NDArray[np.bool_]],
    evidence: Evidence,
    q_value: float,
) -> Insight:
    split, trusted, hard = where
    rows, inside = trusted & context.snapshot.rows(split), context.regions.members(region)
    members = inside & rows
    shown = inside & trusted
    elsewhere = _in_words(context, inside, trusted & ~context.snapshot.rows(split), hard)
    share = float(hard[members].mean())
    base = float(hard[rows & ~members].mean())
    effect = float(evidence.effect[region])
    span = (float(evidence.lower[region]), float(evidence.upper[region]))
    metadata = context.explain(members, split)
    separated = words.fields(context.collectable(metadata))
    more = f"samples with {separated}" if separated else "samples like these"
    return Insight(
        kind=KIND,
        title=f"{words.percent(share)} of {words.samples(int(members.sum()))} of {split} hard to "
        f"learn, {words.percent(base)} elsewhere{words.mostly(context.snapshot, members)}",
        description=f"{words.percent(share)} of these samples of {split} were wrong in half of the "
        f"epochs or forgotten at least twice, against {words.percent(base)} of the rest ({EFFECT}: "
        f"{words.number(effect)}, {words.span(*span, context.options.confidence)}). Their "
        "neighbors have the same labels, so it is not the labels." + elsewhere,
        action=f"Collect or augment {more}, or weight them more; train longer if their loss still "
        "falls.",
        region=context.regions.ids[region],
        split=split,
        samples=context.keys(shown),
        effect=effect,
        effect_name=EFFECT,
        interval=span,
        p_value=float(evidence.p_value[region]),
        q_value=q_value,
        severity=min(1.0, max(0.0, share * float(members.sum() * (share - base) / rows.sum()))),
        counts=context.counts(shown),
        base_rates={"hard_in_region": share, f"hard_in_rest_of_{split}": base},
        metadata=metadata,
    )
