from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from mlflow_latent import packing
from mlflow_latent.media import TILES_ACROSS, SpriteWriter, media_folder
from mlflow_latent.packing import SheetPacker
from mlflow_latent.report.explorer.header import NO_ROW
from mlflow_latent.report.explorer.rows import RowFinder
from mlflow_latent.sheets import find_sheets

if TYPE_CHECKING:
    from pathlib import Path

    from mlflow_latent.report.explorer.extras import Sheets

SIZE = 16
LARGE = 10_000_000


def color(number: int) -> np.ndarray:
    return np.array([number % 200, number * 7 % 200, 90])


def write(captures: Path, split: str, numbers: range, rank: int = 0, size: int = SIZE) -> None:
    """Thumbnails of samples `s<number>`, each of its own color."""
    writer = SpriteWriter(media_folder(captures / "media", split), size, rank)
    colors = np.array([color(number) for number in numbers], dtype=np.uint8)
    tiles = np.broadcast_to(colors[:, None, None], (len(numbers), size, size, 3))
    writer.add([f"s{number}" for number in numbers], tiles.copy())
    writer.close()


def frame_of(**splits: range) -> pd.DataFrame:
    rows = [(f"s{number}", split) for split, numbers in splits.items() for number in numbers]
    return pd.DataFrame(rows, columns=["sample_id", "split"])


def find(captures: Path, frame: pd.DataFrame) -> Sheets | None:
    return find_sheets(captures / "media", frame, RowFinder(frame))


def shown(captures: Path, sheets: Sheets, row: int) -> np.ndarray:
    """The mean color of a sample's tile, found as the page finds it."""
    tile = int(sheets.tile[row])
    sheet = next(s for s in sheets.sheets if s.first <= tile < s.first + s.count)
    content = (
        base64.b64decode(sheet.path.partition(",")[2])
        if sheet.path.startswith("data:")
        else (captures / sheet.path.removeprefix("latent/")).read_bytes()
    )
    with Image.open(io.BytesIO(content)) as image:
        pixels = np.asarray(image.convert("RGB"), dtype=float)
    place, side = tile - sheet.first, sheet.tile_size
    top, left = place // sheet.columns * side, place % sheet.columns * side
    return pixels[top : top + side, left : left + side].mean((0, 1))


def test_each_row_has_its_own_tile(tmp_path: Path) -> None:
    count = TILES_ACROSS**2 + 10
    write(tmp_path, "val", range(count))
    write(tmp_path, "train", range(5))
    write(tmp_path, "train", range(5, 9), rank=1)
    frame = frame_of(train=range(12), val=range(count)).sample(frac=1, random_state=0)
    frame = frame.reset_index(drop=True)
    sheets = find(tmp_path, frame)
    assert sheets is not None
    assert len({sheet.path for sheet in sheets.sheets}) == len(sheets.sheets) == 4
    for row in frame.groupby("split").head(20).index:
        number = int(frame["sample_id"][row][1:])
        if frame["split"][row] == "train" and number >= 9:
            assert sheets.tile[row] == NO_ROW
        else:
            np.testing.assert_allclose(shown(tmp_path, sheets, row), color(number), atol=9)


def test_no_thumbnails_are_no_sheets(tmp_path: Path) -> None:
    frame = frame_of(val=range(3))
    assert find(tmp_path, frame) is None
    write(tmp_path, "val", range(10, 12))  # of others
    assert find(tmp_path, frame) is None


@pytest.mark.parametrize("content", ["", "{", '{"schema_version": 99}'])
def test_a_broken_index_is_no_sheets(tmp_path: Path, content: str) -> None:
    write(tmp_path, "val", range(3))
    (media_folder(tmp_path / "media", "val") / "index.json").write_text(content)
    assert find(tmp_path, frame_of(val=range(3))) is None


def test_packed_pictures_are_the_same_ones(tmp_path: Path) -> None:
    write(tmp_path, "val", range(40))
    write(tmp_path, "train", range(30), size=8)
    frame = frame_of(train=range(30), val=range(40))
    sheets = find(tmp_path, frame)
    assert sheets is not None
    rows = np.array([69, 3, 35, 0, 12])
    packed = SheetPacker(tmp_path, sheets).pack(rows, LARGE)
    assert packed is not None
    assert np.flatnonzero(packed.tile != NO_ROW).tolist() == sorted(rows.tolist())
    for row in rows:
        number = int(frame["sample_id"][row][1:])
        np.testing.assert_allclose(shown(tmp_path, packed, row), color(number), atol=16)


def test_the_first_rows_are_packed_where_not_all_fit(tmp_path: Path) -> None:
    write(tmp_path, "val", range(200))
    sheets = find(tmp_path, frame_of(val=range(200)))
    assert sheets is not None
    rows = np.arange(200)[::-1]
    whole = SheetPacker(tmp_path, sheets).pack(rows, LARGE)
    assert whole is not None
    written = sum(len(sheet.path) for sheet in whole.sheets)
    half = SheetPacker(tmp_path, sheets).pack(rows, written // 2)
    assert half is not None
    kept = np.flatnonzero(half.tile != NO_ROW)
    assert 20 < len(kept) < 180
    assert kept.tolist() == list(range(200 - len(kept), 200))
    assert SheetPacker(tmp_path, sheets).pack(rows, 0) is None


def test_of_many_sprites_those_are_opened_that_hold_the_most_wanted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packing, "MOST_SPRITES", 2)
    monkeypatch.setattr(packing, "WANTED", 1)
    for rank in range(4):
        write(tmp_path, "val", range(10 * rank, 10 * rank + 10), rank=rank)
    sheets = find(tmp_path, frame_of(val=range(40)))
    assert sheets is not None
    wanted = [31, 5, 32, 33, 6, 25]
    rest = [row for row in range(40) if row not in wanted]
    packed = SheetPacker(tmp_path, sheets).pack(np.array(wanted + rest), LARGE)
    assert packed is not None
    shown_rows = np.flatnonzero(packed.tile != NO_ROW)
    assert shown_rows.tolist() == [*range(10), *range(30, 40)]
    assert packed.tile[31] == 0
    np.testing.assert_allclose(shown(tmp_path, packed, 5), color(5), atol=16)


def test_a_sprite_that_is_gone_is_black_and_no_error(tmp_path: Path) -> None:
    write(tmp_path, "val", range(1030))
    sheets = find(tmp_path, frame_of(val=range(1030)))
    assert sheets is not None
    (media_folder(tmp_path / "media", "val") / "sprite-001.webp").write_bytes(b"RIFF")
    packed = SheetPacker(tmp_path, sheets).pack(np.array([1029, 4]), LARGE)
    assert packed is not None
    np.testing.assert_allclose(shown(tmp_path, packed, 1029), [0, 0, 0], atol=9)
    np.testing.assert_allclose(shown(tmp_path, packed, 4), color(4), atol=16)
