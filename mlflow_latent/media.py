"""Thumbnails of samples: many in one sprite, with an index beside.

```
media/split=val/index.json         tile size, columns, and the ids in the order of the tiles
media/split=val/sprite-000.webp    tiles row by row
media/split=val/index-rank1.json   the same of another process, with its own sprites
```
The index is written last: sprites without one are of an unfinished capture.
"""

from __future__ import annotations

import io
import os
import re
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated
from urllib.parse import quote

import numpy as np
from PIL import Image
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mlflow_latent.errors import CaptureError, CorruptFileError, NewerSchemaError
from mlflow_latent.imaging import pillow_open

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

MEDIA = "media"
MEDIA_VERSION = 1
TILES_ACROSS = 32
"""Tiles in a row of a sprite, and rows: 1,024 of 64 pixels are 2,048 pixels square."""
LARGEST_TILE = 256  # pixels: a sprite stays below what Pillow takes for a decompression bomb
LARGEST_INDEX = 256 << 20  # bytes; beyond, it is not ours
QUALITY, METHOD = 80, 1
"""Of WebP: at thumbnail size more of either is not seen; a higher method costs four times more."""
SPRITES_OPEN = 4
_SPRITE_NAME = re.compile(r"sprite-(rank\d+-)?\d{3,}\.webp")


class SpriteIndex(BaseModel):
    """The content of `index.json`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    schema_version: int = MEDIA_VERSION
    tile_size: Annotated[int, Field(ge=1, le=LARGEST_TILE)]
    columns: Annotated[int, Field(ge=1, le=TILES_ACROSS)]
    sprites: tuple[str, ...]
    sample_ids: tuple[str, ...]

    @property
    def tiles_each(self) -> int:
        """Tiles in one whole sprite."""
        return self.columns**2


def media_folder(media_root: Path, split: str) -> Path:
    """Return where the thumbnails of a split are."""
    return media_root / f"split={quote(split, safe='')}"


class SpriteWriter:
    """Packs tiles into sprites, which are encoded by threads of their own.

    Args:
        folder: the split's folder, see `media_folder`.
        tile_size: side of a tile, in pixels.
        rank: number of this process; it writes its own files.

    Raises:
        CaptureError: the tile size is out of range.
    """

    def __init__(self, folder: Path, tile_size: int, rank: int = 0) -> None:
        if not 0 < tile_size <= LARGEST_TILE:
            raise CaptureError(f"thumbnail_size must be 1 to {LARGEST_TILE}, got {tile_size}")
        self.folder, self.tile_size = folder, tile_size
        self._process = f"rank{rank}-" if rank else ""
        self._index = f"index-rank{rank}.json" if rank else "index.json"
        self._sample_ids: list[str] = []
        self._sprites: list[str] = []
        self._tiles: list[NDArray[np.uint8]] = []
        workers = min(4, os.cpu_count() or 1)
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="latent-sprite")
        self._encoding: deque[Future[None]] = deque()
        self._most_waiting = 2 * workers

    def add(self, sample_ids: Sequence[str], tiles: NDArray[np.uint8]) -> None:
        """Add the thumbnails of a batch.

        Args:
            sample_ids: (N,) whose they are.
            tiles: (N, tile_size, tile_size, 3) RGB.

        Raises:
            CaptureError: the tiles have another shape or type.
        """
        shape = (len(sample_ids), self.tile_size, self.tile_size, 3)
        if tiles.shape != shape or tiles.dtype != np.uint8:
            raise CaptureError(
                f"thumbnails must be uint8 of shape {shape}, got {tiles.dtype} {tiles.shape}"
            )
        self._sample_ids.extend(map(str, sample_ids))
        self._tiles.extend(tiles)
        while len(self._tiles) >= TILES_ACROSS**2:
            self._encode(TILES_ACROSS**2)

    def close(self) -> list[Path]:
        """Write the rest and then the index; return the files, none if there were no tiles."""
        if self._tiles:
            self._encode(len(self._tiles))
        self._threads.shutdown(wait=True)
        for encoding in self._encoding:
            encoding.result()
        if not self._sprites:
            return []
        return [*(self.folder / name for name in self._sprites), self._write_index()]

    def abort(self) -> None:
        """Stop; without an index nobody sees what is there."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _encode(self, count: int) -> None:
        """Hand some tiles to a thread; waits when too many wait already, as memory is bounded."""
        tiles, self._tiles = self._tiles[:count], self._tiles[count:]
        name = f"sprite-{self._process}{len(self._sprites):03d}.webp"
        self._sprites.append(name)
        self._encoding.append(self._threads.submit(self._write_sprite, name, tiles))
        while len(self._encoding) > self._most_waiting:
            self._encoding.popleft().result()

    def _write_sprite(self, name: str, tiles: list[NDArray[np.uint8]]) -> None:
        _write_whole(self.folder / name, encode_sprite(np.stack(tiles)))

    def _write_index(self) -> Path:
        index = SpriteIndex(
            tile_size=self.tile_size,
            columns=TILES_ACROSS,
            sprites=tuple(self._sprites),
            sample_ids=tuple(self._sample_ids),
        )
        path = self.folder / self._index
        _write_whole(path, index.model_dump_json().encode())
        return path


