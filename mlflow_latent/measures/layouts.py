"""Layouts: a neighbor graph drawn in the plane, by UMAP or t-SNE."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.measures.neighbors import Neighbors, find_neighbors

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Start = NDArray[np.float32] | None
    Layout = Callable[[NDArray[np.float32], Neighbors, int, Start], NDArray[np.float32]]

MIN_DISTANCE, SPREAD = 0.1, 1.0  # UMAP's defaults
LEARNING_RATE, REPULSION, NEGATIVE_SAMPLES = 1.0, 1.0, 5
PERPLEXITY = 30.0
NEIGHBORS_PER_PERPLEXITY = 3
JITTER = 1e-4  # of the largest coordinate, so that equal rows can part
TSNE_START = 1e-4  # standard deviation of t-SNE's start. Source: Kobak and Berens 2019
LARGE_ROWS = 5_000  # from here fewer epochs do; what umap-learn does from 10,000
EPOCHS_SMALL, EPOCHS_LARGE = 500, 200
EPOCHS_MOVED, MOVED_RATE = 100, 0.25
"""From a start that is a layout already: half as much movement as at UMAP's own rate."""
WARM_UP_ROWS = 64


def umap_layout(
    reduced: NDArray[np.float32], neighbors: Neighbors, random_state: int, start: Start = None
) -> NDArray[np.float32]:
    """Lay out by UMAP, from the given graph.

    Args:
        reduced: (L, d) float32, largest variance first.
        neighbors: the graph of these rows.
        random_state: seed.
        start: (L, 2) float32 to begin at; default the principal components.

    Returns:
        (L, 2) float32. Source: McInnes et al. 2018, by umap-learn, in one thread, because its
        threads race and give another layout each time.
    """
    from umap.umap_ import find_ab_params, fuzzy_simplicial_set, simplicial_set_embedding

    random = np.random.RandomState(random_state)
    itself = np.arange(len(reduced), dtype=np.int32)[:, None]
    indices = np.hstack([itself, neighbors.indices])  # umap-learn counts the row itself
    distances = np.hstack([np.zeros(itself.shape, np.float32), neighbors.distances])
    graph = fuzzy_simplicial_set(
        reduced, indices.shape[1], random, "euclidean", knn_indices=indices, knn_dists=distances
    )[0]
    epochs = EPOCHS_SMALL if len(reduced) < LARGE_ROWS else EPOCHS_LARGE
    epochs, rate = (epochs, LEARNING_RATE) if start is None else (EPOCHS_MOVED, MOVED_RATE)
    a, b = find_ab_params(SPREAD, MIN_DISTANCE)
    layout: NDArray[np.float32] = simplicial_set_embedding(
        reduced, graph, 2, rate, a, b, REPULSION, NEGATIVE_SAMPLES, epochs,
        _start(reduced if start is None else start, random_state), random, "euclidean", {},
        densmap=False, densmap_kwds={}, output_dens=False,
    )[0]  # fmt: skip
    return layout


def tsne_layout(
    reduced: NDArray[np.float32], neighbors: Neighbors, random_state: int, start: Start = None
) -> NDArray[np.float32]:
    """Lay out by t-SNE.

    Args:
        reduced: (L, d) float32, largest variance first.
        neighbors: the graph of these rows; it sets the perplexity to at most a third of its k.
        random_state: seed.
        start: (L, 2) float32 to begin at; default the principal components.

    Returns:
        (L, 2) float32. Source: Linderman et al. 2019, by openTSNE, in one thread for equal bytes.
    """
    from openTSNE import TSNE
    from openTSNE.affinity import PerplexityBasedNN
    from openTSNE.nearest_neighbors import PrecomputedNeighbors

    index = PrecomputedNeighbors(neighbors.indices, neighbors.distances)
    perplexity = min(PERPLEXITY, neighbors.k / NEIGHBORS_PER_PERPLEXITY)
    affinities = PerplexityBasedNN(knn_index=index, perplexity=perplexity, n_jobs=1)
    places = _start(reduced if start is None else start, random_state)
    places = places / places[:, 0].std() * TSNE_START
    model = TSNE(random_state=random_state, n_jobs=1)
    layout = model.fit(affinities=affinities, initialization=places.astype(np.float64))
    return np.asarray(layout, dtype=np.float32)


LAYOUTS: dict[str, Layout] = {"umap": umap_layout, "tsne": tsne_layout}


def neighbors_for(method: str, n_neighbors: int) -> int:
    """Return how many neighbors the graph of a layout needs."""
    return n_neighbors if method == "umap" else round(PERPLEXITY * NEIGHBORS_PER_PERPLEXITY)


def compile_umap() -> None:
    """Lay out a few points, so that numba compiles UMAP now (some seconds) and not later."""
    points = np.random.default_rng(0).normal(size=(WARM_UP_ROWS, 3)).astype(np.float32)
    umap_layout(points, find_neighbors(points, 5), 0)


def _start(reduced: NDArray[np.float32], random_state: int) -> NDArray[np.float32]:
    """Return (L, 2) the first two columns, with a jitter that parts equal rows."""
    start = np.zeros((len(reduced), 2), dtype=np.float32)
    columns = min(2, reduced.shape[1])
    start[:, :columns] = reduced[:, :columns]
    jitter = np.random.default_rng(random_state).standard_normal(start.shape, dtype=np.float32)
    return np.asarray(start + JITTER * np.abs(start).max() * jitter, dtype=np.float32)
