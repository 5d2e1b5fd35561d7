"""Severity grows with the number of samples and with the effect, in every kind that has one."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from worlds import World, make_world

from mlflow_latent.evidence import Moments
from mlflow_latent.insights import Context, InsightOptions
from mlflow_latent.insights.kinds import (
    low_performance,
    low_performance_slices,
    over_representation,
    under_representation,
)
from mlflow_latent.insights.losses import Excess
from mlflow_latent.measures import MeasureOptions, Measures

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mlflow_latent.report.model import Insight

TOTAL = 1000
shares = st.integers(10, TOTAL - 10)
means = st.floats(0.01, 100)


def severity(size: int, ratio: float, mean: float) -> float:
    """Of a set of `size` samples whose mean loss is `ratio` times that of the rest."""

    def group(n: int, center: float) -> Moments:
        return Moments(np.array([float(n)]), np.array([center]), np.array([center**2]))

    loss = np.array([mean, ratio * mean])
    excess = Excess.of(loss, group(size, ratio * mean), group(TOTAL - size, mean), 0.95)
    return float(excess.severity[0])


@given(size=shares, more=shares, ratio=st.floats(1.01, 50), mean=means)
def test_more_samples_are_more_severe(size: int, more: int, ratio: float, mean: float) -> None:
    small, large = sorted((size, more))
    assert severity(small, ratio, mean) <= severity(large, ratio, mean)
    assert (severity(small, ratio, mean) < severity(large, ratio, mean)) == (small < large)


@given(size=shares, ratio=st.floats(0.1, 50), more=st.floats(0.1, 50), mean=means)
def test_a_larger_excess_is_more_severe(size: int, ratio: float, more: float, mean: float) -> None:
    low, high = sorted((ratio, more))
    assert severity(size, low, mean) <= severity(size, high, mean)
    assert severity(size, min(low, 1.0), mean) == 0  # nothing to recover
    assert 0 <= severity(size, high, mean) < 1


@given(size=shares, ratio=st.floats(1, 50), mean=means, unit=st.floats(1e-3, 1e3))
def test_the_unit_of_the_loss_changes_nothing(
    size: int, ratio: float, mean: float, unit: float
) -> None:
    assert severity(size, ratio, mean) == pytest.approx(severity(size, ratio, mean * unit))


def most_severe(find: Callable[[Context], Iterable[Insight]], world: World) -> float:
    measures = Measures(world.snapshot(), MeasureOptions(projection="none"))
    context = Context(measures, InsightOptions(), "val", "train", alpha=0.01, tests=Counter())
    return max(insight.severity for insight in find(context))


@settings(max_examples=2, deadline=None, derandomize=True)
@given(seed=st.integers(0, 100))
@pytest.mark.slow
def test_a_region_grows_more_severe_with_its_size_and_its_loss(seed: int) -> None:
    found = []
    for blobs, factor in ((12, 2.5), (12, 4.0), (6, 4.0)):
        world = make_world(seed, train=100, val=2000, blobs=blobs)
        world.loss[world.blob == 1] *= factor
        found.append(most_severe(low_performance.find, world))
    assert found == sorted(found)


@settings(max_examples=2, deadline=None, derandomize=True)
@given(seed=st.integers(0, 100))
@pytest.mark.slow
def test_a_slice_grows_more_severe_with_its_size_and_its_loss(seed: int) -> None:
    found = []
    for least, factor in ((1.5, 3.0), (1.5, 5.0), (0.8, 5.0)):
        world = make_world(seed, train=100, val=3000)
        world.loss[world.metadata["brightness"] > least] *= factor
        found.append(most_severe(low_performance_slices.find, world))
    assert found == sorted(found)


@settings(max_examples=2, deadline=None, derandomize=True)
@given(seed=st.integers(0, 100))
@pytest.mark.slow
@pytest.mark.parametrize("thinned", ["train", "val"])
def test_misrepresentation_grows_more_severe_with_the_region_and_with_the_odds(
    thinned: str, seed: int
) -> None:
    kind = under_representation if thinned == "train" else over_representation
    found = []
    for blobs, removed in ((12, 0.7), (12, 0.9), (6, 0.9)):
        world = make_world(seed, train=3000, val=3000, blobs=blobs)
        lost = (world.blob == 1) & (world.split == thinned)
        lost &= np.random.default_rng(seed).random(len(lost)) < removed
        kept = World(*(a[~lost] for a in (world.blob, world.split, world.embedding, world.loss)))
        found.append(most_severe(kind.find, kept))
    assert found == sorted(found)
