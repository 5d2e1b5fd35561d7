"""Overfitting: a region's own gap, whatever the model does to all of train, whatever the losses."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import stats
from worlds import World, make_world

from mlflow_latent.insights import Context, InsightOptions
from mlflow_latent.insights.kinds.overfitting import find, split_scores
from mlflow_latent.insights.regions import Regions
from mlflow_latent.measures import MeasureOptions, Measures

if TYPE_CHECKING:
    from mlflow_latent.report.model import Insight

PLANTED = 3


def found_in(world: World) -> list[Insight]:
    measures = Measures(world.snapshot(), MeasureOptions(projection="none"))
    context = Context(measures, InsightOptions(), "val", "train", alpha=0.005, tests=Counter())
    return list(find(context))


def memorize(world: World, seed: int, share: float = 1.0) -> None:
    """Give (most of) train the losses of what has been learned by heart."""
    rng = np.random.default_rng(seed)
    known = (world.split == "train") & (rng.random(len(world.loss)) < share)
    world.loss[known] = 1e-6 * rng.lognormal(0, 2, int(known.sum()))


@pytest.mark.parametrize("loss", ["exponential", "lognormal"])
@pytest.mark.parametrize("share", [1.0, 0.97])
def test_a_train_set_that_is_learned_by_heart_is_no_regions_gap(loss: str, share: float) -> None:
    fired = 0
    for seed in range(4):
        world = make_world(seed, train=1000, val=600, loss=loss)
        memorize(world, seed, share)
        fired += bool(found_in(world))
    assert fired == 0  # at 0.5 % each, one of 4 in 1 of 50


def test_a_regions_gap_is_found_although_train_is_learned_by_heart() -> None:
    world = make_world(0, train=2000, val=1200)
    memorize(world, 0)
    world.loss[(world.blob == PLANTED) & (world.split == "val")] *= 3

    (insight,) = found_in(world)

    inside = np.isin([f"s{n}" for n in range(len(world.loss))], insight.sample_ids)
    assert (inside == (world.blob == PLANTED)).mean() > 0.99


def test_a_region_that_is_as_hard_in_train_has_no_gap_of_its_own() -> None:
    for loss in ("exponential", "lognormal", "normal"):
        world = make_world(1, loss=loss)
        world.loss[world.blob == PLANTED] *= 3
        world.loss[world.split == "train"] *= 1e-3
        assert found_in(world) == []


@pytest.mark.slow
@pytest.mark.parametrize("sizes", [(600, 1200), (2000, 600)])
@pytest.mark.parametrize("draw", ["exponential", "heavy", "rare", "memorized"])
def test_p_values_are_true_far_out_in_the_tail(draw: str, sizes: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    total, groups, p_values = sum(sizes), 40, []
    val = np.arange(total) < sizes[0]
    for _ in range(100):
        loss = rng.exponential(size=total)
        if draw == "heavy":
            loss = rng.lognormal(0, 2.5, total)
        if draw == "rare":
            loss *= np.where(rng.random(total) < 0.1, 1.0, 1e-4)
        if draw == "memorized":
            loss[~val] = 1e-6 * rng.lognormal(0, 2, sizes[1])
        regions = Regions({"fine": rng.integers(0, groups, total).astype(np.int32)})
        scores = split_scores(loss, val, ~val)
        p_values += [regions.larger_gap(score, val, ~val) for score in scores]
    fired = (np.concatenate(p_values) <= 1e-3).sum()
    assert fired <= stats.binom.ppf(0.999, 2 * 100 * groups, 1e-3)


def test_severity_grows_with_the_gap_and_with_the_number_of_samples() -> None:
    severities = []
    for blobs, factor in ((12, 3.0), (12, 5.0), (6, 5.0)):
        world = make_world(2, train=2000, val=1200, blobs=blobs)
        world.loss[(world.blob == PLANTED) & (world.split == "val")] *= factor
        severities.append(max(insight.severity for insight in found_in(world)))
    assert severities == sorted(severities)
    assert 0 < severities[0] < severities[-1] < 1
