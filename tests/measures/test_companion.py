from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st

from mlflow_latent.measures import MeasureOptions, Measures
from mlflow_latent.measures.companion import align, project_beside
from mlflow_latent.snapshot import Snapshot

PCA = MeasureOptions(projection="pca")


def blobs(seed: int = 0, n: int = 300, d: int = 6) -> np.ndarray:
    random = np.random.default_rng(seed)
    centers = np.random.default_rng(99).normal(scale=6, size=(5, d))
    return (centers[np.arange(n) % 5] + random.normal(size=(n, d))).astype(np.float32)


def drawn(embedding: np.ndarray, options: MeasureOptions) -> np.ndarray:
    snapshot = Snapshot.from_arrays(
        sample_id=np.arange(len(embedding)), split="val", embedding=embedding
    )
    projection = Measures(snapshot, options).projection
    assert projection is not None
    return projection


@given(st.integers(0, 2**31), st.booleans(), st.floats(0.05, 20))
def test_align_undoes_rotation_mirror_scale_and_shift(
    seed: int, mirrored: bool, scale: float
) -> None:
    random = np.random.default_rng(seed)
    goal = random.uniform(-0.7, 0.7, (40, 2)).astype(np.float32)
    angle = random.uniform(0, 2 * np.pi)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    moved = (goal * [-1, 1] if mirrored else goal) @ turn * scale + random.normal(size=2)
    onto = goal.copy()
    onto[::3] = np.nan  # samples that are not in the other
    np.testing.assert_allclose(align(moved.astype(np.float32), onto), goal, atol=2e-3)


@pytest.mark.parametrize("n", [0, 1, 2, 5])
def test_align_with_little_to_go_by_stays_inside(n: int) -> None:
    points = np.random.default_rng(0).normal(scale=30, size=(n, 2)).astype(np.float32)
    for onto in (np.full((n, 2), np.nan), np.zeros((n, 2))):
        placed = align(points, onto.astype(np.float32))
        assert np.isfinite(placed).all()
        assert np.abs(placed).max(initial=0) <= 1


def test_the_same_embedding_lies_where_it_was() -> None:
    embedding = blobs()
    there = drawn(embedding, PCA)
    codes = np.zeros(len(embedding), dtype=np.intp)
    again = project_beside(embedding, codes, there, PCA, start_there=True)
    np.testing.assert_allclose(again, there, atol=0.02)


@pytest.mark.slow
def test_another_epoch_moves_little() -> None:
    options = MeasureOptions(projection="umap")
    before, after = blobs(0), blobs(1)
    there = drawn(before, options)
    codes = np.zeros(len(after), dtype=np.intp)
    moved = project_beside(after, codes, there, options, start_there=True)
    again = project_beside(after, codes, there, options, start_there=True)
    np.testing.assert_array_equal(moved, again)
    assert np.abs(moved).max() <= 1
    cold = project_beside(after, codes, there, options, start_there=False)
    assert movement(there, moved) < 0.4
    assert movement(there, moved) < 0.7 * movement(there, cold)


def movement(before: np.ndarray, after: np.ndarray) -> float:
    """How far the blobs' middles moved, beside how far they are from the middle of all."""
    blob = np.arange(len(before)) % 5
    old, new = (np.array([p[blob == b].mean(axis=0) for b in range(5)]) for p in (before, after))
    spread = np.linalg.norm(old - old.mean(axis=0), axis=1).mean()
    return float(np.linalg.norm(old - new, axis=1).mean() / spread)


@pytest.mark.parametrize("n", [1, 2, 20])
def test_hardly_any_samples_are_projected(n: int) -> None:
    embedding = blobs(n=n)
    codes = np.zeros(n, dtype=np.intp)
    for start in (True, False):
        placed = project_beside(
            embedding, codes, np.zeros((n, 2), np.float32), MeasureOptions(), start_there=start
        )
        assert placed.shape == (n, 2)
        assert np.isfinite(placed).all()
