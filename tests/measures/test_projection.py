from __future__ import annotations

import numpy as np
import pytest

from mlflow_latent.measures.neighbors import find_neighbors
from mlflow_latent.measures.options import MeasureOptions, ProjectionMethod
from mlflow_latent.measures.projection import fit_projection, project

METHODS: list[ProjectionMethod] = ["umap", "tsne", "pca"]


def blobs(rows: int, columns: int = 6) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    member = np.arange(rows) % 3
    centers = 5 * np.eye(3, columns)
    x = centers[member] + 0.3 * random.normal(size=(rows, columns))
    x -= x.mean(axis=0)
    axes = np.linalg.svd(x, full_matrices=False)[2]
    return (x @ axes.T).astype(np.float32), member


def nearest_member(xy: np.ndarray, member: np.ndarray) -> np.ndarray:
    return member[find_neighbors(np.ascontiguousarray(xy), 5).indices]


@pytest.mark.parametrize("method", METHODS)
def test_blobs_stay_apart_and_landmarks_carry_the_rest(method: ProjectionMethod) -> None:
    x, member = blobs(900)
    options = MeasureOptions(projection=method)
    landmarks = np.arange(0, 900, 2)
    fitted = fit_projection(x, find_neighbors(x, 15), landmarks, options)
    xy = project(fitted, x, landmarks)
    assert xy.dtype == np.float32
    assert np.abs(xy).max() <= 1 + 1e-6
    assert (nearest_member(xy, member) == member[:, None]).mean() > 0.97
    # New samples land among their like, and known ones where they are.
    again = fitted.place(x)
    assert np.abs(again[landmarks] - xy[landmarks]).max() < 0.02
    both = nearest_member(np.vstack([xy, again + 1e-6]), np.r_[member, member])
    assert (both[900:] == member[:, None]).mean() > 0.97


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("rows", [16, 40])
@pytest.mark.parametrize("columns", [1, 2])
def test_few_rows_and_columns(method: ProjectionMethod, rows: int, columns: int) -> None:
    x = np.random.default_rng(0).normal(size=(rows, columns)).astype(np.float32)
    x[: rows // 2] = x[0]
    options = MeasureOptions(projection=method)
    landmarks = np.arange(rows)
    xy = project(fit_projection(x, find_neighbors(x, 15), landmarks, options), x, landmarks)
    assert np.isfinite(xy).all()
    assert np.abs(xy).max() == pytest.approx(1, abs=1e-5)


def test_pca_keeps_the_aspect() -> None:
    x = np.zeros((4, 3), dtype=np.float32)
    x[:, :2] = [[-4, 1], [4, 1], [0, -1], [0, 0]]
    options = MeasureOptions(projection="pca")
    fitted = fit_projection(x, find_neighbors(x, 3), np.arange(4), options)
    xy = fitted.place(x)
    assert np.allclose(xy, x[:, :2] / 4)
