"""Tables of image statistics by sample id."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from mlflow_latent.metadata import MetadataWarning, image_statistics, image_table
from mlflow_latent.metadata.tables import CHUNK, make_table

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    rng = np.random.default_rng(0)
    files = {}
    for number in range(6):
        files[f"s{number}"] = tmp_path / f"{number}.png"
        Image.fromarray(rng.integers(0, 255, (9, 9, 3), np.uint8)).save(files[f"s{number}"])
    return files


def test_rows_are_those_of_the_files(files: dict[str, Path]) -> None:
    table = image_table(files, workers=3)
    assert table.index.tolist() == list(files)
    for name, path in files.items():
        assert table.loc[name].to_dict() == pytest.approx(image_statistics(path))
    assert str(table["is_colored"].dtype) == "boolean"
    assert str(table["width"].dtype) == "Int64"


def test_a_list_of_files_is_indexed_by_path(files: dict[str, Path]) -> None:
    assert image_table(list(files.values())).index.tolist() == list(map(str, files.values()))


def test_no_files() -> None:
    assert image_table({}).empty


def test_what_cannot_be_read_is_named_once(files: dict[str, Path]) -> None:
    for name in list(files)[:5]:
        files[name].write_text("no image")
    with pytest.warns(MetadataWarning) as warned:
        table = image_table(files)
    assert len(warned) == 1
    assert str(warned[0].message).startswith(
        "metadata of 5 samples is missing in part: 's0': image"
    )
    assert warned[0].filename == __file__
    assert table["brightness"].isna().sum() == 5


def test_more_rows_than_are_held_at_once() -> None:
    names = [str(number) for number in range(CHUNK + 5)]
    table = make_table(names, {}, lambda name: {"n": int(name), "even": int(name) % 2 == 0})
    assert table.index.tolist() == names
    assert table["n"].tolist() == list(range(CHUNK + 5))
