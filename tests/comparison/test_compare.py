from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import mlflow_latent as ml
from mlflow_latent.comparison.join import join
from mlflow_latent.comparison.side import side_of_snapshot
from mlflow_latent.errors import EmptySnapshotError, InputError
from mlflow_latent.report.comparison.matrix import ComparisonMatrix
from mlflow_latent.report.comparison.model import Comparison

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Pair = Any

FAST = ml.AnalysisOptions(measures=ml.MeasureOptions(projection="none", n_resamples=1))


def decided(comparison: Comparison, grouping: str, measure: str = "loss") -> set[str]:
    return {
        one.group
        for one in comparison.changes
        if (one.grouping, one.measure) == (grouping, measure)
        and one.verdict not in ("undecided", "too_few")
    }


def test_a_planted_improvement_is_found_where_it_is(pair: Pair) -> None:
    pair.loss_b[pair.target == 2] *= 0.5
    found = ml.compare(pair.snapshot("a"), pair.snapshot("b"))

    assert decided(found, "category") == {"class 2"}
    regions = {region.id: region.main_category for region in found.regions}
    where_decided = [regions[group] for group in decided(found, "region_joint")]
    assert where_decided.count("class 2") >= 0.8 * len(where_decided) > 1  # 5 % may be false
    # Each bin holds some of class 2, so that it changed; none changed more than the others.
    bins = [one for one in found.changes if one.grouping == "metadata"]
    assert min(one.excess_q_value for one in bins) > 0.01
    where = next(
        one
        for one in found.changes
        if (one.grouping, one.group, one.split) == ("category", "class 2", "val")
    )
    assert where.excess < 0
    assert where.excess_q_value < 0.001


def test_the_joined_samples_and_their_means_are_the_ones_given(pair: Pair) -> None:
    rows = np.arange(100, 1200)
    shuffled = np.random.default_rng(0).permutation(rows)
    found = ml.compare(pair.snapshot("a", slice(0, 900)), pair.snapshot("b", shuffled))

    val = pair.split == "val"
    shared = np.zeros(1200, dtype=bool)
    shared[100:900] = True
    assert found.shared == {"train": int((shared & ~val).sum()), "val": int((shared & val).sum())}
    assert sum(found.a.alone.values()) == 100
    assert sum(found.b.alone.values()) == 300
    overall = found.overall("loss", "val")
    expected = (pair.loss_b - pair.loss_a)[shared & val]
    assert overall.difference == pytest.approx(expected.mean(), rel=1e-4)
    assert overall.n == len(expected)
    assert any("100 of 900 samples" in note for note in found.notes)
    table = found.samples.set_index("sample_id")
    assert table.loc["s321", "loss_b"] == pytest.approx(pair.loss_b[321], rel=1e-6)


def test_where_nothing_is_planted_hardly_anything_is_found(
    make_pair: Callable[[int, int], Pair],
) -> None:
    found = 0
    for seed in range(12):
        null = make_pair(seed + 100, 600)
        comparison = ml.compare(null.snapshot("a"), null.snapshot("b"))
        found += bool(decided(comparison, "category") | decided(comparison, "region_joint"))
    assert found <= 4  # four families (two tests each, two splits) at 5 % of false discoveries


def test_the_same_input_gives_the_same_bytes(pair: Pair) -> None:
    first, second = (ml.compare(pair.snapshot("a"), pair.snapshot("b")) for _ in range(2))
    assert first.to_json() == second.to_json()
    assert first == second


def test_it_is_written_and_read_back(pair: Pair, tmp_path: Path) -> None:
    found = ml.compare(pair.snapshot("a"), pair.snapshot("b"), folder=tmp_path)
    again = Comparison.load(tmp_path)
    assert again == found
    assert again.samples.equals(found.samples)
    names = {path.name for path in tmp_path.rglob("*") if path.is_file()}
    assert {"comparison.json", "comparison.html", "samples.parquet"} <= names
    assert {"change_category_loss.png", "curve_loss_weather.png"} <= names


