from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mlflow_latent.errors import CaptureError
from mlflow_latent.media import media_folder
from mlflow_latent.overlays import (
    OBJECTS_EACH,
    ROWS_AT_ONCE,
    SCHEMA,
    OverlayReader,
    OverlayWriter,
    SampleObject,
)
from mlflow_latent.report.explorer.rows import RowFinder

if TYPE_CHECKING:
    from pathlib import Path

    from mlflow_latent.report.explorer.extras import SampleObjects

BOX = (0.1, 0.2, 0.5, 0.9)
CAT = SampleObject("target", 3, BOX)
DOG = SampleObject("prediction", 4, BOX, score=0.75, polygon=(0.1, 0.2, 0.5, 0.2, 0.5, 0.9))


def read(root: Path, *keys: tuple[str, str]) -> tuple[SampleObjects | None, list[str]]:
    frame = pd.DataFrame(keys, columns=["split", "sample_id"])
    reader = OverlayReader(root, [])
    return reader.read(frame, RowFinder(frame)), reader.notes


def write(root: Path, split: str = "val", rank: int = 0, **objects: list[SampleObject]) -> Path:
    with OverlayWriter(media_folder(root, split), rank) as writer:
        for sample_id, of_sample in objects.items():
            writer.add(sample_id, of_sample)
    return media_folder(root, split) / f"overlays-rank{rank}.parquet"


def test_objects_come_back_in_the_order_of_the_rows(tmp_path: Path) -> None:
    write(tmp_path, a=[CAT], b=[], c=[DOG, CAT])
    write(tmp_path, "train", rank=1, a=[DOG])
    found, notes = read(tmp_path, ("val", "c"), ("val", "b"), ("train", "a"), ("val", "a"))
    assert notes == []
    assert found is not None
    assert found.first.tolist() == [0, 2, 2, 3, 4]
    assert found.category.tolist() == [4, 3, 4, 3]
    assert found.is_prediction.tolist() == [True, False, True, False]
    np.testing.assert_allclose(found.box, np.tile(np.float32(BOX), (4, 1)))
    np.testing.assert_array_equal(found.score, np.float32([0.75, np.nan, 0.75, np.nan]))
    assert found.polygon_first.tolist() == [0, 3, 3, 6, 6]
    np.testing.assert_allclose(found.polygon[:3].ravel(), np.float32(DOG.polygon or ()))


def test_the_file_is_parquet_that_anybody_reads(tmp_path: Path) -> None:
    path = write(tmp_path, a=[CAT, DOG])
    assert path.name == "overlays-rank0.parquet"
    frame = pd.read_parquet(path)
    assert frame["role"].tolist() == ["target", "prediction"]
    assert frame[["x0", "y0", "x1", "y1"]].to_numpy() == pytest.approx(np.array([BOX, BOX]))
    assert frame["polygon"][0] is None


def test_no_objects_are_no_file(tmp_path: Path) -> None:
    assert not write(tmp_path, a=[]).exists()
    assert read(tmp_path, ("val", "a")) == (None, [])


def test_many_objects_are_written_in_parts(tmp_path: Path) -> None:
    many = ROWS_AT_ONCE + 10
    path = write(tmp_path, **{f"s{number}": [CAT] for number in range(many)})
    assert pq.ParquetFile(path).metadata.num_row_groups == 2
    found, _ = read(tmp_path, *(("val", f"s{number}") for number in range(many)))
    assert found is not None
    assert np.diff(found.first).tolist() == [1] * many


def test_an_unfinished_file_is_not_there(tmp_path: Path) -> None:
    writer = OverlayWriter(media_folder(tmp_path, "val"))
    writer.add("a", [CAT] * (ROWS_AT_ONCE + 1))
    assert list(tmp_path.rglob("*.parquet")) == []
    writer.abort()
    assert list(tmp_path.rglob("*.parquet*")) == []


@pytest.mark.parametrize(
    "wrong",
    [
        SampleObject("label", 0, BOX),  # type: ignore[arg-type]
        SampleObject("target", 0, (0.5, 0, 0.1, 1)),
        SampleObject("target", 0, (0, 0, float("nan"), 1)),
    ],
)
def test_what_is_no_object_is_refused(tmp_path: Path, wrong: SampleObject) -> None:
    with pytest.raises(CaptureError), OverlayWriter(tmp_path) as writer:
        writer.add("a", [wrong])


def test_a_crowd_is_cut_short(tmp_path: Path) -> None:
    write(tmp_path, a=[CAT], b=[DOG] * (OBJECTS_EACH + 50))
    found, _ = read(tmp_path, ("val", "b"), ("val", "a"))
    assert found is not None
    assert found.first.tolist() == [0, OBJECTS_EACH, OBJECTS_EACH + 1]


def raw(path: Path, **changes: list) -> None:
    """One row per value, right but for the changes."""
    size = max((len(values) for values in changes.values()), default=1)
    columns = {
        "sample_id": ["a"],
        "role": ["target"],
        "category": [1],
        "score": [None],
        "x0": [0.0],
        "y0": [0.0],
        "x1": [1.0],
        "y1": [1.0],
        "polygon": [None],
    }
    full = {name: values * size for name, values in columns.items()} | changes
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(full, schema=SCHEMA), path)


def test_rows_that_are_no_objects_are_left_out(tmp_path: Path) -> None:
    path = media_folder(tmp_path, "val") / "overlays-rank0.parquet"
    raw(
        path,
        sample_id=["a", None, "stranger", "a", "a", "a"],
        role=["target", "target", "target", "crowd", "target", "target"],
        x0=[0.0, 0.0, 0.0, 0.0, float("inf"), 0.5],
        x1=[1.0, 1.0, 1.0, 1.0, 1.0, 0.4],
    )
    found, _ = read(tmp_path, ("val", "a"))
    assert found is not None
    assert found.first.tolist() == [0, 1]


def test_what_is_no_outline_leaves_the_box(tmp_path: Path) -> None:
    path = media_folder(tmp_path, "val") / "overlays-rank0.parquet"
    triangle = [0.0, 0.0, 1.0, 0.0, 1.0, 1.0]
    outlines = [
        [0.1] * 4,
        [0.1] * 7,
        [*triangle[:5], float("nan")],
        [None, *triangle[1:]],
        triangle,
        [],
    ]
    raw(path, polygon=outlines)
    found, _ = read(tmp_path, ("val", "a"))
    assert found is not None
    assert found.polygon_first.tolist() == [0, 0, 0, 0, 0, 3, 3]
    assert found.polygon.ravel().tolist() == triangle


@pytest.mark.parametrize("content", [b"", b"PAR1", b"PAR1" + bytes(100) + b"PAR1"])
def test_a_broken_file_is_a_note(tmp_path: Path, content: bytes) -> None:
    good = write(tmp_path, a=[CAT])
    good.with_name("overlays-rank1.parquet").write_bytes(content)
    found, notes = read(tmp_path, ("val", "a"))
    assert found is not None
    assert len(notes) == 1
    assert "overlays-rank1.parquet cannot be read" in notes[0]


def test_a_file_of_other_columns_is_a_note(tmp_path: Path) -> None:
    path = media_folder(tmp_path, "val") / "overlays-rank0.parquet"
    path.parent.mkdir(parents=True)
    pq.write_table(pa.table({"sample_id": ["a"], "category": ["cat"]}), path)
    found, notes = read(tmp_path, ("val", "a"))
    assert found is None
    assert len(notes) == 1
