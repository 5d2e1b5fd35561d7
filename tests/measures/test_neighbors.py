from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from sklearn.neighbors import NearestNeighbors

from mlflow_latent.measures import neighbors as module
from mlflow_latent.measures.neighbors import Neighbors, find_neighbors


def points(rows: int, columns: int = 4, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(rows, columns)).astype(np.float32)


def true_distances(x: np.ndarray, k: int) -> np.ndarray:
    """Slow reference: brute force, the row itself left out by its number."""
    return NearestNeighbors(n_neighbors=k, algorithm="brute").fit(x).kneighbors()[0]


def check(x: np.ndarray, found: Neighbors) -> None:
    rows = np.arange(len(x))[:, None]
    assert (found.indices != rows).all()
    assert ((found.indices >= 0) & (found.indices < len(x))).all()
    assert all(len(set(row)) == len(row) for row in found.indices.tolist())
    assert (np.diff(found.distances, axis=1) >= 0).all()
    recomputed = np.linalg.norm(x[found.indices] - x[rows], axis=2)
    assert np.allclose(found.distances, recomputed, atol=1e-6)


@settings(max_examples=60, deadline=None)
@given(
    rows=st.integers(1, 60), columns=st.integers(1, 5), k=st.integers(1, 20),
    distinct=st.integers(1, 60),
)  # fmt: skip
def test_agrees_with_brute_force_with_and_without_copies(
    rows: int, columns: int, k: int, distinct: int
) -> None:
    x = points(rows, columns)[np.arange(rows) % distinct]
    found = find_neighbors(x, k)
    assert found.k == min(k, rows - 1)
    check(x, found)
    if found.k:
        assert np.allclose(found.distances, true_distances(x, found.k), atol=1e-3)


def test_one_sample_has_no_neighbors() -> None:
    found = find_neighbors(points(1), 15)
    assert found.indices.shape == found.distances.shape == (1, 0)


def test_copies_are_at_distance_zero_and_crowd_nobody_out() -> None:
    x = points(300)
    x[100:105] = x[0]
    found = find_neighbors(x, 10)
    check(x, found)
    assert set(found.indices[0][:5]) == {100, 101, 102, 103, 104}
    assert (found.distances[0][:5] == 0).all()
    assert found.distances[0][5] > 0


@pytest.fixture
def approximate(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "EXACT_ROWS", 1000)


@pytest.mark.usefixtures("approximate")
@pytest.mark.parametrize("min_recall", [0.95, 0.999])
def test_the_approximate_search_reaches_the_recall_it_reports(min_recall: float) -> None:
    x = points(6000, 16)
    found = find_neighbors(x, 15, min_recall=min_recall)
    check(x, found)
    radius = true_distances(x, 15)[:, -1:] * (1 + 1e-5)
    recall = (found.distances <= radius).mean()
    assert recall > min_recall - 0.01
    assert found.recall == pytest.approx(recall, abs=0.02)


@pytest.mark.usefixtures("approximate")
def test_a_large_mass_of_copies_is_not_searched_one_by_one() -> None:
    x = points(30_000, 8)
    dead = np.random.default_rng(1).permutation(30_000)[:25_000]
    x[dead] = 0
    found = find_neighbors(x, 15)
    assert (found.indices != np.arange(len(x))[:, None]).all()
    assert (found.distances[dead] == 0).all()
    alive = np.setdiff1d(np.arange(len(x)), dead)
    check_rows = np.linalg.norm(x[found.indices[alive]] - x[alive][:, None], axis=2)
    assert np.allclose(found.distances[alive], check_rows, atol=1e-6)


@pytest.mark.usefixtures("approximate")
def test_all_rows_equal() -> None:
    x = np.ones((3000, 3), dtype=np.float32)
    found = find_neighbors(x, 15)
    check(x, found)
    assert not found.distances.any()


@pytest.mark.usefixtures("approximate")
def test_cells_that_hold_too_few_rows_are_searched_in_full() -> None:
    x = points(2000, 3)
    x[:3] += 1e6  # a cell of three
    found = find_neighbors(x, 15)
    check(x, found)
