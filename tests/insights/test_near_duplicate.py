"""Copies within a split are found, and only they."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from worlds import World, make_world

from mlflow_latent.analysis import AnalysisOptions, analyze
from mlflow_latent.measures import MeasureOptions, Measures

if TYPE_CHECKING:
    from mlflow_latent.report.model import Insight, Report

OPTIONS = AnalysisOptions(measures=MeasureOptions(projection="none"))
KIND = "near_duplicate"


def found(report: Report) -> dict[str | None, Insight]:
    return {insight.split: insight for insight in report.insights if insight.kind == KIND}


def plant(world: World, split: str, groups: int, copies: int, noise: float) -> np.ndarray:
    """Make groups of copies in a split; returns (groups, copies) rows."""
    rng = np.random.default_rng(1)
    rows = rng.choice(np.flatnonzero(world.split == split), (groups, copies), replace=False)
    world.embedding[rows] = world.embedding[rows[:, :1]]
    world.embedding[rows] += rng.normal(size=(groups, copies, 16)).astype("f4") * noise
    return rows


@pytest.mark.parametrize("noise", [0.0, 1e-6, 0.05])
@pytest.mark.parametrize("copies", [2, 5])
def test_copies_are_found_exact_or_not(noise: float, copies: int) -> None:
    world = make_world(0)
    planted = plant(world, "val", 12, copies, noise)

    report = analyze(world.snapshot(), OPTIONS)

    insights = found(report)
    assert set(insights) == {"val"}
    insight = insights["val"]
    assert set(insight.samples) == {("val", f"s{row}") for row in planted.ravel()}
    assert insight.base_rates["groups"] == 12
    assert insight.severity == pytest.approx(12 * (copies - 1) / 1500, rel=1e-5)
    assert insight.effect == pytest.approx(12 * copies / 1500)
    assert insight.interval[0] < insight.effect < insight.interval[1]
    assert insight.q_value <= 0.0025
    assert "leave out the other" in insight.action


def test_members_of_a_group_are_listed_next_to_each_other() -> None:
    world = make_world(1, train=600, val=300)
    planted = plant(world, "train", 8, 3, 0.01)

    listed = [
        int(name[1:]) for name in found(analyze(world.snapshot(), OPTIONS))["train"].sample_ids
    ]

    groups = {frozenset(listed[start : start + 3]) for start in range(0, len(listed), 3)}
    assert groups == {frozenset(rows) for rows in planted.tolist()}


def test_the_table_names_the_group_of_each_copy() -> None:
    world = make_world(2, train=600, val=300)
    planted = plant(world, "val", 5, 2, 0.01)

    table = analyze(world.snapshot(), OPTIONS).samples

    group = table["duplicate_group"]
    assert str(group.dtype) == "Int32"
    assert group.notna().sum() == planted.size
    assert all(group[a] == group[b] for a, b in planted)
    assert group.nunique() == 5


def test_twins_across_splits_are_no_matter_of_one_split() -> None:
    world = make_world(3)
    train, val = (np.flatnonzero(world.split == split)[:20] for split in ("train", "val"))
    world.embedding[val] = world.embedding[train]

    assert found(analyze(world.snapshot(), OPTIONS)) == {}


def test_far_samples_in_one_direction_are_no_copies() -> None:
    world = make_world(4)
    world.embedding[:6] = 0
    world.embedding[:6, 0] = 500.0 * np.arange(1, 7)  # drawn in to one place for clustering

    measures = Measures(world.snapshot(), OPTIONS.measures)

    assert len(measures.duplicates.pairs) == 0


def test_a_small_group_far_from_the_others_is_no_group_of_copies() -> None:
    world = make_world(5)
    world.embedding[:8] += 60  # eight samples of eight blobs, or of one: as far apart as others
    world.embedding[20:22] -= 50
    world.embedding[21] = world.embedding[20] + np.random.default_rng(0).normal(size=16)

    assert len(Measures(world.snapshot(), OPTIONS.measures).duplicates.pairs) == 0


@pytest.mark.parametrize("dim", [2, 16, 64])
@pytest.mark.parametrize(("train", "val"), [(150, 50), (600, 300), (1500, 700)])
def test_chance_makes_no_copies(dim: int, train: int, val: int) -> None:
    fired = 0
    for seed in range(14):
        world = make_world(seed, train=train, val=val, dim=dim)
        fired += len(Measures(world.snapshot(), OPTIONS.measures).duplicates.pairs) > 0

    assert fired <= 1  # a world fires with a probability of 0.0025: 2 of 14 once in 2,000 times


def test_a_layer_that_does_not_tell_samples_apart_says_so() -> None:
    world = make_world(6, train=300, val=200)
    world.embedding[:400] = 1.0

    reasons = {n.kind: n.reason for n in analyze(world.snapshot(), OPTIONS).not_applicable}

    assert "400 of 500 samples have exactly the embedding of another one" in reasons[KIND]


def test_all_of_a_split_copied_is_found() -> None:
    world = make_world(7, train=200, val=200)
    val = np.flatnonzero(world.split == "val")
    world.embedding[val[100:]] = world.embedding[val[:100]]

    assert len(found(analyze(world.snapshot(), OPTIONS))["val"].samples) == 200
