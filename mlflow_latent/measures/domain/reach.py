"""Which samples a set of samples reaches: near enough to it for what is usual within it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.measures.domain.sampling import draw

if TYPE_CHECKING:
    from numpy.typing import NDArray

REFERENCE_ROWS = 600  # drawn of the set: the limit is that of as many, so it stays true
NEIGHBORS = 5  # the k-th nearest decides: one stray sample reaches nothing
WITHIN = 0.95  # share of the set's own samples that it reaches, by definition
MIN_REFERENCE = 3
CHUNK_ROWS = 16_384


@dataclass(frozen=True, eq=False)
class Reach:
    """What lies within reach of a set of samples.

    Distance is that to the k-th nearest sample of the set; the limit is the distance that 95 % of
    the set's own samples keep from the others. Source: Kynkäänniemi et al. 2019 (coverage by
    neighbors); Sun et al. 2022 (k-th nearest neighbor); the limit as in conformal prediction.

    Attributes:
        reference: (R, d) float32 drawn samples of the set.
        rows: (R,) their row numbers.
        own: (R,) the distance of each to the k-th nearest other one.
        k: neighbors.
        limit: the `WITHIN` quantile of `own`.
    """

    reference: NDArray[np.float32]
    rows: NDArray[np.intp]
    own: NDArray[np.float32]
    k: int
    limit: float

    @classmethod
    def of(cls, points: NDArray[np.float32], random_state: int = 0) -> Reach:
        """Measure what is usual within (N, d) points; at least `MIN_REFERENCE` of them."""
        rows = draw(len(points), REFERENCE_ROWS, random_state)
        reference = np.ascontiguousarray(points[rows])
        k = min(NEIGHBORS, max(1, (len(rows) - 1) // 2))
        own = _distances(reference, reference, k + 1)  # itself among them, at 0
        rank = min(len(own) - 1, int(np.ceil(WITHIN * (len(own) + 1))) - 1)
        return cls(reference, rows, own, k, float(np.sort(own)[rank]))

    def ratio(self, points: NDArray[np.float32], *, own: bool = False) -> NDArray[np.float32]:
        """(N,) distance of samples from the set ÷ the limit: within reach up to 1.

        Args:
            points: (N, d).
            own: whether these are the points that `of` was given, so that none is its own neighbor.
        """
        distance = _distances(np.ascontiguousarray(points), self.reference, self.k)
        if own:
            distance[self.rows] = self.own
        if self.limit > 0:
            return distance / np.float32(self.limit)
        return np.where(distance > 0, np.float32(np.inf), np.float32(0))


def _distances(
    points: NDArray[np.float32], reference: NDArray[np.float32], k: int
) -> NDArray[np.float32]:
    """(N,) Euclidean distance of each point to its k-th nearest reference."""
    import faiss

    found = np.empty(len(points), dtype=np.float32)
    for start in range(0, len(points), CHUNK_ROWS):
        part = slice(start, start + CHUNK_ROWS)
        squared = faiss.knn(points[part], reference, k)[0][:, -1]
        found[part] = np.sqrt(np.maximum(squared, 0))
    return found
