"""Both runs' curves over the same bins of the same samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.curves import make_bins, make_curve
from mlflow_latent.report.comparison.model import CurvePair
from mlflow_latent.schema import KEY
from mlflow_latent.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlflow_latent.comparison.comparable import Paired
    from mlflow_latent.comparison.join import Joined
    from mlflow_latent.curves import Bins
    from mlflow_latent.fields import Field, Fields


def find_overlays(
    joined: Joined, measures: Sequence[Paired], fields: Fields, *, tested: str, confidence: float
) -> tuple[CurvePair, ...]:
    """Make every measure's curves against every field, those on which the runs differ most first.

    Args:
        joined: S shared samples.
        measures: of these samples.
        fields: of these samples.
        tested: the split whose strength orders the curves.
        confidence: of the intervals.
    """
    blank = np.zeros((len(joined), 1), dtype=np.float32)  # curves know nothing of embeddings
    samples = Snapshot(frame=joined.frames[0][KEY], embedding=blank)
    pairs = [
        _overlay(samples, paired, field, bins, tested=tested, confidence=confidence)
        for field in fields.usable
        for bins in make_bins(field)
        for paired in measures
    ]
    rank = {paired.measure.name: place for place, paired in enumerate(measures)}
    drawn = [pair for pair in pairs if pair.series]
    return tuple(sorted(drawn, key=lambda p: (rank[p.measure], -p.strength, p.field, p.binning)))


def _overlay(
    samples: Snapshot, paired: Paired, field: Field, bins: Bins, *, tested: str, confidence: float
) -> CurvePair:
    name, unknown = paired.measure.name, ~paired.known
    a, b, difference = (
        make_curve(
            samples,
            (name, np.where(unknown, np.nan, values).astype(np.float32)),
            field,
            bins,
            tested=tested,
            confidence=confidence,
        )
        for values in (paired.a, paired.b, paired.difference)
    )
    return CurvePair(
        field=field.name,
        measure=name,
        binning=bins.binning,
        series={split: {"a": a.series[split], "b": b.series[split]} for split in a.series},
        strength=difference.strength,
    )
