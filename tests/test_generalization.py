"""The train–val gap of the model as a whole, against scipy, and in words."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy import stats

from mlflow_latent.analysis import AnalysisOptions, analyze
from mlflow_latent.cli.output import print_report
from mlflow_latent.generalization import generalization
from mlflow_latent.measures import MeasureOptions
from mlflow_latent.report.explorer.encode import encode_explorer
from mlflow_latent.report.html import render_page
from mlflow_latent.snapshot import Snapshot
from mlflow_latent.tracking.note import RunPage, note_section
from tests.worlds import make_world

if TYPE_CHECKING:
    from mlflow_latent.report.model import Generalization

QUICK = AnalysisOptions(measures=MeasureOptions(projection="none"))


def found(train: np.ndarray, val: np.ndarray, **changes: object) -> Generalization | None:
    loss = np.concatenate([train, val])
    snapshot = Snapshot.from_arrays(
        sample_id=range(len(loss)),
        split=["train"] * len(train) + ["val"] * len(val),
        embedding=np.zeros((len(loss), 2)),
        loss=loss,
    )
    arguments = {"tested": "val", "reference": "train", "confidence": 0.95, "least": 0.25}
    return generalization(snapshot, **(arguments | changes))  # type: ignore[arg-type]


def drawn(seed: int, train: float, val: float, size: int = 128) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return train * rng.gamma(9, 1 / 9, size), val * rng.gamma(9, 1 / 9, size)


def test_a_model_that_memorizes_has_overfitted_as_a_whole() -> None:
    train, val = drawn(0, 4.47, 9.59)
    gap = found(train, val)
    assert gap is not None
    assert gap.verdict == "overfitting"
    assert gap.text.startswith("The model as a whole has overfitted: mean loss ")
    assert "95 % interval" in gap.text
    assert "(128 samples)" in gap.text
    expected = stats.ttest_ind(val, train, equal_var=False).confidence_interval(0.95)
    assert gap.difference_interval == pytest.approx(expected, rel=1e-3)
    assert gap.difference == pytest.approx(val.mean() - train.mean(), rel=1e-4)
    assert gap.ratio == pytest.approx(val.mean() / train.mean(), rel=1e-4)
    assert gap.counts == {"train": 128, "val": 128}


def test_the_ratio_s_interval_holds_the_truth_as_often_as_it_says() -> None:
    hits = 0
    for seed in range(300):
        gap = found(*drawn(seed, 1.0, 2.0, 60))
        assert gap is not None
        lower, upper = gap.ratio_interval
        assert lower is not None
        assert upper is not None
        hits += lower <= 2.0 <= upper
    assert 0.91 <= hits / 300 <= 0.985


def test_other_verdicts() -> None:
    verdict = {
        name: gap.verdict if (gap := found(*losses)) else None
        for name, losses in {
            "small": drawn(1, 1.0, 1.1, 4000),
            "none": drawn(2, 1.0, 1.0),
            "reversed": drawn(3, 2.0, 1.0),
        }.items()
    }
    assert verdict == {"small": "small_gap", "none": "no_gap", "reversed": "reversed"}


def test_no_ratio_of_losses_that_may_be_negative() -> None:
    train, val = drawn(4, 1.0, 2.0)
    gap = found(train - 3, val - 3)
    assert gap is not None
    assert gap.ratio is None
    assert gap.ratio_interval == (None, None)
    assert "×" not in gap.text


def test_nothing_is_said_without_two_splits_of_losses() -> None:
    train, val = drawn(5, 1.0, 2.0)
    assert found(train, val, reference=None) is None
    assert found(train, val, tested=None) is None
    assert found(train, val, tested="train") is None
    assert found(train, val[:1]) is None
    assert found(train, np.full(9, np.nan)) is None
    zero = found(np.zeros(5), np.zeros(5))
    assert zero is not None
    assert zero.verdict == "no_gap"
    assert zero.ratio is None


def test_a_report_says_it_wherever_it_is_read_and_blames_no_region(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Val losses three times those of train, everywhere alike."""
    world = make_world(0, train=600, val=600, blobs=6)
    world.loss = np.where(world.split == "train", 1.0, 4.0) * world.loss
    report = analyze(world.snapshot(), QUICK)
    assert report.generalization is not None
    assert report.generalization.verdict == "overfitting"
    assert not [insight for insight in report.insights if insight.kind == "overfitting"]
    read = type(report).model_validate_json(report.to_json())
    assert read.generalization == report.generalization
    text = report.generalization.text
    print_report(report)
    assert text in capsys.readouterr().out
    assert text in html.unescape(render_page(report, []))
    assert text.encode() in encode_explorer(report)
    note = note_section(report.model_copy(update={"epoch": 3}), RunPage("1", "a"), "latent")
    assert "The model as a whole has overfitted" in note
