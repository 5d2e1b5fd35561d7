"""What the neighbors' labels say of a sample: their votes, and those of their own neighbors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy import sparse

    from mlflow_latent.measures.neighbors import Neighbors

CHUNK_ROWS = 16_384
PRIOR_VOTES = 0.5  # of no neighbor: few or far neighbors are weak evidence
FAR_VOTE = 1e-3  # of the farthest neighbor: in the surroundings, all that is there counts
PRIOR_SHARE = 0.01  # of a class that nobody around has
LARGEST_LOG_ODDS = float(np.log1p(1 / PRIOR_SHARE))  # of surroundings of one class


@dataclass(frozen=True, eq=False)
class Votes:
    """The labels around N samples; a neighbor without a label has no vote.

    Attributes:
        target: (N,) class index, −1 where missing.
        neighbors: the neighbor graph; a sample is not its own neighbor.
        width: how many classes there may be.
    """

    target: NDArray[np.int32]
    neighbors: Neighbors
    width: int

    def near(self, rows: NDArray[np.intp]) -> NDArray[np.float32]:
        """(R, C) share of the neighbors' votes for each class; a little of them is nobody's.

        Gaussian weights of the distance, divided by the root of the class's share, so that a rare
        class is not outvoted by its surroundings.
        """
        weight, scale = self._class_weight(), self._scale()
        votes = np.zeros((len(rows), self.width), dtype=np.float32)
        place = np.arange(len(rows))
        for column in range(self.neighbors.k):
            label = self.target[self.neighbors.indices[rows, column]]
            near = np.exp(-((self.neighbors.distances[rows, column] / scale) ** 2))
            votes[place, label] += np.where(label >= 0, near * weight[label], 0.0)
        return np.asarray(votes / (votes.sum(axis=1, keepdims=True) + PRIOR_VOTES))

    def surroundings(self) -> NDArray[np.float32]:
        """(N,) log odds of the label against the best other class, up to neighbors' neighbors.

        Some two hundred labels tell a pure place from a mixed one, which fifteen cannot. The label
        of the sample itself, a neighbor of its neighbors, is taken out.
        """
        from scipy import sparse

        graph = self._graph()
        labelled = np.flatnonzero(self.target >= 0)
        ones = np.ones(len(labelled), np.float32)
        shape = (len(self.target), self.width)
        labels = sparse.csr_matrix((ones, (labelled, self.target[labelled])), shape=shape)
        shares = (graph @ labels).tocsr()
        returned = np.asarray(graph.multiply(graph.T).sum(axis=1)).ravel()
        odds = np.full(len(self.target), np.nan, np.float32)
        for start in range(0, len(odds), CHUNK_ROWS):
            rows = np.arange(start, min(start + CHUNK_ROWS, len(odds)))
            rows = rows[self.target[rows] >= 0]
            odds[rows] = self._odds(rows, graph, shares, returned)
        return odds

    def _odds(
        self,
        rows: NDArray[np.intp],
        graph: sparse.csr_matrix,
        shares: sparse.csr_matrix,
        returned: NDArray[np.float32],
    ) -> NDArray[np.float32]:
        """(R,) log odds of the label in the mean of one step and two."""
        label = self.target[rows]
        near, wide = shares[rows], (graph[rows] @ shares).tocsr()
        around = wide - _at(label, returned[rows], self.width)
        around.data = np.maximum(around.data, 0)
        total = np.maximum(np.asarray(around.sum(axis=1)).ravel(), np.finfo(np.float32).tiny)
        both = (near + around.multiply(1 / total[:, None])).tocsr() / 2
        own = np.asarray(both[np.arange(len(rows)), label]).ravel()
        rest = (both - _at(label, own, self.width)).max(axis=1).toarray().ravel()
        odds = np.log(own + PRIOR_SHARE) - np.log(rest + PRIOR_SHARE)
        return np.asarray(odds, dtype=np.float32)

    def _graph(self) -> sparse.csr_matrix:
        """(N, N) weight of each neighbor; each row sums to 1."""
        from scipy import sparse

        size, k = self.neighbors.indices.shape
        weight = np.exp(-((self.neighbors.distances / self._scale()) ** 2)) + np.float32(FAR_VOTE)
        weight /= weight.sum(axis=1, keepdims=True)
        start = np.arange(0, size * k + 1, max(k, 1)) if k else np.zeros(size + 1, int)
        arrays = (weight.ravel(), self.neighbors.indices.ravel(), start)
        return sparse.csr_matrix(arrays, shape=(size, size))

    def _class_weight(self) -> NDArray[np.float64]:
        """(C,) weight of a vote for each class, mean 1 over the votes; 0 where there is none.

        Divided by the root of the share: by the share itself, one neighbor of a class of five would
        outvote all the others.
        """
        counts = np.bincount(self.target[self.target >= 0], minlength=self.width)
        share = counts / max(1, counts.sum())
        weight = np.divide(1.0, np.sqrt(share), out=np.zeros(self.width), where=share > 0)
        return np.asarray(weight / max((weight * share).sum(), 1e-12))

    def _scale(self) -> float:
        apart = self.neighbors.distances[self.neighbors.distances > 0]
        return float(np.median(apart)) if apart.size else 1.0


def _at(label: NDArray[np.int32], value: NDArray[np.floating], width: int) -> sparse.csr_matrix:
    """(R, C) matrix that holds a value at the label of each row."""
    from scipy import sparse

    rows = np.arange(len(label))
    return sparse.csr_matrix((value, (rows, label)), shape=(len(label), width))
