"""Both tests are exact: true where nothing differs, whatever the sizes; and they see what does."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from mlflow_latent.measures.domain import classifier_test, kernel_test
from mlflow_latent.measures.domain.features import median_distance
from mlflow_latent.measures.domain.two_sample import areas

TESTS = [classifier_test, kernel_test]


def draw(seed: int, n: int, m: int, shift: float = 0.0, dim: int = 6) -> tuple[np.ndarray, ...]:
    random = np.random.default_rng(seed)
    source, target = random.normal(size=(n, dim)), random.normal(size=(m, dim))
    target[:, 0] += shift
    return source.astype(np.float32), target.astype(np.float32)


@pytest.mark.parametrize("test", TESTS)
@pytest.mark.parametrize("sizes", [(60, 60), (300, 12)])
def test_p_values_are_true_where_nothing_differs(test: object, sizes: tuple[int, int]) -> None:
    p = [
        test(*draw(seed, *sizes), permutations=99, random_state=seed).p_value  # type: ignore[operator]
        for seed in range(50)
    ]
    assert np.mean(np.array(p) <= 0.1) <= 0.24  # of 50 at a level of 10 %: 1 in 1000 has more
    assert 0.3 < np.mean(p) < 0.7


@pytest.mark.parametrize("test", TESTS)
@pytest.mark.parametrize("sizes", [(300, 300), (3000, 30)])
def test_a_shift_is_found_also_beside_a_hundred_times_as_many(
    test: object, sizes: tuple[int, int]
) -> None:
    found = test(*draw(1, *sizes, shift=1.5))  # type: ignore[operator]
    assert found.p_value == 0.002
    assert found.statistic > found.chance[0] + 3 * found.chance[1]
    assert found.n_target == sizes[1]


@pytest.mark.parametrize("test", TESTS)
def test_a_wider_set_of_the_same_mean_is_found(test: object) -> None:
    source, target = draw(2, 800, 200)
    assert test(source, target * 1.5).p_value <= 0.01  # type: ignore[operator]


@pytest.mark.parametrize("test", TESTS)
def test_equal_rows_tell_nothing(test: object) -> None:
    equal = np.ones((40, 3), dtype=np.float32)
    assert test(equal, equal[:20]).p_value > 0.2  # type: ignore[operator]


@pytest.mark.parametrize("test", TESTS)
def test_the_same_samples_twice_do_not_differ(test: object) -> None:
    source, _ = draw(3, 200, 5)
    assert test(source, source).p_value > 0.2  # type: ignore[operator]


def test_the_kernel_statistic_is_that_of_the_definition() -> None:
    source, target = draw(4, 30, 12, shift=0.5)
    points = np.concatenate([source, target]).astype(np.float64)
    bandwidth = median_distance(points.astype(np.float32), 0)

    def similar(a: np.ndarray, b: np.ndarray) -> float:
        return float(np.exp(-np.square(a - b).sum() / (2 * bandwidth**2)))

    def mean(first: np.ndarray, second: np.ndarray, *, same: bool) -> float:
        pairs = [
            similar(a, b)
            for i, a in enumerate(first)
            for j, b in enumerate(second)
            if not (same and i == j)
        ]
        return float(np.mean(pairs))

    expected = mean(source, source, same=True) + mean(target, target, same=True)
    expected -= 2 * mean(source, target, same=False)
    assert kernel_test(source, target, permutations=9).statistic == pytest.approx(
        expected, abs=1e-5
    )


def test_areas_are_those_of_scikit_learn() -> None:
    random = np.random.default_rng(0)
    scores = random.normal(size=(50, 4))
    labels = (random.random((50, 4)) < 0.3).astype(float)
    expected = [roc_auc_score(labels[:, k], scores[:, k]) for k in range(4)]
    np.testing.assert_allclose(areas(scores, labels), expected)


def test_the_same_seed_gives_the_same_numbers() -> None:
    source, target = draw(5, 4000, 50, shift=0.2)
    for test in (classifier_test, kernel_test):
        assert test(source, target, random_state=3) == test(source, target, random_state=3)
