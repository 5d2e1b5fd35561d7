"""Boxes and outlines of what is in a sample, to be drawn over its thumbnail.

```
media/split=val/overlays-rank0.parquet     a row per object
```

| column | Arrow type | meaning |
|---|---|---|
| `sample_id` | string | whose object |
| `role` | string | `target` or `prediction` |
| `category` | int32 | class index |
| `score` | float32 | of a prediction, 0…1; null for a target |
| `x0`, `y0`, `x1`, `y1` | float32 | box relative to the picture, 0…1, y downwards |
| `polygon` | list<float32> | outline x, y, x, y, … relative to the picture; null for a bare box |
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from mlflow_latent.errors import CaptureError
from mlflow_latent.media import media_folder
from mlflow_latent.report.explorer.extras import SampleObjects
from mlflow_latent.schema import SAMPLE_ID, SPLIT

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

    from mlflow_latent.report.explorer.rows import RowFinder

Role = Literal["target", "prediction"]
TARGET_ROLE, PREDICTION_ROLE = "target", "prediction"
BOX = ("x0", "y0", "x1", "y1")
ROWS_AT_ONCE = 20_000  # objects kept in memory before they are written
MIN_OUTLINE = 6  # numbers: three points
OBJECTS_EACH = 300  # objects of one sample that are shown; more hide the picture
SCHEMA = pa.schema(
    [
        (SAMPLE_ID, pa.string()),
        ("role", pa.string()),
        ("category", pa.int32()),
        ("score", pa.float32()),
        *((name, pa.float32()) for name in BOX),
        ("polygon", pa.list_(pa.float32())),
    ]
)


@dataclass(frozen=True)
class SampleObject:
    """One object in a sample.

    Attributes:
        role: what the label says, or what the model does.
        category: class index.
        box: x0, y0, x1, y1 relative to the picture, 0…1.
        score: of a prediction, 0…1.
        polygon: outline x, y, x, y, … relative to the picture.
    """

    role: Role
    category: int
    box: tuple[float, float, float, float]
    score: float | None = None
    polygon: tuple[float, ...] | None = None


class OverlayWriter:
    """Writes the objects of a split's samples; a file is seen when it is whole.

    Args:
        folder: the split's folder, see `mlflow_latent.media.media_folder`.
        rank: number of this process; it writes its own file.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> from pathlib import Path
        >>> with TemporaryDirectory() as folder, OverlayWriter(Path(folder)) as overlays:
        ...     overlays.add("a", [SampleObject("target", 0, (0.1, 0.1, 0.5, 0.9))])
    """

    def __init__(self, folder: Path, rank: int = 0) -> None:
        self._path = folder / f"overlays-rank{rank}.parquet"
        self._partial = self._path.with_name(f"{self._path.name}.tmp")
        self._writer: pq.ParquetWriter | None = None
        self._rows: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, failed: object, *_: object) -> None:
        if failed:
            self.abort()
        else:
            self.close()

    def add(self, sample_id: str, objects: Iterable[SampleObject]) -> None:
        """Add the objects of a sample.

        Raises:
            CaptureError: a box is not four numbers in order, or a role is unknown.
        """
        self._rows += [_row(str(sample_id), each) for each in objects]
        if len(self._rows) >= ROWS_AT_ONCE:
            self._flush()

    def close(self) -> list[Path]:
        """Finish the file and return it; none if there were no objects."""
        if self._rows:
            self._flush()
        if self._writer is None:
            return []
        self._writer.close()
        self._writer = None
        self._partial.replace(self._path)
        return [self._path]

    def abort(self) -> None:
        """Stop, and leave nothing behind."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None
        self._partial.unlink(missing_ok=True)

    def _flush(self) -> None:
        if self._writer is None:
            self._partial.parent.mkdir(parents=True, exist_ok=True)
            self._writer = pq.ParquetWriter(self._partial, SCHEMA, compression="zstd")
        self._writer.write_table(pa.Table.from_pylist(self._rows, schema=SCHEMA))
        self._rows = []


def _row(sample_id: str, item: SampleObject) -> dict[str, Any]:
    x0, y0, x1, y1 = item.box
    if item.role not in (TARGET_ROLE, PREDICTION_ROLE):
        raise CaptureError(f"role must be 'target' or 'prediction', got {item.role!r}")
    if not (x0 <= x1 and y0 <= y1):  # NaN too
        raise CaptureError(f"box of sample {sample_id!r} must be x0 ≤ x1, y0 ≤ y1, got {item.box}")
    return {
        SAMPLE_ID: sample_id,
        "role": item.role,
        "category": item.category,
        "score": item.score,
        **dict(zip(BOX, item.box, strict=True)),
        "polygon": item.polygon,
    }


