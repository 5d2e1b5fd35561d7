"""Where each sample's thumbnail is among a run's sprites, for a page that loads them itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mlflow_latent.errors import CorruptFileError, NewerSchemaError
from mlflow_latent.media import MEDIA, SpriteIndex, media_folder, read_index
from mlflow_latent.report.explorer.extras import Sheets
from mlflow_latent.report.explorer.header import NO_ROW, SheetHeader
from mlflow_latent.schema import SAMPLE_ID, SPLIT
from mlflow_latent.store import LATENT

if TYPE_CHECKING:
    from pathlib import Path

    from mlflow_latent.report.explorer.rows import RowFinder


def find_sheets(media_root: Path, frame: pd.DataFrame, finder: RowFinder) -> Sheets | None:
    """Number the tiles of all sprites, and find the one of each sample.

    Args:
        media_root: the folder `media` of a run's `latent` artifacts; it need not exist.
        frame: N samples.
        finder: of their rows.

    Returns:
        None where no sample has a thumbnail. An index that cannot be read is no thumbnails, as it
        is for `Thumbnails`, which says so.
    """
    tile = np.full(len(frame), NO_ROW, dtype=np.uint32)
    sheets: list[SheetHeader] = []
    first = 0
    for split in frame[SPLIT].unique():
        for path, index in _indices(media_folder(media_root, str(split))):
            ids = list(index.sample_ids)
            rows = finder.locate(pd.DataFrame({SPLIT: str(split), SAMPLE_ID: ids}, dtype=object))
            known = np.flatnonzero(rows >= 0)
            tile[rows[known]] = first + known
            sheets += _sheets(path, index, first)
            first += len(index.sprites) * index.tiles_each
    return Sheets(tile, tuple(sheets)) if (tile != NO_ROW).any() else None


def _indices(folder: Path) -> list[tuple[Path, SpriteIndex]]:
    found = []
    for path in sorted(folder.glob("index*.json")):
        try:
            found.append((path, read_index(path)))
        except (CorruptFileError, NewerSchemaError):
            continue
    return found


def _sheets(path: Path, index: SpriteIndex, first: int) -> list[SheetHeader]:
    folder = f"{LATENT}/{MEDIA}/{path.parent.name}"
    left = len(index.sample_ids)
    return [
        SheetHeader(
            path=f"{folder}/{sprite}",
            first=first + place * index.tiles_each,
            count=max(0, min(index.tiles_each, left - place * index.tiles_each)),
            tile_size=index.tile_size,
            columns=index.columns,
        )
        for place, sprite in enumerate(index.sprites)
    ]
