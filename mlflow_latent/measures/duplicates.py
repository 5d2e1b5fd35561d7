"""Samples that are copies of one another, judged by the embedding's own distances."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.evidence import q_values

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlflow_latent.measures.spacing import Spacing

FALSE_SHARE = 0.0025  # expected share of chance among the copies, and of reports with any by chance
EXACT = 1e-5  # of the median norm 1: as near as float32 tells
MIN_NEIGHBORS = 4  # fewer say nothing about the scale of the surroundings
FITS = 6  # rounds of leaving out what was found and fitting the null again
COLLAPSED_SHARE = 0.5  # of samples with an equal one, from which equality says nothing


@dataclass(frozen=True, eq=False)
class Duplicates:
    """Copies among N samples.

    Attributes:
        group: (N,) int32 number of the group of copies, −1 for samples without one. Groups are
            numbered by their first sample.
        exact: (N,) mask of the samples that have an exact copy.
        p_value: (N,) that the nearest neighbor is that near by chance; NaN where not tested.
        pairs: (P, 2) int32 rows of the copies of each other, the smaller first, unique.
    """

    group: NDArray[np.int32]
    exact: NDArray[np.bool_]
    p_value: NDArray[np.float64]
    pairs: NDArray[np.int32]

    @property
    def is_collapsed(self) -> bool:
        """Whether so many samples are equal that the layer cannot tell samples apart."""
        largest = np.bincount(self.group[self.exact]).max(initial=0) if self.exact.any() else 0
        return bool(self.exact.mean() > COLLAPSED_SHARE and largest > len(self.exact) // 10)


def find_duplicates(spacing: Spacing, *, false_share: float = FALSE_SHARE) -> Duplicates:
    """Link samples that are nearer to each other than chance brings them.

    Null hypothesis: around a sample, samples are spread evenly in d dimensions. Then
    (r1 / R)^d, with the distance to the nearest neighbor and the scale R of the surroundings, has
    the distribution Beta(1, m); m is k − 1 if R is the distance to the k-th, and is measured from
    the median of all samples that are no copies, since embeddings are not quite even. d is local.
    Source: Levina & Bickel 2004 for d; the ratio of Poisson distances follows Rényi 1953.
    Correction: Benjamini & Hochberg over all samples.

    Args:
        spacing: of N samples.
        false_share: expected share of chance findings.
    """
    near = spacing.distances.astype(np.float64)
    p_value = np.full(len(spacing), np.nan)
    link = near <= EXACT
    if spacing.k >= MIN_NEIGHBORS:
        depth = _depth(near[:, 0], spacing)
        excess = _fit(depth, spacing.k - 1, false_share)
        p_value = _chance(depth, excess)
        q = q_values(p_value)
        found = q <= false_share
        if found.any():
            link |= near <= _reach(float(p_value[found].max()), excess, spacing)[:, None]
    pairs = _pairs(link, spacing.indices)
    exact = np.asarray((near <= EXACT).any(axis=1), dtype=bool)
    return Duplicates(group_pairs(pairs, len(spacing)), exact, p_value, pairs)


def _depth(distance: NDArray[np.float64], spacing: Spacing) -> NDArray[np.float64]:
    """(N,) d · log(R / r): how deep below the scale of its surroundings a distance is."""
    scale = np.maximum(spacing.scale, EXACT)
    ratio = np.clip(distance / scale, EXACT, 1)
    depth: NDArray[np.float64] = -spacing.dimension * np.log(ratio)
    return depth


def _fit(depth: NDArray[np.float64], most: int, false_share: float) -> float:
    """Return m of Beta(1, m), by the median of the samples that are no copies; 1 … `most`."""
    kept = np.ones(len(depth), dtype=bool)
    excess = 1.0
    for _ in range(FITS):
        middle = np.exp(-float(np.median(depth[kept])))
        excess = float(np.log(0.5) / np.log1p(-middle)) if middle < 1 else 1.0
        excess = min(max(excess, 1.0), float(most))
        again = q_values(_chance(depth, excess)) > false_share
        if not again.any() or (again == kept).all():
            break
        kept = again
    return excess


def _chance(depth: NDArray[np.float64], excess: float) -> NDArray[np.float64]:
    inside = np.minimum(np.exp(-depth), 1 - 1e-12)
    chance: NDArray[np.float64] = -np.expm1(excess * np.log1p(-inside))
    return chance


def _reach(p_value: float, excess: float, spacing: Spacing) -> NDArray[np.float64]:
    """(N,) distance within which chance brings a neighbor with that probability."""
    inside = -np.expm1(np.log1p(-p_value) / excess)
    reach: NDArray[np.float64] = spacing.scale * inside ** (1 / spacing.dimension)
    return reach * (1 + 1e-6)  # the sample that set the p-value is within its own reach


def _pairs(link: NDArray[np.bool_], indices: NDArray[np.int32]) -> NDArray[np.int32]:
    rows, column = np.nonzero(link)
    ends = np.stack([rows.astype(np.int32), indices[rows, column]], axis=1)
    return np.unique(np.sort(ends, axis=1), axis=0)


def group_pairs(pairs: NDArray[np.integer], total: int) -> NDArray[np.int32]:
    """(N,) number of the group of each row, −1 for rows in no pair.

    Args:
        pairs: (P, 2) row numbers that belong together.
        total: N.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    group = np.full(total, -1, dtype=np.int32)
    members = np.unique(pairs)
    if not len(members):
        return group
    a, b = np.searchsorted(members, pairs).T
    graph = coo_array((np.ones(len(pairs), bool), (a, b)), shape=(len(members), len(members)))
    group[members] = connected_components(graph, directed=False)[1]
    return group
