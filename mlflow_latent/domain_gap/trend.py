"""Which of several candidate sets comes nearest to a target, and what of each is worth keeping."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import pandas as pd

from mlflow_latent.domain_gap.gap import measure_gap, share_of
from mlflow_latent.domain_gap.options import GapOptions
from mlflow_latent.domain_gap.origins import Both, name_origins, refuse_unlike
from mlflow_latent.errors import InputError
from mlflow_latent.measures.domain.distances import usable_components
from mlflow_latent.measures.domain.reach import WITHIN
from mlflow_latent.report.domain_gap.trend import (
    CANDIDATE,
    FITS,
    REACH,
    GapTrend,
    TrendCandidate,
    TrendStep,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from mlflow_latent.domain_gap.origins import Origin
    from mlflow_latent.measures.domain import DomainPair
    from mlflow_latent.report.domain_gap.model import DomainGap

LEADING = "frechet"  # the distance that orders the candidates
DROPPED = ("origin", "belonging_source", "region", "projection_x", "projection_y")


def find_trend(
    candidates: Sequence[Origin],
    target: Origin,
    options: GapOptions | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> GapTrend:
    """Measure every candidate against the target, each pair in a space of its own.

    All distances are along as many axes, in units of the target's spread where every axis varies
    by 1 within the sets, and so can be compared.

    Args:
        candidates: sets that might be trained on.
        target: what they should come near to.
        options: how.
        progress: told what is being done, in a few words.

    Raises:
        InputError: no candidate, one of them twice or the target itself, or sets of different
            layers or widths.
    """
    options = options or GapOptions()
    if not candidates:
        raise InputError("a trend takes at least one candidate, got none")
    origins = (*candidates, target)
    refuse_unlike(origins)
    names = name_origins(origins)
    width = min(options.n_components, target.snapshot.embedding.shape[1])
    components = usable_components(width, *(len(origin.rows) for origin in origins))
    pairs, gaps = [], []
    for candidate, name in zip(candidates, names, strict=False):
        progress(f"space of {name}")
        both = Both.of(candidate, target, options, names=(name, names[-1]), components=components)
        gaps.append(measure_gap(both, options, progress))
        pairs.append(both.pair)
    order = sorted(range(len(gaps)), key=lambda number: (_nearness(gaps[number]), number))
    summaries = [
        _summarize(gaps[number], rank, options.confidence)
        for rank, number in enumerate(order, start=1)
    ]
    ordered = tuple(gaps[number] for number in order)
    return GapTrend(
        target=gaps[0].target,
        candidates=tuple(summaries),
        steps=tuple(_steps([(gaps[number].source.name, pairs[number]) for number in order])),
        confidence=options.confidence,
        error_rate=options.error_rate,
        notes=tuple(dict.fromkeys(note for gap in ordered for note in gap.notes)),
    ).with_details(_table(ordered), ordered)


def _nearness(gap: DomainGap) -> float:
    leading = gap.distance(LEADING)
    return float("inf") if leading is None else leading.value


def _summarize(gap: DomainGap, rank: int, confidence: float) -> TrendCandidate:
    outside = gap.source_out_of_reach
    table = gap.samples
    reach = table.loc[table["origin"] == "source", REACH].to_numpy()
    fits = share_of(reach <= 1, confidence, WITHIN) if outside else None
    return TrendCandidate(
        origin=gap.source,
        rank=rank,
        verdict=gap.verdict,
        p_value=gap.p_value,
        auc=gap.auc,
        auc_interval=gap.auc_interval,
        distances=gap.distances,
        fits=fits,
        n_fits=int((reach <= 1).sum()) if fits else None,
        target_out_of_reach=gap.target_out_of_reach,
        fields=gap.fields,
        not_applicable=gap.not_applicable,
    )


def _steps(measured: Sequence[tuple[str, DomainPair]]) -> Iterator[TrendStep]:
    """Compare every pair of candidates that could be measured, by every distance."""
    usable = [(name, pair) for name, pair in measured if pair.testable]
    for (name, near), (other, far) in combinations(usable, 2):
        for one, two in zip(near.distances, far.distances, strict=True):
            difference, low, high = two.beyond(one)
            names = (name, other)
            if difference < 0:  # by this distance it is the other way round
                difference, low, high, names = -difference, -high, -low, (other, name)
            yield TrendStep(
                distance=one.name,
                nearer=names[0],
                farther=names[1],
                difference=difference,
                interval=(low, high),
                sure=low > 0,
            )


def _table(gaps: Sequence[DomainGap]) -> pd.DataFrame:
    """One row per sample of each candidate."""
    parts = []
    for gap in gaps:
        rows = gap.samples[gap.samples["origin"] == "source"]
        kept = rows.drop(columns=[name for name in DROPPED if name in rows])
        kept.insert(0, CANDIDATE, gap.source.name)
        parts.append(kept.assign(**{FITS: kept[REACH] <= 1}))
    return pd.concat(parts, ignore_index=True)