def encode_sprite(tiles: NDArray[np.uint8], quality: int = QUALITY) -> bytes:
    """Return the WebP of (M, size, size, 3) tiles, `TILES_ACROSS` in a row, the last row black."""
    size = tiles.shape[1]
    rows = -(-len(tiles) // TILES_ACROSS)
    canvas = np.zeros((rows, TILES_ACROSS, size, size, 3), dtype=np.uint8)
    canvas.reshape(-1, size, size, 3)[: len(tiles)] = tiles
    pixels = canvas.swapaxes(1, 2).reshape(rows * size, TILES_ACROSS * size, 3)
    encoded = io.BytesIO()
    Image.fromarray(pixels).save(encoded, "WEBP", quality=quality, method=METHOD)
    return encoded.getvalue()


class Thumbnails:
    """Gives the picture of a sample, where there is one.

    What cannot be read is no picture and a line in `notes`, never an error.

    Args:
        media_root: the folder `media` of a run's `latent` artifacts; it need not exist.

    Attributes:
        notes: the files that could not be read, and why.
    """

    def __init__(self, media_root: Path) -> None:
        self.media_root = media_root
        self.notes: list[str] = []
        self._places: dict[str, dict[str, tuple[Path, int]]] = {}
        self._indices: dict[Path, SpriteIndex] = {}
        self._sprite = lru_cache(maxsize=SPRITES_OPEN)(self._decode)

    def __call__(self, split: str, sample_id: str) -> bytes | None:
        """Return the WebP of a sample's thumbnail, None if there is none."""
        if split not in self._places:
            self._places[split] = self._read_split(split)
        place = self._places[split].get(sample_id)
        if place is None:
            return None
        path, number = place
        index = self._indices[path]
        which, tile = divmod(number, index.tiles_each)
        sprite = self._sprite(path, which)
        return None if sprite is None else _cut(sprite, index, tile)

    def _read_split(self, split: str) -> dict[str, tuple[Path, int]]:
        places: dict[str, tuple[Path, int]] = {}
        for path in sorted(media_folder(self.media_root, split).glob("index*.json")):
            try:
                self._indices[path] = read_index(path)
            except (CorruptFileError, NewerSchemaError) as error:
                self.notes.append(str(error))
                continue
            ids = self._indices[path].sample_ids
            places.update({sample_id: (path, number) for number, sample_id in enumerate(ids)})
        return places

    def _decode(self, path: Path, which: int) -> Image.Image | None:
        index = self._indices[path]
        sprite = path.with_name(index.sprites[which])
        try:
            return read_sprite(sprite, index.tile_size, index.columns)
        except CorruptFileError as error:
            self.notes.append(str(error))
            return None


def read_index(path: Path) -> SpriteIndex:
    """Read an index, if it is one.

    Raises:
        CorruptFileError: it is something else, or names sprites that are not ours.
        NewerSchemaError: a later version of this package wrote it.
    """
    try:
        if path.stat().st_size > LARGEST_INDEX:
            raise CorruptFileError(f"{path} is too large for an index of thumbnails")
        index = SpriteIndex.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        reason = str(error).splitlines()[0]
        raise CorruptFileError(f"{path} is not an index of thumbnails: {reason}") from None
    if index.schema_version > MEDIA_VERSION:
        raise NewerSchemaError(f"{path} is of a later version; upgrade mlflow-latent")
    strange = [name for name in index.sprites if not _SPRITE_NAME.fullmatch(name)]
    if strange or len(index.sample_ids) > len(index.sprites) * index.tiles_each:
        raise CorruptFileError(f"{path} does not fit its sprites: {strange[:1] or 'too many ids'}")
    return index


def read_sprite(path: Path, tile_size: int, columns: int) -> Image.Image:
    """Decode a sprite, if its size is what its index says: nobody decodes a bomb.

    Raises:
        CorruptFileError: it is missing, something else, or of another size.
    """
    try:
        with pillow_open(path, formats=["WEBP"]) as image:
            across = columns * tile_size
            if image.width != across or image.height > across:
                raise CorruptFileError(
                    f"{path} cannot be read: it is {image.width} × {image.height} pixels, "
                    f"not {across} across"
                )
            return image.convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise CorruptFileError(f"{path} cannot be read: {error}") from None


def _cut(sprite: Image.Image, index: SpriteIndex, tile: int) -> bytes | None:
    row, column = divmod(tile, index.columns)
    left, top = column * index.tile_size, row * index.tile_size
    if top + index.tile_size > sprite.height:
        return None
    encoded = io.BytesIO()
    box = (left, top, left + index.tile_size, top + index.tile_size)
    sprite.crop(box).save(encoded, "WEBP", quality=QUALITY, method=METHOD)
    return encoded.getvalue()


def _write_whole(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.tmp")
    partial.write_bytes(content)
    partial.replace(path)
