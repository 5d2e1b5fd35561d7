"""Regions that hold another share of train than of val: what the two kinds have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.evidence import odds_ratio
from mlflow_latent.insights import words
from mlflow_latent.insights.base import NotApplicableError
from mlflow_latent.insights.nesting import nested
from mlflow_latent.report.model import Insight

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from mlflow_latent.evidence import Evidence
    from mlflow_latent.insights.base import Context, InsightOptions
    from mlflow_latent.insights.nesting import StandsOut, Within


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

    Fisher's exact test, as a mid-p-value, of the region's counts against those of all other regions
    together, so the splits' sizes do not matter; Benjamini–Hochberg over the regions of all levels.
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
    evidence = odds_ratio(a, sizes[0], b, sizes[1], options.confidence, mid_p=True)
    q = context.q_values(
        direction.kind, np.where(a + b >= options.min_samples, evidence.p_value, np.nan)
    )
    chosen = (q <= context.alpha) & _matters(evidence, options)
    found = np.flatnonzero(chosen).tolist()
    rows = more | less
    yield from nested(
        [_insight(context, direction, evidence, r, float(q[r])) for r in found],
        [regions.members(r)[rows] for r in found],
        more_within(more[rows], options),
    )


def _matters(evidence: Evidence, options: InsightOptions) -> NDArray[np.bool_]:
    return np.asarray((evidence.effect >= options.min_odds_ratio) & (evidence.lower > 1))


def more_within(more: NDArray[np.bool_], options: InsightOptions) -> Within:
    """Return the test of `nesting.nest` for regions with a larger share of one split.

    Args:
        more: (M,) mask of that split, among the samples of both.
        options: what it takes.
    """

    def within(outer: NDArray[np.bool_]) -> StandsOut:
        sizes = [int(np.count_nonzero(outer & split)) for split in (more, ~more)]

        def stands_out(inner: NDArray[np.bool_]) -> float:
            a, b = (np.array([np.count_nonzero(inner & split)]) for split in (more, ~more))
            evidence = odds_ratio(a, sizes[0], b, sizes[1], options.confidence, mid_p=True)
            enough = a[0] + b[0] >= options.min_samples and _matters(evidence, options)[0]
            return float(evidence.p_value[0]) if enough else 1.0

        return stands_out

    return within


def _insight(
    context: Context, direction: Direction, evidence: Evidence, region: int, q_value: float
) -> Insight:
    snapshot, here = context.snapshot, context.regions.members(region)
    splits = {name: snapshot.rows(name) for name in (direction.more, direction.less)}
    members = here & np.logical_or(*splits.values())
    (a, total_a), (b, total_b) = ((int((here & s).sum()), int(s.sum())) for s in splits.values())
    shares = {direction.more: a / total_a, direction.less: b / total_b}
    effect = float(evidence.effect[region])
    span = (float(evidence.lower[region]), float(evidence.upper[region]))
    metadata = context.explain(members)
    collectable = context.collectable(metadata)
    separated, count = words.fields(collectable), words.samples(int(members.sum()))
    return Insight(
        kind=direction.kind,
        title=words.title(
            f"{direction.word}: {_shares(shares, context)}, {count}"
            f"{words.where(snapshot, members, collectable)}"
        ),
        description=f"{a:,} of {total_a:,} samples of {direction.more} lie here, but "
        f"{b:,} of {total_b:,} of {direction.less}: odds ratio "
        f"{words.number(effect)} ({words.span(*span, context.options.confidence)}).",
        action=(f" ({separated})" if separated else "").join(direction.action),
        region=context.regions.ids[region],
        samples=context.keys(members),
        effect=effect,
        effect_name=f"odds ratio {direction.more} ÷ {direction.less}",
        interval=span,
        p_value=float(evidence.p_value[region]),
        q_value=q_value,
        severity=shares[direction.more] - shares[direction.less],
        counts=context.counts(members),
        base_rates={f"share_of_{name}": value for name, value in shares.items()},
        metadata=metadata,
    )


def _shares(shares: dict[str, float], context: Context) -> str:
    names = (context.reference, context.tested)
    first, second = (f"{words.percent(shares[str(n)])} of {n}" for n in names)
    return f"{first}, {second}"


def both_splits(context: Context) -> tuple[str, str]:
    """Return the reference and the tested split.

    Raises:
        NotApplicableError: one of them is not there.
    """
    context.rows(context.reference, "training")
    context.rows(context.tested, "validation")
    return str(context.reference), str(context.tested)
