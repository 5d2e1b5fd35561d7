"""The train–val gap of the model as a whole: what every gap of a region is judged against.

A model that has learned its training set by heart does so everywhere. That is a sentence about the
model, and no region's insight; it is said of every report that has a reference split.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.evidence import mean_ratio, moments, welch
from mlflow_latent.report.model import Generalization
from mlflow_latent.report.words import bounds, number, percent

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlflow_latent.evidence import Evidence, Moments
    from mlflow_latent.report.document import Interval
    from mlflow_latent.report.model import Verdict
    from mlflow_latent.snapshot import Snapshot

LEAST = 2  # losses of a split, below which it has no spread


def generalization(
    snapshot: Snapshot,
    tested: str | None,
    reference: str | None,
    *,
    confidence: float,
    least: float,
) -> Generalization | None:
    """Compare the mean loss of the tested split with that of the reference split.

    The difference has Welch's interval, the ratio that of the delta method on its logarithm. Both
    hold for means of many losses; for a few dozen very skewed ones they are too narrow.

    Args:
        snapshot: one epoch's rows of all splits.
        tested: the split on which performance is judged.
        reference: the split that it is compared with.
        confidence: of the intervals.
        least: share of the tested split's mean loss from which a gap is called overfitting, as it
            is for a region.

    Returns:
        What the gap is, in numbers and in words; None without two splits of two losses each.
    """
    if tested is None or reference is None or tested == reference:
        return None
    above, below = (_losses(snapshot, split) for split in (tested, reference))
    if min(len(above), len(below)) < LEAST:
        return None
    difference = welch(_moments(above), _moments(below), confidence)
    ratio = _ratio(above, below, confidence)
    gap, span = float(difference.effect[0]), _span(difference)
    means = float(above.mean()), float(below.mean())
    verdict = _verdict(gap, span, least * abs(means[0]))
    text = (
        f"{_headline(verdict, tested, reference)}: mean loss {number(means[0])} in {tested} "
        f"({len(above):,} samples) against {number(means[1])} in {reference} ({len(below):,}), "
        f"{_size(gap, span, ratio, confidence)}. {_consequence(verdict)}"
    )
    return Generalization(
        tested_split=tested,
        reference_split=reference,
        verdict=verdict,
        text=text,
        difference=gap,
        difference_interval=span,
        ratio=None if ratio is None else float(ratio.effect[0]),
        ratio_interval=(None, None) if ratio is None else _span(ratio),
        counts={tested: len(above), reference: len(below)},
    )


def _losses(snapshot: Snapshot, split: str) -> NDArray[np.float64]:
    loss = snapshot.loss
    if loss is None:
        return np.empty(0)
    values = loss[snapshot.rows(split)].astype(np.float64)
    return values[np.isfinite(values)]


def _moments(values: NDArray[np.float64]) -> Moments:
    return moments(values, np.zeros(len(values), dtype=np.int64), 1)


def _ratio(
    above: NDArray[np.float64], below: NDArray[np.float64], confidence: float
) -> Evidence | None:
    """The ratio of the means, where it means something: of losses that cannot be negative."""
    if min(above.min(), below.min()) < 0 or not below.any() or not above.any():
        return None
    return mean_ratio(_moments(above), _moments(below), confidence)


def _span(found: Evidence) -> Interval:
    ends = float(found.lower[0]), float(found.upper[0])
    return ends if np.isfinite(ends).all() else (None, None)


def _verdict(gap: float, span: Interval, least: float) -> Verdict:
    lower, upper = span
    if lower is not None and lower > 0:
        return "overfitting" if gap >= least else "small_gap"
    return "reversed" if upper is not None and upper < 0 else "no_gap"


def _headline(verdict: Verdict, tested: str, reference: str) -> str:
    return {
        "overfitting": "The model as a whole has overfitted",
        "small_gap": f"The model does slightly better in {reference} than in {tested}",
        "reversed": f"The model does better in {tested} than in {reference}",
        "no_gap": f"No gap between {reference} and {tested} beyond luck",
    }[verdict]


def _size(gap: float, span: Interval, ratio: Evidence | None, confidence: float) -> str:
    interval = f"{percent(confidence)} interval"
    if ratio is None:
        return f"a difference of {number(gap)} ({interval} {bounds(span)})"
    times = f"{number(float(ratio.effect[0]))} × as much ({interval} {bounds(_span(ratio))})"
    return f"{times}, a difference of {number(gap)} ({bounds(span)})"


def _consequence(verdict: Verdict) -> str:
    return {
        "overfitting": "That is no region's fault: a region is reported as overfitted only where "
        "its own gap is larger still. More data, augmentation or regularization, or an earlier "
        "epoch, help everywhere.",
        "small_gap": "A region is reported as overfitted only where its own gap is larger.",
        "reversed": "The splits differ in what they hold, or the losses of one were not computed "
        "as those of the other (augmentation, dropout).",
        "no_gap": "A region is reported as overfitted where its own gap is larger than that of "
        "the rest.",
    }[verdict]
