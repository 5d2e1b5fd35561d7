from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import homogeneity_score
from sklearn.neighbors import NearestNeighbors

from mlflow_latent.comparison.groups import by_name, by_number
from mlflow_latent.comparison.latent import debiased_cka, find_homogeneity, neighbor_overlap


def direct_cka(x: np.ndarray, y: np.ndarray) -> float:
    """Song et al. 2012, eq. 5, on (N, N) kernels."""
    n = len(x)

    def hsic(k: np.ndarray, l: np.ndarray) -> float:  # noqa: E741 - as in the paper
        k, l = (m - np.diag(np.diag(m)) for m in (k, l))  # noqa: E741
        one = np.ones(n)
        total = one @ k @ one * (one @ l @ one) / ((n - 1) * (n - 2))
        return (np.trace(k @ l) + total - 2 / (n - 2) * (one @ k @ l @ one)) / (n * (n - 3))

    k, l = x @ x.T, y @ y.T  # noqa: E741
    return float(hsic(k, l) / np.sqrt(hsic(k, k) * hsic(l, l)))


def test_cka_agrees_with_the_definition() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 7)) + 3
    y = x @ rng.normal(size=(7, 11)) + rng.normal(size=(60, 11)) * 2
    assert debiased_cka(x, y) == pytest.approx(direct_cka(x, y), rel=1e-9)


def test_cka_is_one_up_to_rotation_and_scale_and_zero_for_unrelated_wide_spaces() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(300, 20))
    rotation = np.linalg.qr(rng.normal(size=(20, 20)))[0]
    assert debiased_cka(x, 1e4 * x @ rotation + 5) == pytest.approx(1, abs=1e-6)
    wide = rng.normal(size=(2, 100, 2000))
    assert abs(debiased_cka(*wide)) < 0.05  # the biased estimator is at 0.95 here
    assert debiased_cka(x, np.ones_like(x)) is None


def test_neighbor_overlap_agrees_with_an_exhaustive_search_and_with_chance() -> None:
    rng = np.random.default_rng(2)
    x = rng.normal(size=(200, 6)).astype(np.float32)
    y = (x + rng.normal(size=x.shape) * 0.5).astype(np.float32)
    overlap, k = neighbor_overlap(x, y)

    nearest = [NearestNeighbors(n_neighbors=k).fit(space).kneighbors()[1] for space in (x, y)]
    expected = [len(set(a) & set(b)) / k for a, b in zip(*nearest, strict=True)]
    assert overlap == pytest.approx(expected)
    unrelated, k = neighbor_overlap(x, rng.normal(size=(200, 6)).astype(np.float32))
    assert unrelated.mean() == pytest.approx(k / 199, abs=0.02)


def test_homogeneity_agrees_with_scikit_learn() -> None:
    import pandas as pd

    rng = np.random.default_rng(3)
    names = rng.choice(["cat", "dog", "cow"], 300)
    right = pd.factorize(names)[0].astype(np.int64)
    random = rng.integers(0, 3, 300)
    clusters = [by_number("region_a", right, "fine"), by_number("region_b", random, "fine")]
    found = list(find_homogeneity([by_name("category", pd.Series(names))], clusters, 0))

    assert found[0].a == 1
    assert found[0].b == pytest.approx(homogeneity_score(names, random), rel=1e-4)
    assert found[0].b < 3 * found[0].chance_b + 0.02
    assert found[0].n_categories == 3
