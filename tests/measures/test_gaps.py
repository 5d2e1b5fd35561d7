from __future__ import annotations

import numpy as np

from mlflow_latent.measures.clusters import Clusters
from mlflow_latent.measures.gaps import region_gap

LABELS = np.array([0, 0, 0, 1, 1, 2], dtype=np.int32)
CODES = np.array([0, 1, 1, 0, 1, 2])
SPLITS = ("train", "val", "unlabeled")
CLUSTERS = Clusters(LABELS, np.zeros((3, 2), np.float32), np.ones(3))


def test_counts_and_means_agree_with_a_loop() -> None:
    loss = np.array([1, 2, 4, 5, np.nan, np.nan], dtype=np.float32)
    gap = region_gap(CLUSTERS, CODES, SPLITS, loss)
    for region in range(3):
        for code in range(3):
            member = (region == LABELS) & (code == CODES)
            known = loss[member][np.isfinite(loss[member])]
            assert gap.counts[region, code] == member.sum()
            assert gap.loss_counts[region, code] == len(known)
            if len(known):
                assert gap.mean_loss[region, code] == known.mean()
            else:
                assert np.isnan(gap.mean_loss[region, code])
    assert gap.between("train", "val")[0] == 2
    assert np.isnan(gap.between("train", "val")[1:]).all()


def test_without_losses() -> None:
    gap = region_gap(CLUSTERS, CODES, SPLITS, None)
    assert np.isnan(gap.mean_loss).all()
    assert gap.counts.sum() == 6
