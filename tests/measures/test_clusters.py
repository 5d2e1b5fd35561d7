from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy.stats import chi2_contingency
from sklearn.metrics import adjusted_rand_score

from mlflow_latent.measures.clusters import Clusters, find_clusters, region_counts
from mlflow_latent.measures.options import ClusterMethod, MeasureOptions
from mlflow_latent.measures.stability import best_overlap


def blobs(rows: int, n_blobs: int, width: float = 0.1) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    centers = random.normal(size=(n_blobs, 8))
    member = random.integers(0, n_blobs, rows)
    x = centers[member] + width * random.normal(size=(rows, 8))
    return x.astype(np.float32), member


def cluster(x: np.ndarray, count: int, **options: object) -> Clusters:
    chosen = MeasureOptions(**options)  # type: ignore[arg-type]
    return find_clusters(x, np.arange(len(x)), "fine", count, chosen)


@pytest.mark.parametrize("method", ["kmeans", "hdbscan"])
def test_finds_planted_blobs_and_calls_them_stable(method: ClusterMethod) -> None:
    x, member = blobs(1500, 6)
    found = cluster(x, 6, clustering=method)
    assert adjusted_rand_score(member, found.labels) > 0.99
    assert (found.stability > 0.95).all()


def test_regions_of_noise_are_less_stable_than_blobs() -> None:
    noise = np.random.default_rng(0).normal(size=(1500, 8)).astype(np.float32)
    assert cluster(noise, 12).stability.mean() < 0.6


def test_a_region_of_two_percent_is_isolated() -> None:
    x, _ = blobs(5000, 5, width=0.3)
    planted = np.arange(5000) < 100
    x[planted] = x[4000] + 0.05 * np.random.default_rng(1).normal(size=(100, 8))
    x[planted, 0] += 1.5
    found = cluster(x, 64)
    inside = np.bincount(found.labels[planted], minlength=len(found))
    best = inside.argmax()
    assert inside[best] > 90
    assert inside[best] / found.sizes[best] > 0.9


@settings(max_examples=25, deadline=None)
@given(
    rows=st.integers(1, 80), columns=st.integers(1, 4), distinct=st.integers(1, 80),
    count=st.integers(1, 8),
)  # fmt: skip
def test_labels_cover_their_range_largest_first(
    rows: int, columns: int, distinct: int, count: int
) -> None:
    x = np.random.default_rng(rows).normal(size=(rows, columns)).astype(np.float32)
    x = x[np.arange(rows) % distinct]
    found = cluster(x, min(count, rows), n_resamples=2)
    assert set(found.labels) == set(range(len(found)))
    assert (np.diff(found.sizes) <= 0).all()
    assert found.labels.dtype == np.int32
    assert len(found) <= len(np.unique(x, axis=0))
    assert np.isfinite(found.centers).all()
    assert ((found.stability >= 0) & (found.stability <= 1)).all()


def test_rows_go_to_the_nearest_center() -> None:
    x, _ = blobs(800, 7, width=0.5)
    found = find_clusters(x, np.arange(0, 800, 2), "fine", 7, MeasureOptions())
    distances = np.linalg.norm(x[:, None] - found.centers[None], axis=2)
    assert np.array_equal(distances.argmin(axis=1), found.labels)


@pytest.mark.slow
def test_where_splits_do_not_differ_regions_hold_their_shares() -> None:
    """Regions fitted on more of one split would hold more of it: an insight out of nothing."""
    from mlflow_latent.measures import Measures
    from mlflow_latent.snapshot import Snapshot

    p_values = []
    for seed in range(40):
        random = np.random.default_rng(seed)
        snapshot = Snapshot.from_arrays(
            sample_id=np.arange(6000),
            split=np.where(np.arange(6000) < 500, "val", "train"),
            embedding=random.normal(size=(6000, 60)),
        )
        options = MeasureOptions(n_landmarks=2000, n_fine=20, n_resamples=1, n_components=20)
        counts = Measures(snapshot, options).gap["fine"].counts
        p_values.append(chi2_contingency(counts).pvalue)
    assert 0.3 < np.mean(p_values) < 0.7
    assert np.mean(np.array(p_values) < 0.05) <= 0.15


@pytest.mark.parametrize(
    ("total", "tested", "coarse", "fine"),
    [
        (1, 1, 1, 1),
        (60, 60, 1, 2),
        (500, 100, 3, 10),
        (1797, 450, 10, 45),
        (122_000, 5_000, 10, 64),
        (1_000_000, 20, 3, 10),
    ],
)
def test_how_many_regions(total: int, tested: int, coarse: int, fine: int) -> None:
    assert region_counts(total, tested, MeasureOptions()) == {"coarse": coarse, "fine": fine}


def test_asked_for_too_many_regions() -> None:
    options = MeasureOptions(n_fine=1000, n_coarse=30)
    assert region_counts(500, 100, options) == {"coarse": 20, "fine": 20}


def test_overlap_counts_pairs_of_regions() -> None:
    labels = np.array([0, 0, 0, 1, 1], dtype=np.int32)
    others = np.array([1, 1, 0, 0, 0])
    assert best_overlap(labels, others, 2) == pytest.approx([2 / 3, 2 / 3])
