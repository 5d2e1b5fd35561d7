"""Distances: right where the truth is known, 0 between halves, larger where sets are farther."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from mlflow_latent.measures.domain import DISTANCES, measure_distance
from mlflow_latent.measures.domain.distances import (
    common_axes,
    frechet_squared,
    usable_components,
)

NAMES = list(DISTANCES)


def normal(seed: int, size: int, dim: int = 5, shift: float = 0.0, scale: float = 1) -> np.ndarray:
    points = np.random.default_rng(seed).normal(size=(size, dim)) * scale
    points[:, 0] += shift
    return points.astype(np.float32)


def test_frechet_of_known_gaussians() -> None:
    random = np.random.default_rng(0)
    points = random.normal(size=(50, 3))
    centered = points - points.mean(axis=0)
    assert frechet_squared(points, points) == pytest.approx(0, abs=1e-6)
    assert frechet_squared(points, points + np.array([3, 4, 0])) == pytest.approx(25)
    spread = np.cov(points, rowvar=False).trace()
    assert frechet_squared(centered, 3 * centered) == pytest.approx(4 * spread)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("sizes", [(60, 60), (3000, 30)])
def test_halves_of_one_set_are_at_zero_on_average(name: str, sizes: tuple[int, int]) -> None:
    found = [
        measure_distance(name, normal(seed, sizes[0]), normal(seed + 100, sizes[1]))
        for seed in range(12)
    ]
    squared = np.array([one.squared for one in found])
    assert abs(squared.mean()) < 4 * squared.std() / np.sqrt(len(squared))
    assert np.mean([one.interval[0] == 0 for one in found]) > 0.8


@pytest.mark.parametrize("name", NAMES)
def test_a_known_shift_is_measured_whatever_the_size_of_the_target(name: str) -> None:
    shift = 2.0
    for size in (40, 2000):
        found = measure_distance(name, normal(0, 2000), normal(1, size, shift=shift))
        low, high = found.interval
        assert low < shift / np.sqrt(found.components) < high


@pytest.mark.parametrize("name", NAMES)
def test_farther_is_larger_and_the_order_of_two_is_sure(name: str) -> None:
    target = normal(0, 500)
    sets = [normal(seed, 500, shift=shift) for seed, shift in ((1, 0.0), (2, 0.5), (3, 1.5))]
    found = [measure_distance(name, part, target) for part in sets]
    assert found[0].value < found[1].value < found[2].value
    difference, low, high = found[2].beyond(found[1])
    assert 0 < low < difference < high
    assert difference == pytest.approx(found[2].value - found[1].value)


@settings(max_examples=15, deadline=None)
@given(st.floats(1e-3, 1e3), st.integers(0, 100))
def test_the_unit_of_the_space_does_not_matter(unit: float, seed: int) -> None:
    source, target = normal(seed, 40), normal(seed + 1, 30, shift=1)
    for name in NAMES:
        plain = measure_distance(name, source, target)
        scaled = measure_distance(
            name, (source * unit).astype(np.float32), (target * unit).astype(np.float32)
        )
        assert scaled.value == pytest.approx(plain.value, rel=1e-3, abs=1e-3)


def test_axes_make_every_direction_vary_by_one_within_the_sets() -> None:
    mixed = (np.eye(4) * [1, 2, 3, 4] + 0.2).astype(np.float32)
    parts = [normal(0, 900, 4) @ mixed, normal(1, 300, 4, shift=50) @ mixed]
    axes = common_axes(parts, 4)
    moved = [part @ axes for part in parts]
    centered = np.concatenate([part - part.mean(axis=0) for part in moved])
    np.testing.assert_allclose(np.cov(centered, rowvar=False).diagonal(), 1, atol=0.3)
    assert common_axes(parts, 2).shape == (4, 2)
    assert usable_components(50, 3000, 20) == 5


@pytest.mark.parametrize("name", NAMES)
def test_equal_rows_are_at_zero(name: str) -> None:
    equal = np.ones((20, 3), dtype=np.float32)
    found = measure_distance(name, equal, equal)
    assert (found.value, found.interval) == (0, (0, 0))
