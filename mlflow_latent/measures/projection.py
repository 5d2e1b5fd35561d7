"""The projection: samples drawn in the plane, and new ones placed among them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from mlflow_latent.measures.layouts import LAYOUTS, neighbors_for
from mlflow_latent.measures.neighbors import find_neighbors

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlflow_latent.measures.neighbors import Neighbors
    from mlflow_latent.measures.options import MeasureOptions

MIN_LAYOUT_ROWS = 16  # with fewer rows a graph layout says no more than PCA
PLACING_LANDMARKS = 5  # nearest landmarks between which a sample is placed
SEARCH_CELLS = 128  # of the landmarks' index: 160 of 20,000 each
SEARCH_PROBES = 8


class Projection(Protocol):
    """Places samples in the plane."""

    def place(self, reduced: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return (M, 2) coordinates of (M, d) rows of the reduced embedding."""


@dataclass(frozen=True, eq=False)
class LinearProjection:
    """The first two principal components, scaled to −1 … 1."""

    center: NDArray[np.float32]
    half_width: np.float32

    def place(self, reduced: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return (M, 2) coordinates of (M, d) rows of the reduced embedding."""
        return (_first_two(reduced) - self.center) / self.half_width


@dataclass(frozen=True, eq=False)
class LandmarkProjection:
    """A layout of landmarks, scaled to −1 … 1; other samples lie between the nearest of them.

    Attributes:
        reduced: (L, d) float32 landmarks in the reduced embedding.
        coordinates: (L, 2) float32 their places.
    """

    reduced: NDArray[np.float32]
    coordinates: NDArray[np.float32]

    def place(self, reduced: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return (M, 2) coordinates of (M, d) rows: the mean of the nearest, by 1 / distance."""
        squares, nearest = self._search(np.ascontiguousarray(reduced))
        weights = np.where(nearest < 0, 0, 1 / np.sqrt(np.maximum(squares, 1e-12)))
        weights = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
        return np.asarray(np.einsum("ij,ijk->ik", weights, self.coordinates[nearest]))

    def _search(self, reduced: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
        import faiss

        k = min(PLACING_LANDMARKS, len(self.reduced))
        if len(reduced) <= SEARCH_CELLS or len(self.reduced) <= SEARCH_CELLS * SEARCH_PROBES:
            exact: tuple[NDArray[np.float32], NDArray[np.intp]] = faiss.knn(
                reduced, self.reduced, k
            )
            return exact
        quantizer = faiss.IndexFlatL2(self.reduced.shape[1])
        index = faiss.IndexIVFFlat(quantizer, self.reduced.shape[1], SEARCH_CELLS)
        index.nprobe = SEARCH_PROBES
        index.train(self.reduced)
        index.add(self.reduced)
        found: tuple[NDArray[np.float32], NDArray[np.intp]] = index.search(reduced, k)
        return found


def fit_projection(
    reduced: NDArray[np.float32],
    neighbors: Neighbors,
    landmarks: NDArray[np.intp],
    options: MeasureOptions,
) -> Projection:
    """Fit the projection that the options ask for; PCA where a layout needs more samples.

    Args:
        reduced: (N, d) float32, largest variance first.
        neighbors: the graph of all rows, used as it is where all are landmarks.
        landmarks: (L,) rows to fit on, ascending.
        options: method and seed.
    """
    if not needs_layout(reduced, options):
        places = _first_two(reduced)
        center, half_width = _frame(places)
        return LinearProjection(center, half_width)
    points = np.ascontiguousarray(reduced[landmarks])
    k = neighbors_for(options.projection, options.n_neighbors)
    if len(points) < len(reduced) or k > neighbors.k:
        neighbors = find_neighbors(points, k, random_state=options.random_state)
    layout = LAYOUTS[options.projection](points, neighbors, options.random_state, None)
    center, half_width = _frame(layout)
    return LandmarkProjection(points, (layout - center) / half_width)


def project(
    projection: Projection, reduced: NDArray[np.float32], landmarks: NDArray[np.intp]
) -> NDArray[np.float32]:
    """Return (N, 2) coordinates of all samples, within −1 … 1."""
    if isinstance(projection, LinearProjection):
        return projection.place(reduced)
    if not isinstance(projection, LandmarkProjection):
        raise TypeError(f"unknown projection {type(projection).__name__}")
    coordinates = np.empty((len(reduced), 2), dtype=np.float32)
    others = np.ones(len(reduced), dtype=bool)
    others[landmarks] = False
    coordinates[landmarks] = projection.coordinates
    if others.any():
        coordinates[others] = projection.place(reduced[others])
    return coordinates


def needs_layout(reduced: NDArray[np.float32], options: MeasureOptions) -> bool:
    """Whether a graph layout is asked for, and there is enough to lay out."""
    enough = len(reduced) >= MIN_LAYOUT_ROWS and bool(np.ptp(reduced[:, 0]) > 0)
    return options.projection in LAYOUTS and enough


def _first_two(reduced: NDArray[np.float32]) -> NDArray[np.float32]:
    places = np.zeros((len(reduced), 2), dtype=np.float32)
    columns = min(2, reduced.shape[1])
    places[:, :columns] = reduced[:, :columns]
    return places


def _frame(places: NDArray[np.float32]) -> tuple[NDArray[np.float32], np.float32]:
    """Return the (2,) middle and the half width of the square around (L, 2) places."""
    low, high = places.min(axis=0), places.max(axis=0)
    half_width = np.float32((high - low).max() / 2)
    return (low + high) / 2, half_width if half_width > 0 else np.float32(1)
