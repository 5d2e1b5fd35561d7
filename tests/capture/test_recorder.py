from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings, strategies as st

from mlflow_latent.capture.recorder import Recorder
from mlflow_latent.errors import CaptureError
from mlflow_latent.schema import CaptureInfo
from mlflow_latent.store import CaptureStore, captures_shard, samples_shard

if TYPE_CHECKING:
    from pathlib import Path

INFO = CaptureInfo(layers=("net.head",), class_names=("cat", "dog"), run_id="r1")


def batch(start: int = 0, stop: int = 4, **columns: Any) -> dict[str, Any]:
    size = stop - start
    return {
        "sample_id": [f"s{number}" for number in range(start, stop)],
        "loss": np.arange(start, stop, dtype=np.float64),
        "target": np.arange(start, stop) % 2,
        "embedding_net_head": np.full((size, 3), start, dtype=np.float32),
        **columns,
    }


def read(path: Path) -> pa.Table:
    with pq.ParquetFile(path) as file:
        return file.read()


def test_files_follow_the_contract(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, INFO)
    rows = recorder.begin(7, "val")
    rows.add(
        batch(
            prediction=[0, 1, 1, 0],
            pred_probs=np.full((4, 2), 0.5),
            loss_box=[1, 2, 3, 4],
            metric_iou=np.ones(4, dtype=np.float64),
            meta_width=[1, 2, 3, 4],
            meta_bright=[0.5, 1.5, None, np.nan],
            meta_camera=["a", "b", None, "c"],
            meta_night=[True, False, None, True],
            uri=["x.png", None, "y.png", "z.png"],
        )
    )
    assert rows.close() == [captures_shard(tmp_path, 7, "val"), samples_shard(tmp_path, "val")]

    captured = pq.read_schema(captures_shard(tmp_path, 7, "val"))
    assert {name: str(captured.field(name).type) for name in captured.names} == {
        "sample_id": "string",
        "split": "string",
        "epoch": "int32",
        "loss": "float",
        "loss_box": "float",
        "metric_iou": "float",
        "prediction": "int32",
        "pred_probs": "fixed_size_list<element: float>[2]",
        "embedding_net_head": "fixed_size_list<element: halffloat>[3]",
    }
    samples = read(samples_shard(tmp_path, "val"))
    assert {name: str(samples.schema.field(name).type) for name in samples.column_names} == {
        "sample_id": "string",
        "split": "string",
        "target": "int32",
        "meta_width": "int64",
        "meta_bright": "float",
        "meta_camera": "string",
        "meta_night": "bool",
        "uri": "string",
    }
    assert samples["meta_bright"].to_pylist() == [0.5, 1.5, None, None]
    assert samples["meta_night"].to_pylist() == [True, False, None, True]
    document = json.loads(captured.metadata[b"mlflow_latent"])
    assert document["schema_version"] == 1
    assert document["layers"] == ["net.head"]
    assert document["run_id"] == "r1"
    codec = pq.read_metadata(captures_shard(tmp_path, 7, "val")).row_group(0).column(0).compression
    assert codec == "ZSTD"


def test_nan_stays_and_missing_is_null(tmp_path: Path) -> None:
    rows = Recorder(tmp_path, INFO).begin(0, "val")
    loss = np.ma.MaskedArray([np.nan, 1.0, 2.0, np.inf], mask=[False, False, True, False])
    embedding = np.array([[np.nan, 1], [2, 3], [np.inf, 1e9], [0, 0]])
    rows.add(batch(loss=loss, target=[0, -1, 1, -100], embedding_net_head=embedding))
    captured, samples = map(read, rows.close())
    values = captured["loss"].to_pylist()
    assert np.isnan(values[0])
    assert values[1:] == [1.0, None, np.inf]
    assert samples["target"].to_pylist() == [0, None, 1, None]
    kept = np.array(captured["embedding_net_head"].to_pylist())
    assert np.isnan(kept[0, 0])
    assert np.isposinf(kept[2]).tolist() == [True, True]


