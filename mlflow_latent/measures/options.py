"""What a user may choose about the measures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from mlflow_latent.arguments import require_between, require_known, require_whole

ProjectionMethod = Literal["umap", "tsne", "pca", "none"]
ClusterMethod = Literal["kmeans", "hdbscan"]

MAX_RANDOM_STATE = 2**31 - 1  # what faiss and numba take
LEAST = {
    "n_neighbors": 1,
    "n_components": 1,
    "n_resamples": 1,
    "n_coarse": 1,
    "n_fine": 1,
    "n_landmarks": 100,
}
OPTIONAL = ("n_coarse", "n_fine")  # None chooses


@dataclass(frozen=True)
class MeasureOptions:
    """Choices of the measures; every default is good for 500 to 1,000,000 samples.

    Attributes:
        random_state: seed of all sampling: the same seed gives the same bytes on one machine.
        n_neighbors: neighbors of each sample in the graph, without itself.
        n_components: principal components kept of the scaled embedding.
        n_coarse: coarse regions; None chooses by `clusters.region_counts`.
        n_fine: fine regions; None chooses by `clusters.region_counts`.
        projection: how samples are drawn in the plane.
        clustering: `kmeans`, or `hdbscan` for regions of uneven density (slower, and the number
            of regions follows from the data).
        n_landmarks: samples that clusters and projection are fitted on; the others are placed
            among them.
        n_resamples: refits from which the stability of a region is measured.
        min_recall: share of the true neighbors that the graph must hold; an approximate search
            widens until a sample of the rows reaches it.

    Raises:
        InputError: a choice is unknown or out of range.
    """

    random_state: int = 0
    n_neighbors: int = 15
    n_components: int = 50
    n_coarse: int | None = None
    n_fine: int | None = None
    projection: ProjectionMethod = "umap"
    clustering: ClusterMethod = "kmeans"
    n_landmarks: int = 12_000
    n_resamples: int = 10
    min_recall: float = 0.95

    def __post_init__(self) -> None:
        require_whole("random_state", self.random_state)
        require_between("random_state", self.random_state, 0, MAX_RANDOM_STATE)
        for name, least in LEAST.items():
            value = getattr(self, name)
            if value is not None or name not in OPTIONAL:
                require_whole(name, value)
                require_between(name, value, least)
        require_between("min_recall", self.min_recall, 0.0, 1.0)
        require_known("projection", self.projection, get_args(ProjectionMethod))
        require_known("clustering", self.clustering, get_args(ClusterMethod))
