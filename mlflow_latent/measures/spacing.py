"""Distances between neighbors at the scale of their surroundings: what copies are judged by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.measures.reduction import OUTLIER_RADIUS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlflow_latent.measures.neighbors import Neighbors
    from mlflow_latent.measures.reduction import Reduction

SMALLEST = 1e-7  # of the median norm 1: below it float32 holds only rounding
BOUND_TOLERANCE = 1e-4  # relative, at which a row counts as drawn in to the outlier radius
LOWER_QUARTILE = 4  # the scale of the surroundings is at a 1 / 4 of the neighbors' radii
CHUNK_ROWS = 65_536
FAR_CHUNK_ROWS = 2_048


@dataclass(frozen=True, eq=False)
class Spacing:
    """How far the neighbors of each of N samples are, and how far they are around it.

    Attributes:
        indices: (N, k) int32 row numbers, nearest first.
        distances: (N, k) float32 distances, ascending; far samples are where they are, not drawn
            in to the radius within which clusters are sought.
        dimension: (N,) float64 local intrinsic dimension.
        scale: (N,) float64 distance to the k-th neighbor, of the sample or typical of its
            neighbors, whichever is smaller: a pair far from everything else is no pair of copies.
        remoteness: (N,) float64 distance to the neighbors ÷ what is typical of theirs, at the k-th
            neighbor or at a third of it, whichever is smaller: a small group is not remote.
    """

    indices: NDArray[np.int32]
    distances: NDArray[np.float32]
    dimension: NDArray[np.float64]
    scale: NDArray[np.float64]
    remoteness: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.distances)

    @property
    def k(self) -> int:
        """Neighbors of each sample."""
        return int(self.distances.shape[1])


def measure_spacing(
    neighbors: Neighbors,
    reduced: NDArray[np.float32],
    embedding: NDArray[np.float32],
    reduction: Reduction,
) -> Spacing:
    """Measure the neighborhood of each sample.

    Args:
        neighbors: the graph.
        reduced: (N, d) float32, what the graph was made of.
        embedding: (N, D) float32, as captured.
        reduction: that the graph was made with.
    """
    if not neighbors.k:
        unknown = np.ones(len(reduced))
        return Spacing(neighbors.indices, neighbors.distances, unknown, unknown, unknown)
    indices, distances = _unbounded(neighbors, reduced, embedding, reduction)
    outer = distances[:, -1].astype(np.float64)
    inner = distances[:, distances.shape[1] // 3].astype(np.float64)
    local = _inverse_dimension(distances)
    scale, remoteness, inverse = np.empty_like(outer), np.empty_like(outer), np.empty_like(outer)
    for start in range(0, len(indices), CHUNK_ROWS):
        rows = slice(start, start + CHUNK_ROWS)
        near = indices[rows]
        around = np.sort(outer[near], axis=1)
        scale[rows] = np.minimum(outer[rows], around[:, around.shape[1] // LOWER_QUARTILE])
        remoteness[rows] = np.minimum(
            _ratio(outer[rows], around[:, around.shape[1] // 2]),
            _ratio(inner[rows], np.median(inner[near], axis=1)),
        )
        inverse[rows] = np.median(np.concatenate([local[rows, None], local[near]], axis=1), axis=1)
    most = float(reduction.weights.shape[1])  # no more dimensions than columns
    dimension = np.minimum(1 / np.maximum(inverse, 1 / most), most)
    return Spacing(indices, distances, dimension, scale, remoteness)


def _ratio(distance: NDArray[np.float64], typical: NDArray[np.float64]) -> NDArray[np.float64]:
    ratio: NDArray[np.float64] = np.maximum(distance, SMALLEST) / np.maximum(typical, SMALLEST)
    return ratio


def _inverse_dimension(distances: NDArray[np.float32]) -> NDArray[np.float64]:
    """(N,) inverse local dimension, by the middle of the outer steps: the inner ones may be copies.

    Source: Levina & Bickel 2004; j log(r[j+1] / r[j]) are independent, exponential with mean 1/d.
    The median in place of their mean, because where copies end there is one huge step.
    """
    ranks = np.arange(1, distances.shape[1])
    if not len(ranks):
        return np.ones(len(distances))
    steps = np.diff(np.log(np.maximum(distances, SMALLEST)), axis=1) * ranks
    outer: NDArray[np.float64] = steps[:, len(ranks) // 4 :].astype(np.float64)
    return np.asarray(np.median(outer, axis=1) / np.log(2))


def _unbounded(
    neighbors: Neighbors,
    reduced: NDArray[np.float32],
    embedding: NDArray[np.float32],
    reduction: Reduction,
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Return neighbors and distances with far samples where they are.

    The reduction draws them in to one radius, which makes two that are far in one direction seem
    near each other.
    """
    indices, distances = neighbors.indices, neighbors.distances
    far = np.linalg.norm(reduced, axis=1) > OUTLIER_RADIUS * (1 - BOUND_TOLERANCE)
    if not far.any():
        return indices, distances
    touched = np.flatnonzero(far | far[indices].any(axis=1))
    indices, distances = indices.copy(), distances.copy()
    for start in range(0, len(touched), FAR_CHUNK_ROWS):
        rows = touched[start : start + FAR_CHUNK_ROWS]
        near = indices[rows]
        group = np.concatenate([rows[:, None], near], axis=1)
        places, inverse = np.unique(group, return_inverse=True)
        coordinates = reduction.unbounded(embedding[places])[inverse.reshape(group.shape)]
        step = np.linalg.norm(coordinates[:, 1:] - coordinates[:, :1], axis=2)
        order = np.argsort(step, axis=1, kind="stable")
        indices[rows] = np.take_along_axis(near, order, axis=1)
        distances[rows] = np.take_along_axis(step, order, axis=1)
    return indices, distances
