from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from mlflow_latent.errors import CaptureError
from mlflow_latent.media import TILES_ACROSS, SpriteWriter, Thumbnails, media_folder

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

SIZE = 16


def tiles(count: int) -> NDArray[np.uint8]:
    """Tiles of one color each, that tells their number."""
    colors = np.arange(count)[:, None] * np.array([1, 3, 7]) % 256
    return np.broadcast_to(colors[:, None, None, :].astype(np.uint8), (count, SIZE, SIZE, 3)).copy()


def write(root: Path, count: int, rank: int = 0, first: int = 0, split: str = "val") -> list[Path]:
    writer = SpriteWriter(media_folder(root, split), SIZE, rank)
    pictures = tiles(first + count)[first:]
    names = [f"s{number}" for number in range(first, first + count)]
    for start in range(0, count, 100):
        writer.add(names[start : start + 100], pictures[start : start + 100])
    return writer.close()


def color(content: bytes | None) -> NDArray[np.float64]:
    assert content is not None
    with Image.open(io.BytesIO(content)) as image:
        assert image.size == (SIZE, SIZE)
        return np.asarray(image.convert("RGB"), dtype=float).mean((0, 1))


def test_each_sample_gets_its_own_picture_back(tmp_path: Path) -> None:
    count = TILES_ACROSS**2 + 300
    files = write(tmp_path, count)
    names = [path.name for path in files]
    assert names == ["sprite-000.webp", "sprite-001.webp", "index.json"]
    thumbnails = Thumbnails(tmp_path)
    for number in (0, 1, 33, 1023, 1024, count - 1):
        wanted = tiles(number + 1)[number, 0, 0]
        np.testing.assert_allclose(color(thumbnails("val", f"s{number}")), wanted, atol=6)
    assert thumbnails("val", "unknown") is None
    assert thumbnails("train", "s0") is None
    assert thumbnails.notes == []


def test_processes_write_beside_each_other(tmp_path: Path) -> None:
    write(tmp_path, 10)
    write(tmp_path, 10, rank=1, first=10)
    thumbnails = Thumbnails(tmp_path)
    np.testing.assert_allclose(color(thumbnails("val", "s17")), tiles(18)[17, 0, 0], atol=6)
    np.testing.assert_allclose(color(thumbnails("val", "s3")), tiles(4)[3, 0, 0], atol=6)


def test_unfinished_and_empty_captures_show_nothing(tmp_path: Path) -> None:
    writer = SpriteWriter(media_folder(tmp_path, "val"), SIZE)
    writer.add(["a"], tiles(1))
    writer.abort()
    assert SpriteWriter(media_folder(tmp_path, "train"), SIZE).close() == []
    assert Thumbnails(tmp_path)("val", "a") is None
    assert Thumbnails(tmp_path / "nowhere")("val", "a") is None


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"\xff\xfe", json.dumps({"tile_size": 10**9}).encode()],
)
def test_broken_index_is_a_note(tmp_path: Path, content: bytes) -> None:
    write(tmp_path, 3)
    (media_folder(tmp_path, "val") / "index.json").write_bytes(content)
    thumbnails = Thumbnails(tmp_path)
    assert thumbnails("val", "s0") is None
    assert len(thumbnails.notes) == 1
    assert "not an index of thumbnails" in thumbnails.notes[0]


@pytest.mark.parametrize("name", ["../../secret.webp", "/etc/passwd", "sprite-000.png"])
def test_index_cannot_point_elsewhere(tmp_path: Path, name: str) -> None:
    write(tmp_path, 3)
    path = media_folder(tmp_path, "val") / "index.json"
    index = json.loads(path.read_text())
    path.write_text(json.dumps({**index, "sprites": [name]}))
    thumbnails = Thumbnails(tmp_path)
    assert thumbnails("val", "s0") is None
    assert "does not fit" in thumbnails.notes[0]


def test_later_version_is_refused(tmp_path: Path) -> None:
    write(tmp_path, 3)
    path = media_folder(tmp_path, "val") / "index.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "schema_version": 99}))
    thumbnails = Thumbnails(tmp_path)
    assert thumbnails("val", "s0") is None
    assert "upgrade" in thumbnails.notes[0]


@pytest.mark.parametrize("damage", ["truncated", "text", "other size", "missing"])
def test_broken_sprite_is_a_note(tmp_path: Path, damage: str) -> None:
    write(tmp_path, 40)
    path = media_folder(tmp_path, "val") / "sprite-000.webp"
    if damage == "truncated":
        path.write_bytes(path.read_bytes()[:60])
    elif damage == "text":
        path.write_text("<html>")
    elif damage == "other size":
        Image.new("RGB", (9, 9)).save(path)
    else:
        path.unlink()
    thumbnails = Thumbnails(tmp_path)
    assert thumbnails("val", "s0") is None
    assert thumbnails("val", "s1") is None
    assert all(str(path) in note for note in thumbnails.notes)
    assert thumbnails.notes


def test_wrong_tiles_are_refused(tmp_path: Path) -> None:
    writer = SpriteWriter(tmp_path, SIZE)
    with pytest.raises(CaptureError, match="uint8 of shape"):
        writer.add(["a"], tiles(2))
    with pytest.raises(CaptureError, match="1 to 256, got 0"):
        SpriteWriter(tmp_path, 0)
    writer.abort()
