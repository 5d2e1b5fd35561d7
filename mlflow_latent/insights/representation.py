"""Regions that hold another share of train than of val: what the two kinds have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.evidence import odds_ratio
from mlflow_latent.insights import words
from mlflow_latent.insights.base import NotApplicableError
from mlflow_latent.report.model import Insight

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow_latent.insights.base import Context


@dataclass(frozen=True)
class Direction:
    """One direction of misrepresentation, and its words."""

    kind: str
    more: str  # the split of which the region holds the larger share
    less: str
    word: str
    action: tuple[str, str]  # before and after the fields that separate the samples


def find_misrepresented(context: Context, direction: Direction) -> Iterator[Insight]:
    """Test each region: does it hold a larger share of `more` than of `less`?

    Fisher's exact test of the region's counts against those of all other regions together, so the
    splits' sizes do not matter; Benjamini–Hochberg over the regions of all levels.
    """
    options, regions = context.options, context.several_regions()
    more, less = context.snapshot.rows(direction.more), context.snapshot.rows(direction.less)
    sizes = int(more.sum()), int(less.sum())
    if min(sizes) < options.min_samples:
        raise NotApplicableError(
            f"split {direction.more!r} has {sizes[0]} and {direction.less!r} has {sizes[1]} "
            f"samples; each needs at least {options.min_samples}"
        )
    a, b = regions.counts(more), regions.counts(less)
    evidence = odds_ratio(a, sizes[0], b, sizes[1], options.confidence)
    q = context.q_values(
        direction.kind, np.where(a + b >= options.min_samples, evidence.p_value, np.nan)
    )
    matters = (evidence.effect >= options.min_odds_ratio) & (evidence.lower > 1)
    for region in np.flatnonzero((q <= context.alpha) & matters).tolist():
        members = regions.members(region) & (more | less)
        shares = {direction.more: a[region] / sizes[0], direction.less: b[region] / sizes[1]}
        effect = float(evidence.effect[region])
        span = (float(evidence.lower[region]), float(evidence.upper[region]))
        metadata = context.explain(members)
        collectable = context.collectable(metadata)
        separated = words.fields(collectable)
        count = words.samples(int(members.sum()))
        yield Insight(
            kind=direction.kind,
            title=words.title(
                f"{direction.word} in {context.reference}: {_shares(shares, context)}, a region of "
                f"{count}{words.where(context.snapshot, members, collectable)}"
            ),
            description=f"{a[region]:,} of {sizes[0]:,} samples of {direction.more} lie here, but "
            f"{b[region]:,} of {sizes[1]:,} of {direction.less}: odds ratio "
            f"{words.number(effect)} ({words.span(*span, options.confidence)}).",
            action=(f" ({separated})" if separated else "").join(direction.action),
            region=regions.ids[region],
            samples=context.keys(members),
            effect=effect,
            effect_name=f"odds ratio {direction.more} ÷ {direction.less}",
            interval=span,
            p_value=float(evidence.p_value[region]),
            q_value=float(q[region]),
            severity=float(shares[direction.more] - shares[direction.less]),
            counts=context.counts(members),
            base_rates={f"share_of_{name}": float(value) for name, value in shares.items()},
            metadata=metadata,
        )


def _shares(shares: dict[str, float], context: Context) -> str:
    names = (context.reference, context.tested)
    first, second = (f"{words.percent(float(shares[str(n)]))} of {n}" for n in names)
    return f"{first}, {second}"


def both_splits(context: Context) -> tuple[str, str]:
    """Return the reference and the tested split.

    Raises:
        NotApplicableError: one of them is not there.
    """
    context.rows(context.reference, "training")
    context.rows(context.tested, "validation")
    return str(context.reference), str(context.tested)