def test_losses_of_other_label_spaces_are_refused_and_shared_metrics_are_not(pair: Pair) -> None:
    iou = np.random.default_rng(0).random(len(pair))
    common = {"task": "segmentation", "metrics": {"iou_person": iou, "dice": iou}}
    a = pair.snapshot("a", class_names=["person", "car", "bus", "truck", "x"], **common)
    other = {"metrics": {"iou_person": iou * 0.9}, "task": "segmentation"}
    b = pair.snapshot("b", class_names=["person", "vehicle", "y", "z", "w"], **other)
    found = ml.compare(a, b)

    assert [one.name for one in found.measures] == ["metric_iou_person"]
    refused = {one.name: one.reason for one in found.refused}
    assert "not on one scale; use metric_iou_person" in refused["loss"]
    assert refused["metric_dice"] == "only run a has it"
    assert found.classes_only_a == ("car", "bus", "truck", "x")
    assert found.overall().verdict == "worse"
    assert decided(found, "category_a", "metric_iou_person")
    assert not decided(found, "category", "metric_iou_person")
    with pytest.raises(InputError, match="loss cannot be compared: the label spaces differ"):
        ml.compare(a, b, options=ml.ComparisonOptions(measures=("loss",)))
    with pytest.raises(InputError, match="'iou' is in neither run"):
        ml.compare(a, b, options=ml.ComparisonOptions(measures=("iou",)))


def test_metrics_of_opposite_directions_are_refused(pair: Pair) -> None:
    metrics = {"error": pair.loss_a}
    a = pair.snapshot("a", metrics=metrics, directions={"error": "lower"})
    b = pair.snapshot("b", metrics=metrics)
    refused = {one.name: one.reason for one in ml.compare(a, b).refused}
    assert refused == {"metric_error": "lower is better in one run, higher in the other"}


def test_without_anything_comparable_the_spaces_still_are(pair: Pair) -> None:
    a = pair.snapshot("a", loss=None)
    found = ml.compare(a, pair.snapshot("b", class_names=list("vwxyz")))
    assert found.measures == found.changes == ()
    assert found.agreement.cka == 1
    assert "changes" in {one.kind for one in found.not_applicable}
    assert found.overall() is None


def test_correctness_is_compared_where_there_are_predictions(pair: Pair) -> None:
    wrong = (pair.target + 1) % 5
    coin = np.random.default_rng(0).random(len(pair))
    a = pair.snapshot("a", prediction=np.where(coin < 0.3, wrong, pair.target))
    b = pair.snapshot("b", prediction=np.where(coin < 0.1, wrong, pair.target))
    overall = ml.compare(a, b).overall("correct")
    assert overall.verdict == "better"
    assert overall.losses == 0
    assert overall.mean_b == pytest.approx(0.9, abs=0.03)


def test_supercategories_group_the_classes_they_hold(pair: Pair) -> None:
    from dataclasses import replace

    pair.loss_b[pair.target < 2] *= 0.5
    a, b = pair.snapshot("a"), pair.snapshot("b")
    parents = {"class 0": "first", "class 1": "first"}
    a = replace(a, info=a.info.model_copy(update={"supercategories": parents}))
    found = ml.compare(a, b)
    groups = {one.group for one in found.changes if one.grouping == "supercategory"}
    assert groups == {"first", "class 2", "class 3", "class 4"}
    assert decided(found, "supercategory") == {"first"}


def test_curves_of_both_runs_are_of_the_same_bins_and_samples(pair: Pair) -> None:
    pair.loss_b[pair.metadata["light"] > 1] *= 3
    found = ml.compare(pair.snapshot("a"), pair.snapshot("b"))
    first = found.curves[0]
    assert (first.field, first.measure) == ("light", "loss")
    for split in ("train", "val"):
        a, b = first.series[split]["a"], first.series[split]["b"]
        assert [one.n for one in a] == [one.n for one in b]
        changes = [y.mean / x.mean for x, y in zip(a, b, strict=True) if x.n >= 30]
        assert max(changes) > 2  # where there is much light
        assert min(changes) < 1.2


def test_reports_compare_without_embeddings_and_say_so(pair: Pair) -> None:
    reports = [ml.analyze(pair.snapshot(key), options=FAST) for key in "ab"]
    found = ml.compare(*reports)
    reasons = {one.kind: one.reason for one in found.not_applicable}
    assert "holds no embeddings" in reasons["agreement"]
    assert "holds no embeddings" in reasons["region_joint"]
    assert decided(found, "category") == set()
    assert {one.grouping for one in found.changes} >= {"region_a", "region_b"}
    assert found.homogeneity[0].a > 0.9
    bare = reports[0].model_copy()
    bare._samples = None
    with pytest.raises(EmptySnapshotError, match="run a: this report was read without"):
        ml.compare(bare, reports[1])


