"""Thumbnails for a page that is a file: the chosen tiles, in sprites inside the page."""

from __future__ import annotations

import base64
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from mlflow_latent.errors import CorruptFileError
from mlflow_latent.media import TILES_ACROSS, encode_sprite, read_sprite
from mlflow_latent.report.explorer.extras import Sheets
from mlflow_latent.report.explorer.header import NO_ROW, SheetHeader
from mlflow_latent.store import LATENT

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

PACKED_QUALITY = 65  # of WebP; sprites of the run have 80
SMALLER = 0.9  # of their bytes, at that quality, where tiles of many sprites are mixed
MOST_SPRITES = 40  # that are opened: to decode one takes 50 to 90 ms, and COCO has 119
WANTED = 100  # rows after which one is wanted half as much as the first
BASE64 = 4 / 3
SHEETS_AT_ONCE = 4


@dataclass(frozen=True, eq=False)
class SheetPacker:
    """Copies tiles out of a run's sprites.

    Attributes:
        captures: the local `latent` folder, which holds `media/`.
        sheets: where each sample's tile is.
    """

    captures: Path
    sheets: Sheets

    def pack(self, rows: NDArray[np.int64], most_bytes: int) -> Sheets | None:
        """Return the tiles of rows as sheets that are data URIs.

        Args:
            rows: the most wanted first.
            most_bytes: of all sheets as base64; how many tiles that is follows from the size of the
                run's sprites.
        """
        rows = self._near_together(rows[self.sheets.tile[rows] != NO_ROW])
        kept = self._affordable(len(rows), most_bytes)
        if not kept:
            return None
        rows = rows[:kept]
        tiles = self.sheets.tile[rows]
        size = max(sheet.tile_size for sheet in self.sheets.sheets)
        pictures = self._copy(tiles, size)
        tile = np.full(len(self.sheets.tile), NO_ROW, dtype=np.uint32)
        tile[rows] = np.arange(kept)
        starts = range(0, kept, TILES_ACROSS**2)
        return Sheets(tile, tuple(_sheet(pictures, start) for start in starts))

    def _near_together(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """Keep the rows of the sprites that hold the most of the wanted, in their order."""
        firsts = np.array([sheet.first for sheet in self.sheets.sheets])
        order = np.argsort(firsts)
        sprite = order[np.searchsorted(firsts[order], self.sheets.tile[rows], side="right") - 1]
        wanted = 1 / (1 + np.arange(len(rows)) / WANTED)
        weight = np.bincount(sprite, weights=wanted, minlength=len(firsts))
        opened = np.argsort(-weight, kind="stable")[:MOST_SPRITES]
        return rows[np.isin(sprite, opened)]

    def _affordable(self, wanted: int, most_bytes: int) -> int:
        """How many tiles fit, judged by the mean size of those that there are."""
        written = sum(self._size(sheet) for sheet in self.sheets.sheets)
        count = sum(sheet.count for sheet in self.sheets.sheets)
        if not written or not count:
            return 0
        return min(wanted, int(most_bytes / (written / count * SMALLER * BASE64)))

    def _size(self, sheet: SheetHeader) -> int:
        path = self._path(sheet)
        return path.stat().st_size if path.is_file() else 0

    def _path(self, sheet: SheetHeader) -> Path:
        return self.captures / PurePosixPath(sheet.path).relative_to(LATENT)

    def _copy(self, tiles: NDArray[np.uint32], size: int) -> NDArray[np.uint8]:
        """Return (M, size, size, 3) pictures; black where a sprite cannot be read."""
        pictures = np.zeros((len(tiles), size, size, 3), dtype=np.uint8)

        def copy(sheet: SheetHeader) -> None:
            inside = (tiles >= sheet.first) & (tiles < sheet.first + sheet.count)
            if inside.any():
                places = np.flatnonzero(inside)
                self._cut(sheet, tiles[places] - sheet.first, pictures, places)

        with ThreadPoolExecutor(SHEETS_AT_ONCE) as pool:
            list(pool.map(copy, self.sheets.sheets))
        return pictures

    def _cut(
        self,
        sheet: SheetHeader,
        numbers: NDArray[np.uint32],
        pictures: NDArray[np.uint8],
        places: NDArray[np.intp],
    ) -> None:
        """Copy tiles of a sheet into the pictures at those places."""
        try:
            image = read_sprite(self._path(sheet), sheet.tile_size, sheet.columns)
        except CorruptFileError:  # whoever makes the summary from it says so
            return
        size, side, pixels = pictures.shape[1], sheet.tile_size, np.asarray(image)
        for number, place in zip(numbers.tolist(), places.tolist(), strict=True):
            row, column = divmod(number, sheet.columns)
            tile = pixels[row * side : (row + 1) * side, column * side : (column + 1) * side]
            if tile.shape[:2] == (side, side):
                pictures[place] = tile if side == size else _resized(tile, size)


def _resized(tile: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    return np.asarray(Image.fromarray(tile).resize((size, size)))


def _sheet(pictures: NDArray[np.uint8], start: int) -> SheetHeader:
    tiles = pictures[start : start + TILES_ACROSS**2]
    content = base64.b64encode(encode_sprite(tiles, PACKED_QUALITY)).decode()
    return SheetHeader(
        path=f"data:image/webp;base64,{content}",
        first=start,
        count=len(tiles),
        tile_size=tiles.shape[1],
        columns=TILES_ACROSS,
    )
