"""What is known of a sample without its label: where it lies, and what the model says of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.schema import OUTPUT_PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from mlflow_latent.snapshot import Snapshot

NEIGHBORS = 32  # of which those outside of a fold are asked for their losses
NEAR = 5  # the neighbor whose distance says whether a sample lies among the others
SMALLEST = 1e-12  # a probability of 0 has a logarithm too
CHUNK_ROWS = 65_536


def spoken(snapshot: Snapshot, rows: NDArray[np.intp]) -> NDArray[np.float32]:
    """Return what the model says of some samples, by which nobody needs to know their labels.

    Args:
        snapshot: N samples.
        rows: (M,) row numbers.

    Returns:
        (M, F) float32, NaN where missing: of class probabilities the log-odds of the first choice,
        the entropy and the margin to the second; every column `output_<name>` as it is. F may be 0.
    """
    parts = [_of_classes(snapshot.pred_probs[rows])] if snapshot.pred_probs is not None else []
    names = [name for name in snapshot.frame.columns if name.startswith(OUTPUT_PREFIX)]
    parts += [snapshot.frame[name].to_numpy(np.float32)[rows, None] for name in names]
    return np.concatenate([np.empty((len(rows), 0), np.float32), *parts], axis=1)


def _of_classes(probabilities: NDArray[np.float32]) -> NDArray[np.float32]:
    certain = np.clip(probabilities.astype(np.float64), SMALLEST, 1.0)
    entropy = -(certain * np.log(certain)).sum(axis=1)
    if probabilities.shape[1] < 2:  # noqa: PLR2004 - one class has no second
        return np.asarray(np.stack([certain[:, 0], entropy], axis=1), np.float32)
    second, first = np.partition(certain, -2, axis=1)[:, -2:].T
    odds = np.log(first) - np.log(np.maximum(1 - first, SMALLEST))
    return np.asarray(np.stack([odds, entropy, first - second], axis=1), np.float32)


@dataclass(frozen=True, eq=False)
class Surroundings:
    """The neighbors of M samples among the n whose losses are known.

    Attributes:
        indices: (M, k) places among the n, nearest first.
        distances: (M, k) float32.
    """

    indices: NDArray[np.int64]
    distances: NDArray[np.float32]

    @classmethod
    def of(
        cls, points: NDArray[np.float32], known: NDArray[np.float32], *, same: bool = False
    ) -> Surroundings:
        """Find them.

        Args:
            points: (M, d) in the space of Euclidean distances.
            known: (n, d).
            same: whether `points` are `known`, and nobody is their own neighbor.
        """
        import faiss

        k = min(NEIGHBORS, len(known) - 1)
        squared, found = faiss.knn(points, known, k + same)
        if same:
            # Of equal samples another one may come first; the last is dropped where it is not there
            own = found == np.arange(len(points))[:, None]
            own[~own.any(axis=1), -1] = True
            squared, found = (each[~own].reshape(len(points), k) for each in (squared, found))
        return cls(found, np.sqrt(np.maximum(squared, 0)))

    @property
    def remoteness(self) -> NDArray[np.float32]:
        """(M,) distance to the `NEAR`-th neighbor."""
        return self.distances[:, min(NEAR, self.distances.shape[1]) - 1]

    def features(
        self, values: NDArray[np.float64], usable: NDArray[np.bool_]
    ) -> NDArray[np.float32]:
        """Return what the neighbors that may be asked say.

        Args:
            values: (n,) of the samples whose losses are known.
            usable: (n,) mask of those that may be asked: outside of the fold that is predicted.

        Returns:
            (M, 4) float32: mean value of all and of the nearer quarter, distance to the first and
            mean distance; NaN where no neighbor may be asked.
        """
        asked = usable[self.indices]
        rank = np.cumsum(asked, axis=1)
        near = asked & (rank <= max(1, asked.shape[1] // 4))
        first = asked & (rank == 1)
        of = values[self.indices]
        pairs = ((of, asked), (of, near), (self.distances, first), (self.distances, asked))
        return np.stack([_mean(each, mask) for each, mask in pairs], axis=1).astype(np.float32)


def _mean(values: NDArray[np.floating], mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    count = mask.sum(axis=1)
    total = np.where(mask, values, 0).sum(axis=1, dtype=np.float64)
    mean: NDArray[np.float64] = np.full(len(mask), np.nan)
    np.divide(total, count, out=mean, where=count > 0)
    return mean


def chunks(rows: NDArray[np.intp]) -> Iterator[NDArray[np.intp]]:
    """Cut row numbers into pieces whose features fit into memory."""
    for start in range(0, len(rows), CHUNK_ROWS):
        yield rows[start : start + CHUNK_ROWS]
