"""What a user may choose about the measures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from mlflow_latent.errors import InputError, did_you_mean

ProjectionMethod = Literal["umap", "tsne", "pca", "none"]
ClusterMethod = Literal["kmeans", "hdbscan"]

MAX_RANDOM_STATE = 2**31 - 1  # what faiss and numba take


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
        _require_between("random_state", self.random_state, 0, MAX_RANDOM_STATE)
        for name in ("n_neighbors", "n_components", "n_resamples"):
            _require_between(name, getattr(self, name), 1)
        for name in ("n_coarse", "n_fine"):
            if getattr(self, name) is not None:
                _require_between(name, getattr(self, name), 1)
        _require_between("n_landmarks", self.n_landmarks, 100)
        _require_between("min_recall", self.min_recall, 0.0, 1.0)
        _require_known("projection", self.projection, get_args(ProjectionMethod))
        _require_known("clustering", self.clustering, get_args(ClusterMethod))


def _require_between(name: str, value: float, least: float, most: float | None = None) -> None:
    if isinstance(value, bool) or not value >= least or (most is not None and value > most):
        limit = f"at least {least}" if most is None else f"from {least} to {most}"
        raise InputError(f"{name} must be {limit}, got {value!r}")


def _require_known(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise InputError(f"{name} {value!r} is unknown{did_you_mean(str(value), known)}")
