from __future__ import annotations

import numpy as np
import pytest
from worlds import make_world

from mlflow_latent.analysis import AnalysisOptions, analyze
from mlflow_latent.measures import MeasureOptions
from mlflow_latent.probabilities import find_unfit, fit_rows
from mlflow_latent.snapshot import Snapshot

OPTIONS = AnalysisOptions(measures=MeasureOptions(projection="none"))
WIDTH = 4


def drawn(rows: int, width: int = WIDTH) -> np.ndarray:
    return np.random.default_rng(0).dirichlet(np.ones(width), rows).astype(np.float32)


@pytest.mark.parametrize(
    "probabilities",
    [
        drawn(50),
        drawn(50, 1000).astype(np.float16).astype(np.float32),
        np.round(drawn(50, 10), 2),
        np.eye(WIDTH, dtype=np.float32),
        np.ones((5, 1), np.float32),
    ],
    ids=["softmax", "float16", "two decimals", "one-hot", "one class"],
)
def test_rounded_probabilities_are_fit(probabilities: np.ndarray) -> None:
    assert find_unfit(probabilities) is None


@pytest.mark.parametrize(
    ("values", "why"),
    [
        (drawn(50) * 2, "sums to 2"),
        (drawn(50) * 100, "sums to 100"),
        (np.log(drawn(50)), "holds -"),
        (drawn(50) * 0, "sums to 0"),
        (np.full((50, WIDTH), np.nan, np.float32), "holds NaN"),
        (np.full((50, WIDTH), np.inf, np.float32), "holds infinity"),
        (np.full((50, WIDTH), 0.5, np.float32), "sums to 2"),
        (np.full((50, 1), 0.3, np.float32), "sums to 0.3"),
    ],
)
def test_other_numbers_are_not(values: np.ndarray, why: str) -> None:
    unfit = find_unfit(values)

    assert unfit is not None
    assert unfit.why.startswith(why)
    assert (unfit.row, unfit.count) == (0, 50)


def test_the_first_bad_row_is_named() -> None:
    values = drawn(50)
    values[[7, 9]] *= 3

    assert np.flatnonzero(~fit_rows(values)).tolist() == [7, 9]
    unfit = find_unfit(values)
    assert unfit is not None
    text = unfit.words("val/s7", 50)
    assert "row 7 (val/s7) sums to 3 (2 of 50 rows are unfit); give probabilities" in text


def test_logits_cost_nothing_but_the_kinds_that_need_probabilities() -> None:
    world = make_world(0, train=200, val=100)
    logits = np.random.default_rng(0).normal(size=(300, 10))

    report = analyze(world.snapshot(pred_probs=logits), OPTIONS)

    reasons = {reason.kind: reason.reason for reason in report.not_applicable}
    assert reasons["label_error"] == report.notes[0]
    assert "pred_probs are no class probabilities: row 0 (train/s0)" in report.notes[0] or (
        "pred_probs are no class probabilities: row 0 (val/s0)" in report.notes[0]
    )
    assert "low_performance" not in reasons


def test_scores_of_another_task_are_its_own_matter() -> None:
    arrays = {"sample_id": [1, 2], "split": "val", "embedding": np.eye(2)}
    scores = np.array([[0.9, 0.8], [0.1, 0.2]])

    assert Snapshot.from_arrays(**arrays, pred_probs=scores, task="other").pred_probs is not None
    assert Snapshot.from_arrays(**arrays, pred_probs=scores).pred_probs is None
