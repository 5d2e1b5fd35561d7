"""Embeddings whose values lie on a lattice: what rounding to it does to distances."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlflow_latent.measures.reduction import Reduction

SAMPLE_ROWS = 2_048  # rows on which it is seen which values columns take
TIED_SHARE = 1 / 3  # distinct values ÷ distinct rows, below which values lie on a lattice
SMALLEST_STEP = 1e-6  # of a column's range: smaller ones are rounding noise
CHUNK_ROWS = 65_536


@dataclass(frozen=True)
class Lattice:
    """The lattice of an embedding's values, in the units of its reduction; 0 where there is none.

    Attributes:
        resolution: distance that rounding to the lattice takes from two samples: nearer ones are
            not told apart.
        step: from one place of the lattice to the next in a usual column: below it, samples are
            equal.
    """

    resolution: float
    step: float


def measure_lattice(embedding: NDArray[np.float32], reduction: Reduction) -> Lattice:
    """Measure the lattice that an embedding's values lie on.

    Two values on one place of a lattice of step h differed by h / sqrt(6) (root mean square)
    before they were rounded to it. A column counts as often as it is not at its usual value: two
    neighbors in which a unit is silent were not rounded to the same silence.

    Args:
        embedding: (N, D) float32, as captured.
        reduction: that distances are taken in.
    """
    rows = _sample(embedding).astype(np.float64)
    distinct = len(np.unique(rows @ np.sqrt(np.arange(2, 2 + rows.shape[1]))))
    rows.sort(axis=0)
    step = np.diff(rows, axis=0)
    large = step > SMALLEST_STEP * (rows[-1] - rows[0])
    spoken = (rows != rows[len(rows) // 2]).sum(axis=0)  # a ReLU is often 0
    tied = large.sum(axis=0) < TIED_SHARE * np.minimum(spoken, distinct)
    smallest = np.min(step, axis=0, where=large, initial=np.inf)
    weight = np.linalg.norm(reduction.weights.astype(np.float64), axis=1)
    tied &= np.isfinite(smallest) & (weight > 0)
    if not tied.any():
        return Lattice(0.0, 0.0)
    length, share = smallest[tied] * weight[tied], spoken[tied] / len(rows)
    resolution = float(np.sqrt((share * np.square(length)).sum() / 6))
    return Lattice(resolution, float(np.exp(np.average(np.log(length), weights=share))))


def active_columns(
    embedding: NDArray[np.float32], dimension: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(N,) columns in which each row is not at the column's usual value; infinity if that is many.

    After a ReLU a row with two active units lies in a plane, whatever the dimension around it.

    Args:
        embedding: (N, D) float32, as captured.
        dimension: (N,) local dimension; where samples have more active columns, all are infinity.
    """
    rows = _sample(embedding)
    usual = np.sort(rows, axis=0)[len(rows) // 2]
    active = np.full(len(embedding), np.inf)
    if (rows != usual).sum(axis=1).min() >= dimension.max():
        return active
    for start in range(0, len(embedding), CHUNK_ROWS):
        chunk = slice(start, start + CHUNK_ROWS)
        active[chunk] = np.maximum((embedding[chunk] != usual).sum(axis=1), 1)
    return active


def _sample(embedding: NDArray[np.float32]) -> NDArray[np.float32]:
    return embedding[:: max(1, len(embedding) // SAMPLE_ROWS)]
