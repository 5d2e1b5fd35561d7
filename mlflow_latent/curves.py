"""Curves: a measure (the loss, a metric) as a function of one metadata field, split by split.

Every bin has its n and an interval; a bin with few samples is there as well. Bins are the same for
all splits, so that curves can be laid over one another.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from mlflow_latent.evidence import mean_interval, moments
from mlflow_latent.fields import OTHER, Field, Fields
from mlflow_latent.report.model import Curve, CurveBin
from mlflow_latent.schema import LOSS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from mlflow_latent.report.model import Binning
    from mlflow_latent.snapshot import Snapshot

BINS = 10
CATEGORIES_SHOWN = 20  # the rest is one bin, "(other)"
FEW_VALUES = 12  # a number with at most so many different values has a bin for each


@dataclass(frozen=True, eq=False)
class Bins:
    """The bins of one field: `place` is the (N,) bin of each sample, −1 where it has no value."""

    binning: Binning
    place: NDArray[np.int64]
    labels: tuple[str, ...]
    edges: tuple[tuple[float, float] | None, ...]


def find_curves(
    snapshot: Snapshot, fields: Fields, *, tested: str | None, confidence: float = 0.95
) -> tuple[Curve, ...]:
    """Make the curves of the loss and of every metric against every field, the strongest first.

    Args:
        snapshot: N samples.
        fields: fields of these samples; of those that say nearly the same all are drawn.
        tested: the split whose strength orders the curves.
        confidence: of the intervals.
    """
    measures = {LOSS: snapshot.loss} | dict(snapshot.metrics)
    curves = [
        make_curve(
            snapshot,
            (name, values),
            field,
            bins,
            similar_fields=fields.similar[field.name],
            tested=tested,
            confidence=confidence,
        )
        for field in fields.usable
        for bins in make_bins(field)
        for name, values in measures.items()
        if values is not None
    ]
    drawn = [found for found in curves if found.series]
    return tuple(sorted(drawn, key=lambda c: (c.measure != LOSS, -c.strength, c.field, c.binning)))


def make_bins(field: Field, bins: int = BINS) -> Iterator[Bins]:
    """Bin a field: by quantiles and by equal widths for numbers, by value for categories."""
    if field.categories:
        yield _categorical(field)
        return
    values = field.column[field.present]
    distinct = np.unique(values)
    if len(distinct) <= FEW_VALUES:
        yield _numeric(field, "quantile", np.append(distinct, distinct[-1]), exact=True)
        return
    quantiles = np.unique(np.quantile(values, np.linspace(0, 1, bins + 1)))
    yield _numeric(field, "quantile", quantiles)
    yield _numeric(field, "equal_width", np.linspace(values.min(), values.max(), bins + 1))


def _numeric(
    field: Field, binning: Binning, edges: NDArray[np.float64], *, exact: bool = False
) -> Bins:
    inner = edges[:-1] if exact else edges[1:-1]
    place = np.searchsorted(inner, field.column, side="left" if exact else "right")
    uppers = edges[:-1] if exact else edges[1:]
    spans = tuple((float(low), float(high)) for low, high in zip(edges[:-1], uppers, strict=True))
    labels = tuple(
        f"{low:.4g}" if low == high else f"{low:.4g} – {high:.4g}" for low, high in spans
    )
    return Bins(binning, np.where(field.present, place, -1), labels, spans)


def _categorical(field: Field) -> Bins:
    codes = field.column.astype(np.int64)
    counts = np.bincount(codes[codes >= 0], minlength=len(field.categories))
    order = np.argsort(-counts, kind="stable")
    shown = sorted(order[:CATEGORIES_SHOWN])
    new = np.full(len(counts) + 1, len(shown))
    new[shown] = np.arange(len(shown))
    new[-1] = -1  # the code of a missing value is −1, the last place
    labels = [field.categories[code] for code in shown]
    if len(counts) > len(shown):
        labels.append(OTHER)
    return Bins("categorical", new[codes], tuple(labels), (None,) * len(labels))


def make_curve(
    snapshot: Snapshot,
    measure: tuple[str, NDArray[np.float32]],
    field: Field,
    bins: Bins,
    *,
    similar_fields: tuple[str, ...] = (),
    tested: str | None,
    confidence: float,
) -> Curve:
    """Make one curve, a series for each split that has both the field and the measure.

    Args:
        snapshot: N samples.
        measure: its name and its (N,) values, NaN where missing.
        field: the field on the horizontal axis.
        bins: of that field.
        similar_fields: other fields that say nearly the same.
        tested: the split that the strength is computed on.
        confidence: of the intervals.
    """
    name, values = measure
    usable = (bins.place >= 0) & ~np.isnan(values)
    rows = {split: usable & snapshot.rows(split) for split in snapshot.splits}
    series = {
        split: _series(values[mask], bins.place[mask], bins, confidence)
        for split, mask in rows.items()
        if mask.any()
    }
    judged = rows[tested] if tested in series and tested else usable
    return Curve(
        field=field.name,
        measure=name,
        binning=bins.binning,
        series=series,
        strength=_strength(values[judged], bins.place[judged], len(bins.labels)),
        similar_fields=similar_fields,
    )


def _series(
    values: NDArray[np.floating], place: NDArray[np.int64], bins: Bins, confidence: float
) -> tuple[CurveBin, ...]:
    summary = moments(values, place, len(bins.labels))
    lower, upper = mean_interval(summary, confidence)
    return tuple(
        CurveBin(
            label=label,
            lower=None if edges is None else edges[0],
            upper=None if edges is None else edges[1],
            n=int(summary.n[i]),
            mean=_finite(summary.mean[i]),
            interval=(_finite(lower[i]), _finite(upper[i])),
        )
        for i, (label, edges) in enumerate(zip(bins.labels, bins.edges, strict=True))
    )


def _strength(values: NDArray[np.floating], place: NDArray[np.int64], size: int) -> float:
    """Eta squared on ranks: the share of the ranks' variance that lies between the bins."""
    if len(values) < 2:  # noqa: PLR2004
        return 0.0
    ranks = stats.rankdata(values)
    total = float(((ranks - ranks.mean()) ** 2).sum())
    summary = moments(ranks, place, size)
    between = float((summary.n * np.nan_to_num(summary.mean - ranks.mean()) ** 2).sum())
    return between / total if total else 0.0


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
