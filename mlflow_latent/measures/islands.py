"""Small groups of samples that are apart from all others: what a long burst of frames looks like.

A burst of more frames than are looked at around a sample is a dense region to the test of copies,
as a class of few samples is. Which of the two, embeddings do not tell; that there are some, they
do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.measures.classes import hold_a_class

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlflow_latent.measures.neighbors import Neighbors

MOST_NEIGHBORHOODS = 4  # the largest island, in neighborhoods of k + 1 samples
MIN_NEIGHBORS = 4  # fewer close on themselves by chance


def find_islands(
    neighbors: Neighbors, target: NDArray[np.int32] | None = None
) -> NDArray[np.int32]:
    """Find the groups of k + 1 to 4 (k + 1) samples that have all their neighbors among themselves.

    Args:
        neighbors: the graph of N samples.
        target: (N,) class of each, −1 where unknown; an island that holds most of a class is none.

    Returns:
        (N,) number of the island of each sample; −1 for those on none.
    """
    total, number = len(neighbors.indices), np.full(len(neighbors.indices), -1, dtype=np.int32)
    if neighbors.k < MIN_NEIGHBORS:
        return number
    part = _closed_parts(neighbors.indices)
    size = np.bincount(part[part >= 0])
    small = size <= min(MOST_NEIGHBORHOODS * (neighbors.k + 1), total // 2)
    small &= ~hold_a_class(part, target)
    rows = np.flatnonzero(np.append(small, False)[part])
    number[rows] = np.unique(part[rows], return_inverse=True)[1]
    return number


def _closed_parts(indices: NDArray[np.int32]) -> NDArray[np.intp]:
    """(N,) number of the strongly connected part that no link leaves; −1 outside of these."""
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import connected_components

    total, k = indices.shape
    links = np.ones(indices.size, dtype=bool), indices.ravel(), np.arange(0, indices.size + 1, k)
    graph = csr_array(links, shape=(total, total))
    count, part = connected_components(graph, connection="strong")
    closed = np.ones(count, dtype=bool)
    closed[part[(part[indices] != part[:, None]).any(axis=1)]] = False
    return np.where(closed[part], part, -1).astype(np.intp)
