"""Passed, failed, undecided: the whole interval must agree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from expecting import make_insight, make_report
from worlds import make_world

from mlflow_latent.analysis import AnalysisOptions, analyze
from mlflow_latent.errors import InputError
from mlflow_latent.expectations import Earlier, Population, evaluate
from mlflow_latent.expectations.evaluate import judge
from mlflow_latent.expectations.metrics import Measured
from mlflow_latent.measures import MeasureOptions
from mlflow_latent.report.expectations.model import Expectation

if TYPE_CHECKING:
    import pandas as pd


def expectation(comparison: str, threshold: float = 1.0, **more: Any) -> Expectation:
    return Expectation("all", "loss", comparison, threshold, **more)


@pytest.mark.parametrize(
    ("comparison", "lower", "upper", "status"),
    [
        ("<=", 0.5, 0.9, "passed"),
        ("<=", 0.5, 1.0, "passed"),
        ("<=", 0.9, 1.1, "undecided"),
        ("<=", 1.0, 1.1, "undecided"),
        ("<=", 1.1, 1.2, "failed"),
        (">=", 1.1, 1.2, "passed"),
        (">=", 1.0, 1.2, "passed"),
        (">=", 0.9, 1.1, "undecided"),
        (">=", 0.5, 0.9, "failed"),
        ("no worse than before", -0.5, 0.9, "passed"),
        ("no worse than before", 1.1, 2.0, "failed"),
        ("<=", None, None, "undecided"),
    ],
)
def test_the_rule(comparison: str, lower: float | None, upper: float | None, status: str) -> None:
    assert judge(expectation(comparison), Measured(50, 1.0, lower, upper)) == status


def test_the_tested_split_is_meant_unless_the_filter_names_one(population: Population) -> None:
    frame = population.frame
    small = frame["meta_size"] < 0.5
    for text, split in (("size < 0.5", "val"), ('size < 0.5 and split == "train"', "train")):
        result = evaluate(Expectation(text, "loss", "<=", 9), population)
        assert result.n == (small & (frame["split"] == split)).sum()
        assert result.status == "passed"


def test_an_interval_that_holds_the_threshold_is_undecided_and_says_so(
    population: Population,
) -> None:
    mean = float(population.frame.query("split == 'val'")["loss"].mean())
    result = evaluate(expectation("<=", round(mean, 3)), population)
    assert result.status == "undecided"
    assert "the interval holds the threshold" in result.reason
    assert "100 samples are too few to decide" in result.reason


def test_nothing_chosen_is_undecided_with_a_hint(population: Population) -> None:
    result = evaluate(Expectation('class == "cta"', "loss", "<=", 1), population)
    assert (result.status, result.n) == ("undecided", 0)
    assert "did you mean 'cat'" in result.reason
    with pytest.raises(InputError, match="metric 'los'"):  # a mistake is one, on no sample too
        evaluate(Expectation('class == "cta"', "los", "<=", 1), population)


def test_listed_samples_are_of_the_splits_that_they_are_in(population: Population) -> None:
    for samples, n in (
        ({"train": tuple(f"s{i}" for i in range(1, 40) if i % 4)}, 30),  # all of train
        ({"train": ("s1",), "val": tuple(f"s{i}" for i in range(0, 80, 4))}, 20),  # val is meant
        ({"val": ("gone", "s4")}, 1),
    ):
        asked = Expectation("in samples", "loss", "<=", 9, samples=samples)
        assert evaluate(asked, population).n == n
    gone = Expectation("in samples", "loss", "<=", 9, samples={"val": ("gone",)})
    assert "no sample of this run" in evaluate(gone, population).reason


def earlier(frame: pd.DataFrame, name: str, more: float) -> Earlier:
    return Earlier(name, name, Population(make_report(frame.assign(loss=frame["loss"] + more))))


def test_the_runs_before_are_beside_it(population: Population, frame: pd.DataFrame) -> None:
    lacking = Earlier("c", "c", Population(make_report(frame.drop(columns="meta_size"))))
    result = evaluate(
        Expectation("size < 0.5", "loss", "<=", 9),
        population,
        before=[earlier(frame, "b", 1), lacking],
    )
    assert [one.run_id for one in result.before] == ["b", "c"]
    assert result.before[0].value == pytest.approx(float(result.value or 0) + 1, rel=1e-4)
    assert result.before[1].value is None
    assert "field 'size' was not captured" in result.before[1].reason


def test_no_worse_than_the_best_run_before(population: Population, frame: pd.DataFrame) -> None:
    asked = expectation("no worse than before", 0.2)
    better, worse = earlier(frame, "better", -0.5), earlier(frame, "worse", 0.5)
    failed = evaluate(asked, population, before=[worse, better])
    assert (failed.status, failed.value) == ("failed", pytest.approx(0.5, abs=1e-4))
    assert evaluate(asked, population, before=[worse]).status == "passed"
    alone = evaluate(asked, population)
    assert alone.status == "undecided"
    assert "no run before to compare with" in alone.reason


def test_findings_are_counted_not_estimated(frame: pd.DataFrame) -> None:
    val = frame["sample_id"][frame["split"] == "val"].tolist()
    insight = make_insight("near_duplicate", tuple(("val", name) for name in val[:2]))
    asked = Expectation("all", "share_near_duplicate", "<=", 0)
    found = evaluate(asked, Population(make_report(frame, (insight,))))
    assert (found.status, found.value, found.interval) == ("failed", 0.02, (0.02, 0.02))
    assert evaluate(asked, Population(make_report(frame))).status == "passed"


def test_one_sample_one_class_and_missing_values_are_no_errors(frame: pd.DataFrame) -> None:
    one = frame[frame["split"] == "val"].head(1).reset_index(drop=True)
    result = evaluate(expectation("<="), Population(make_report(one)))
    assert (result.status, result.n) == ("undecided", 1)
    nothing = frame.assign(loss=np.nan)
    assert evaluate(expectation("<="), Population(make_report(nothing))).status == "undecided"


def test_an_analysis_says_which_way_its_metrics_are_better() -> None:
    world = make_world(0, train=60, val=60)
    error = {"metrics": {"error": world.loss}, "directions": {"error": "lower"}}
    options = AnalysisOptions(measures=MeasureOptions(projection="none"))
    report = analyze(world.snapshot(**error), options)
    assert report.metrics == {"error": "lower"}
    asked = Expectation("all", "error", "no worse than before", 0.1)
    more = report.samples.assign(metric_error=report.samples["metric_error"] - 1)
    before = Earlier("b", "b", Population(report.with_samples(more)))
    assert evaluate(asked, Population(report), before=[before]).status == "failed"
