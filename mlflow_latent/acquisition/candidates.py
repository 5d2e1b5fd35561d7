"""Which samples may be chosen: no copies of what is labelled, and one of each group of copies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlflow_latent.measures import Measures

MOST_REFERENCES = 50_000  # labelled samples that distances are measured to; more are not nearer
LONELY = 0.99  # quantile of the distance to the split's own `NEAR`-th neighbor, beyond which …
NEAR = 3  # … a sample has no company: it may be broken, and stands for nobody
FEWEST = 100  # samples of a split that have such a tail


@dataclass(frozen=True, eq=False)
class Candidates:
    """The samples of a split that may be chosen.

    Attributes:
        rows: (m,) row numbers of the split's samples without a label, in their order.
        usable: (m,) mask without copies.
        company: (m,) mask of the samples that others of the split are near.
        labelled: (L,) row numbers of the labelled samples, a random part of very many.
        unit: the median distance between neighbors in the split.
        copies_of_labelled: samples left out, as a labelled one is their near copy.
        copies_of_others: samples left out, as one of their copies is enough.
    """

    rows: NDArray[np.intp]
    usable: NDArray[np.bool_]
    company: NDArray[np.bool_]
    labelled: NDArray[np.intp]
    unit: float
    copies_of_labelled: int
    copies_of_others: int

    @classmethod
    def of(cls, measures: Measures, split: str) -> Candidates:
        """Find them.

        Raises:
            InputError: there is no such split, or all of its samples have labels.
        """
        snapshot = measures.snapshot
        if split not in snapshot.splits:
            raise InputError(
                f"split {split!r} was not captured{did_you_mean(split, snapshot.splits)}"
            )
        has_label = _has_label(measures)
        of_split = snapshot.rows(split)
        rows = np.flatnonzero(of_split & ~has_label)
        if not len(rows):
            raise InputError(f"all samples of split {split!r} have labels; there is none to label")
        group = measures.duplicates.group
        known = np.unique(group[has_label & (group >= 0)])
        of_labelled = np.isin(group[rows], known)
        again = _seen_before(group[rows]) & ~of_labelled
        distances = _own_distances(measures.reduced[rows])
        return cls(
            rows,
            ~of_labelled & ~again,
            _has_company(distances),
            _sample(np.flatnonzero(has_label), measures.options.random_state),
            _unit(distances),
            int(of_labelled.sum()),
            int(again.sum()),
        )


def _has_label(measures: Measures) -> NDArray[np.bool_]:
    """(N,) mask of the samples with a loss or a target."""
    snapshot = measures.snapshot
    labelled = np.zeros(len(snapshot), dtype=bool)
    if snapshot.loss is not None:
        labelled |= np.isfinite(snapshot.loss)
    target = snapshot.codes("target")
    return labelled if target is None else labelled | (target >= 0)


def _seen_before(group: NDArray[np.integer]) -> NDArray[np.bool_]:
    """(m,) mask of the members of a group after its first."""
    _, first = np.unique(group, return_index=True)
    seen = np.ones(len(group), dtype=bool)
    seen[first] = False
    return seen & (group >= 0)


def _own_distances(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """(m, k) distances of each to its nearest others, ascending; k is 0 for a single one."""
    import faiss

    k = min(NEAR, len(points) - 1)
    if k == 0:
        return np.empty((len(points), 0), np.float32)
    points = np.ascontiguousarray(points)
    squared, _ = faiss.knn(points, points, k + 1)
    return np.asarray(np.sqrt(np.maximum(squared[:, 1:], 0)))


def _has_company(distances: NDArray[np.float32]) -> NDArray[np.bool_]:
    if len(distances) < FEWEST:
        return np.ones(len(distances), dtype=bool)
    last = distances[:, -1]
    return np.asarray(last <= np.quantile(last, LONELY))


def _unit(distances: NDArray[np.float32]) -> float:
    """Return the median distance to the nearest; 1 where there is none, or all are equal."""
    nearest = distances[:, :1]
    return float(np.median(nearest)) or 1.0 if nearest.size else 1.0


def _sample(rows: NDArray[np.intp], random_state: int) -> NDArray[np.intp]:
    if len(rows) <= MOST_REFERENCES:
        return rows
    random = np.random.default_rng(random_state)
    return np.sort(random.choice(rows, MOST_REFERENCES, replace=False))
