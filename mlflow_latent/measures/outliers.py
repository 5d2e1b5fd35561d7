"""Samples that are far from all others, judged by the embedding's own distances."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlflow_latent.measures.spacing import Spacing

MIN_NEIGHBORS = 4  # fewer, and a pair of outliers are each other's surroundings
MIN_ROWS = 50  # fewer have no tail to compare with
TAIL = 0.9, 0.98  # quantiles between which the tail is fitted: beyond may be outliers
RAW_RATIO = 1.5  # times the usual distance as captured, below which a distance is no far one
RAW_ROWS = 4_096  # rows from which the usual distance as captured is measured
RARE_RATIO = 2.0  # times the usual distance to the own class's centroid, up to which it is near
SMALLEST = 1e-7  # of the median norm 1: below it float32 holds only rounding


@dataclass(frozen=True, eq=False)
class Outliers:
    """How far N samples are from the others.

    Attributes:
        score: (N,) float32 distance to the k-th neighbor ÷ its median over all samples; 1 is usual.
        nearest: (N,) float32 the same of the distance to the nearest neighbor.
        p_value: (N,) that a sample of the same population is that far; NaN where not tested.
    """

    score: NDArray[np.float32]
    nearest: NDArray[np.float32]
    p_value: NDArray[np.float64]


def find_outliers(spacing: Spacing, embedding: NDArray[np.float32]) -> Outliers:
    """Score each sample by its distance to its last neighbor, at the scale of the whole population.

    Null hypothesis: the logarithm of the score has an exponential tail, fitted to the samples
    between the quantiles `TAIL`: a power law of the distance, heavier than the tails of normal and
    exponential populations. Not at the scale of the surroundings: where populations of different
    width meet, ratios to the neighbors' distances are large though nothing is far from its own.
    A sample that is far only because a column that hardly ever varies was scaled up, and is
    ordinary in the embedding as captured, is not far.
    Source: Ramaswamy et al. 2000 for the score; Hill 1975 for the tail.

    Args:
        spacing: of N samples.
        embedding: (N, D) float32, as captured.
    """
    k = spacing.k
    if not k:
        usual = np.ones(len(spacing), np.float32)
        return Outliers(usual, usual, np.full(len(spacing), np.nan))
    logs, nearest = (_logs(spacing.distances[:, place]) for place in (-1, 0))
    p_value = np.full(len(spacing), np.nan)
    if k >= MIN_NEIGHBORS and len(spacing) >= MIN_ROWS:
        p_value = _tail(logs)
        candidates = np.flatnonzero(p_value < 1 - TAIL[1])
        if len(candidates):
            p_value[candidates[_raw_score(candidates, embedding, k) < RAW_RATIO]] = 1.0
    return Outliers(np.exp(logs).astype(np.float32), np.exp(nearest).astype(np.float32), p_value)


def in_rare_class(
    reduced: NDArray[np.float32], target: NDArray[np.int32], k: int
) -> NDArray[np.bool_]:
    """(N,) whether a sample is of a rare class, and among its own.

    The k-th neighbor of a class with fewer samples than that is far, however compact the class is.
    It is compact where its samples are about as far from their centroid, made without themselves,
    as samples of all classes are from theirs.

    Args:
        reduced: (N, d) float32.
        target: (N,) class index, −1 where missing.
        k: neighbors that are looked at.
    """
    labelled = np.flatnonzero(target >= 0)
    found = np.zeros(len(target), dtype=bool)
    if not len(labelled):
        return found
    _, code, size = np.unique(target[labelled], return_inverse=True, return_counts=True)
    order = np.argsort(code, kind="stable")
    total = np.add.reduceat(reduced[labelled[order]], np.cumsum(size) - size, dtype=np.float64)
    others = np.maximum(size[code] - 1, 1)[:, None]
    step = reduced[labelled] - (total[code] - reduced[labelled]) / others
    distance = np.linalg.norm(step, axis=1)
    among_its_own = distance <= RARE_RATIO * np.median(distance)
    found[labelled] = among_its_own & (size[code] > 1) & (size[code] <= k)
    return found


def _logs(distance: NDArray[np.float32]) -> NDArray[np.float64]:
    """(N,) log of distance ÷ median."""
    logs = np.log(np.maximum(distance.astype(np.float64), SMALLEST))
    return np.asarray(logs - np.median(logs))


def _tail(logs: NDArray[np.float64]) -> NDArray[np.float64]:
    """(N,) chance of a value that large; 1 below where the tail begins.

    The rate of the exponential is estimated on n values, so its predictive distribution stands in
    its place, (1 + z / n)^−n, which is heavier where n is small.
    """
    start, end = np.quantile(logs, TAIL)
    inside = logs[(logs > start) & (logs <= end)]
    beyond = logs > start
    count = max(len(inside), 1)
    total = float((inside - start).sum()) + int((logs > end).sum()) * float(end - start)
    if total <= 0:  # ties: there is no tail to tell anything by
        return np.ones(len(logs))
    above = np.maximum(logs - start, 0) / (total / count)  # mean: maximum likelihood, censored
    chance = (1 - TAIL[0]) * np.exp(-count * np.log1p(above / count))
    return np.where(beyond, chance, 1.0)


def _raw_score(
    rows: NDArray[np.intp], embedding: NDArray[np.float32], k: int
) -> NDArray[np.float64]:
    """(M,) distance as captured to about the k-th neighbor ÷ its median, among some of all rows."""
    import faiss

    step = max(1, len(embedding) // RAW_ROWS)
    some = np.ascontiguousarray(embedding[::step])
    rank = max(1, round(k / step))
    usual = faiss.knn(some, some, rank + 1)[0][:, -1]  # the nearest is the row itself
    asked = faiss.knn(np.ascontiguousarray(embedding[rows]), some, rank + 1)[0]
    own = np.where(rows % step == 0, rank, rank - 1)
    distance = np.sqrt(np.maximum(asked[np.arange(len(rows)), own], 0).astype(np.float64))
    scale = max(float(np.median(usual)), 0.0) ** 0.5
    return distance / scale if scale > 0 else np.full(len(rows), np.inf)
