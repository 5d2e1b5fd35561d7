"""The clusters of all levels as one list, so that a kind of insight tests them all at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.evidence import Moments, moments, rank_test, rest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Regions:
    """G regions: the clusters of each level that has more than one, coarse before fine.

    Attributes:
        labels: for each level, the (N,) cluster of each sample.
    """

    labels: Mapping[str, NDArray[np.int32]]

    @property
    def sizes(self) -> dict[str, int]:
        """Clusters of each level; a level of one cluster has nothing to compare it with."""
        counts = {level: int(labels.max()) + 1 for level, labels in self.labels.items()}
        return {level: count for level, count in counts.items() if count > 1}

    def __len__(self) -> int:
        return sum(self.sizes.values())

    @property
    def ids(self) -> list[str]:
        """The regions by name: `coarse/0`, …, `fine/0`, and so on."""
        return [f"{level}/{number}" for level, size in self.sizes.items() for number in range(size)]

    def members(self, region: int) -> NDArray[np.bool_]:
        """(N,) mask of the samples of the region at that place of `ids`."""
        level, number = self.ids[region].split("/")
        return np.asarray(self.labels[level] == int(number))

    def counts(self, rows: NDArray[np.bool_]) -> NDArray[np.int64]:
        """(G,) samples among `rows` in each region."""
        return np.concatenate(
            [np.bincount(self.labels[name][rows], minlength=k) for name, k in self.sizes.items()]
        )

    def moments(
        self, values: NDArray[np.floating], rows: NDArray[np.bool_]
    ) -> tuple[Moments, Moments]:
        """Summarize `values` among `rows`, inside each region and in the rest."""
        inside = [
            moments(values[rows], self.labels[name][rows], k) for name, k in self.sizes.items()
        ]
        return _stack(inside), _stack([rest(level) for level in inside])

    def rank_test(
        self, values: NDArray[np.floating], rows: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        """(G,) p-values that values are larger inside each region than in the rest of `rows`."""
        return np.concatenate(
            [rank_test(values[rows], self.labels[name][rows], k) for name, k in self.sizes.items()]
        )


def _stack(levels: list[Moments]) -> Moments:
    return Moments(
        np.concatenate([level.n for level in levels]),
        np.concatenate([level.mean for level in levels]),
        np.concatenate([level.variance for level in levels]),
    )
