from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from worlds import make_world

from mlflow_latent.analysis import AnalysisOptions, analyze
from mlflow_latent.errors import InputError
from mlflow_latent.measures import MeasureOptions
from mlflow_latent.report.model import Report
from mlflow_latent.snapshot import Snapshot

FAST = AnalysisOptions(measures=MeasureOptions(projection="pca"))


def test_report_and_table_describe_every_sample() -> None:
    world = make_world(0, train=500, val=300)
    report = analyze(world.snapshot(prediction=world.blob % 9), FAST, run_id="r1")

    table = report.samples
    assert len(table) == 800
    assert {"cluster_coarse", "cluster_fine", "projection_x", "projection_y"} <= set(table)
    assert {"centroid_distance", "nearest_class", "nearest_class_distance"} <= set(table)
    assert [(s.split, s.n, s.n_labelled) for s in report.splits] == [
        ("train", 500, 500), ("val", 300, 300),
    ]  # fmt: skip
    val = report.splits[1]
    mask = world.split == "val"
    assert val.mean_loss == pytest.approx(world.loss[mask].mean(), rel=1e-4)
    assert val.accuracy == pytest.approx((world.blob == world.blob % 9)[mask].mean(), rel=1e-4)
    for region in report.regions:
        assert region.n == (table[f"cluster_{region.level}"] == int(region.id.split("/")[1])).sum()
        assert sum(region.counts.values()) == region.n
        assert 0 < len(region.typical) <= 8
        assert set(region.typical) <= set(zip(table["split"], table["sample_id"], strict=True))


def test_a_report_survives_the_disk(tmp_path: Path) -> None:
    world = make_world(0, train=300, val=200)
    world.loss[world.blob == 3] *= 3
    report = analyze(world.snapshot(), FAST)
    report.save(tmp_path)
    back = Report.load(tmp_path)

    assert back == report
    assert back.insights
    assert back.samples["loss"].to_list() == report.samples["loss"].to_list()


SCRIPT = """
import sys
sys.path.insert(0, sys.argv[1])
from worlds import make_world
from mlflow_latent.analysis import analyze
world = make_world(0, train=900, val=400)
world.loss[world.blob == 3] *= 4
sys.stdout.write(analyze(world.snapshot()).to_json())
"""


def test_the_same_input_gives_the_same_bytes_in_another_process() -> None:
    command = [sys.executable, "-c", SCRIPT, str(Path(__file__).parent)]
    first, second = (subprocess.run(command, capture_output=True, check=True) for _ in range(2))

    assert first.stdout == second.stdout
    assert b'"kind": "low_performance"' in first.stdout


@pytest.mark.parametrize("size", [1, 2, 3, 7, 20])
def test_a_handful_of_samples_is_a_report_with_reasons(size: int) -> None:
    rng = np.random.default_rng(0)
    snapshot = Snapshot.from_arrays(
        sample_id=np.arange(size),
        split=["val", "train"] * (size // 2) + ["val"] * (size % 2),
        embedding=rng.normal(size=(size, 5)),
        loss=rng.random(size),
        target=np.zeros(size, int),
        metadata={"light": rng.random(size)},
    )
    report = analyze(snapshot, FAST)

    assert report.insights == ()
    assert len(report.samples) == size
    if size < 10:
        assert {reason.kind for reason in report.not_applicable} >= {"low_performance"}


def test_one_class_one_split_and_equal_embeddings_are_no_error() -> None:
    snapshot = Snapshot.from_arrays(
        sample_id=np.arange(50), split="val", embedding=np.ones((50, 3)), target=np.zeros(50, int)
    )
    report = analyze(snapshot, FAST)

    assert report.tested_split == "val"
    assert report.reference_split is None
    assert any("equal" in note for note in report.notes)


def test_other_splits_can_be_named_and_unknown_ones_are_refused() -> None:
    world = make_world(0, train=300, val=200)
    world.split = np.where(world.split == "train", "old camera", "new camera")
    names = AnalysisOptions("new camera", "old camera", FAST.measures)

    report = analyze(world.snapshot(), names)

    assert (report.tested_split, report.reference_split) == ("new camera", "old camera")
    both = {"low_performance", "overfitting", "over_representation", "under_representation"}
    assert not both & {reason.kind for reason in report.not_applicable}
    with pytest.raises(InputError, match="'new camra' was not captured; did you mean 'new camera'"):
        analyze(world.snapshot(), AnalysisOptions("new camra"))


def test_two_splits_must_be_two_and_not_hundreds() -> None:
    world = make_world(0, train=300, val=200)
    both = AnalysisOptions("val", "val", FAST.measures)
    with pytest.raises(InputError, match="both 'val'; name two splits; there are: 'train'"):
        analyze(world.snapshot(), both)

    report = analyze(world.snapshot(), AnalysisOptions("train", measures=FAST.measures))
    assert (report.tested_split, report.reference_split) == ("train", None)

    world.split = np.array([f"s{number}" for number in range(500)])
    with pytest.raises(InputError, match=r"there are 500 splits in 500 samples, e.g. 's0'"):
        analyze(world.snapshot(), FAST)


def test_a_split_by_another_name_is_hinted_at() -> None:
    world = make_world(0, train=60, val=40)
    world.split = np.where(world.split == "train", "Train", "Val")

    notes = analyze(world.snapshot(), FAST).notes

    assert "AnalysisOptions(tested_split='Val')" in notes[0]


def test_dropped_rows_are_in_the_report() -> None:
    world = make_world(0, train=300, val=200)
    world.embedding[7] = np.nan
    report = analyze(world.snapshot(), FAST)

    assert [d.sample_ids for d in report.dropped] == [("s7",)]
    assert len(report.samples) == 499
