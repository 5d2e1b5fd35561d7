"""Samples that are in two splits are found, by their embedding or by their id."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from worlds import World, make_world

from mlflow_latent.analysis import AnalysisOptions, analyze
from mlflow_latent.insights import Context
from mlflow_latent.insights.kinds.leakage import find
from mlflow_latent.measures import MeasureOptions, Measures

if TYPE_CHECKING:
    from mlflow_latent.report.model import Insight, Report

OPTIONS = AnalysisOptions(measures=MeasureOptions(projection="none"))
KIND = "leakage"


def found(report: Report) -> list[Insight]:
    return [insight for insight in report.insights if insight.kind == KIND]


def leak(world: World, pairs: int, noise: float = 0.05) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    train, val = (
        rng.choice(np.flatnonzero(world.split == split), pairs, replace=False)
        for split in ("train", "val")
    )
    world.embedding[val] = world.embedding[train] + rng.normal(size=(pairs, 16)) * noise
    return train, val


@pytest.mark.parametrize("noise", [0.0, 0.02, 0.05])
@pytest.mark.parametrize("pairs", [3, 20, 200])
def test_leaked_samples_are_found(pairs: int, noise: float) -> None:
    world = make_world(0)
    train, val = leak(world, pairs, noise)

    (insight,) = found(analyze(world.snapshot(), OPTIONS))

    assert set(insight.samples) == {
        *(("train", f"s{row}") for row in train),
        *(("val", f"s{row}") for row in val),
    }
    assert insight.counts == {"train": pairs, "val": pairs}
    assert insight.effect == insight.severity == pytest.approx(pairs / 1500, rel=1e-5)
    assert insight.interval[0] < insight.effect < insight.interval[1]


def test_a_pair_is_listed_together_train_first() -> None:
    world = make_world(1)
    train, val = leak(world, 20)

    samples = found(analyze(world.snapshot(), OPTIONS))[0].samples

    twin = {f"s{a}": f"s{b}" for a, b in zip(train, val, strict=True)}
    for first, second in zip(samples[::2], samples[1::2], strict=True):
        assert first[0] == "train"
        assert second == ("val", twin[first[1]])


def test_it_tells_what_the_leak_does_to_the_loss() -> None:
    world = make_world(2)
    _, val = leak(world, 150)
    world.loss[val] = 0.01

    (insight,) = found(analyze(world.snapshot(), OPTIONS))

    rates = insight.base_rates
    rest = (world.split == "val") & ~np.isin(np.arange(len(world.split)), val)
    assert rates["mean_loss_leaked"] == pytest.approx(0.01)
    assert rates["mean_loss_rest_of_val"] == pytest.approx(world.loss[rest].mean(), rel=1e-4)
    assert rates["mean_loss_val"] == pytest.approx(
        world.loss[world.split == "val"].mean(), rel=1e-4
    )
    assert "without them the mean loss of val is" in insight.description


def test_one_id_in_two_splits_is_a_leak_whatever_its_embeddings() -> None:
    world = make_world(3, train=600, val=300)
    train, val = (np.flatnonzero(world.split == split)[:7] for split in ("train", "val"))
    world.embedding[val[:4]] = world.embedding[train[:4]]
    ids = np.array([f"s{row}" for row in range(900)])
    ids[val] = ids[train]

    (insight,) = found(analyze(world.snapshot(sample_id=ids), OPTIONS))

    assert len(insight.samples) == 14
    assert insight.base_rates["same_id"] == 7
    assert "7 have the same id in both splits, 3 of them with another embedding" in (
        insight.description
    )
    assert insight.p_value <= 0.0025


def test_ids_that_start_anew_in_each_split_collide_and_hide_no_leak() -> None:
    world = make_world(3, train=600, val=300)
    train, val = (np.flatnonzero(world.split == split) for split in ("train", "val"))
    world.embedding[val[:10]] = world.embedding[train[100:110]]
    ids = np.empty(900, dtype=int)
    ids[train], ids[val] = np.arange(600), np.arange(300)

    (collision,) = found(analyze(world.snapshot(sample_id=ids.astype(str)), OPTIONS))
    (copied,) = collision.children

    assert collision.title == "300 ids of val are in train too, on other embeddings"
    assert "the ids collide" in collision.action
    assert "Leave the copies out" not in collision.action
    assert collision.samples[:4] == (("train", "0"), ("val", "0"), ("train", "1"), ("val", "1"))
    assert copied.counts == {"train": 10, "val": 10}


def test_copies_in_several_splits_are_one_insight_for_each_pair() -> None:
    world = make_world(4)
    world.split[np.flatnonzero(world.split == "val")[1000:]] = "test"
    rows = {s: np.flatnonzero(world.split == s) for s in ("train", "val", "test")}
    world.embedding[rows["val"][:20]] = world.embedding[rows["train"][:20]]
    world.embedding[rows["test"][:9]] = world.embedding[rows["val"][30:39]]

    insights = found(analyze(world.snapshot(), OPTIONS))

    pairs = {tuple(insight.counts): sorted(insight.counts.values()) for insight in insights}
    assert pairs == {("train", "val"): [20, 20], ("val", "test"): [9, 9]}


def test_unlabeled_samples_leak_nothing() -> None:
    world = make_world(5, train=300, val=100)
    val = world.split == "val"
    world.embedding[val] = world.embedding[np.flatnonzero(~val)[:100]]
    world.split[val] = "unlabeled"

    report = analyze(world.snapshot(), OPTIONS)

    assert found(report) == []
    reason = next(n.reason for n in report.not_applicable if n.kind == KIND)
    assert "between two splits with labels; captured: 'train', 'unlabeled'" in reason


def test_chance_leaks_nothing() -> None:
    fired = 0
    for seed in range(40):
        measures = Measures(make_world(seed, train=400, val=200).snapshot(), OPTIONS.measures)
        context = Context(measures, OPTIONS.insights, "val", "train", alpha=0.005)
        fired += bool(list(find(context)))

    assert fired <= 1


def test_without_a_loss_the_leak_is_found_all_the_same() -> None:
    world = make_world(6)
    leak(world, 20)

    (insight,) = found(analyze(world.snapshot(loss=None), OPTIONS))

    assert len(insight.samples) == 40
    assert "mean loss" not in insight.description
