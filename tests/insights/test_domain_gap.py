"""Unlabeled data of another origin is found, and what differs is named; the same origin is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from worlds import World, make_world

from mlflow_latent.analysis import AnalysisOptions, analyze
from mlflow_latent.measures import MeasureOptions

if TYPE_CHECKING:
    from mlflow_latent.report.model import Insight, Report
    from mlflow_latent.snapshot import Snapshot

OPTIONS = AnalysisOptions(measures=MeasureOptions(projection="none"))
KIND = "domain_gap"
ALPHA = 0.05 / 10  # no kind of one share may spend more


def another_split(
    seed: int, size: int = 200, *, name: str = "unlabeled", train: int = 1200, val: int = 600
) -> tuple[World, np.ndarray]:
    """A world in which some rows of train are of another split, without a loss."""
    world = make_world(seed, train=train + size, val=val)
    rows = np.flatnonzero(world.split == "train")[:size]
    world.split[rows] = name
    world.loss[rows] = np.nan
    return world, rows


def snapshot_of(world: World, rows: np.ndarray) -> Snapshot:
    target = (world.blob % 10).astype(object)
    target[rows] = None
    return world.snapshot(target=target.tolist())


def found(report: Report) -> list[Insight]:
    return [insight for insight in report.insights if insight.kind == KIND]


@pytest.mark.parametrize("size", [30, 300])
def test_a_shift_is_found_and_the_field_named(size: int) -> None:
    world, rows = another_split(0, size)
    world.embedding[rows, :4] += 2
    world.metadata["brightness"][rows] -= 2

    report = analyze(snapshot_of(world, rows), OPTIONS)
    (insight,) = found(report)

    assert insight.split == "unlabeled"
    assert insight.q_value <= ALPHA
    assert insight.effect > 0.9
    assert insight.interval[0] < insight.effect < insight.interval[1]
    assert insight.metadata[0].name == "brightness"
    assert insight.metadata[0].direction == "lower"
    assert {split for split, _ in insight.samples} == {"unlabeled"}
    assert insight.counts == {"train": 0, "val": 0, "unlabeled": len(insight.samples)}
    assert 0.3 < insight.severity <= 1
    looks = report.samples.groupby("split")["belonging_unlabeled"].median()
    assert looks["unlabeled"] > 0.8
    assert looks["train"] < 0.2  # scored too, although val was compared
    first = report.samples.set_index(["split", "sample_id"]).loc[list(insight.samples)]
    assert first["belonging_unlabeled"].is_monotonic_decreasing


def test_a_new_region_that_a_classifier_hardly_sees_is_found_by_reach() -> None:
    world, rows = another_split(1, 400)
    world.embedding[rows[:60]] = 30 + np.random.default_rng(0).normal(size=(60, 16))

    (insight,) = found(analyze(snapshot_of(world, rows), OPTIONS))

    assert insight.base_rates["share_of_unlabeled_out_of_reach"] > 0.14
    assert {f"s{row}" for row in rows[:60]} <= set(insight.sample_ids[:70])


def test_the_same_origin_is_silent_and_the_table_has_the_score() -> None:
    for seed in range(4):
        world, rows = another_split(seed, 200)
        report = analyze(snapshot_of(world, rows), OPTIONS)
        assert not found(report)
        assert report.tests[KIND] == 1
        assert report.samples["belonging_unlabeled"].between(0, 1).all()


@pytest.mark.parametrize(
    ("name", "size", "reason"),
    [
        ("test", 100, "no split of another origin to compare; captured: 'train', 'val', 'test'"),
        ("unlabeled", 5, "split 'unlabeled' has 5 samples, at least 10 are needed"),
    ],
)
def test_not_applicable(name: str, size: int, reason: str) -> None:
    world, rows = another_split(0, size, name=name)
    world.embedding[rows] += 5
    world.loss[rows] = 1.0
    report = analyze(world.snapshot(), OPTIONS)
    reasons = {one.kind: one.reason for one in report.not_applicable}
    assert reasons[KIND] == reason
    assert "belonging_unlabeled" not in report.samples


def test_several_origins_each_have_their_own_answer() -> None:
    world, rows = another_split(2, 400)
    world.split[rows[200:]] = "night"
    world.embedding[rows[200:], :4] += 2
    report = analyze(snapshot_of(world, rows), OPTIONS)
    assert [insight.split for insight in found(report)] == ["night"]
    assert report.tests[KIND] == 2
