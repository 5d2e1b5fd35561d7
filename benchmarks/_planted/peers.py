"""Baselines on the same data: short re-implementations of published methods, and cleanlab.

- `hdbscan`: sliceguard (Renumics, 2023): hierarchical density clusters of the embedding (McInnes &
  Healy 2017), those whose mean metric drops by a threshold are issues.
- `slice finder`: Slice Finder (Chung et al. 2019): a decision tree on metadata, its leaves tested
  with Welch's test and an effect size of at least 0.4 (their T).
- cleanlab: `rank` and `filter` (Northcutt et al. 2021), given the same probabilities.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from mlflow_latent.schema import TARGET

if TYPE_CHECKING:
    from _planted.dataset import Dataset
    from mlflow_latent.snapshot import Snapshot

MIN_DROP = 1.25  # the same that the analyzer asks for
MIN_SUPPORT = 20
COMPONENTS = 16
EFFECT, LEVEL, DEPTH = 0.4, 0.05, 2
NEIGHBORS = 10


def hdbscan_slices(snapshot: Snapshot) -> list[np.ndarray]:
    """(N,) masks of the density clusters of val whose mean loss is much above val's."""
    from sklearn.cluster import HDBSCAN
    from sklearn.decomposition import PCA

    rows = np.flatnonzero(snapshot.rows("val") & _has_loss(snapshot))
    vectors, loss = snapshot.embedding[rows], snapshot.loss[rows]  # type: ignore[index]
    if len(rows) < 2 * MIN_SUPPORT:
        return []
    if vectors.shape[1] > COMPONENTS:
        vectors = PCA(COMPONENTS, random_state=0).fit_transform(vectors)
    labels = HDBSCAN(min_cluster_size=MIN_SUPPORT, copy=True).fit_predict(vectors)
    groups = [labels == label for label in range(labels.max() + 1)]
    return [_mask(snapshot, rows[g]) for g in groups if loss[g].mean() >= MIN_DROP * loss.mean()]


def slice_finder(snapshot: Snapshot) -> list[np.ndarray]:
    """(N,) masks of the leaves of a tree on metadata that are worse than the rest of val."""
    import pandas as pd
    from sklearn.tree import DecisionTreeRegressor

    rows = np.flatnonzero(snapshot.rows("val") & _has_loss(snapshot))
    if snapshot.metadata.empty or len(rows) < 2 * MIN_SUPPORT:
        return []
    loss = snapshot.loss[rows]  # type: ignore[index]
    table = pd.get_dummies(snapshot.metadata.iloc[rows]).astype(float).fillna(-1e9)
    tree = DecisionTreeRegressor(max_depth=DEPTH, min_samples_leaf=MIN_SUPPORT, random_state=0)
    leaves = tree.fit(table, loss).apply(table)
    groups = [leaves == leaf for leaf in np.unique(leaves)]
    return [
        _mask(snapshot, rows[g]) for g in groups if not g.all() and _is_worse(loss[g], loss[~g])
    ]


def cleanlab_issues(snapshot: Snapshot) -> list[np.ndarray]:
    """One (N,) mask of the labels that cleanlab's filter calls wrong, each split by itself."""
    from cleanlab.filter import find_label_issues

    if snapshot.pred_probs is None:
        return []
    found, target = np.zeros(len(snapshot), dtype=bool), snapshot.codes(TARGET)
    for split in snapshot.splits:
        rows = snapshot.rows(split)
        found[rows] = find_label_issues(target[rows], snapshot.pred_probs[rows], n_jobs=1)  # type: ignore[index]
    return [found] if found.any() else []


def cleanlab_scores(dataset: Dataset, rows: np.ndarray) -> dict[str, np.ndarray]:
    """Label quality of the given rows by each of cleanlab's ways; 1 is fine.

    `cleanlab` and `cleanlab margin` are its two usual scores of the last epoch's probabilities;
    `mean of epochs` is given the mean of all epochs' probabilities, `neighbors` those of a
    k-nearest-neighbor classifier on the embeddings (as its Datalab does where it has only those).
    """
    from cleanlab.rank import get_label_quality_scores as score

    snapshot = dataset.snapshot
    target = snapshot.codes(TARGET)[rows]  # type: ignore[index]
    last = snapshot.pred_probs[rows]  # type: ignore[index]
    scores = {"cleanlab": score(target, last)}
    scores["cleanlab margin"] = score(target, last, method="normalized_margin")
    if dataset.epochs is not None and len(dataset.epochs) > 1:
        scores["mean of epochs"] = score(target, dataset.epochs[:, rows].mean(axis=0))
    scores["neighbors"] = score(target, _neighbor_probabilities(snapshot, rows, target))
    return scores


def _neighbor_probabilities(snapshot: Snapshot, rows: np.ndarray, target: np.ndarray) -> np.ndarray:
    from sklearn.neighbors import NearestNeighbors

    vectors = snapshot.embedding[rows]
    vectors = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    near = NearestNeighbors(n_neighbors=NEIGHBORS).fit(vectors).kneighbors(return_distance=False)
    classes = snapshot.pred_probs.shape[1]  # type: ignore[union-attr]
    return np.stack([(target[near] == label).mean(axis=1) for label in range(classes)], axis=1)


def _is_worse(inside: np.ndarray, outside: np.ndarray) -> bool:
    spread = np.sqrt((inside.var() + outside.var()) / 2)
    effect = (inside.mean() - outside.mean()) / spread if spread else 0.0
    if effect < EFFECT:
        return False
    test = stats.ttest_ind(inside, outside, equal_var=False, alternative="greater")
    return bool(test.pvalue <= LEVEL)


def _has_loss(snapshot: Snapshot) -> np.ndarray:
    loss = snapshot.loss
    return np.zeros(len(snapshot), bool) if loss is None else np.isfinite(loss)


def _mask(snapshot: Snapshot, rows: np.ndarray) -> np.ndarray:
    result = np.zeros(len(snapshot), dtype=bool)
    result[rows] = True
    return result


PEERS = {
    "sliceguard-like": {"low_performance": (hdbscan_slices, slice_finder)},
    "cleanlab": {"label_error": (cleanlab_issues,)},
}
