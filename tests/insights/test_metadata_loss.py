"""Fields that go with the loss: monotone, U-shaped, by category; and those that do not."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pytest
from worlds import World, make_world

from mlflow_latent.analysis import AnalysisOptions, analyze
from mlflow_latent.insights import Context, InsightOptions, NotApplicableError
from mlflow_latent.insights.kinds.metadata_loss import KIND, find
from mlflow_latent.measures import MeasureOptions, Measures

if TYPE_CHECKING:
    from mlflow_latent.report.model import Insight

OPTIONS = AnalysisOptions(measures=MeasureOptions(projection="none"))


def context_of(world: World, **changes: object) -> Context:
    measures = Measures(world.snapshot(**changes), OPTIONS.measures)
    return Context(measures, InsightOptions(), "val", "train", alpha=0.005, tests=Counter())


def found_in(world: World, **changes: object) -> list[Insight]:
    return list(find(context_of(world, **changes)))


def agreement(insight: Insight, world: World, truth: np.ndarray) -> tuple[float, float]:
    keys = {("val", f"s{n}") for n in np.flatnonzero(truth & (world.split == "val"))}
    hits = len(keys & set(insight.samples))
    return hits / len(insight.samples), hits / len(keys)


def test_a_monotone_field_is_found_with_its_worse_end() -> None:
    world = make_world(0)
    brightness = world.metadata["brightness"]
    world.loss *= np.exp(0.5 * brightness)

    (insight,) = found_in(world)

    assert "brightness" in insight.title
    assert "weather" not in insight.title
    precision, recall = agreement(insight, world, brightness > 0)
    assert precision > 0.95
    assert recall > 0.6
    chosen = np.isin([f"s{n}" for n in range(len(world.loss))], insight.sample_ids)
    val = world.split == "val"
    ratio = world.loss[chosen & val].mean() / world.loss[~chosen & val].mean()
    assert insight.effect == pytest.approx(ratio, rel=1e-4)
    assert insight.interval[0] < ratio < insight.interval[1]
    assert insight.region is None
    assert insight.counts == {"val": len(insight.samples)}


def test_a_u_shape_is_found_at_both_ends() -> None:
    world = make_world(1)
    brightness = world.metadata["brightness"]
    ends = np.abs(brightness) > 1.2816  # the outer deciles
    world.loss[ends] *= 2.5

    (insight,) = found_in(world)

    assert min(agreement(insight, world, ends)) > 0.9
    assert " or " in insight.title


def test_a_category_is_found_and_named() -> None:
    world = make_world(2)
    night = world.metadata["weather"] == "night"
    world.loss[night] *= 1.8

    (insight,) = found_in(world)

    assert agreement(insight, world, night) == (1.0, 1.0)
    assert "'night'" in insight.title
    assert "'sun'" not in insight.title


def test_fields_that_say_nearly_the_same_are_one_finding_and_one_test() -> None:
    world = make_world(3)
    world.metadata["luminance"] = 2 * world.metadata["brightness"] + 1
    world.loss *= np.exp(0.5 * world.metadata["brightness"])
    context = context_of(world)

    (insight,) = find(context)

    assert "luminance" in insight.description
    assert context.tests[KIND] == 3  # brightness, weather, class


def test_what_the_model_makes_itself_is_not_tested() -> None:
    world = make_world(4)
    wrong = np.random.default_rng(0).random(len(world.blob)) < 0.2
    world.loss[wrong] *= 5
    prediction = np.where(wrong, 0, world.blob % 10)

    assert not [i for i in found_in(world, prediction=prediction) if "predicted" in i.title]


def test_a_field_that_is_the_target_explains_nothing_and_that_is_said() -> None:
    world = make_world(5)
    world.metadata["label_name"] = np.array([f"class {code}" for code in world.blob])
    world.metadata["label_code"] = world.blob.astype(float)
    world.loss[world.blob == 3] *= 3

    report = analyze(world.snapshot(), OPTIONS)

    for name in ("label_name", "label_code"):
        assert (
            f"field {name!r} explains nothing: it is the class under another name" in report.notes
        )
        assert not [i for i in report.insights if name in i.title]
    assert [i for i in report.insights if i.kind == KIND and "class" in i.title]


def test_samples_in_which_a_field_is_missing_are_one_of_its_values() -> None:
    world = make_world(10)
    rng = np.random.default_rng(1)
    lost = rng.random(len(world.loss)) < 0.1
    world.metadata["lens"] = np.where(lost, None, rng.choice(["wide", "tele"], len(lost)))
    world.metadata["zoom"] = np.where(lost, np.nan, rng.random(len(lost)))
    world.loss[lost] *= 2.5

    (insight,) = found_in(world)

    assert "Loss depends on lens" in insight.title
    assert "where it is missing" in insight.title
    assert agreement(insight, world, lost) == (1.0, 1.0)
    assert "Missing in the same samples: zoom." in insight.description
    assert insight.expectation.filter == 'split == "val" and lens is missing'


def test_each_of_many_categories_is_tested_and_the_rare_ones_together() -> None:
    world = make_world(11, train=100, val=2000)
    camera = np.random.default_rng(1).integers(0, 40, len(world.loss))
    world.metadata["camera"] = np.array([f"cam{number}" for number in camera])
    world.metadata["camera"][camera == 39] = [f"odd{n}" for n in range((camera == 39).sum())]
    bad = np.isin(camera, [3, 17])
    world.loss[bad] *= 2.5

    (insight,) = found_in(world)

    assert agreement(insight, world, bad) == (1.0, 1.0)
    assert "'cam17' or 'cam3'" in insight.title
    assert "values with fewer than 10 samples were taken together" in insight.description


@pytest.mark.parametrize(("low", "high"), [(0.45, 0.55), (0.97, 1.0)])
def test_a_narrow_range_is_told_within_its_own_edges(low: float, high: float) -> None:
    world = make_world(12, train=100, val=2000)
    brightness = world.metadata["brightness"]
    narrow = (brightness > np.quantile(brightness, low)) & (
        brightness <= np.quantile(brightness, high)
    )
    world.loss[narrow] *= 3

    (insight,) = found_in(world)

    assert min(agreement(insight, world, narrow)) > 0.75


def test_of_heavy_tailed_losses_the_effect_is_that_of_capped_ones() -> None:
    world = make_world(13, train=100, val=1500)
    brightness = world.metadata["brightness"]
    world.loss[:] = np.random.default_rng(13).lognormal(brightness / 3, 2, len(brightness))

    (insight,) = found_in(world)

    assert insight.effect_name == "capped mean loss ÷ rest"
    assert 1 < insight.interval[0] < insight.effect
    assert "capped, " in insight.title
    assert "which a few large losses make uncertain" in insight.description
    val = world.split == "val"
    chosen = np.isin([f"s{n}" for n in range(len(world.loss))], insight.sample_ids)
    capped = np.minimum(world.loss, np.quantile(world.loss[val], 0.95))
    ratio = capped[chosen & val].mean() / capped[~chosen & val].mean()
    assert insight.effect == pytest.approx(ratio, rel=1e-4)
    assert insight.expectation.metric == "loss / rest"
    assert insight.expectation.threshold > 1


def test_no_interval_includes_no_effect() -> None:
    for seed in range(6):
        world = make_world(seed, train=100, val=600, loss="lognormal")
        world.loss *= np.exp(0.6 * world.metadata["brightness"])
        for insight in found_in(world):
            assert insight.interval[0] > 1


def test_it_grows_more_severe_with_the_effect_and_with_the_number_of_samples() -> None:
    severities = []
    for share, factor in ((0.1, 2.0), (0.1, 3.0), (0.3, 3.0)):
        world = make_world(6)
        rare = np.random.default_rng(1).random(len(world.loss)) < share
        world.metadata["rare"] = rare.astype(str)  # booleans as texts
        world.loss[rare] *= factor
        severities.append(next(i.severity for i in found_in(world) if "rare" in i.title))
    assert severities == sorted(severities)
    assert severities[0] > 0.05


@pytest.mark.parametrize("loss", ["exponential", "lognormal", "normal"])
def test_it_is_silent_where_there_is_nothing(loss: str) -> None:
    fired = 0
    for seed in range(20):
        world = make_world(seed, train=100, val=(60, 300, 1200)[seed % 3], loss=loss)
        rng = np.random.default_rng(seed)
        for number in range(6):
            world.metadata[f"field {number}"] = rng.integers(0, 2 + 5 * number, len(world.loss))
        fired += bool(found_in(world))
    assert fired <= 1  # at 0.5 % each, two of 20 in one of 200


def test_it_says_why_it_cannot_be_computed() -> None:
    world = make_world(7, train=50, val=60)
    world.metadata.clear()
    with pytest.raises(NotApplicableError, match="no metadata was captured"):
        found_in(world, target=None)
    with pytest.raises(NotApplicableError, match="no per-sample loss"):
        found_in(world, loss=None)
