from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mlflow_latent.errors import InputError, MissingCaptureError
from mlflow_latent.schema import CaptureInfo
from mlflow_latent.store import CaptureStore, captures_shard, file_metadata, samples_shard

if TYPE_CHECKING:
    from pathlib import Path

WIDTH = 4


def vectors(values: np.ndarray) -> pa.FixedSizeListArray:
    return pa.FixedSizeListArray.from_arrays(pa.array(values.ravel()), values.shape[1])


def write(path: Path, columns: dict, info: CaptureInfo | None = None) -> None:
    table = pa.table(columns)
    metadata = file_metadata(info or CaptureInfo(layers=("backbone.4",)))
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table.replace_schema_metadata(metadata), path)


def write_epoch(
    root: Path, epoch: int, split: str, ids: list[str], *, rank: int = 0, embedding: bool = True
) -> None:
    size = len(ids)
    columns = {
        "sample_id": ids,
        "split": [split] * size,
        "epoch": pa.array([epoch] * size, pa.int32()),
        "loss": pa.array([float(place) for place in range(size)], pa.float32()),
        "prediction": pa.array([0] * size, pa.int32()),
    }
    if embedding:
        values = np.arange(size * WIDTH, dtype=np.float16).reshape(size, WIDTH) + epoch
        columns["embedding_backbone_4"] = vectors(values)
    write(captures_shard(root, epoch, split, rank), columns)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for epoch in (0, 1):
        write_epoch(tmp_path, epoch, "val", ["a", "b"], embedding=epoch == 1)
        write_epoch(tmp_path, epoch, "train", ["a", "c", "d"], embedding=epoch == 1)
    for split, ids in {"train": ["d", "c", "a"], "val": ["a", "b"]}.items():
        write(
            samples_shard(tmp_path, split),
            {
                "sample_id": ids,
                "split": [split] * len(ids),
                "target": pa.array([1] * len(ids), pa.int32()),
                "meta_brightness": pa.array([float(ord(i)) for i in ids], pa.float32()),
                "meta_night": pa.array([None] + [True] * (len(ids) - 1), pa.bool_()),
            },
        )
    return tmp_path


def test_snapshot_joins_what_a_sample_is_with_what_the_model_made_of_it(root: Path) -> None:
    snapshot = CaptureStore(root).snapshot()

    assert snapshot.epoch == 1
    assert list(snapshot.split) == ["train"] * 3 + ["val"] * 2
    assert list(snapshot.sample_id) == ["a", "c", "d", "a", "b"]
    assert list(snapshot.metadata["brightness"]) == [97.0, 99.0, 100.0, 97.0, 98.0]
    assert snapshot.metadata["night"].isna().to_list() == [False, False, True, True, False]
    assert snapshot.embedding.dtype == np.float32
    assert snapshot.embedding[0].tolist() == [1.0, 2.0, 3.0, 4.0]


def test_an_epoch_without_embeddings_is_refused_and_the_kept_ones_named(root: Path) -> None:
    store = CaptureStore(root)

    assert store.epochs() == [0, 1]
    assert store.embedding_epochs() == [1]
    with pytest.raises(MissingCaptureError, match=r"no embeddings of epoch 0 were kept, only of 1"):
        store.snapshot(epoch=0)
    with pytest.raises(MissingCaptureError, match=r"did you mean 'backbone\.4'"):
        store.snapshot(layer="backbone4")


def test_history_holds_every_captured_epoch(root: Path) -> None:
    history = CaptureStore(root).history()

    assert len(history) == 10
    assert set(history["epoch"]) == {0, 1}


def test_history_holds_the_margin_of_the_target_where_probabilities_were_captured(
    root: Path,
) -> None:
    probabilities = np.array([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6]], np.float32)
    write(
        captures_shard(root, 2, "val"),
        {
            "sample_id": ["b", "a"],
            "split": ["val"] * 2,
            "epoch": pa.array([2, 2], pa.int32()),
            "pred_probs": vectors(probabilities),
        },
    )
    history = CaptureStore(root).history()

    last = history[history["epoch"] == 2].set_index("sample_id")
    assert last.loc["b", "margin"] == pytest.approx(0.2 - 0.7)
    assert last.loc["a", "margin"] == pytest.approx(0.3 - 0.6)
    assert history.loc[history["epoch"] < 2, "margin"].isna().all()
    assert "pred_probs" not in history
    assert set(CaptureStore(root).history([0, 2])["epoch"]) == {0, 2}


def test_null_loss_is_no_label_and_nan_loss_is_unusable(root: Path) -> None:
    write(
        captures_shard(root, 1, "unlabeled"),
        {
            "sample_id": ["u", "v", "w"],
            "split": ["unlabeled"] * 3,
            "loss": pa.array([None, float("nan"), float("inf")], pa.float32()),
            "embedding_backbone_4": vectors(np.ones((3, WIDTH), np.float16)),
        },
    )
    snapshot = CaptureStore(root).snapshot()

    assert list(snapshot.sample_id[snapshot.rows("unlabeled")]) == ["u"]
    assert [(d.split, d.count, d.sample_ids) for d in snapshot.dropped] == [
        ("unlabeled", 2, ("v", "w"))
    ]


def test_shards_of_several_processes_are_one_split(root: Path) -> None:
    write_epoch(root, 1, "val", ["x", "y"], rank=1)

    assert list(CaptureStore(root).snapshot().sample_id[3:]) == ["a", "b", "x", "y"]


