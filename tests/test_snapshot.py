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


def history(**changes: object) -> pd.DataFrame:
    rows = pd.DataFrame({"split": "val", "sample_id": ["a", "b"], "epoch": 0, "loss": [0.1, 0.2]})
    return rows.assign(**changes)


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
    with pytest.raises(EmptySnapshotError, match=r"val: loss is NaN or infinite .* in 4 rows"):
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
        ({"embedding": [[1, 2]] + [[1, 2, 3]] * 3}, "row 0 has 2 values, row 1 has 3"),
        ({"embedding": [None] + [[1, 2, 3]] * 3}, "row 0 has 0 values, row 1 has 3"),
        ({"embedding": EMBEDDING + 1j}, "embedding holds complex numbers"),
        ({"embedding": EMBEDDING + 1e12}, r"differ by less than float32 can tell .* 1.0e\+12"),
        ({"embedding": EMBEDDING * 1e-200}, "subtract the mean"),
        ({"loss": [1, 2, "high", 4]}, "loss must be numbers, got 'high' in row 2"),
        ({"loss": np.ones(4) + 1j}, "loss holds complex numbers"),
        ({"loss": pd.date_range("2020", periods=4)}, "loss must be numbers, got datetime64"),
        ({"target": [0, 1, 2, -1]}, "target must be 0 or more, got -1 in row 3"),
        ({"target": [0, 1, 2, 0.5]}, "target must be class indices .* got 0.5 in row 3"),
        ({"target": [0, np.inf, 2, 1]}, "target must be class indices .* got inf in row 1"),
        ({"target": ["cat", "dog"] * 2}, "got 'cat' in row 0; .*factorize.*class_names"),
        ({"target": pd.Categorical(["cat", "dog"] * 2)}, "got 'cat' in row 0; number"),
        ({"target": [[0, 1]] * 4}, r"target must be class indices .* got \[0, 1\] in row 0"),
        ({"target": [0, 1, 2, 2**40]}, f"target is {2**40} in row 3, over 2147483647; number"),
        ({"target": np.full(4, 2**64 - 1, np.uint64)}, "over 2147483647"),
        ({"pred_probs": np.ones((3, 2))}, "pred_probs has 3 rows"),
        ({"metadata": {"light": [1]}}, r"metadata\['light'\] has 1 values"),
        ({"metadata": {"": [1, 2, 3, 4]}}, "metadata has a field named ''; give it a name"),
        ({"metadata": {"name": ["\ud800"] * 4}}, r"metadata\['name'\] holds text that is not Uni"),
        ({"sample_id": ["a", "b", "c\udcff", "d"]}, "sample_id holds text .* in row 2: 'c"),
        ({"metadata": {"wave": np.ones(4) * 1j}}, r"metadata\['wave'\] holds complex"),
        ({"metadata": [{"light": 1}] * 4}, "metadata must be a mapping .* got list"),
        ({"metadata": np.ones((4, 2))}, "metadata must be a mapping .* got ndarray"),
        ({"metrics": [1]}, "metrics must be a mapping .* got list"),
        ({"metrics": {"iou": [1] * 4}, "directions": {"iou": "down"}}, "'down' is unknown"),
        ({"metrics": {"iou": [1] * 4}, "directions": {"io": "lower"}}, "did you mean 'iou'"),
        ({"directions": "lower"}, "directions must be a mapping"),
        ({"class_names": "cat"}, "class_names must be a list of names"),
        ({"class_names": 7}, "class_names must be a list of names, by index, got 7"),
        ({"class_names": {0: "cat", 2: "dog"}}, "got the key 2"),
        ({"task": "clasification"}, "task 'clasification' is unknown; did you mean"),
        ({"task": None}, "task None is unknown"),
        ({"layer": 5}, "layer must be the name of a layer, got 5"),
        ({"epoch": "a"}, "epoch must be a whole number, got 'a'"),
        ({"epoch": 1.5}, "epoch must be a whole number, got 1.5"),
        ({"epoch": -1}, "epoch must be at least 0, got -1"),
        ({"history": {"a": 1}}, "history must be a pandas DataFrame .* got dict"),
        ({"history": pd.DataFrame()}, "is not among its columns: it has none"),
        ({"history": history(epoch="a")}, r"history\['epoch'\] must be 0-based epochs .* got 'a'"),
        (
            {"history": history(margin=[0.5, -7.0])},
            r"history\['margin'\] must be within -1…1, got -7",
        ),
    ],
)
def test_what_cannot_be_used_is_named(changes: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message) as raised:
        make(**changes)
    assert "\n" not in str(raised.value)


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


