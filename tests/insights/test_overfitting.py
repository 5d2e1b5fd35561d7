"""Overfitting: a region's own gap, whatever the model does to all of train, whatever the losses."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import stats
from worlds import World, make_world

from mlflow_latent.insights import Context, InsightOptions
from mlflow_latent.insights.gaps import GapTest, Places, Sorted
from mlflow_latent.insights.kinds.overfitting import find
from mlflow_latent.measures import MeasureOptions, Measures

if TYPE_CHECKING:
    from mlflow_latent.report.model import Insight

PLANTED = 3


def found_in(world: World, **changes: object) -> list[Insight]:
    measures = Measures(world.snapshot(**changes), MeasureOptions(projection="none"))
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


def test_where_labels_of_val_are_contradicted_they_are_to_be_looked_at_first() -> None:
    world = make_world(0, train=2000, val=1200)
    here = (world.blob == PLANTED) & (world.split == "val")
    wrong = here & (np.random.default_rng(0).random(len(here)) < 0.3)
    world.loss[wrong] += 6
    target = np.where(wrong, PLANTED + 1, world.blob)
    probabilities = np.full((len(target), 10), 0.01)
    probabilities[np.arange(len(target)), world.blob] = 0.91

    (doubted,) = found_in(world, target=target, pred_probs=probabilities)
    (right,) = found_in(world, pred_probs=probabilities)

    text = f"model and neighbors are against {wrong.sum()} of {here.sum()}."
    assert text in doubted.action
    assert right.action.startswith("The model has learned these training samples by heart: ")


def test_a_region_that_is_as_hard_in_train_has_no_gap_of_its_own() -> None:
    for loss in ("exponential", "lognormal", "normal"):
        world = make_world(1, loss=loss)
        world.loss[world.blob == PLANTED] *= 3
        world.loss[world.split == "train"] *= 1e-3
        assert found_in(world) == []


def regions_of(total: int, size: int) -> np.ndarray:
    """(total,) region of each sample, of so many samples each; −1 for the half that is in none."""
    place = np.arange(total)
    return np.where(place < total // 2, place // size, -1)


def test_more_errors_by_one_factor_in_both_splits_are_no_gap() -> None:
    world = make_world(3)
    rng, rate = np.random.default_rng(3), np.where(world.split == "train", 0.02, 0.15)
    rate[world.blob == PLANTED] *= 3
    world.loss = (rng.random(len(rate)) < rate).astype(float)
    assert found_in(world) == []
    in_val = (world.blob == PLANTED) & (world.split == "val")
    world.loss[in_val] = rng.random(in_val.sum()) < 0.9  # six times the rest's
    assert len(found_in(world)) == 1


@pytest.mark.slow
@pytest.mark.parametrize("sizes", [(600, 1200), (1800, 600)])
@pytest.mark.parametrize("draw", ["exponential", "heavy", "rare", "memorized", "ties", "harder"])
def test_p_values_are_true_far_out_in_the_tail(draw: str, sizes: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    regions, level, p_values = 12, 0.004, []
    of = [regions_of(size, size // 2 // regions) for size in sizes]  # 25, 50 or 75 samples
    for _ in range(60):
        losses = [rng.exponential(size=size) for size in sizes]
        if draw == "heavy":
            losses = [rng.lognormal(0, 2.5, size) for size in sizes]
        if draw == "rare":
            losses = [loss * np.where(rng.random(len(loss)) < 0.1, 1.0, 1e-4) for loss in losses]
        if draw == "memorized":
            losses[1] = 1e-6 * rng.lognormal(0, 2, sizes[1])
        if draw == "ties":
            losses = [
                (rng.random(size) < rate) * 1.0
                for size, rate in zip(sizes, (0.2, 0.1), strict=True)
            ]
        if draw == "harder":  # all of these regions, by one factor in both splits
            losses = [
                loss * np.where(group >= 0, 3.0, 1.0)
                for loss, group in zip(losses, of, strict=True)
            ]
        test = GapTest.of(*losses)
        p_values += [test.p_value(of[0] == region, of[1] == region) for region in range(regions)]
    fired = (np.array(p_values) <= level).sum()
    assert fired <= stats.binom.ppf(0.999, len(p_values), level)


def test_places_are_among_the_rest_of_the_own_split_alone() -> None:
    loss = np.array([5.0, 1.0, 3.0, 3.0, 2.0, 3.0])
    places = Sorted.of(loss).places(np.array([True, False, True, False, False, False]))
    assert places.rest == 4  # 1, 2, 3, 3
    assert places.lower * 5 == pytest.approx([2, 4])  # of 3 and 5
    assert places.upper * 5 == pytest.approx([5, 5])
    assert places.ranks == pytest.approx([0.7, 0.9])


def test_savage_scores_of_what_is_like_the_rest_have_a_mean_of_one() -> None:
    for rest, resolution in ((99, 99), (99, 20), (50, 20)):
        edges = np.arange(rest + 2) / (rest + 1)
        places = Places(edges[:-1], edges[1:], rest)
        assert places.savage(resolution).mean() == pytest.approx(1)
        assert places.savage(resolution).max() == pytest.approx(1 + np.log(resolution + 1), 0.01)


def test_a_region_that_is_much_of_train_and_little_of_val_has_no_gap_for_that() -> None:
    rng = np.random.default_rng(0)
    val, train = rng.exponential(size=2000), rng.exponential(size=2000)
    inside_val, inside_train = np.arange(2000) < 100, np.arange(2000) < 1200
    val[inside_val] *= 3
    train[inside_train] *= 3
    assert GapTest.of(val, train).p_value(inside_val, inside_train) > 0.01
    val[inside_val] *= 2
    assert GapTest.of(val, train).p_value(inside_val, inside_train) < 1e-4


def test_what_cannot_be_compared_is_nan_and_what_never_varies_is_no_gap() -> None:
    some, nobody = np.arange(9) < 4, np.zeros(9, dtype=bool)
    assert np.isnan(GapTest.of(np.arange(9.0), np.arange(9.0)).p_value(some, nobody))
    assert np.isnan(GapTest.of(np.arange(9.0), np.arange(9.0)).p_value(~nobody, some))
    assert GapTest.of(np.ones(9), np.ones(9)).p_value(some, some) == 1


def test_severity_grows_with_the_gap_and_with_the_number_of_samples() -> None:
    severities = []
    for blobs, factor in ((12, 3.0), (12, 5.0), (6, 5.0)):
        world = make_world(2, train=2000, val=1200, blobs=blobs)
        world.loss[(world.blob == PLANTED) & (world.split == "val")] *= factor
        severities.append(max(insight.severity for insight in found_in(world)))
    assert severities == sorted(severities)
    assert 0 < severities[0] < severities[-1] < 1
