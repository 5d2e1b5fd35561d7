from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from sklearn.decomposition import PCA

from mlflow_latent.measures import reduction as module
from mlflow_latent.measures.reduction import OUTLIER_RADIUS, fit_reduction


def one_split(rows: int) -> np.ndarray:
    return np.zeros(rows, dtype=np.intp)


def correlated(rows: int, columns: int, seed: int = 0) -> np.ndarray:
    random = np.random.default_rng(seed)
    mixing = random.normal(size=(columns, columns)) * np.linspace(1, 0.1, columns)
    return (random.normal(size=(rows, columns)) @ mixing.T + 3).astype(np.float32)


def test_agrees_with_scikit_learn_on_scaled_columns() -> None:
    x = correlated(500, 12) * np.geomspace(0.2, 5, 12, dtype=np.float32)
    ours = fit_reduction(x, one_split(500), 5, 0).apply(x)
    ratio = x.std(0) / np.median(x.std(0))
    weight = np.where(ratio < 1, np.sqrt(ratio), np.minimum(ratio, 2))
    assert weight.min() < 0.6  # quieter columns are there,
    assert weight.max() == 2  # and louder ones
    theirs = PCA(5).fit_transform((x - x.mean(0)) / x.std(0) * weight)
    theirs /= np.median(np.linalg.norm(theirs, axis=1))
    for column in range(5):
        assert abs(ours[:, column] @ theirs[:, column]) == pytest.approx(
            np.linalg.norm(ours[:, column]) * np.linalg.norm(theirs[:, column]), rel=1e-3
        )
        assert ours[:, column].std() == pytest.approx(theirs[:, column].std(), rel=1e-3)


@pytest.mark.parametrize("scale", [1e-12, 1e-3, 1e3, 1e30])
def test_no_column_is_all_there_is_nor_lost(scale: float) -> None:
    x = correlated(300, 6)
    x[:, 2] *= np.float32(scale)
    reduced = fit_reduction(x, one_split(300), 6, 0).apply(x)
    columns = (x.astype(np.float64) - x.mean(0)) / x.std(0, dtype=np.float64)
    _, left, *_ = np.linalg.lstsq(reduced.astype(np.float64), columns, rcond=None)
    assert max(left, default=0) < 0.01 * len(x)  # each is still in there


def test_hundreds_of_faint_columns_do_not_outweigh_those_that_tell_samples_apart() -> None:
    rng = np.random.default_rng(0)
    group = rng.integers(0, 8, 800)
    told = rng.normal(size=(8, 12))[group] * 3 + rng.normal(size=(800, 12))
    x = np.hstack([told, 0.05 * rng.normal(size=(800, 300))]).astype(np.float32)
    reduced = fit_reduction(x, one_split(800), 50, 0).apply(x)
    near = np.argsort(np.linalg.norm(reduced[:, None] - reduced[None], axis=2), axis=1)[:, 1:6]
    assert (group[near] == group[:, None]).mean() > 0.95


def test_constant_columns_are_left_out_and_counted() -> None:
    x = np.hstack([correlated(100, 4), np.full((100, 3), 7.7, np.float32)])
    reduction = fit_reduction(x, one_split(100), 50, 0)
    assert reduction.n_constant == 3
    assert not reduction.weights[4:].any()
    assert np.allclose(
        reduction.apply(x),
        fit_reduction(x[:, :4], one_split(100), 50, 0).apply(x[:, :4]),
        atol=1e-5,
    )


@settings(max_examples=40, deadline=None)
@given(
    rows=st.integers(1, 40), columns=st.integers(1, 12), identical=st.booleans(),
    scale=st.sampled_from([1e-20, 1.0, 1e20]),
)  # fmt: skip
def test_finite_and_narrow_whatever_the_shape(
    rows: int, columns: int, identical: bool, scale: float
) -> None:
    x = correlated(rows, columns) * np.float32(scale)
    x = np.repeat(x[:1], rows, axis=0) if identical else x
    reduced = fit_reduction(x, one_split(rows), 5, 0).apply(x)
    assert np.isfinite(reduced).all()
    assert reduced.shape[0] == rows
    assert 1 <= reduced.shape[1] <= min(5, columns)
    if identical or rows == 1:
        assert not reduced.any()


def test_outliers_stay_farthest_but_near() -> None:
    x = correlated(1000, 5)
    x[17] *= 1e4
    norm = np.linalg.norm(fit_reduction(x, one_split(1000), 5, 0).apply(x), axis=1)
    assert norm.argmax() == 17
    assert norm[17] <= OUTLIER_RADIUS * 1.001


def planted_shift(shift: float, n_small: int = 100) -> tuple[np.ndarray, np.ndarray]:
    """512 columns alike in all directions; the small split is shifted along one of them."""
    random = np.random.default_rng(0)
    x = random.normal(size=(10_000 + n_small, 512)).astype(np.float32)
    codes = np.r_[np.zeros(10_000, np.intp), np.ones(n_small, np.intp)]
    direction = random.normal(size=512)
    x[codes == 1] += np.float32(shift) * (direction / np.linalg.norm(direction))
    return x, codes


def separation(reduced: np.ndarray, codes: np.ndarray) -> float:
    """Share of the squared distance between two rows that the shift of the means explains."""
    step = reduced[codes == 1].mean(0) - reduced[codes == 0].mean(0)
    return float(step @ step / reduced.var(axis=0).sum())


def test_a_small_shifted_split_does_not_drown() -> None:
    x, codes = planted_shift(4.0)
    balanced = separation(fit_reduction(x, codes, 20, 0).apply(x), codes)
    drowned = separation(fit_reduction(x, np.zeros_like(codes), 20, 0).apply(x), codes)
    assert balanced > 0.6
    assert balanced > 2 * drowned


def test_where_splits_do_not_differ_they_change_nothing() -> None:
    x, codes = planted_shift(0.0)
    with_splits = fit_reduction(x, codes, 20, 0)
    without = fit_reduction(x, np.zeros_like(codes), 20, 0)
    assert np.array_equal(with_splits.weights, without.weights)


def test_very_wide_embeddings_keep_their_distances(monkeypatch: pytest.MonkeyPatch) -> None:
    x = correlated(200, 600)
    exact = fit_reduction(x, one_split(200), 200, 0).apply(x)
    monkeypatch.setattr(module, "MAX_COVARIANCE_COLUMNS", 500)
    sketched = fit_reduction(x, one_split(200), 200, 0)
    assert sketched.is_sketched
    pairs = np.random.default_rng(0).integers(0, 200, (2, 500))
    pairs = pairs[:, pairs[0] != pairs[1]]
    between = [
        np.linalg.norm(r[pairs[0]] - r[pairs[1]], axis=1) for r in (exact, sketched.apply(x))
    ]
    assert between[1] == pytest.approx(between[0], rel=0.12)
    assert np.corrcoef(between)[0, 1] > 0.9


def test_signs_do_not_depend_on_the_order_of_rows() -> None:
    x = correlated(400, 8)
    turned = x[::-1].copy()
    one = fit_reduction(x, one_split(400), 8, 0)
    other = fit_reduction(turned, one_split(400), 8, 0)
    assert np.allclose(one.weights, other.weights, atol=1e-3)