def test_field_whose_type_shows_late(tmp_path: Path) -> None:
    rows = Recorder(tmp_path, INFO).begin(0, "val")
    rows.add(batch(0, 2, meta_age=[None, None], meta_none=[None, None]))
    rows.add(batch(2, 4, meta_age=[1, 2], meta_none=[None, None]))
    rows.add(batch(4, 6, meta_age=[0.5, None], meta_none=[None, None]))
    samples = read(rows.close()[1])
    assert samples["meta_age"].to_pylist() == [None, None, 1.0, 2.0, 0.5, None]
    assert str(samples.schema.field("meta_age").type) == "float"
    assert samples["meta_none"].null_count == 6


def test_samples_are_written_once(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, INFO)
    for epoch, name in enumerate(["first", "second"]):
        rows = recorder.begin(epoch, "val")
        assert rows.wants_static == (epoch == 0)
        rows.add(batch(meta_name=[name] * 4))
        rows.close()
    assert set(read(samples_shard(tmp_path, "val"))["meta_name"].to_pylist()) == {"first"}
    assert recorder.sample_ids("val") == {"s0", "s1", "s2", "s3"}
    assert recorder.sample_ids("train") is None


def test_store_reads_it_back_and_odd_split_names_are_safe(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, INFO)
    for split in ("val", "../night & day=1"):
        rows = recorder.begin(0, split)
        rows.add(batch())
        rows.close()
    store = CaptureStore(tmp_path)
    assert store.problems == ()
    assert set(store.snapshot().splits) == {"val", "../night & day=1"}
    assert not (tmp_path.parent / "night & day=1").exists()


def test_dropping_embeddings_keeps_the_rest(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, INFO)
    for epoch in range(2):
        rows = recorder.begin(epoch, "val")
        rows.add(batch(pred_probs=np.eye(4)))
        rows.close()
    path = captures_shard(tmp_path, 0, "val")
    before = read(path)
    assert recorder.embedding_epochs() == [0, 1]
    assert recorder.drop_embeddings(0) == [path]
    assert recorder.drop_embeddings(0) == []
    assert read(path).equals(before.drop_columns(["embedding_net_head"]))
    assert pq.read_schema(path).metadata[b"mlflow_latent"]
    assert recorder.embedding_epochs() == [1]


def test_row_groups_are_written_as_they_come(tmp_path: Path) -> None:
    rows = Recorder(tmp_path, INFO).begin(0, "val")
    wide = np.zeros((4096, 512), dtype=np.float32)
    for number in range(10):
        ids = [f"{number}-{row}" for row in range(4096)]
        rows.add({"sample_id": ids, "embedding_net_head": wide})
    path = rows.close()[0]
    assert pq.read_metadata(path).num_row_groups >= 2
    assert pq.read_metadata(path).num_rows == 40960


def test_size_is_that_of_the_embeddings(tmp_path: Path) -> None:
    rows = Recorder(tmp_path, INFO).begin(0, "val")
    rng = np.random.default_rng(0)
    size, width = 4000, 576
    rows.add(
        {
            "sample_id": [f"val-{row}" for row in range(size)],
            "loss": rng.random(size),
            "pred_probs": rng.random((size, 10)),
            "prediction": rng.integers(0, 10, size),
            "embedding_net_head": rng.normal(size=(size, width)),
        }
    )
    assert rows.close()[0].stat().st_size <= 1.1 * size * width * 2


def test_nothing_is_in_place_before_the_end(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, INFO)
    rows = recorder.begin(0, "val")
    rows.add(batch())
    assert not list(tmp_path.rglob("*.parquet"))
    rows.abort()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_aborted_epoch_leaves_the_earlier_capture(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, INFO)
    first = recorder.begin(0, "val")
    first.add(batch())
    first.close()
    again = recorder.begin(0, "val")
    again.add(batch(0, 2))
    again.abort()
    assert len(CaptureStore(tmp_path).snapshot()) == 4


@pytest.mark.parametrize(("before", "after"), [(2, 1), (1, 2)])
def test_resumed_with_another_number_of_processes(tmp_path: Path, before: int, after: int) -> None:
    for number, processes in enumerate((before, after)):
        recorders = [
            Recorder(tmp_path, INFO, rank=rank, processes=processes) for rank in range(processes)
        ]
        for epoch in (number, number + 1):
            for rank, recorder in enumerate(recorders):
                rows = recorder.begin(epoch, "val")
                size = 4 // processes
                rows.add(batch(rank * size, (rank + 1) * size))
                rows.close()
                recorder.remove_leftovers(epoch)
                assert recorder.sample_ids("val") >= {f"s{rank * size}"}
    store = CaptureStore(tmp_path)
    for epoch in range(3):
        frame = store.snapshot(epoch).frame
        assert sorted(frame["sample_id"]) == ["s0", "s1", "s2", "s3"]
        assert frame["target"].notna().all()


