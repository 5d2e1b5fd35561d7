"""Samples that are far from all others, judged by the embedding's own distances."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlflow_latent.measures.spacing import Spacing

MIN_NEIGHBORS = 4  # fewer say nothing about what is typical around a sample
MIN_ROWS = 50  # fewer have no tail to compare with
TAIL_FROM, TAIL_TO = 0.8, 0.95  # quantiles between which the tail is fitted: beyond may be outliers


@dataclass(frozen=True, eq=False)
class Outliers:
    """How far N samples are from the others.

    Attributes:
        score: (N,) float32 distance to the neighbors ÷ what is typical of theirs; 1 is usual.
        p_value: (N,) that a sample of the same population is that far; NaN where not tested.
    """

    score: NDArray[np.float32]
    p_value: NDArray[np.float64]


def find_outliers(spacing: Spacing) -> Outliers:
    """Score each sample by its distance to its neighbors, relative to what is typical there.

    Null hypothesis: the logarithm of the score has an exponential tail, fitted to the samples
    between the quantiles `TAIL_FROM` and `TAIL_TO`; that is a power law of the distance, heavier
    than the tails of normal and exponential populations, so the test errs to the careful side.
    Source: the score is that of Breunig et al. 2000 (LOF) with the k-distance in place of the
    reachability; the tail is Hill 1975.
    """
    score = spacing.remoteness
    p_value = np.full(len(score), np.nan)
    if spacing.k >= MIN_NEIGHBORS and len(score) >= MIN_ROWS:
        p_value = _tail(np.log(score))
    return Outliers(score.astype(np.float32), p_value)


def _tail(logs: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N,) chance of a value that large, from an exponential tail; 1 below where it begins."""
    start, end = np.quantile(logs, [TAIL_FROM, TAIL_TO])
    inside = logs[(logs > start) & (logs <= end)]
    censored = int((logs > end).sum())
    total = float((inside - start).sum()) + censored * float(end - start)
    mean = total / max(len(inside), 1)  # maximum likelihood of an exponential, censored above
    if mean <= 0:
        return np.where(logs > start, 0.0, 1.0)
    chance: NDArray[np.float64] = (1 - TAIL_FROM) * np.exp(-np.maximum(logs - start, 0) / mean)
    return np.where(logs > start, chance, 1.0)
