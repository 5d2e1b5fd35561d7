"""The law of the nearest distances: its chance, its inverse, and that it is right about chance."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st

from mlflow_latent.measures.nearness import NearnessLaw, fit_nearness

numbers = st.floats(0.5, 40), st.floats(1e-9, 0.2), st.floats(5, 1e5)


@given(*numbers)
def test_depth_is_the_inverse_of_chance(rate: float, chance: float, degrees: float) -> None:
    law = NearnessLaw(intercept=0.0, rate=np.array([rate]), start=0.1 / rate, degrees=degrees)

    assert law.chance(law.depth(chance))[0] == pytest.approx(chance, rel=1e-6)


def draw(dimension: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Depths of even samples: r^d is exponential."""
    return -np.log(rng.exponential(size=len(dimension))) / dimension


@pytest.mark.parametrize("dimension", [1.0, 6.0, 30.0])
def test_chance_is_as_frequent_as_it_says(dimension: float) -> None:
    rng = np.random.default_rng(0)
    below = []
    for _ in range(20):
        dimensions = np.full(4000, dimension)
        depth = draw(dimensions, rng)
        law = fit_nearness(depth, dimensions, np.ones(4000, bool))
        assert law.rate[0] == pytest.approx(dimension, rel=0.12)
        below.append((law.chance(depth) < 1e-3).sum())

    assert 50 < sum(below) < 110  # of 80,000, 80 expected


def test_a_few_of_low_dimension_are_judged_by_theirs() -> None:
    rng = np.random.default_rng(1)
    dimension = np.where(np.arange(6000) < 300, 2.0, 20.0)
    depth = draw(dimension, rng)
    noisy = dimension * np.exp(0.1 * rng.normal(size=6000))  # it is estimated

    chance = fit_nearness(depth, noisy, np.ones(6000, bool)).chance(depth)

    assert (chance[:300] < 0.01).sum() <= 9
    assert (chance < 1e-3).sum() <= 14


def test_copies_beyond_the_bulk_do_not_change_the_law() -> None:
    rng = np.random.default_rng(2)
    dimension = np.full(3000, 8.0)
    depth = draw(dimension, rng)
    clean = fit_nearness(depth, dimension, np.ones(3000, bool)).rate[0]
    depth[:60] += 5

    assert fit_nearness(depth, dimension, np.ones(3000, bool)).rate[0] == pytest.approx(
        clean, rel=0.15
    )
