"""What people's data looks like on a bad day: every kind survives it, and says what it left out."""

from __future__ import annotations

import numpy as np
import pytest
from worlds import World, make_world

from mlflow_latent.analysis import AnalysisOptions, analyze
from mlflow_latent.measures import MeasureOptions
from mlflow_latent.report.model import Report

OPTIONS = AnalysisOptions(measures=MeasureOptions(projection="none"))


def report_of(world: World, options: AnalysisOptions = OPTIONS, **changes: object) -> Report:
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet(np.ones(10), len(world.blob))
    probabilities[np.arange(len(world.blob)), world.blob % 10] += 5
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    arrays = {"pred_probs": probabilities, "prediction": probabilities.argmax(axis=1)}
    report = analyze(world.snapshot(**(arrays | changes)), options)
    assert Report.model_validate_json(report.to_json()) == report
    for insight in report.insights:
        assert 0 <= insight.severity <= 1
        assert insight.samples
        assert insight.action
    return report


def test_a_constant_and_an_empty_column_explain_nothing() -> None:
    world = make_world(0, train=300, val=200)
    world.metadata["constant"] = np.full(500, 7)
    world.metadata["empty"] = np.full(500, np.nan)
    world.metadata["no text"] = np.full(500, None)

    report = report_of(world)

    notes = " ".join(report.notes)
    assert "'constant' explains nothing: it is 7 everywhere" in notes
    assert "'empty' explains nothing: it is missing everywhere" in notes
    assert "'no text' explains nothing: it is missing everywhere" in notes


def test_thousands_of_categories_are_ids_or_a_few_and_the_rest() -> None:
    world = make_world(1, train=3000, val=2000)
    rng = np.random.default_rng(0)
    world.metadata["path"] = np.array([f"/data/{n}.png" for n in range(5000)])
    world.metadata["camera"] = np.array([f"camera {n}" for n in rng.integers(0, 2000, 5000)])

    report = report_of(world)

    assert any("'path' was not tested" in note and "are ids" in note for note in report.notes)
    assert not [i for i in report.insights if "camera" in i.title]


def test_booleans_as_texts_are_categories() -> None:
    world = make_world(2, train=300, val=1500)
    occluded = np.random.default_rng(0).random(1800) < 0.3
    world.metadata["occluded"] = np.where(occluded, "true", "false").astype(object)
    world.loss[occluded] *= 2.5

    report = report_of(world)

    (insight,) = (i for i in report.insights if i.kind == "metadata_loss")
    assert "where it is 'true'" in insight.title
    assert len(insight.samples) == int((occluded & (world.split == "val")).sum())


@pytest.mark.parametrize("levels", [1, 2, 3])
def test_heavy_ties_find_nothing_where_nothing_is(levels: int) -> None:
    fired = 0
    for seed in range(5):
        world = make_world(seed, train=400, val=300)
        world.loss = np.floor(world.loss).clip(0, levels - 1)  # one level: no variance at all
        world.metadata["tied"] = np.random.default_rng(seed).integers(0, 3, 700) // 2
        fired += bool(report_of(world).insights)
    assert fired <= 1


def test_three_samples_in_val() -> None:
    world = make_world(3, train=297, val=3)

    report = report_of(world)

    reasons = {n.kind: n.reason for n in report.not_applicable}
    for kind in ("low_performance", "metadata_loss"):
        assert "split 'val' has 3 samples with a loss, at least 10 are needed" in reasons[kind]


def test_a_thousand_regions_asked_of_five_hundred_rows() -> None:
    measures = MeasureOptions(projection="none", n_coarse=1000, n_fine=1000)
    report = report_of(make_world(4, train=300, val=200), AnalysisOptions(measures=measures))
    assert any("n_fine 1000 capped to" in note for note in report.notes)


@pytest.mark.parametrize("rows", [1, 2, 12])
def test_hardly_any_samples(rows: int) -> None:
    assert report_of(make_world(5, train=0, val=rows)).insights == ()


def test_hostile_texts_stay_texts() -> None:
    world = make_world(6, train=100, val=1500)
    bad = np.random.default_rng(0).random(1600) < 0.3
    name = "<script>alert(1)</script> $x$ \x00 " + "y" * 300
    world.metadata[name] = np.where(bad, "'); DROP TABLE", "\u202e ok")
    world.loss[bad] *= 3

    report = report_of(world)

    assert [i for i in report.insights if i.kind == "metadata_loss"]
    assert all(len(i.title) <= 110 for i in report.insights if i.kind != "label_error")


def test_odd_columns_break_nothing() -> None:
    world = make_world(7, train=300, val=200)
    rng = np.random.default_rng(0)
    size = len(world.blob)
    world.metadata["infinite"] = np.where(rng.random(size) < 0.1, np.inf, rng.normal(size=size))
    world.metadata["one value"] = np.r_[[1.0], np.full(size - 1, np.nan)]
    world.metadata["mixed"] = np.array([1, "one", None, 2.5, True] * (size // 5), dtype=object)
    world.metadata["huge"] = rng.normal(size=size) * 1e300
    world.metadata["yes or no"] = np.where(rng.random(size) < 0.5, "True", "False")
    report = report_of(world)
    assert any("'one value' was not tested: it is 1.0 wherever" in n for n in report.notes)


def test_losses_that_are_missing_in_a_region_or_a_split_are_left_out() -> None:
    world = make_world(8, train=300, val=200)
    world.loss[world.blob == 2] = np.nan
    report_of(world)
    world.loss[world.split == "val"] = np.nan
    report = report_of(world)
    assert {n.kind: n.reason for n in report.not_applicable}["overfitting"].startswith(
        "no validation split"
    )
    assert report.dropped  # said, not done in silence


def test_a_train_loss_of_zero_everywhere_is_nobodys_gap() -> None:
    world = make_world(9, train=600, val=400)
    world.loss[world.split == "train"] = 0.0
    assert "overfitting" not in {insight.kind for insight in report_of(world).insights}


def test_a_class_index_is_a_name_and_no_size() -> None:
    world = make_world(3, train=200, val=100)
    names = (np.arange(10) * 200_000_000).tolist()

    report = report_of(world, target=np.array(names)[world.blob % 10], pred_probs=None)

    assert set(report.samples["suggested_class"]) <= set(map(str, names))
    assert report.regions[0].main_class in set(map(str, names))


def test_numbers_at_the_end_of_single_precision_overflow_nowhere() -> None:
    world = make_world(4, train=200, val=100)
    world.embedding = world.embedding * np.float32(1e30)
    world.loss[-1] = 1e30

    assert report_of(world).dropped == ()