def test_no_shared_sample_names_ids_of_both_runs(pair: Pair) -> None:
    ids = [f"other-{number}" for number in range(len(pair))]
    with pytest.raises(InputError, match=r"'[a-z]+/s0'.*'[a-z]+/other-0'"):
        ml.compare(pair.snapshot("a"), pair.snapshot("b", sample_id=ids))


def test_the_same_run_twice_is_refused(pair: Pair, tmp_path: Path) -> None:
    snapshot = pair.snapshot("a")
    with pytest.raises(InputError, match="'the same data' is given twice"):
        ml.compare(snapshot, snapshot)
    with pytest.raises(InputError, match="'abc' is given twice"):
        ml.compare("abc", "abc")
    with pytest.raises(InputError, match="given twice"):
        ml.compare(tmp_path, tmp_path)


def test_one_sample_is_shown_and_nothing_is_tested(pair: Pair) -> None:
    found = ml.compare(pair.snapshot("a", slice(0, 1)), pair.snapshot("b", slice(0, 1)))
    overall = found.overall()
    assert (overall.n, overall.verdict, overall.interval) == (1, "too_few", (None, None))
    assert "agreement" in {one.kind for one in found.not_applicable}


def test_missing_losses_epochs_layers_and_labels_are_stated(pair: Pair) -> None:
    pair.loss_b[:7] = np.nan
    a = pair.snapshot("a", epoch=3, layer="head", target=(pair.target + 1) % 5)
    b = pair.snapshot("b", epoch=9, layer="backbone")
    notes = " | ".join(ml.compare(a, b).notes)
    assert "captured at different epochs: run a at 3, run b at 9" in notes
    assert "different layers: head of run a, backbone of run b" in notes
    assert "another target" in notes
    assert "loss is NaN or infinite" in notes


def test_a_split_or_an_option_that_cannot_be_is_named(pair: Pair) -> None:
    snapshots = pair.snapshot("a"), pair.snapshot("b")
    with pytest.raises(InputError, match="split 'vall' has no shared samples; did you mean 'val'"):
        ml.compare(*snapshots, options=ml.ComparisonOptions(tested_split="vall"))
    with pytest.raises(InputError, match="confidence must be between 0 and 1, got 95"):
        ml.ComparisonOptions(confidence=95)
    with pytest.raises(InputError, match="one for each of the 2 runs"):
        ml.compare(*snapshots, epoch=[1, 2, 3])
    with pytest.raises(InputError, match="needs MLflow run ids"):
        ml.compare(*snapshots, comparison_run=True)


@pytest.mark.slow
def test_more_runs_make_a_matrix(make_pair: Callable[[int, int], Pair], tmp_path: Path) -> None:
    pair = make_pair(5, 300)
    pair.metadata = {}
    third = pair.snapshot("b", loss=pair.loss_b * 0.7)
    alien = pair.snapshot("b", sample_id=np.arange(len(pair)))
    found = ml.compare(pair.snapshot("a"), pair.snapshot("b"), third, alien, folder=tmp_path)

    assert isinstance(found, ComparisonMatrix)
    assert [(pair.a, pair.b) for pair in found.pairs][:3] == [("a", "b"), ("a", "c"), ("a", "d")]
    assert len(found.comparisons) == 3
    by_keys = {(one.a, one.b): one for one in found.pairs}
    assert "no sample is in both" in by_keys["a", "d"].reason
    val = {one.split: one for one in by_keys["b", "c"].changes}["val"]
    assert val.verdict == "better"
    assert (tmp_path / "matrix" / "matrix.html").read_text().count("<table>") == 3
    assert (tmp_path / "pair-3" / "comparison.json").exists()


def test_joining_keeps_the_same_id_of_two_splits_apart(pair: Pair) -> None:
    a, b = pair.snapshot("a"), pair.snapshot("b", split="val")
    joined = join(side_of_snapshot(a, "a"), side_of_snapshot(b, "b"))
    assert set(joined.split) == {"val"}
    assert len(joined) == int((pair.split == "val").sum())
