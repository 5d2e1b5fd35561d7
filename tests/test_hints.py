from __future__ import annotations

import numpy as np
import pytest

from mlflow_latent.hints import find_hints
from mlflow_latent.snapshot import Snapshot


def make(**changes: object) -> Snapshot:
    arrays = {"sample_id": list("abcd"), "split": "val", "embedding": np.eye(4)}
    return Snapshot.from_arrays(**(arrays | changes))  # type: ignore[arg-type]


def hints(snapshot: Snapshot, tested: str | None = "val", reference: str | None = None) -> str:
    return "\n".join(find_hints(snapshot, tested, reference))


def test_what_is_as_expected_needs_no_hint() -> None:
    snapshot = make(
        split=["train", "train", "val", "test"],
        target=[0, 1, 0, 1],
        prediction=[0, 1, 1, 1],
        pred_probs=np.full((4, 2), 0.5),
        class_names=["cat", "dog"],
        metrics={"iou": [0, 1, 0, 1]},
    )

    assert hints(snapshot, "val", "train") == ""


@pytest.mark.parametrize("names", [("Train", "Val"), ("training", "validation"), ("TRAIN", "dev")])
def test_splits_by_other_names_are_named_with_their_option(names: tuple[str, str]) -> None:
    snapshot = make(split=[names[0]] * 2 + [names[1]] * 2)

    found = hints(snapshot, names[0], None)

    assert f"AnalysisOptions(tested_split={names[1]!r})" in found
    assert f"AnalysisOptions(reference_split={names[0]!r})" in found
    assert hints(snapshot, names[1], names[0]) == ""


def test_classes_that_the_model_does_not_know_are_counted() -> None:
    snapshot = make(target=[0, 1, 5, 7], prediction=[0, 1, 1, 9], pred_probs=np.full((4, 2), 0.5))

    found = hints(snapshot)

    assert "target is beyond the 2 columns of pred_probs in 2 samples (up to class 7)" in found
    assert "prediction is beyond the 2 columns of pred_probs in 1 samples (up to class 9)" in found


def test_names_that_are_too_few_or_there_twice() -> None:
    assert "class_names has 1 names, but there is a class 2" in hints(
        make(target=[0, 1, 2, 2], class_names=["cat"])
    )
    assert "class_names has 'crane' more than once" in hints(make(class_names=["crane", "crane"]))


def test_an_infinite_metric_is_missing() -> None:
    snapshot = make(metrics={"psnr": [1.0, np.inf, 2.0, np.nan]})

    assert "metric 'psnr' is infinite in 1 samples" in hints(snapshot)
    assert np.isnan(snapshot.metrics["psnr"][[1, 3]]).all()