@dataclass
class OverlayReader:
    """Reads the objects of many samples; what cannot be read is a line in `notes`, no error.

    Attributes:
        media_root: the folder `media` of a run's `latent` artifacts; it need not exist.
        notes: the files that could not be read, and why.
    """

    media_root: Path
    notes: list[str]

    def read(self, frame: pd.DataFrame, finder: RowFinder) -> SampleObjects | None:
        """Return the objects of N samples in the order of their rows; None if there are none."""
        tables = [table for split in frame[SPLIT].unique() for table in self._split(str(split))]
        parts = [_located(split, table, finder) for split, table in tables]
        parts = [(rows, table) for rows, table in parts if len(rows)]
        if not parts:
            return None
        rows = np.concatenate([rows for rows, _ in parts])
        table = pa.concat_tables([table for _, table in parts])
        order = np.argsort(rows, kind="stable")
        kept = order[_rank_within(rows[order]) < OBJECTS_EACH]
        return _objects(rows[kept], table.take(kept), len(frame))

    def _split(self, split: str) -> list[tuple[str, pa.Table]]:
        found = []
        for path in sorted(media_folder(self.media_root, split).glob("overlays-rank*.parquet")):
            try:
                table = pq.read_table(path, columns=SCHEMA.names, partitioning=None)
                found.append((split, table.cast(SCHEMA)))
            except (OSError, ValueError, KeyError, pa.ArrowException) as error:
                reason = str(error).splitlines()[0] if str(error) else type(error).__name__
                self.notes.append(f"{path} cannot be read: {reason}")
        return found


def _located(split: str, table: pa.Table, finder: RowFinder) -> tuple[NDArray[np.int64], pa.Table]:
    """The rows of the objects that are whole and of a known sample, and those objects."""
    ids = table[SAMPLE_ID].fill_null("").to_pylist()
    rows = finder.locate(pd.DataFrame({SPLIT: split, SAMPLE_ID: ids}, dtype=object))
    box = _numbers(table, BOX)
    whole = np.isfinite(box).all(axis=1) & (box[:, 0] <= box[:, 2]) & (box[:, 1] <= box[:, 3])
    roles = pa.array([TARGET_ROLE, PREDICTION_ROLE])
    known = pc.is_in(table["role"], roles).to_numpy(zero_copy_only=False)
    kept = np.flatnonzero(whole & known & (rows >= 0))
    return rows[kept], table.take(kept)


def _numbers(table: pa.Table, names: Iterable[str]) -> NDArray[np.float32]:
    columns = [table[name].to_numpy(zero_copy_only=False) for name in names]
    return np.stack(columns, axis=1).astype(np.float32)


def _rank_within(sorted_rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the place of each element among the equal ones before it."""
    places = np.arange(len(sorted_rows))
    return places - np.searchsorted(sorted_rows, sorted_rows)


def _objects(rows: NDArray[np.int64], table: pa.Table, size: int) -> SampleObjects:
    polygon_first, polygon = _outlines(table["polygon"].combine_chunks())
    category = table["category"].fill_null(-1).to_numpy(zero_copy_only=False)
    role = pc.equal(table["role"], PREDICTION_ROLE)
    return SampleObjects(
        first=np.searchsorted(rows, np.arange(size + 1)).astype(np.int64),
        box=_numbers(table, BOX),
        category=category.astype(np.int32),
        score=_numbers(table, ["score"])[:, 0],
        is_prediction=role.to_numpy(zero_copy_only=False).astype(bool),
        polygon_first=polygon_first,
        polygon=polygon,
    )


def _outlines(column: pa.ListArray) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Return where each object's points begin, and the points; what is no outline has none."""
    lengths = pc.list_value_length(column).fill_null(0).to_numpy(zero_copy_only=False)
    values = pc.list_flatten(column).to_numpy(zero_copy_only=False).astype(np.float32)
    owner = np.repeat(np.arange(len(lengths)), lengths)
    broken = np.bincount(owner[~np.isfinite(values)], minlength=len(lengths)) > 0
    broken |= (lengths < MIN_OUTLINE) | (lengths % 2 == 1)
    points = np.where(broken, 0, lengths // 2)
    return np.concatenate([[0], np.cumsum(points)]), values[~broken[owner]].reshape(-1, 2)
