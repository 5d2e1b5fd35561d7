"""Small groups of samples that are apart from all others: what a long burst of frames looks like.

A burst of more frames than are looked at around a sample is a dense region to the test of copies,
as a class of few samples is. Which of the two, embeddings do not tell; that there are some, they
do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlflow_latent.measures.neighbors import Neighbors

MOST_NEIGHBORHOODS = 4  # the largest island, in neighborhoods of k + 1 samples
MIN_NEIGHBORS = 4  # fewer close on themselves by chance
CLASS_SHARE = 0.5  # of a class on one island, from which the island is the class


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
    rows = np.flatnonzero((part >= 0) & np.append(small, False)[part])
    if target is not None:
        rows = rows[~_are_classes(part[rows], rows, target)]
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


def _are_classes(
    part: NDArray[np.intp], rows: NDArray[np.intp], target: NDArray[np.int32]
) -> NDArray[np.bool_]:
    """(M,) mask of the rows in a part that holds most of a class."""
    known = target[rows] >= 0
    pairs, count = np.unique(
        np.stack([part[known], target[rows][known]], axis=1), axis=0, return_counts=True
    )
    whole = np.bincount(target[target >= 0], minlength=1)
    return np.isin(part, pairs[count >= CLASS_SHARE * whole[pairs[:, 1]], 0])
