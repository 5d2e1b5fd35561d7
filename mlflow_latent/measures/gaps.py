"""Loss and samples of each region by split: what the train–val gap is read from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlflow_latent.measures.clusters import Clusters


@dataclass(frozen=True, eq=False)
class RegionGap:
    """Tables of K regions by S splits.

    Attributes:
        splits: the S names, train first.
        counts: (K, S) samples.
        loss_counts: (K, S) samples that have a loss.
        mean_loss: (K, S) float64, NaN where no sample has a loss.
    """

    splits: tuple[str, ...]
    counts: NDArray[np.intp]
    loss_counts: NDArray[np.intp]
    mean_loss: NDArray[np.float64]

    def between(self, reference: str, tested: str) -> NDArray[np.float64]:
        """(K,) mean loss of the tested split minus that of the reference, NaN if either lacks."""
        place = self.splits.index
        gap: NDArray[np.float64] = (
            self.mean_loss[:, place(tested)] - self.mean_loss[:, place(reference)]
        )
        return gap


def region_gap(
    clusters: Clusters,
    split_codes: NDArray[np.intp],
    splits: tuple[str, ...],
    loss: NDArray[np.float32] | None,
) -> RegionGap:
    """Count samples and average losses by region and split.

    Args:
        clusters: the regions.
        split_codes: (N,) number of the split of each row in `splits`.
        splits: names of the splits.
        loss: (N,) losses, NaN where there is no label; None if no row has one.
    """
    shape = (len(clusters), len(splits))
    cell = clusters.labels.astype(np.intp) * len(splits) + split_codes
    size = shape[0] * shape[1]
    counts = np.bincount(cell, minlength=size).reshape(shape)
    values = np.full(len(cell), np.nan) if loss is None else loss.astype(np.float64)
    known = np.isfinite(values)
    loss_counts = np.bincount(cell[known], minlength=size).reshape(shape)
    sums = np.bincount(cell[known], weights=values[known], minlength=size).reshape(shape)
    mean = np.divide(sums, loss_counts, out=np.full(shape, np.nan), where=loss_counts > 0)
    return RegionGap(splits, counts, loss_counts, mean)
