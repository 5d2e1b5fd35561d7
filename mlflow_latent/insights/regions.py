"""The clusters of all levels as one list, so that a kind of insight tests them all at once.

What fails may be smaller than a coarse cluster and larger than a fine one. So fine clusters that
are near each other are regions together, too: the nodes of their Ward tree (Ward 1963), which like
the clusters themselves know the embeddings alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.evidence import Moments, moments, rest, unite
from mlflow_latent.insights.scores import Scores

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


FINE = "fine"
LARGEST_UNION = 0.5  # share of the fine clusters from which a union is rather "the rest"
SAME = 0.8  # Jaccard index from which a union is a coarse cluster again


@dataclass(frozen=True, eq=False)
class Regions:
    """G regions: the clusters of each level that has more than one, coarse before fine, and unions.

    Attributes:
        labels: for each level, the (N,) cluster of each sample.
        unions: (U, K) which of the K fine clusters are regions together.
    """

    labels: Mapping[str, NDArray[np.int32]]
    unions: NDArray[np.bool_] | None = None

    @property
    def sizes(self) -> dict[str, int]:
        """Clusters of each level; a level of one cluster has nothing to compare it with."""
        counts = {level: int(labels.max()) + 1 for level, labels in self.labels.items()}
        return {level: count for level, count in counts.items() if count > 1}

    def __len__(self) -> int:
        return sum(self.sizes.values()) + len(self._unions)

    @property
    def _unions(self) -> NDArray[np.bool_]:
        fine = self.sizes.get(FINE, 0)
        return np.zeros((0, fine), dtype=bool) if self.unions is None else self.unions

    @cached_property
    def ids(self) -> list[str]:
        """The regions by name: `coarse/0`, …, `fine/0`, and so on, and last `fine/3+fine/8`."""
        alone = [
            f"{level}/{number}" for level, size in self.sizes.items() for number in range(size)
        ]
        unions = ["+".join(f"{FINE}/{n}" for n in np.flatnonzero(union)) for union in self._unions]
        return alone + unions

    def members(self, region: int) -> NDArray[np.bool_]:
        """(N,) mask of the samples of the region at that place of `ids`."""
        parts = [part.split("/") for part in self.ids[region].split("+")]
        level = parts[0][0]
        chosen = np.zeros(self.sizes[level], dtype=bool)
        chosen[[int(number) for _, number in parts]] = True
        return np.asarray(chosen[self.labels[level]])

    def counts(self, rows: NDArray[np.bool_]) -> NDArray[np.int64]:
        """(G,) samples among `rows` in each region."""
        counts = [
            np.bincount(self.labels[name][rows], minlength=k) for name, k in self.sizes.items()
        ]
        if len(self._unions):
            counts.append(self._unions @ counts[list(self.sizes).index(FINE)])
        return np.concatenate(counts)

    def moments(
        self, values: NDArray[np.floating], rows: NDArray[np.bool_]
    ) -> tuple[Moments, Moments]:
        """Summarize `values` among `rows`, inside each region and in the rest."""
        inside = [
            moments(values[rows], self.labels[name][rows], k) for name, k in self.sizes.items()
        ]
        outside = [rest(level) for level in inside]
        if len(self._unions):
            fine = inside[list(self.sizes).index(FINE)]
            inside.append(unite(fine, self._unions))
            outside.append(unite(fine, ~self._unions))
        return _stack(inside), _stack(outside)

    def larger(self, values: NDArray[np.floating], rows: NDArray[np.bool_]) -> NDArray[np.float64]:
        """(G,) p-values that values are larger inside each region than in the rest of `rows`."""
        scores = Scores.of(values[rows])
        tests = [scores.larger(self.labels[name][rows], k) for name, k in self.sizes.items()]
        if len(self._unions):
            labels, size = self.labels[FINE][rows], self.sizes[FINE]
            tests.append(scores.larger(labels, size, self._unions))
        return np.concatenate(tests)


def find_unions(
    centers: NDArray[np.floating], labels: Mapping[str, NDArray[np.int32]]
) -> NDArray[np.bool_]:
    """(U, K) the nodes of the Ward tree of the K fine clusters that are regions of their own.

    Args:
        centers: (K, d) of the fine clusters.
        labels: for each level, the (N,) cluster of each sample.
    """
    from scipy.cluster.hierarchy import ward

    size = len(centers)
    if size < 3 or FINE not in labels:  # noqa: PLR2004 - two clusters have no union but all
        return np.zeros((0, size), dtype=bool)
    nodes = np.vstack([np.eye(size, dtype=bool), np.zeros((size - 1, size), dtype=bool)])
    for place, (left, right) in enumerate(ward(centers)[:, :2].astype(int)):
        nodes[size + place] = nodes[left] | nodes[right]
    unions = nodes[size:]
    unions = unions[unions.sum(axis=1) <= max(2, LARGEST_UNION * size)]
    return np.asarray(unions[~_again(unions, labels, size)])


def _again(
    unions: NDArray[np.bool_], labels: Mapping[str, NDArray[np.int32]], size: int
) -> NDArray[np.bool_]:
    """(U,) whether a union is nearly a cluster of another level."""
    found = np.zeros(len(unions), dtype=bool)
    for name, level in labels.items():
        if name == FINE:
            continue
        count = int(level.max()) + 1
        both = np.bincount(labels[FINE].astype(np.int64) * count + level, minlength=size * count)
        table = both.reshape(size, count)
        shared = unions @ table
        union = (unions @ table.sum(axis=1))[:, None] + table.sum(axis=0)[None, :] - shared
        found |= (shared >= SAME * union).any(axis=1)
    return found


def _stack(levels: list[Moments]) -> Moments:
    return Moments(
        np.concatenate([level.n for level in levels]),
        np.concatenate([level.mean for level in levels]),
        np.concatenate([level.variance for level in levels]),
    )
