"""A region that is learned late is found; forgetting anywhere, and wrong labels, are not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from worlds import World, make_world

from mlflow_latent.insights import Context, InsightOptions, NotApplicableError
from mlflow_latent.insights.kinds import hard_to_learn
from mlflow_latent.measures import MeasureOptions, Measures
from mlflow_latent.measures.dynamics import learning_dynamics

PLANTED = 3
EPOCHS = 6


def history_of(world: World, seed: int, slow: np.ndarray, epochs: int = EPOCHS) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    size = len(world.blob)
    return pd.concat(
        pd.DataFrame(
            {
                "split": world.split,
                "sample_id": [f"s{row}" for row in range(size)],
                "epoch": epoch,
                "margin": np.tanh(rng.normal(np.where(slow, epoch - 4.0, epoch), 1.0)),
            }
        )
        for epoch in range(epochs)
    )


def find(world: World, history: pd.DataFrame | None, **changes: object) -> list:
    measures = Measures(
        world.snapshot(history=history, **changes), MeasureOptions(projection="none")
    )
    return list(hard_to_learn.find(Context(measures, InsightOptions(), "val", "train", 0.005)))


@pytest.mark.parametrize("in_val", [True, False])
def test_a_region_that_is_learned_late_is_found_and_how_it_is_in_val_said(in_val: bool) -> None:
    world = make_world(0, train=1500, val=500)
    slow = (world.blob == PLANTED) & ((world.split == "train") | in_val)
    found = find(world, history_of(world, 0, slow))

    best = max(found, key=lambda insight: insight.severity)
    truth = {(world.split[row], f"s{row}") for row in np.flatnonzero(world.blob == PLANTED)}
    assert len(truth & set(best.samples)) / len(best.samples) > 0.9
    assert len(truth & set(best.samples)) / len(truth) > 0.9
    assert best.interval[0] > 1.5
    assert best.split == "train"
    assert f"The same in val, {'100' if in_val else '0.0'} %" in best.description


def test_slow_samples_anywhere_are_no_region() -> None:
    fired = 0
    for seed in range(4):
        world = make_world(seed, train=600, val=200)
        measures = Measures(world.snapshot(), MeasureOptions(projection="none"))
        context = Context(measures, InsightOptions(), "val", "train", 0.005)
        for draw in range(15):  # other slow samples in the same regions
            slow = np.random.default_rng([seed, draw]).random(len(world.blob)) < 0.1
            snapshot = world.snapshot(history=history_of(world, draw, slow))
            measures.dynamics = learning_dynamics(snapshot)
            fired += bool(list(hard_to_learn.find(context)))
    assert fired <= 2  # a rate of 0.5 % exceeds 2 of 60 in 1 of 300 such tests


def test_wrong_labels_are_not_hard_samples() -> None:
    world = make_world(1, train=1500, val=500)
    wrong = (world.blob == PLANTED) & (np.random.default_rng(1).random(len(world.blob)) < 0.2)
    target = np.where(wrong, 5, world.blob)

    assert not find(world, history_of(world, 1, wrong), target=target)


def test_too_few_epochs_are_said() -> None:
    world = make_world(2, train=300, val=100)
    slow = np.zeros(400, bool)
    with pytest.raises(NotApplicableError, match="only one epoch was captured"):
        find(world, None)
    with pytest.raises(NotApplicableError, match="0 samples of 'train' were captured in 3 epochs"):
        find(world, history_of(world, 2, slow, epochs=2))
    with pytest.raises(NotApplicableError, match="no target"):
        find(world, history_of(world, 2, slow), target=None)