def test_no_rows_no_files(tmp_path: Path) -> None:
    assert Recorder(tmp_path, INFO).begin(0, "val").close() == []
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("columns", "match"),
    [
        ({"sample_id": ["s0", "s1", "s1", "s3"]}, "sample_id 's1' is there more than once"),
        ({"sample_id": ["s0", None, "s2", "s3"]}, "got None"),
        ({"sample_id": ["s0", "", "s2", "s3"]}, "got ''"),
        ({"sample_id": np.array([1.0, np.nan, 2, 3])}, "string or an integer"),
        ({"loss": [1, 2]}, "loss has 2 rows, but there are 4 sample ids"),
        ({"loss": np.ones((4, 1))}, "one value per sample"),
        ({"loss": ["a", "b", "c", "d"]}, "loss must be numbers"),
        ({"target": [0.5, 1, 2, 3]}, "class indices"),
        ({"target": [2**40, 1, 2, 3]}, "class indices, got 1099511627776"),
        ({"embedding_net_head": np.zeros((4, 0))}, r"\(N, D\) with D > 0"),
        ({"embedding_net_head": np.zeros(4)}, r"\(N, D\)"),
        ({"lossy": [1, 2, 3, 4]}, "column 'lossy' is not in the schema"),
    ],
)
def test_bad_rows_are_refused(tmp_path: Path, columns: dict[str, Any], match: str) -> None:
    with pytest.raises(CaptureError, match=match):
        Recorder(tmp_path, INFO).begin(0, "val").add({**batch(), **columns})


@pytest.mark.parametrize(
    ("columns", "match"),
    [
        ({"sample_id": ["s0", "x", "y", "z"]}, "'s0' is there more than once in split 'val'"),
        ({"pred_probs": np.ones((4, 3))}, r"pred_probs.*\[3\]"),
        ({"embedding_net_head": np.ones((4, 9))}, r"embedding_net_head.*\[9\]"),
        ({"metric_new": np.ones(4)}, "'metric_new' is new"),
    ],
)
def test_batches_must_agree(tmp_path: Path, columns: dict[str, Any], match: str) -> None:
    rows = Recorder(tmp_path, INFO).begin(0, "val")
    rows.add(batch(pred_probs=np.ones((4, 2))))
    with pytest.raises(CaptureError, match=match):
        rows.add({**batch(4, 8, pred_probs=np.ones((4, 2))), **columns})


def test_mixed_types_of_a_field_are_named(tmp_path: Path) -> None:
    rows = Recorder(tmp_path, INFO).begin(0, "val")
    rows.add(batch(0, 4, meta_a=[1, 2, 3, 4]))
    rows.add(batch(4, 8, meta_a=["a", "b", "c", "d"]))
    with pytest.raises(CaptureError, match="type differs between batches"):
        rows.close()


_columns = st.sampled_from(
    [
        ("meta_f", st.one_of(st.none(), st.floats(width=32, allow_infinity=False))),
        ("meta_i", st.one_of(st.none(), st.integers(-(2**53), 2**53))),
        ("meta_b", st.one_of(st.none(), st.booleans())),
        ("meta_s", st.one_of(st.none(), st.text(st.characters(codec="utf-8"), max_size=5))),
    ]
)


@settings(max_examples=60, deadline=None)
@given(_columns.flatmap(lambda c: st.tuples(st.just(c[0]), st.lists(c[1], min_size=1, max_size=9))))
def test_metadata_survives_the_way(
    tmp_path_factory: pytest.TempPathFactory, column: tuple[str, list[Any]]
) -> None:
    name, values = column
    folder = tmp_path_factory.mktemp("rows")
    rows = Recorder(folder, INFO).begin(0, "val")
    ids = [str(number) for number in range(len(values))]
    rows.add({"sample_id": ids, "loss": [0.0] * len(ids), name: values})
    back = read(rows.close()[1])[name].to_pylist()
    wanted = [None if pd.isna(value) else value for value in values]
    assert back == wanted
