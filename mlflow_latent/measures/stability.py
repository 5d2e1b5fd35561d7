"""How far a region is the same when the fit is repeated on other samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from mlflow_latent.measures.options import MeasureOptions

MAX_RESAMPLE_ROWS = 5_000  # per refit: enough for 64 regions of 78


def stability_under_resampling(
    points: NDArray[np.float32],
    labels: NDArray[np.int32],
    n_clusters: int,
    refit: Callable[[NDArray[np.float32], int], NDArray[np.intp]],
    options: MeasureOptions,
) -> NDArray[np.float64]:
    """Refit on random halves and compare each region with its best match.

    Args:
        points: (L, d) the samples of the fit.
        labels: (L,) their regions.
        n_clusters: regions.
        refit: takes (M, d) samples and a seed, returns (L,) regions of all `points`.
        options: seed and number of resamples.

    Returns:
        (K,) mean of the best Jaccard overlap, 0 … 1. Source: Hennig 2007, Cluster-wise assessment
        of cluster stability, with subsets of half the samples instead of bootstraps.
    """
    if n_clusters == 1:
        return np.ones(1)
    generator = np.random.default_rng(options.random_state)
    size = min(MAX_RESAMPLE_ROWS, max(n_clusters, len(points) // 2))
    overlaps = []
    for seed in range(options.n_resamples):
        rows = np.sort(generator.choice(len(points), size, replace=False))
        overlaps.append(best_overlap(labels, refit(points[rows], seed), n_clusters))
    return np.asarray(np.mean(overlaps, axis=0))


def best_overlap(
    labels: NDArray[np.int32], others: NDArray[np.intp], n_clusters: int
) -> NDArray[np.float64]:
    """Return (K,) the Jaccard overlap of each region with the most similar of the other ones."""
    n_others = int(others.max()) + 1
    pairs = np.bincount(labels * np.intp(n_others) + others, minlength=n_clusters * n_others)
    both = pairs.reshape(n_clusters, n_others)
    either = both.sum(axis=1, keepdims=True) + both.sum(axis=0, keepdims=True) - both
    return np.asarray((both / np.maximum(either, 1)).max(axis=1))
