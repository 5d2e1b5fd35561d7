"""The neighbor graph: one for clusters, projection, duplicates, label quality and similars."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

EXACT_ROWS = 20_000  # up to here the exact search takes less than a second on two cores
RECALL_ROWS = 500  # rows on which the approximate search is compared with the exact one
CELLS_PER_ROOT = 1.6  # cells of the inverted file, times √N: least time at 122k and 1M rows
TRAIN_ROWS_PER_CELL = 64
TRAIN_ITERATIONS = 6
FIRST_PROBES = 4  # cells that are searched; more by a quarter until the wanted recall is reached
CHUNK_ROWS = 65_536


@dataclass(frozen=True, eq=False)
class Neighbors:
    """The nearest other samples of each sample.

    Attributes:
        indices: (N, k) int32 row numbers, nearest first; never the row itself.
        distances: (N, k) float32 Euclidean distances in the reduced embedding, ascending.
        recall: share of the true neighbors that are there, measured on a sample of rows; 1 where
            the search was exact.
    """

    indices: NDArray[np.int32]
    distances: NDArray[np.float32]
    recall: float = 1.0

    @property
    def k(self) -> int:
        """Neighbors of each sample."""
        return int(self.indices.shape[1])


def find_neighbors(
    reduced: NDArray[np.float32], k: int, *, random_state: int = 0, min_recall: float = 0.95
) -> Neighbors:
    """Find the k nearest other rows of each row.

    Args:
        reduced: (N, d) float32.
        k: neighbors of each row; N − 1 if there are fewer rows.
        random_state: seed of the approximate index.
        min_recall: share of true neighbors to find; above `EXACT_ROWS` rows the search is
            approximate and widens until it reaches this.

    Returns:
        The graph. Distances are computed exactly whatever the search: duplicates are at 0.
    """
    k = min(k, len(reduced) - 1)
    if k == 0:
        return Neighbors(np.empty((len(reduced), 0), np.int32), np.empty((len(reduced), 0), "f4"))
    groups = _equal_rows(reduced, more_than=k + 1)
    kept = _without([group[k + 1 :] for group in groups], len(reduced))
    rows = np.ascontiguousarray(reduced[kept])
    found, recall = _search_all(rows, k, random_state, min_recall)
    indices = np.empty((len(reduced), k), dtype=np.int32)
    indices[kept] = kept[found]
    for group in groups:
        indices[group[k + 1 :]] = group[:k]
    return _with_exact_distances(reduced, indices, recall)


def _equal_rows(reduced: NDArray[np.float32], more_than: int) -> list[NDArray[np.intp]]:
    """Return the groups of more than so many equal rows.

    A dead layer gives thousands of equal rows, and searching among them is quadratic. k + 1 copies
    are enough in the search: k of them are the neighbors of all the others.
    """
    bits = reduced.view(np.uint32)
    random = np.random.default_rng(0)
    key = np.zeros(len(reduced), dtype=np.uint64)  # integers: equal rows give equal sums
    for column in range(bits.shape[1]):
        key += bits[:, column] * random.integers(1, 2**63, dtype=np.uint64)
    order = np.argsort(key, kind="stable")
    start = np.flatnonzero(np.r_[True, np.diff(key[order]) != 0])
    size = np.diff(np.r_[start, len(key)])
    large = [order[s : s + n] for s, n in zip(start, size, strict=True) if n > more_than]
    equal = [rows[(bits[rows] == bits[rows[0]]).all(axis=1)] for rows in large]
    return [rows for rows in equal if len(rows) > more_than]


def _without(surplus: list[NDArray[np.intp]], total: int) -> NDArray[np.intp]:
    keep = np.ones(total, dtype=bool)
    for rows in surplus:
        keep[rows] = False
    return np.flatnonzero(keep)


def _search_all(
    rows: NDArray[np.float32], k: int, random_state: int, min_recall: float
) -> tuple[NDArray[np.intp], float]:
    """Return (R, k) neighbors of each row among the rows, and the recall."""
    import faiss

    if len(rows) <= EXACT_ROWS:
        return _without_self(faiss.knn(rows, rows, k + 1)[1]), 1.0
    index = _inverted_file(rows, random_state)
    recall = _widen(index, rows, k + 1, random_state, min_recall)
    order = _by_cell(index)
    found = np.empty((len(rows), k + 1), dtype=np.int64)
    found[order] = index.search(rows[order], k + 1)[1]
    short = np.flatnonzero((found < 0).any(axis=1))
    if len(short):
        found[short] = faiss.knn(rows[short], rows, k + 1)[1]
    return _without_self(found), recall


def _inverted_file(rows: NDArray[np.float32], random_state: int) -> Any:
    import faiss

    cells = round(CELLS_PER_ROOT * np.sqrt(len(rows)))
    quantizer = faiss.IndexFlatL2(rows.shape[1])
    index = faiss.IndexIVFFlat(quantizer, rows.shape[1], cells)
    index.cp.niter, index.cp.seed = TRAIN_ITERATIONS, random_state
    index.cp.max_points_per_centroid = TRAIN_ROWS_PER_CELL
    index.train(rows)
    index.add(rows)
    return index


def _by_cell(index: Any) -> NDArray[np.intp]:
    """Return the rows in the order of their cells.

    Searched one after the other, they read the same cells, which stay in the processor's cache:
    half the time at a million rows.
    """
    import faiss

    lists = index.invlists
    cells = [
        faiss.rev_swig_ptr(lists.get_ids(cell), lists.list_size(cell)).copy()
        for cell in range(index.nlist)
    ]
    return np.concatenate(cells)


def _widen(
    index: Any, rows: NDArray[np.float32], k: int, random_state: int, min_recall: float
) -> float:
    """Set the number of probed cells so that a sample of rows reaches the wanted recall."""
    import faiss

    random = np.random.default_rng(random_state)
    sample = rows[np.sort(random.choice(len(rows), RECALL_ROWS, replace=False))]
    radius = faiss.knn(sample, rows, k)[0][:, -1:] * (1 + 1e-5)  # ties count as found
    index.nprobe = min(FIRST_PROBES, index.nlist)
    while True:
        recall = float((index.search(sample, k)[0] <= radius).mean())
        if recall >= min_recall or index.nprobe >= index.nlist:
            return recall
        index.nprobe = min(index.nprobe + max(1, index.nprobe // 4), index.nlist)


def _without_self(found: NDArray[np.intp]) -> NDArray[np.intp]:
    """Drop the row itself from its (R, k + 1) neighbors; the last where copies crowded it out."""
    drop = found == np.arange(len(found))[:, None]
    drop[~drop.any(axis=1), -1] = True
    return np.asarray(found[~drop].reshape(len(found), -1))


def _with_exact_distances(
    reduced: NDArray[np.float32], indices: NDArray[np.int32], recall: float
) -> Neighbors:
    """Compute the distances anew (the search loses small ones to rounding) and sort by them."""
    distances = np.empty(indices.shape, dtype=np.float32)
    for start in range(0, len(reduced), CHUNK_ROWS):
        rows = slice(start, start + CHUNK_ROWS)
        near = np.sort(indices[rows], axis=1)  # then a stable sort breaks ties by row number
        for column in range(near.shape[1]):
            step = reduced[near[:, column]] - reduced[rows]
            distances[rows, column] = np.sqrt(np.einsum("ij,ij->i", step, step))
        order = np.argsort(distances[rows], axis=1, kind="stable")
        indices[rows] = np.take_along_axis(near, order, axis=1)
        distances[rows] = np.take_along_axis(distances[rows], order, axis=1)
    return Neighbors(indices, distances, recall)
