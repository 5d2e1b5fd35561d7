"""Distances to class centroids, and groups that are classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mlflow_latent.measures.class_codes import ClassCodes

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray


CLASS_SHARE = 0.5  # of a class in one group, from which the group is the class


def hold_a_class(group: NDArray[np.integer], target: NDArray[np.int32] | None) -> NDArray[np.bool_]:
    """(G,) mask of the groups that hold most of a class of two or more samples.

    Args:
        group: (N,) number of the group of each sample; −1 for those in none.
        target: (N,) class index, −1 where missing; None where there are no classes.
    """
    found = np.zeros(int(group.max(initial=-1)) + 1, dtype=bool)
    if target is None:
        return found
    codes = ClassCodes.of(target).codes
    whole = np.bincount(codes[codes >= 0], minlength=1)
    rows = (group >= 0) & (codes >= 0)
    pairs, count = np.unique(
        np.stack([group[rows], codes[rows]], axis=1), axis=0, return_counts=True
    )
    found[pairs[(count > 1) & (count >= CLASS_SHARE * whole[pairs[:, 1]]), 0]] = True
    return found


def class_distances(
    reduced: NDArray[np.float32],
    target: NDArray[np.int32],
    reference: NDArray[np.bool_],
    class_name: Callable[[int], str],
) -> pd.DataFrame:
    """Measure how far each sample is from its own class and from the nearest other one.

    Args:
        reduced: (N, d) float32.
        target: (N,) class index, −1 where missing.
        reference: (N,) rows that centroids are made of; a class without any there has its centroid
            from all its rows.
        class_name: name of a class index.

    Returns:
        N rows: `centroid_distance` (float32, NaN without a target), `nearest_class` (string, the
        nearest class but the own) and `nearest_class_distance` (float32); missing where there is
        no other class.
    """
    classes = np.unique(target[target >= 0])
    labelled = target >= 0
    own = np.where(labelled, np.searchsorted(classes, target), -1)
    centroids = _centroids(reduced, own, reference)
    centroid_distance = np.full(len(reduced), np.nan, dtype=np.float32)
    step = reduced[labelled] - centroids[own[labelled]]
    centroid_distance[labelled] = np.sqrt(np.einsum("ij,ij->i", step, step))
    nearest, distance = _nearest_other(reduced, centroids, own)
    names = np.array([class_name(int(code)) for code in classes] + [None], dtype=object)
    return pd.DataFrame(
        {
            "centroid_distance": centroid_distance,
            "nearest_class": pd.array(names[nearest], dtype="string"),
            "nearest_class_distance": distance,
        }
    )


def _centroids(
    reduced: NDArray[np.float32], own: NDArray[np.intp], reference: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """(C, d) mean of each class, however many classes there are."""
    there = np.zeros(int(own.max()) + 1, dtype=bool)
    there[own[(own >= 0) & reference]] = True
    rows = np.flatnonzero((own >= 0) & (reference | ~there[own]))
    rows = rows[np.argsort(own[rows], kind="stable")]
    starts = np.searchsorted(own[rows], np.arange(len(there)))
    sums = np.add.reduceat(reduced[rows], starts, axis=0, dtype=np.float64)
    counts = np.diff(starts, append=len(rows))
    return np.asarray(sums / counts[:, None], dtype=np.float32)


def _nearest_other(
    reduced: NDArray[np.float32], centroids: NDArray[np.float32], own: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Return (N,) the nearest centroid but the own (−1 if there is none), and its distance."""
    import faiss

    squares, found = faiss.knn(reduced, centroids, 2)  # −1 where there are fewer
    second = found[:, 0] == own
    nearest = np.where(second, found[:, 1], found[:, 0])
    distance = np.sqrt(np.maximum(np.where(second, squares[:, 1], squares[:, 0]), 0))
    return nearest, np.where(nearest < 0, np.nan, distance).astype(np.float32)
