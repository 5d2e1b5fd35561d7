"""What is measured of a slice agrees with the plain way, and says when it cannot be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from expecting import make_frame, make_insight, make_report
from scipy import stats

from mlflow_latent.errors import InputError
from mlflow_latent.expectations import Population
from mlflow_latent.expectations.metrics import measure, parse_metric, worsening

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from mlflow_latent.expectations.metrics import Measured

CONFIDENCE = 0.9


def measured(population: Population, metric: str, chosen: NDArray[np.bool_]) -> Measured:
    return measure(parse_metric(metric), population, chosen, CONFIDENCE)


@pytest.fixture(scope="module")
def small(frame: pd.DataFrame) -> NDArray[np.bool_]:
    return ((frame["split"] == "val") & (frame["meta_size"] < 0.4)).to_numpy()


@pytest.fixture(scope="module")
def rest(frame: pd.DataFrame) -> NDArray[np.bool_]:
    return ((frame["split"] == "val") & ~(frame["meta_size"] < 0.4)).to_numpy()


@pytest.mark.parametrize(("metric", "column"), [("loss", "loss"), ("iou", "metric_iou")])
def test_a_mean_has_students_interval(
    population: Population, small: NDArray[np.bool_], metric: str, column: str
) -> None:
    values = population.frame[column].to_numpy(np.float64)[small]
    found = measured(population, metric, small)
    span = stats.ttest_1samp(values, 0).confidence_interval(CONFIDENCE)
    assert found.n == small.sum()
    assert (found.value, found.lower, found.upper) == pytest.approx((values.mean(), *span))


def test_accuracy_has_the_exact_interval_and_error_rate_is_its_complement(
    population: Population, small: NDArray[np.bool_]
) -> None:
    frame = population.frame[small]
    hits = int((frame["target"] == frame["prediction"]).sum())
    span = stats.binomtest(hits, len(frame)).proportion_ci(CONFIDENCE)
    found = measured(population, "accuracy", small)
    assert (found.value, found.lower, found.upper) == pytest.approx((hits / len(frame), *span))
    wrong = measured(population, "error_rate", small)
    assert wrong.lower is not None
    assert found.upper is not None
    assert wrong.lower == pytest.approx(1 - found.upper)


def test_beside_the_rest_of_the_same_split(
    population: Population, small: NDArray[np.bool_], rest: NDArray[np.bool_]
) -> None:
    loss = population.frame["loss"].to_numpy(np.float64)
    assert measured(population, "loss / rest", small).value == pytest.approx(
        loss[small].mean() / loss[rest].mean()
    )
    found = measured(population, "loss - rest", small)
    welch = stats.ttest_ind(loss[small], loss[rest], equal_var=False)
    span = welch.confidence_interval(CONFIDENCE)
    assert found.value == pytest.approx(loss[small].mean() - loss[rest].mean())
    assert (found.lower, found.upper) == pytest.approx(tuple(span))
    accuracy = measured(population, "accuracy - rest", small)
    assert accuracy.lower is not None
    assert accuracy.value is not None
    assert accuracy.lower < accuracy.value


def test_gaps_compare_two_splits(population: Population) -> None:
    frame = population.frame
    chosen = (frame["target"] == 1).to_numpy()
    means = frame.assign(chosen=chosen).groupby(["chosen", "split"])["loss"].mean()
    gap = measured(population, "gap", chosen)
    assert gap.n == chosen.sum()
    assert gap.value == pytest.approx(means[True, "val"] - means[True, "train"], rel=1e-5)
    excess = measured(population, "gap - rest", chosen)
    others = means[False, "val"] - means[False, "train"]
    assert excess.value == pytest.approx(float(gap.value or 0) - others, rel=1e-5)


def test_odds_say_how_much_more_of_train_lies_there(population: Population) -> None:
    frame = population.frame
    chosen = (frame["target"] == 1).to_numpy()
    counts = frame.assign(chosen=chosen).groupby(["split", "chosen"]).size() + 0.5
    odds = counts["train", True] * counts["val", False] / counts["train", False]
    assert measured(population, "odds_ratio", chosen).value == pytest.approx(
        odds / counts["val", True]
    )
    assert measured(population, "odds_ratio", chosen & False).n == 0


def test_a_share_of_findings_is_counted(frame: pd.DataFrame, small: NDArray[np.bool_]) -> None:
    ids = frame["sample_id"][small].tolist()
    child = make_insight("label_error", (("val", ids[2]),))
    parent = make_insight(
        "label_error", (("val", ids[0]), ("val", ids[1]), ("train", "s1")), children=(child,)
    )
    population = Population(make_report(frame, (parent,)))
    found = measured(population, "share_label_error", small)
    assert found.value == found.lower == found.upper == pytest.approx(3 / small.sum())
    assert measured(population, "share_leakage", small).value == 0
    missing = measured(population, "share_outlier", small)
    assert missing.value is None
    assert missing.reason == "outlier could not be computed: too few"


def test_too_few_have_a_value_and_no_interval(
    population: Population, small: NDArray[np.bool_]
) -> None:
    few = small & (np.cumsum(small) <= 9)
    found = measured(population, "loss", few)
    assert (found.n, found.lower, found.upper) == (9, None, None)
    assert found.value is not None
    assert "9 samples, at least 10" in found.reason
    assert measured(population, "loss / rest", few).lower is None
    everything = (population.split == "val") & ~few  # now the rest is too small
    assert "the rest has 9" in measured(population, "loss - rest", everything).reason
    assert measured(population, "accuracy", few).lower is not None  # an exact interval needs none


def test_a_slice_without_labels_says_so(frame: pd.DataFrame) -> None:
    unlabeled = frame["split"] == "val"
    changed = frame.assign(loss=frame["loss"].where(~unlabeled))
    found = measured(Population(make_report(changed)), "loss", unlabeled.to_numpy())
    assert found.n == 0
    assert found.reason == "none of its 100 samples has 'loss': 'val' has no labels"


def test_a_ratio_of_what_may_be_negative_is_refused(
    frame: pd.DataFrame, small: NDArray[np.bool_]
) -> None:
    population = Population(make_report(frame.assign(loss=frame["loss"] - 1)))
    assert "may be negative" in measured(population, "loss / rest", small).reason
    assert measured(population, "loss - rest", small).value is not None


def test_all_zero_has_no_ratio_but_no_error(frame: pd.DataFrame, small: NDArray[np.bool_]) -> None:
    population = Population(make_report(frame.assign(loss=frame["loss"].where(~small, 0))))
    assert "no interval" in measured(population, "loss / rest", small).reason


@pytest.mark.parametrize(
    ("metric", "message"),
    [
        ("los", "metric 'los': field 'los' was not captured; did you mean 'loss'"),
        ("sample_id", "metric 'sample_id' is not a number"),
        ("share_label_eror", "no kind of insight 'label_eror'; did you mean 'label_error'"),
        ("share_leakage / rest", "is not compared with the rest"),
        ("gap / rest", "is not compared with the rest"),
        ("", "metric '' cannot be read"),
    ],
)
def test_a_metric_that_is_none_is_named(
    population: Population, small: NDArray[np.bool_], metric: str, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        measured(population, metric, small)


@pytest.mark.parametrize("metric", ["gap", "odds_ratio"])
def test_two_splits_are_needed_for_what_compares_them(frame: pd.DataFrame, metric: str) -> None:
    val = frame[frame["split"] == "val"].reset_index(drop=True)
    report = make_report(val, reference_split=None)
    with pytest.raises(InputError, match="compares two splits, train and val; captured: 'val'"):
        measured(Population(report), metric, np.ones(len(val), dtype=bool))


def changed_by(frame: pd.DataFrame, amount: float, column: str) -> Population:
    return Population(make_report(frame.assign(**{column: frame[column] + amount})))


def worse(metric: str, now: Population, before: Population, chosen: Any) -> Measured:
    return worsening(parse_metric(metric), now, chosen, before, CONFIDENCE)


def test_worsening_is_paired_and_knows_which_way_is_worse(
    population: Population, frame: pd.DataFrame, small: NDArray[np.bool_]
) -> None:
    more_loss = worse("loss", changed_by(frame, 0.5, "loss"), population, small)
    assert more_loss.value == pytest.approx(0.5, abs=1e-6)
    assert more_loss.upper == pytest.approx(0.5, abs=1e-3)  # of 40 samples: pairs cancel the noise
    more_iou = worse("iou", changed_by(frame, 0.5, "metric_iou"), population, small)
    assert more_iou.value == pytest.approx(-0.5, abs=1e-6)
    assert worse("accuracy", population, population, small).value == 0


def test_worsening_of_other_samples_or_of_what_has_no_direction(
    population: Population, frame: pd.DataFrame, small: NDArray[np.bool_]
) -> None:
    elsewhere = Population(make_report(frame.assign(sample_id="x" + frame["sample_id"])))
    assert "none of these samples" in worse("loss", population, elsewhere, small).reason
    for metric, message in (
        ("size", "which way is worse is known of loss, accuracy, error_rate, iou"),
        ("loss / rest", "not 'loss' beside the rest"),
        ("gap", "not 'gap'"),
    ):
        with pytest.raises(InputError, match=message):
            worse(metric, population, population, small)


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    """Of slices of 30 exponential losses: what the documentation says of skewed losses."""
    rng = np.random.default_rng(0)
    chosen = np.arange(60) < 30
    frame = make_frame(60).assign(split="val")
    held = []
    for _ in range(400):
        population = Population(make_report(frame.assign(loss=rng.exponential(size=60))))
        found = measured(population, "loss / rest", chosen)
        held.append((found.lower or 0) <= 1 <= (found.upper or 0))
    assert 0.86 <= np.mean(held) <= 0.95  # at 90 %: 2.8 standard errors around
