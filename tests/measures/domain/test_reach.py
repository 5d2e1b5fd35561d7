"""What a set reaches, against a slow definition; and regions that only one set visits."""

from __future__ import annotations

import numpy as np
import pytest

from mlflow_latent.measures.domain import Reach, count_regions


def normal(seed: int, size: int, dim: int = 4) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(size, dim)).astype(np.float32)


def test_ratio_is_the_distance_to_the_fifth_neighbor_over_its_quantile() -> None:
    points, others = normal(0, 120), normal(1, 40) * 2
    reach = Reach.of(points)

    def fifth(row: np.ndarray, rows: np.ndarray) -> float:
        return float(np.sort(np.linalg.norm(rows - row, axis=1))[4])

    own = np.sort(
        [fifth(row, np.delete(points, place, axis=0)) for place, row in enumerate(points)]
    )
    limit = own[int(np.ceil(0.95 * 121)) - 1]
    expected = [fifth(row, points) / limit for row in others]
    np.testing.assert_allclose(reach.ratio(others), expected, rtol=1e-4)


@pytest.mark.parametrize("size", [20, 300, 3000])
def test_as_many_fit_as_of_a_set_itself(size: int) -> None:
    shares = [
        np.mean(Reach.of(normal(seed, size)).ratio(normal(seed + 50, 400)) <= 1)
        for seed in range(10)
    ]
    assert 0.9 < np.mean(shares) < 0.99


def test_few_and_equal_samples() -> None:
    assert Reach.of(normal(0, 3)).k == 1
    equal = Reach.of(np.ones((9, 2), dtype=np.float32))
    there = equal.ratio(np.array([[1, 1], [1, 2]], dtype=np.float32))
    assert there.tolist() == [0, np.inf]


def test_regions_of_one_set_alone_are_sure_and_the_rest_are_not() -> None:
    source = normal(0, 2000)
    target = normal(1, 300)
    target[:60] += 9
    source[:400, 1] -= 12
    found = count_regions(source, target)
    new = found.target - found.source * 300 / 2000
    first = int(np.argmax(new))
    assert (found.source[first], found.target[first]) == (0, 60)
    assert found.q_target[first] < 1e-6
    gone = np.unique(found.labels_source[:400])
    assert found.target[gone].sum() == 0
    assert found.q_source[gone].max() < 0.05
    assert (found.source.sum(), found.target.sum()) == (2000, 300)


def test_what_thirty_samples_miss_by_chance_is_not_claimed() -> None:
    for seed in range(5):
        found = count_regions(normal(seed, 3000), normal(seed + 10, 30), random_state=seed)
        assert min(found.q_source.min(), found.q_target.min()) > 0.01
