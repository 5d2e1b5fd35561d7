"""Similar samples: from every source, by every kind of query, and what cannot be asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from worlds import World, make_world

import mlflow_latent as ml
from mlflow_latent.analysis import AnalysisOptions, analyze
from mlflow_latent.errors import InputError
from mlflow_latent.measures import MeasureOptions, Measures
from mlflow_latent.schema import CaptureInfo
from mlflow_latent.store import captures_shard, file_metadata

if TYPE_CHECKING:
    from pathlib import Path

    from mlflow_latent.snapshot import Snapshot


@pytest.fixture(scope="module")
def world() -> World:
    return make_world(0, train=300, val=200)


@pytest.fixture(scope="module")
def snapshot(world: World) -> Snapshot:
    return world.snapshot(prediction=world.blob % 10)


def reference(snapshot: Snapshot, place: np.ndarray, among: np.ndarray) -> list[str]:
    """All distances, sorted."""
    reduced = Measures(snapshot).reduced
    distance = np.linalg.norm(reduced[among] - place, axis=1)
    return snapshot.sample_id[among[np.argsort(distance, kind="stable")]].tolist()


def test_the_nearest_samples_of_one(snapshot: Snapshot) -> None:
    table = ml.similar(snapshot, "s7", k=12)

    others = np.delete(np.arange(500), 7)
    assert (
        table["sample_id"].tolist()
        == (reference(snapshot, Measures(snapshot).reduced[7], others)[:12])
    )
    assert list(table)[:7] == [
        "rank", "split", "sample_id", "distance", "loss", "target", "prediction",
    ]  # fmt: skip
    assert table["rank"].tolist() == list(range(1, 13))
    assert table["distance"].is_monotonic_increasing
    assert "meta_weather" in table


def test_within_one_split(snapshot: Snapshot) -> None:
    table = ml.similar(snapshot, "s7", split="val")

    val = np.flatnonzero((snapshot.split == "val") & (np.arange(500) != 7))
    assert set(table["split"]) == {"val"}
    assert (
        table["sample_id"].tolist()
        == (reference(snapshot, Measures(snapshot).reduced[7], val)[:20])
    )


def test_of_several_samples_the_middle_is_taken(snapshot: Snapshot) -> None:
    asked = [3, 8, 11]

    table = ml.similar(snapshot, [f"s{row}" for row in asked], k=5)

    middle = Measures(snapshot).reduced[asked].mean(axis=0)
    others = np.delete(np.arange(500), asked)
    assert table["sample_id"].tolist() == reference(snapshot, middle, others)[:5]


def test_an_embedding_is_placed_by_the_same_reduction(snapshot: Snapshot) -> None:
    of_array = ml.similar(snapshot, snapshot.embedding[7], k=4)
    of_list = ml.similar(snapshot, snapshot.embedding[7].tolist(), k=4)

    assert of_array.equals(of_list)
    assert of_array["sample_id"][0] == "s7"
    assert of_array["distance"][0] == pytest.approx(0, abs=1e-6)
    assert (
        of_array["sample_id"][1:].tolist() == ml.similar(snapshot, "s7", k=3)["sample_id"].tolist()
    )


def test_a_copy_is_at_distance_zero(world: World) -> None:
    embedding = world.embedding.copy()
    embedding[400] = embedding[7] = 1e4  # far out, where clustering draws samples in
    embedding[8] = 2e4

    table = ml.similar(world.snapshot(embedding=embedding), "s7", k=2)

    assert table["sample_id"][0] == "s400"
    assert table["distance"][0] == 0
    assert table["distance"][1] > 1


def test_an_id_in_two_splits_must_be_told_apart(world: World) -> None:
    split = np.repeat(["train", "val"], 250)
    ids = np.tile([f"s{number}" for number in range(250)], 2)
    both = world.snapshot(sample_id=ids, split=split)

    with pytest.raises(InputError, match="in 2 splits; name one of them: train/s7, val/s7"):
        ml.similar(both, "s7")
    of_pair = ml.similar(both, ("val", "s7"))
    assert of_pair.equals(ml.similar(both, "val/s7"))
    assert not of_pair.equals(ml.similar(both, ("train", "s7")))
    assert len(ml.similar(both, [("val", "s7"), "train/s9"], k=3)) == 3


@pytest.mark.parametrize(
    ("query", "options", "message"),
    [
        ("s70000", {}, "no sample 's70000' was captured; did you mean"),
        (("val", "s7000"), {}, "no sample 's7000' in split 'val'; did you mean"),
        (("vall", "s7"), {}, "split 'vall' was not captured; did you mean 'val'"),
        (("a", "b", "c"), {}, "a sample is an id or a pair"),
        ("s7", {"split": "tset"}, "split 'tset' was not captured"),
        ("s7", {"k": 0}, "k must be a whole number from 1, got 0"),
        ([], {}, "there is no sample id"),
        (None, {}, "a sample is an id or a pair .* got None"),
        (np.ones(3), {}, "the embedding has 16 columns, got 3 numbers"),
        (np.full(16, np.nan), {}, "NaN or infinity"),
    ],
)
def test_what_cannot_be_asked_is_named(
    snapshot: Snapshot, query: object, options: dict[str, object], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        ml.similar(snapshot, query, **options)  # type: ignore[arg-type]


def test_there_may_be_fewer_than_asked_for(world: World) -> None:
    few = world.snapshot().usable(np.zeros(500, dtype=bool))

    assert len(ml.similar(few, "s7", k=10_000)) == 499


def test_a_report_answers_from_its_neighbors_and_says_what_it_cannot(snapshot: Snapshot) -> None:
    options = AnalysisOptions(measures=MeasureOptions(projection="none"))
    report = analyze(snapshot, options)

    table = ml.similar(report, "s7", k=15)

    assert table["sample_id"].tolist() == ml.similar(snapshot, "s7", k=15)["sample_id"].tolist()
    assert table["distance"].isna().all()
    with pytest.raises(InputError, match="lists 15 neighbors, k is 20; give the snapshot"):
        ml.similar(report, "s7")
    with pytest.raises(InputError, match="no embeddings to compare with"):
        ml.similar(report, snapshot.embedding[0], k=3)
    with pytest.raises(InputError, match="no middle of several samples"):
        ml.similar(report, ["s1", "s2"], k=3)


def test_a_folder_of_captures_is_a_source(tmp_path: Path, snapshot: Snapshot) -> None:
    values = snapshot.embedding
    table = pa.table(
        {
            "sample_id": snapshot.sample_id,
            "split": snapshot.split,
            "epoch": pa.array([3] * len(values), pa.int32()),
            "loss": snapshot.loss,
            "embedding": pa.FixedSizeListArray.from_arrays(values.ravel(), values.shape[1]),
        }
    )
    path = captures_shard(tmp_path, 3, "val")
    path.parent.mkdir(parents=True)
    pq.write_table(table.replace_schema_metadata(file_metadata(CaptureInfo())), path)

    found = ml.similar(tmp_path, "s7", k=6)

    assert found["sample_id"].tolist() == ml.similar(snapshot, "s7", k=6)["sample_id"].tolist()
    with pytest.raises(InputError, match="is not a folder of captures"):
        ml.similar(tmp_path / "nothing", "s7")
