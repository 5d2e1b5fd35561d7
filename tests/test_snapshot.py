from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mlflow_latent.errors import EmptySnapshotError, InputError
from mlflow_latent.snapshot import Snapshot

EMBEDDING = np.eye(4)


def make(**changes: object) -> Snapshot:
    arrays = {"sample_id": list("abcd"), "split": "val", "embedding": EMBEDDING}
    return Snapshot.from_arrays(**(arrays | changes))  # type: ignore[arg-type]


def test_unusable_rows_are_dropped_counted_and_named() -> None:
    embedding = EMBEDDING.copy()
    embedding[1, 1] = np.inf
    snapshot = make(
        embedding=embedding,
        split=["train", "train", "val", "val"],
        loss=[0.1, np.nan, np.nan, 0.4],
        pred_probs=np.full((4, 2), 0.5),
        target=[0, 1, None, 1],
    )

    assert list(snapshot.sample_id) == ["a", "d"]
    assert len(snapshot.embedding) == len(snapshot.pred_probs) == 2
    assert [(d.reason, d.split, d.count, d.sample_ids) for d in snapshot.dropped] == [
        ("embedding is NaN or infinite (float32 ends at 3.4e+38)", "train", 1, ("b",)),
        ("loss is NaN or infinite (float32 ends at 3.4e+38)", "val", 1, ("c",)),
    ]


def test_a_split_without_loss_and_target_is_unlabelled_and_kept() -> None:
    split = ["val", "val", "unlabeled", "unlabeled"]
    snapshot = make(split=split, loss=[1, 2, np.nan, np.nan], target=[0, 1, None, None])

    assert len(snapshot) == 4
    assert snapshot.codes("target").tolist() == [0, 1, -1, -1]
    assert np.isnan(snapshot.loss[2:]).all()


def test_nothing_left_says_what_was_wrong() -> None:
    with pytest.raises(EmptySnapshotError, match="val: loss is NaN or infinite .* in 4 rows"):
        make(loss=[np.nan] * 4, target=[0, 1, 0, 1])
    with pytest.raises(EmptySnapshotError, match="no rows were given"):
        make(sample_id=[], embedding=np.empty((0, 3)))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sample_id": list("abca")}, "'a' is there twice in split 'val'"),
        ({"sample_id": ["a", None, "c", "d"]}, "sample_id of row 1 is missing"),
        ({"loss": [1, 2]}, "loss has 2 values, but embedding has 4 rows"),
        ({"loss": ["high"] * 4}, "loss must be numbers"),
        ({"loss": np.ones((4, 1))}, r"one value per sample, got shape \(4, 1\)"),
        ({"embedding": np.ones(4)}, r"shape \(N, D\) with D > 0, got \(4,\)"),
        ({"embedding": np.ones((4, 0))}, "D > 0"),
        ({"embedding": [["x"]] * 4}, "embedding must be numbers"),
        ({"target": [0, 1, 2, -1]}, "target must be 0 or more, got -1"),
        ({"target": [0, 1, 2, 0.5]}, "target must be class indices"),
        ({"pred_probs": np.ones((3, 2))}, "pred_probs has 3 rows"),
        ({"metadata": {"light": [1]}}, r"metadata\['light'\] has 1 values"),
    ],
)
def test_what_cannot_be_used_is_named(changes: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        make(**changes)


def test_the_same_id_in_two_splits_is_allowed() -> None:
    assert len(make(sample_id=list("abab"), split=["train"] * 2 + ["val"] * 2)) == 4


def test_metadata_keeps_its_types_and_what_is_missing() -> None:
    fields = {
        "count": [1, 2, 3, 4],
        "light": [0.5, np.nan, np.inf, 1.0],
        "night": [True, None, False, True],
        "weather": ["sun", None, "rain", "<img onerror=alert(1)>"],
        "kind": pd.Categorical(["x", "y", "x", "y"]),
        7: [1, 1, 1, 1],
    }
    metadata = make(metadata=fields).metadata

    assert list(metadata.columns) == ["count", "light", "night", "weather", "kind", "7"]
    assert metadata.dtypes.astype(str).to_list() == [
        "Int64", "float64", "boolean", "string", "string", "Int64",
    ]  # fmt: skip
    assert metadata.isna().sum().to_list() == [0, 2, 1, 1, 0, 0]


def test_ids_may_be_integers_and_frames_may_have_any_index() -> None:
    frame = pd.DataFrame({"light": [1.0, 2, 3, 4]}, index=[9, 8, 7, 6])
    snapshot = make(sample_id=np.arange(4), metadata=frame)

    assert list(snapshot.sample_id) == ["0", "1", "2", "3"]
    assert snapshot.metadata["light"].to_list() == [1, 2, 3, 4]
