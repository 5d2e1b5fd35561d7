"""Classes and categories that one split lacks are said as such, not only as regions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from worlds import World, make_world

from mlflow_latent.analysis import AnalysisOptions, analyze
from mlflow_latent.measures import MeasureOptions

if TYPE_CHECKING:
    from mlflow_latent.report.model import Insight

OPTIONS = AnalysisOptions(measures=MeasureOptions(projection="none"))
KINDS = {"over_representation", "under_representation"}


def without_places(seed: int = 0) -> World:
    """Nothing that a sample is called can be seen from where it lies."""
    world = make_world(seed)
    rng = np.random.default_rng(seed)
    world.embedding = rng.normal(size=world.embedding.shape).astype(np.float32)
    world.metadata.clear()
    return world


def found(world: World) -> list[Insight]:
    report = analyze(world.snapshot(), OPTIONS)
    return [insight for insight in report.insights if insight.kind in KINDS]


def test_a_class_that_train_lacks_is_named_with_its_guard() -> None:
    world = without_places()
    rare = (world.split == "train") & (np.random.default_rng(1).random(len(world.split)) < 0.9)
    world.blob[rare & (world.blob == 2)] = 1

    (more, less) = sorted(found(world), key=lambda insight: insight.kind)

    assert (more.kind, less.kind) == ("over_representation", "under_representation")
    assert "where class is '2'" in less.title
    assert "class is '2'" in less.action
    assert less.expectation is not None
    assert less.expectation.filter == 'class == "2"'
    assert set(less.samples) == {
        (split, f"s{n}") for n, split in enumerate(world.split) if world.blob[n] == 2
    }
    assert "where class is '1'" in more.title


def test_of_two_categories_the_rarer_says_it() -> None:
    world = without_places()
    share = np.where(world.split == "val", 0.3, 0.1)
    rear = np.random.default_rng(2).random(len(share)) < share
    world.metadata["camera"] = np.where(rear, "rear", "front")
    (insight,) = found(world)
    assert insight.kind == "under_representation"
    assert "camera is 'rear'" in insight.title


@pytest.mark.parametrize("groups", [5, 40])
def test_a_field_by_which_the_splits_were_drawn_is_no_finding(groups: int) -> None:
    world = without_places()
    film = np.random.default_rng(3).integers(0, groups, len(world.split))
    world.metadata["film"] = np.char.add(world.split.astype(str), film.astype(str))
    assert found(world) == []


def test_categories_drawn_at_random_are_silent() -> None:
    fired = 0
    for seed in range(12):
        world = without_places(seed)
        rng = np.random.default_rng([seed, 1])
        for name, count in (("camera", 3), ("city", 30)):
            world.metadata[name] = rng.integers(0, count, len(world.split)).astype(str)
        fired += bool(found(world))
    assert fired <= 1
