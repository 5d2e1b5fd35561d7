"""Predicted losses: right where the truth is known, honest about their error, or refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from mlflow_latent.errors import UnpredictableError
from mlflow_latent.measures import MeasureOptions, Measures
from mlflow_latent.measures.conformal import Errors, Scale
from mlflow_latent.measures.predicted_loss import (
    COVERAGE,
    DECILES,
    FOLDS,
    PredictedLoss,
    _folds,
    predict_losses,
)
from mlflow_latent.snapshot import Snapshot

Made = tuple[Snapshot, np.ndarray]


def make(seed: int = 0, *, val: int = 400, target: int = 300, shift: float = 0.0) -> Made:
    """A model that fails in one direction of the latent space, and knows it in part."""
    rng = np.random.default_rng(seed)
    size = val + target
    split = np.repeat(["val", "unlabeled"], [val, target])
    embedding = rng.normal(size=(size, 6))
    embedding[val:, 0] += shift
    wrong = 1 / (1 + np.exp(-2 * embedding[:, 0] + 1))
    sure = np.clip(1 - wrong * rng.uniform(0.5, 1, size), 0.34, 0.999)
    probabilities = np.stack([sure, (1 - sure) * 0.7, (1 - sure) * 0.3], axis=1)
    loss = -np.log(1 - 0.95 * wrong) * rng.lognormal(0, 0.4, size)
    given = np.where(split == "val", loss, np.nan)
    return (
        Snapshot.from_arrays(
            sample_id=np.arange(size),
            split=split,
            embedding=embedding,
            loss=given,
            pred_probs=probabilities,
        ),
        loss,
    )


def predict(snapshot: Snapshot, **options: Any) -> PredictedLoss:
    return predict_losses(snapshot, snapshot.embedding, "val", **options)


@pytest.fixture(scope="module")
def found() -> tuple[PredictedLoss, np.ndarray]:
    snapshot, loss = make()
    return predict(snapshot), loss


def test_the_truth_is_met_on_samples_whose_losses_were_not_seen(
    found: tuple[PredictedLoss, np.ndarray],
) -> None:
    predicted, loss = found
    new = predicted.unlabelled
    assert new.sum() == 300
    rank = stats.spearmanr(predicted.value[new], loss[new]).statistic
    low, high = predicted.interval
    assert low - 0.1 < rank < high + 0.1  # the stated error is that of new samples
    assert rank > 0.6
    assert predicted.value[new].mean() == pytest.approx(loss[new].mean(), rel=0.15)
    held = ((predicted.low <= loss) & (loss <= predicted.high))[new].mean()
    assert held == pytest.approx(COVERAGE, abs=0.06)
    assert predicted.coverage == pytest.approx(COVERAGE, abs=0.04)
    assert (predicted.low <= predicted.high)[new].all()


def test_the_stated_error_is_that_of_the_shown_values(
    found: tuple[PredictedLoss, np.ndarray],
) -> None:
    predicted, loss = found
    known = ~predicted.unlabelled
    rank = stats.spearmanr(predicted.value[known], loss[known]).statistic
    assert predicted.correlation == pytest.approx(rank, abs=1e-3)
    assert predicted.is_useful
    assert len(predicted.deciles) == DECILES
    assert sum(decile.n for decile in predicted.deciles) == predicted.fitted == 400
    assert [d.predicted for d in predicted.deciles] == sorted(
        d.predicted for d in predicted.deciles
    )
    assert predicted.deciles[-1].actual == pytest.approx(predicted.deciles[-1].predicted, rel=0.3)


def test_a_shifted_target_has_larger_losses_and_lies_outside() -> None:
    snapshot, loss = make(shift=6.0)
    predicted, new = predict(snapshot), np.arange(700) >= 400
    assert predicted.outside[new].mean() > 0.8
    assert predicted.value[new].mean() > 2 * loss[:400].mean()
    assert predicted.fails[new].mean() > 0.8
    assert not predicted.outside[~new].any()


def test_no_shift_fails_as_often_as_the_worst_tenth_and_lies_inside() -> None:
    shares = []
    for seed in range(3):
        predicted = predict(make(seed, val=300)[0])
        shares.append(predicted.fails[predicted.unlabelled].mean())
        assert predicted.outside[predicted.unlabelled].mean() < 0.06
    assert np.mean(shares) == pytest.approx(0.1, abs=0.05)


def test_losses_that_nothing_tells_are_not_useful() -> None:
    snapshot, _ = make()
    rng = np.random.default_rng(3)
    frame = snapshot.frame.copy()
    known = frame["loss"].notna()
    frame.loc[known, "loss"] = rng.permutation(frame.loc[known, "loss"].to_numpy())
    predicted = predict(replace(snapshot, frame=frame))
    assert not predicted.is_useful
    assert predicted.coverage == pytest.approx(COVERAGE, abs=0.05)  # valid whatever the model


def test_the_same_input_gives_the_same_prediction_and_the_model_need_not_speak() -> None:
    snapshot, loss = make()
    mute = replace(snapshot, pred_probs=None)
    first, second = predict(mute), predict(mute)
    np.testing.assert_array_equal(first.value, second.value)
    assert stats.spearmanr(first.value[400:], loss[400:]).statistic > 0.4


def test_what_a_detector_says_is_used() -> None:
    snapshot, loss = make()
    said = snapshot.frame.assign(output_entropy=loss.astype(np.float32))
    blind = replace(snapshot, pred_probs=None, embedding=np.zeros_like(snapshot.embedding))
    blind = replace(blind, frame=said)
    rng = np.random.default_rng(0)
    places = rng.normal(size=(len(loss), 3)).astype(np.float32)
    predicted = predict_losses(blind, places, "val")
    assert stats.spearmanr(predicted.value[400:], loss[400:]).statistic > 0.9


def test_negative_losses_are_taken_as_they_are() -> None:
    snapshot, loss = make()
    frame = snapshot.frame.assign(loss=snapshot.frame["loss"] - 5)
    predicted = predict(replace(snapshot, frame=frame))
    assert predicted.value[400:].mean() == pytest.approx(loss[400:].mean() - 5, abs=0.2)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"loss": None}, "no per-sample loss"),
        ({"loss": np.ones(700)}, "every sample has a loss"),
        ({"loss": np.r_[np.ones(59), np.full(641, np.nan)]}, "59 samples with a loss"),
        ({"loss": np.r_[np.ones(400), np.full(300, np.nan)]}, "same loss"),
    ],
)
def test_what_cannot_be_predicted_is_refused_with_the_reason(
    change: dict[str, Any], reason: str
) -> None:
    snapshot, _ = make()
    loss = change["loss"]
    frame = snapshot.frame.drop(columns="loss") if loss is None else snapshot.frame.assign(**change)
    with pytest.raises(UnpredictableError, match=reason):
        predict(replace(snapshot, frame=frame))


def test_a_split_of_copies_teaches_nothing() -> None:
    snapshot, _ = make()
    with pytest.raises(UnpredictableError, match="copies of one another"):
        predict(snapshot, groups=np.zeros(700, np.int32))


def test_copies_share_a_fold() -> None:
    groups = np.array([-1, 0, 0, 1, 1, 1, -1, -1, 2, 2] * 10)
    folds = _folds(np.arange(100), groups, 0)
    for number in range(3):
        assert len(set(folds[groups == number])) == 1
    assert set(folds) == set(range(FOLDS))


def test_measures_predict_once_and_note_the_error() -> None:
    snapshot, _ = make()
    measures = Measures(snapshot, MeasureOptions(projection="none"))
    assert measures.predicted_loss("val") is measures.predicted_loss("val")
    assert any("predicted loss of 300 samples: rank correlation" in note for note in measures.notes)
    with pytest.raises(UnpredictableError, match="no split has losses"):
        measures.predicted_loss(None)


@given(arrays(np.float64, st.integers(1, 40), elements=st.floats(0, 1e6)))
def test_the_scale_goes_there_and_back(loss: np.ndarray) -> None:
    scale = Scale.of(loss)
    np.testing.assert_allclose(scale.backward(scale.forward(loss)), loss, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("size", [60, 137, 400])
def test_intervals_hold_of_any_score_on_average(size: int) -> None:
    """The promise is about the mean over calibrations; one of 60 errors may cover 0.8 by luck."""
    held = []
    for seed in range(150):
        rng = np.random.default_rng(seed)
        score = rng.normal(size=size + 300)
        true = score + rng.gamma(1.0, np.exp(score / 2))  # skewed, and wider for high scores
        errors = Errors.of(Scale(None), score[:size], true[:size], COVERAGE)
        low, high = errors.interval(score[size:])
        held.append(((low <= true[size:]) & (true[size:] <= high)).mean())
    assert COVERAGE - 0.01 < np.mean(held) < COVERAGE + 0.06


def test_the_ends_are_the_order_statistics_of_a_slow_reference() -> None:
    rng = np.random.default_rng(0)
    errors = rng.normal(size=99)
    found = Errors.of(Scale(None), np.zeros(99), errors, 0.9)
    # With 99 errors, the next is below the 5th smallest with probability 5 %.
    assert found.low[0] == np.sort(errors)[4]
    assert found.high[0] == np.sort(errors)[94]
