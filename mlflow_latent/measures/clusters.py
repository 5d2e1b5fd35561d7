"""Regions of the latent space: clusters of the embeddings alone, at two granularities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from mlflow_latent.measures.stability import stability_under_resampling

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlflow_latent.measures.options import ClusterMethod, MeasureOptions

Level = Literal["coarse", "fine"]

MAX_COARSE = 10  # as many as a reader keeps apart by color
MAX_FINE = 64  # regions of 1.6 % on average: one of 2 % has room for its own
MIN_MEAN_SIZE = 25  # samples of a region on average: fewer carry no comparison
MIN_MEAN_TESTED = 10  # samples of the tested split in a region on average
FINE_PER_COARSE = 3  # at least so many fine regions in a coarse one
RESTARTS = 3
MAX_ITERATIONS = 100
FINEST_SHARE = {"coarse": 0.02, "fine": 0.005}  # HDBSCAN: smallest region, of the landmarks
MAX_DENSITY_ROWS = 5_000  # HDBSCAN is quadratic in these columns: some seconds
MIN_DENSITY_SIZE = 5


@dataclass(frozen=True, eq=False)
class Clusters:
    """Regions, the largest first.

    Attributes:
        labels: (N,) int32 region of each sample, 0 … K − 1, none empty.
        centers: (K, d) float32 in the reduced embedding.
        stability: (K,) float64 mean Jaccard overlap of each region with its best match when the
            fit is repeated on half of the samples: above 0.75 stable, below 0.5 dissolved.
    """

    labels: NDArray[np.int32]
    centers: NDArray[np.float32]
    stability: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.centers)

    @property
    def sizes(self) -> NDArray[np.intp]:
        """(K,) samples of each region."""
        return np.bincount(self.labels, minlength=len(self))


def region_counts(total: int, tested: int, options: MeasureOptions) -> dict[Level, int]:
    """Choose how many coarse and fine regions to make, where the options leave it open.

    Fine: up to `MAX_FINE`, with `MIN_MEAN_SIZE` samples and `MIN_MEAN_TESTED` of the tested split
    in each on average, but `MAX_COARSE` whatever is tested. Coarse: up to `MAX_COARSE`, with
    `FINE_PER_COARSE` fine ones in each on average. Whatever is asked for, `MIN_MEAN_SIZE` holds.

    Args:
        total: samples.
        tested: samples of the split that regions will be tested on.
        options: `n_coarse` and `n_fine` if chosen.
    """
    most = max(1, total // MIN_MEAN_SIZE)
    fine = options.n_fine or min(MAX_FINE, max(MAX_COARSE, tested // MIN_MEAN_TESTED))
    fine = min(fine, most)
    coarse = options.n_coarse or max(1, min(MAX_COARSE, fine // FINE_PER_COARSE))
    return {"coarse": min(coarse, most), "fine": fine}


def find_clusters(
    reduced: NDArray[np.float32],
    landmarks: NDArray[np.intp],
    level: Level,
    n_clusters: int,
    options: MeasureOptions,
) -> Clusters:
    """Fit regions on the landmarks and assign every sample to the nearest center.

    Args:
        reduced: (N, d) float32.
        landmarks: (L,) rows to fit on.
        level: which granularity; HDBSCAN takes its smallest region from it.
        n_clusters: how many regions; fewer where the samples have fewer distinct places.
        options: method, seed and resamples.
    """
    method, first_seed = options.clustering, options.random_state
    points = np.ascontiguousarray(reduced[landmarks])
    centers = fit_centers(points, level, n_clusters, first_seed, method=method)
    labels = nearest_center(reduced, centers)
    order = _largest_first(labels, len(centers))
    rank = np.full(len(centers), -1, dtype=np.int32)
    rank[order] = np.arange(len(order))

    def refit(part: NDArray[np.float32], seed: int) -> NDArray[np.intp]:
        again = fit_centers(part, level, len(order), seed, method=method, restarts=1)
        return nearest_center(points, again)

    stability = stability_under_resampling(
        points, rank[labels[landmarks]], len(order), refit, options
    )
    return Clusters(rank[labels], centers[order], stability)


def fit_centers(
    points: NDArray[np.float32],
    level: Level,
    n_clusters: int,
    random_state: int,
    *,
    method: ClusterMethod,
    restarts: int = RESTARTS,
) -> NDArray[np.float32]:
    """Return (K, d) centers of the regions of `points`, K ≤ `n_clusters` for k-means."""
    if method == "hdbscan":
        return _density_centers(points, level, random_state)
    return _kmeans_centers(points, n_clusters, random_state, restarts)


def _kmeans_centers(
    points: NDArray[np.float32], n_clusters: int, random_state: int, restarts: int
) -> NDArray[np.float32]:
    from sklearn.cluster import KMeans
    from threadpoolctl import threadpool_limits

    distinct = len(np.unique(points[:, 0]))
    if distinct <= n_clusters:  # few distinct places, perhaps: count them in full
        n_clusters = min(n_clusters, len(np.unique(points, axis=0)))
    if n_clusters == 1:
        return _mean(points)
    model = KMeans(n_clusters, n_init=restarts, max_iter=MAX_ITERATIONS, random_state=random_state)
    with threadpool_limits(1):  # threads sum in any order, and the bytes of the result differ
        model.fit(points)
    return np.ascontiguousarray(model.cluster_centers_, dtype=np.float32)


def _density_centers(
    points: NDArray[np.float32], level: Level, random_state: int
) -> NDArray[np.float32]:
    from sklearn.cluster import HDBSCAN

    if len(points) > MAX_DENSITY_ROWS:
        generator = np.random.default_rng(random_state)
        points = points[generator.choice(len(points), MAX_DENSITY_ROWS, replace=False)]
    smallest = max(MIN_DENSITY_SIZE, round(FINEST_SHARE[level] * len(points)))
    if len(points) <= smallest:
        return _mean(points)
    labels = HDBSCAN(min_cluster_size=smallest, copy=True).fit_predict(points)
    found = range(int(labels.max()) + 1)
    if len(found) == 0:
        return _mean(points)
    return np.concatenate([_mean(points[labels == number]) for number in found])


def _mean(points: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(points.mean(axis=0, keepdims=True, dtype=np.float64), dtype=np.float32)


def nearest_center(reduced: NDArray[np.float32], centers: NDArray[np.float32]) -> NDArray[np.intp]:
    """Return (N,) the number of the nearest center of each row."""
    import faiss

    return np.asarray(faiss.knn(reduced, centers, 1)[1][:, 0], dtype=np.intp)


def _largest_first(labels: NDArray[np.intp], n_clusters: int) -> NDArray[np.intp]:
    """Return the numbers of the clusters that have samples, by size, then by number."""
    sizes = np.bincount(labels, minlength=n_clusters)
    order = np.argsort(-sizes, kind="stable")
    return order[sizes[order] > 0]