def test_names_may_be_a_mapping_by_index_or_numbers_or_none() -> None:
    assert make(class_names={1: "dog", 0: "cat"}).info.class_names == ("cat", "dog")
    assert make(class_names=[7, 8]).info.class_names == ("7", "8")
    assert make(class_names=None).info.class_names == ()
    assert list(make(metrics={5: [1, 2, 3, 4]}).metrics) == ["5"]


def test_numbers_beyond_single_precision_are_said_to_be_and_warn_of_nothing() -> None:
    snapshot = make(loss=[1, 2, 1e300, 3], embedding=EMBEDDING * [[1], [1e200], [1], [1]])

    assert [d.reason for d in snapshot.dropped] == [
        "embedding is NaN or infinite (float32 ends at 3.4e+38)",
        "loss is NaN or infinite (float32 ends at 3.4e+38)",
    ]


def test_a_broken_column_is_named_where_the_others_are_whole() -> None:
    broken = np.c_[EMBEDDING, np.full(4, np.nan)]
    with pytest.raises(EmptySnapshotError, match="column 4 of the embedding is so in every row"):
        make(embedding=broken)


def test_a_split_of_which_nothing_can_be_used_is_named_first() -> None:
    snapshot = make(
        split=["train", "train", "val", "val"], target=[0, 1, 0, 1], loss=[1, 2, np.nan, np.nan]
    )

    assert snapshot.splits == ["train"]
    assert snapshot.notes[0].startswith("left out: split 'val', of which no row can be used: loss")


def test_dates_are_numbers_with_their_unit_in_the_name() -> None:
    days = pd.to_datetime(["2020-01-03 12:00", None, "2021-01-01 00:00", "2020-01-01 00:00"])
    fields = {
        "taken": days,
        "at": days.tz_localize("Europe/Berlin"),
        "on": list(days.date[[0, 0, 2, 3]]),
        "lasted": pd.to_timedelta([60, 1, 2, None], unit="s"),
        "never": pd.to_datetime([None] * 4),
    }
    metadata = make(metadata=fields).metadata

    taken = metadata["taken (days since 2020-01-01)"]
    assert taken.tolist()[::2] == [2.5, 366.0]
    assert np.isnan(taken[1])
    assert metadata["at (days since 2019-01-01)"][2] - 365 == pytest.approx(366 - 1 / 24)
    assert metadata["on (days since 2020-01-01)"].tolist() == [2, 2, 366, 0]
    assert metadata["lasted (seconds)"][0] == 60
    assert metadata["never"].isna().all()


def test_numbers_too_large_to_reckon_with_count_as_missing_and_are_counted() -> None:
    snapshot = make(
        metadata={"f": [1.0, 1e308, -1e308, 2.0], "g": np.full(4, 2**64 - 1, np.uint64)}
    )

    assert snapshot.metadata["f"].isna().sum() == 2
    assert snapshot.notes == (
        "field 'f': 2 values are infinite or beyond 1e+150 and count as missing",
    )
    assert snapshot.metadata["g"][0] == pytest.approx(2.0**64)


def test_a_field_that_is_there_twice_is_said_to_be() -> None:
    frame = pd.DataFrame(np.arange(8).reshape(4, 2), columns=["a", "a"])
    snapshot = make(metadata=frame)

    assert snapshot.metadata["a"].tolist() == [1, 3, 5, 7]
    assert snapshot.notes == ("field 'a' is there twice: the last one counts; rename the other",)


def test_targets_that_are_all_negative_are_none() -> None:
    snapshot = make(target=[0, 1, 2, 3])
    snapshot.frame["target"] = pd.array([-1, -1, -100, -1], dtype="Int32")

    assert snapshot.codes("target") is None