def test_an_id_twice_in_one_split_is_an_error_that_names_it(root: Path) -> None:
    write_epoch(root, 1, "val", ["x", "b"], rank=1)

    with pytest.raises(InputError, match="'b' is there twice in split 'val'"):
        CaptureStore(root).snapshot()


def test_unreadable_files_are_named_and_the_rest_is_read(root: Path) -> None:
    truncated = captures_shard(root, 1, "val")
    truncated.write_bytes(truncated.read_bytes()[:-20])
    foreign = captures_shard(root, 1, "test")
    foreign.parent.mkdir()
    pq.write_table(pa.table({"x": [1]}), foreign)
    write_epoch(root, 1, "later", ["z"])
    newer = captures_shard(root, 1, "later")
    write(newer, {"sample_id": ["z"], "split": ["later"]}, CaptureInfo(schema_version=99))

    store = CaptureStore(root)
    snapshot = store.snapshot()

    assert snapshot.splits == ["train"]
    assert len(store.problems) == 3
    for path, what in ((truncated, "truncated"), (foreign, "not a capture"), (newer, "upgrade")):
        assert any(str(path) in text and what in text for text in snapshot.notes)


def test_damage_inside_a_file_is_found_when_it_is_read(root: Path) -> None:
    damaged = captures_shard(root, 1, "val")
    content = bytearray(damaged.read_bytes())
    content[4:200] = b"\xff" * 196
    damaged.write_bytes(content)

    snapshot = CaptureStore(root).snapshot()

    assert snapshot.splits == ["train"]
    assert any(str(damaged) in note for note in snapshot.notes)


def test_split_names_with_slashes_and_spaces_keep_to_their_folder(tmp_path: Path) -> None:
    split = "../night rain"
    write_epoch(tmp_path, 0, split, ["a"])

    assert CaptureStore(tmp_path).snapshot().splits == [split]
    assert captures_shard(tmp_path, 0, split).resolve().is_relative_to(tmp_path)


def test_a_folder_without_captures_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(MissingCaptureError, match="add LatentCapture"):
        CaptureStore(tmp_path).snapshot()
    with pytest.raises(MissingCaptureError, match="no captures"):
        CaptureStore(tmp_path).history()


def rewrite(path: Path, **columns: pa.Array) -> None:
    table = pq.read_table(path, partitioning=None)
    for name, values in columns.items():
        known = name in table.column_names
        place = table.column_names.index(name) if known else table.num_columns
        table = (
            table.set_column(place, name, values) if known else table.append_column(name, values)
        )
    pq.write_table(table, path)


def test_what_is_left_out_comes_first(root: Path) -> None:
    captures_shard(root, 1, "val").write_bytes(b"hello")

    assert CaptureStore(root).snapshot().notes[0].startswith("left out: ")


def test_targets_of_another_program_may_be_negative_where_missing(root: Path) -> None:
    rewrite(samples_shard(root, "train"), target=pa.array([-1, -1, -1], pa.int32()))
    rewrite(samples_shard(root, "val"), target=pa.array([-1, -100], pa.int32()))

    snapshot = CaptureStore(root).snapshot()

    assert snapshot.frame["target"].isna().all()
    assert snapshot.codes("target") is None


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"loss": pa.array(["a", "b"])}, "loss must be numbers, got 'a' in row"),
        ({"prediction": pa.array([2**40, 1])}, f"prediction is {2**40} in row"),
        ({"prediction": pa.array(["cat", "dog"])}, "prediction must be class indices"),
    ],
)
def test_columns_that_hold_what_they_must_not_are_named(
    root: Path, columns: dict[str, pa.Array], message: str
) -> None:
    captures_shard(root, 1, "train").unlink()
    rewrite(captures_shard(root, 1, "val"), **columns)

    with pytest.raises(InputError, match=message):
        CaptureStore(root).snapshot()


def test_dates_of_another_program_are_days(root: Path) -> None:
    captures_shard(root, 1, "train").unlink()
    dates = pa.array(np.array(["2020-02-01", "2020-01-01"], dtype="datetime64[D]"))
    rewrite(samples_shard(root, "val"), meta_taken=dates)

    metadata = CaptureStore(root).snapshot().metadata

    assert metadata["taken (days since 2020-01-01)"].tolist() == [31, 0]


def test_logits_in_place_of_probabilities_have_no_margin_and_are_laid_aside(root: Path) -> None:
    logits = np.array([[5, -3], [2, 8]], np.float32)
    captures_shard(root, 1, "train").unlink()
    rewrite(captures_shard(root, 1, "val"), pred_probs=vectors(logits))
    store = CaptureStore(root)

    snapshot = store.snapshot()

    assert snapshot.pred_probs is None
    assert "row 0 (val/a) holds -3 (2 of 2 rows are unfit)" in str(snapshot.unfit_probs)
    assert store.history([1])["margin"].isna().all()


def test_unreadable_metadata_is_one_line(root: Path) -> None:
    path = captures_shard(root, 1, "val")
    table = pq.read_table(path, partitioning=None)
    pq.write_table(table.replace_schema_metadata({"mlflow_latent": "{not json"}), path)

    (problem,) = CaptureStore(root).problems

    assert "unreadable 'mlflow_latent' metadata: the JSON: Invalid JSON" in problem
    assert "\n" not in problem
