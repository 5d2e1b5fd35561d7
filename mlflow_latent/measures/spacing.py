"""Distances between neighbors at the scale of their surroundings: what copies are judged by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.measures.lattice import Lattice, active_columns, measure_lattice
from mlflow_latent.measures.reduction import OUTLIER_RADIUS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlflow_latent.measures.neighbors import Neighbors
    from mlflow_latent.measures.reduction import Reduction

SMALLEST = 1e-7  # of the median norm 1: below it float32 holds only rounding
BOUND_TOLERANCE = 1e-4  # relative, at which a row counts as drawn in to the outlier radius
JUMP = 2.0  # times the distance before it: neighbors before such a jump may be copies, all of them
MOST_COPIES = 2 / 3  # share of the neighbors among which a jump is sought
EXACT = 1e-5  # of the median norm 1: as near as float32 tells; equal rows are not farther
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
        most: (N,) float64 dimensions that a row has at most: its columns that are not at their
            usual value, where those are few; else infinity.
        scale: (N,) float64 distance that is usual between neighbors there: the geometric mean of
            that of its neighbors to their second neighbor beyond copies, and of their neighbors';
            less where nearer surroundings or its own farther neighbors say less. Of two that are
            nearest to each other, the smaller.
        is_silent: (N,) mask of equal samples whose embedding as captured is 0 in every column:
            nothing of the layer spoke, which says nothing about what they have in common.
        is_equal: (N, k) mask of the neighbors whose embedding as captured is the row's own, in
            every column.
        lattice: that the values lie on, if they do.
    """

    indices: NDArray[np.int32]
    distances: NDArray[np.float32]
    dimension: NDArray[np.float64]
    most: NDArray[np.float64]
    scale: NDArray[np.float64]
    is_silent: NDArray[np.bool_]
    is_equal: NDArray[np.bool_]
    lattice: Lattice

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
        unknown, silent = np.ones(len(reduced)), np.zeros(len(reduced), dtype=bool)
        graph = neighbors.indices, neighbors.distances
        return Spacing(
            *graph, unknown, unknown, unknown, silent, silent[:, None][:, :0], Lattice(0.0, 0.0)
        )
    indices, distances = _unbounded(neighbors, reduced, embedding, reduction)
    local = _inverse_dimension(distances)
    inverse = np.empty_like(local)
    for start in range(0, len(indices), CHUNK_ROWS):
        rows = slice(start, start + CHUNK_ROWS)
        near = np.concatenate([local[rows, None], local[indices[rows]]], axis=1)
        inverse[rows] = np.median(near, axis=1)
    most = float(reduction.weights.shape[1])  # no more dimensions than columns
    dimension = np.minimum(1 / np.maximum(inverse, 1 / most), most)
    active = active_columns(embedding, dimension)
    dimension = np.minimum(dimension, active)
    scale, lattice = _scale(indices, distances), measure_lattice(embedding, reduction)
    equal = _are_equal(embedding, indices, distances)
    silent = np.asarray(equal.any(axis=1))
    silent[silent] = ~embedding[silent].any(axis=1)
    return Spacing(indices, distances, dimension, active, scale, silent, equal, lattice)


def _are_equal(
    embedding: NDArray[np.float32], indices: NDArray[np.int32], distances: NDArray[np.float32]
) -> NDArray[np.bool_]:
    """(N, k) mask of the neighbors that are the row itself, in every column as captured."""
    equal = distances <= EXACT
    row, column = np.nonzero(equal)
    for start in range(0, len(row), FAR_CHUNK_ROWS):
        part = slice(start, start + FAR_CHUNK_ROWS)
        a, b = row[part], column[part]
        equal[a, b] = (embedding[a] == embedding[indices[a, b]]).all(axis=1)
    return equal


def _scale(indices: NDArray[np.int32], distances: NDArray[np.float32]) -> NDArray[np.float64]:
    """(N,) distance that is usual between neighbors around each row."""
    copies, typical, own = _beyond_copies(distances)
    around = _mean_of_others(typical, indices, copies)
    wider = _mean_of_others(around, indices, copies)
    scale = np.minimum(wider, around + np.median(wider - around))
    scale = np.minimum(scale, own + np.median(scale - own))
    nearest, row = indices[:, 0], np.arange(len(indices))
    mutual = indices[nearest, 0] == row
    shared: NDArray[np.float64] = np.where(mutual, np.minimum(scale, scale[nearest]), scale)
    return np.asarray(np.exp(shared))


def _mean_of_others(
    values: NDArray[np.floating], indices: NDArray[np.int32], copies: NDArray[np.intp]
) -> NDArray[np.float64]:
    """(N,) mean of the values of the neighbors beyond the first `copies`."""
    means, rank = np.empty(len(indices)), np.arange(indices.shape[1])
    for start in range(0, len(indices), CHUNK_ROWS):
        rows = slice(start, start + CHUNK_ROWS)
        others = rank >= copies[rows, None]
        means[rows] = np.mean(values[indices[rows]], axis=1, where=others, dtype=np.float64)
    return means


def _beyond_copies(
    distances: NDArray[np.float32],
) -> tuple[NDArray[np.intp], NDArray[np.float32], NDArray[np.float32]]:
    """Look past the first neighbors of each row, which may be its copies.

    Returns:
        (N,) how many first neighbors lie before the largest jump, 0 if there is none; the log of
        the distance to the second neighbor after them; the mean log of those beyond it.
    """
    last = distances.shape[1] - 1
    log = np.log(np.maximum(distances, SMALLEST))
    steps = np.diff(log, axis=1)[:, : round(MOST_COPIES * last)]
    copies = np.zeros(len(log), dtype=np.intp)
    if steps.shape[1]:
        copies = np.where(steps.max(axis=1) > np.log(JUMP), steps.argmax(axis=1) + 1, 0)
    typical = np.minimum(copies + 1, last)[:, None]
    farther = np.arange(last + 1) >= np.minimum(typical + 1, last)
    return copies, np.take_along_axis(log, typical, axis=1)[:, 0], log.mean(axis=1, where=farther)


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
