from __future__ import annotations

import numpy as np
import pytest
from worlds import make_world

from mlflow_latent.measures import MeasureOptions, Measures
from mlflow_latent.measures.label_quality import label_quality
from mlflow_latent.measures.neighbors import Neighbors
from mlflow_latent.measures.votes import Votes

FAST = MeasureOptions(projection="none")


def test_neighbors_alone_find_the_label_that_does_not_belong() -> None:
    world = make_world(0, train=400, val=200)
    target = world.blob.copy()
    target[:20] = (target[:20] + 3) % 10
    found = Measures(world.snapshot(target=target), FAST).label_quality

    assert found is not None
    assert set(np.argsort(found.quality)[:20]) == set(range(20))
    assert (found.suggested[:20] == world.blob[:20]).all()
    assert np.isnan(found.model_margin).all()


def test_a_label_learned_by_heart_is_told_by_its_early_epochs() -> None:
    neighbors = Neighbors(np.array([[1], [0], [3], [2]], np.int32), np.ones((4, 1), np.float32))
    by_heart = np.tile(np.float32([0.99, 0.01]), (4, 1))
    target = np.zeros(4, np.int32)
    over_epochs = np.float32([-0.4, 0.9, 0.9, np.nan])
    found = label_quality(target, neighbors, by_heart, over_epochs)

    assert found.quality.argmin() == 0
    assert found.model_margin[3] == pytest.approx(0.98)


@pytest.mark.parametrize("missing", [0, 3])
def test_samples_without_a_label_have_no_quality_and_no_vote(missing: int) -> None:
    target = np.array([0, 0, 1, 1], np.int32)
    target[missing] = -1
    indices = np.array([[1, 2], [0, 2], [3, 1], [2, 1]], np.int32)
    found = label_quality(target, Neighbors(indices, np.ones((4, 2), np.float32)), None)

    assert np.isnan(found.quality[missing])
    assert found.suggested[missing] == -1
    assert np.isfinite(np.delete(found.quality, missing)).all()


def test_a_rare_class_is_not_outvoted_by_its_surroundings() -> None:
    target = np.array([0] * 30 + [1, 1], np.int32)
    indices = np.tile(np.array([[0, 1, 31]], np.int32), (32, 1))
    indices[31] = [0, 1, 30]
    found = label_quality(target, Neighbors(indices, np.ones((32, 3), np.float32)), None)

    assert found.neighbor_margin[30] > -0.34  # what plain counting gives


def test_the_label_of_a_sample_itself_says_nothing_of_its_surroundings() -> None:
    rng = np.random.default_rng(0)
    indices = np.array([rng.permutation(np.delete(np.arange(40), row))[:6] for row in range(40)])
    neighbors = Neighbors(indices.astype(np.int32), np.sort(rng.random((40, 6)).astype("f4"), 1))
    target = rng.integers(0, 3, 40).astype(np.int32)
    found = Votes(target, neighbors, 3).surroundings()

    assert found == pytest.approx(slow_surroundings(target, neighbors), abs=1e-4)


def slow_surroundings(target: np.ndarray, neighbors: Neighbors) -> np.ndarray:
    """One sample after the other: go to its neighbors, and from there to theirs, but not back."""
    near = np.exp(-((neighbors.distances / np.median(neighbors.distances)) ** 2)) + 1e-3
    near /= near.sum(axis=1, keepdims=True)
    odds = []
    for row in range(len(target)):
        one, two = np.zeros(3), np.zeros(3)
        for first, weight in zip(neighbors.indices[row], near[row], strict=True):
            one[target[first]] += weight
            for second, more in zip(neighbors.indices[first], near[first], strict=True):
                two[target[second]] += weight * more * (second != row)
        share = (one + two / two.sum()) / 2
        own = share[target[row]]
        odds.append(np.log((own + 0.01) / (np.delete(share, target[row]).max() + 0.01)))
    return np.array(odds)
