"""Heat-maps on disk: one small file per split, and an index for people's scripts.

```
heatmaps/epoch=00007/split=val.bin    see `mlflow_latent.report.heatmaps.HeatmapsHeader`
heatmaps/epoch=00007/index.parquet    a row per map
```

| column of the index | Arrow type | meaning |
|---|---|---|
| `split`, `sample_id` | string | whose map |
| `what`, `method`, `layer`, `target`, `quantity` | string | what it shows; no layer: the input |
| `advantage`, `advantage_low`, `advantage_high` | float32 | how far to believe it |
| `better_than_random` | bool | null where it was not measured |
| `place` | uint32 | number of the map in its split's file |
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from mlflow_latent.errors import CorruptFileError, StoreError
from mlflow_latent.heatmaps.codec import decode_heatmaps, encode_heatmaps

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from mlflow_latent.report.heatmaps import Heatmap

HEATMAPS, INDEX_FILE = "heatmaps", "index.parquet"
LARGEST_FILE = 256 << 20  # bytes; beyond, it is not ours
INDEX = pa.schema(
    [
        *((name, pa.string()) for name in ("split", "sample_id", "what", "method", "layer")),
        *((name, pa.string()) for name in ("target", "quantity")),
        *((f"advantage{bound}", pa.float32()) for bound in ("", "_low", "_high")),
        ("better_than_random", pa.bool_()),
        ("place", pa.uint32()),
    ]
)


def heatmaps_folder(root: Path, epoch: int | None) -> Path:
    """Return where the maps of an epoch are below a run's `latent` folder."""
    return root / HEATMAPS / f"epoch={epoch or 0:05d}"


def heatmaps_file(split: str) -> str:
    """Return the name of the file that holds a split's maps."""
    return f"split={quote(split, safe='')}.bin"


def write_heatmaps(
    folder: Path, heatmaps: Iterable[Heatmap], epoch: int | None, notes: Sequence[str] = ()
) -> list[Path]:
    """Write the maps of an epoch: a file for each split, and the index; return their paths.

    Args:
        folder: see `heatmaps_folder`; maps that are there are replaced.
        heatmaps: in the order in which they are to be shown; all of one size.
        epoch: 0-based, that the weights had finished.
        notes: what could not be made, and why.

    Raises:
        InputError: the maps have different sizes, or too many kinds.
    """
    folder.mkdir(parents=True, exist_ok=True)
    by_split: dict[str, list[Heatmap]] = {}
    for one in heatmaps:
        by_split.setdefault(one.split, []).append(one)
    ordered = {split: _by_sample(maps) for split, maps in by_split.items()}
    paths = []
    for split, maps in ordered.items():
        paths.append(folder / heatmaps_file(split))
        _write_whole(paths[-1], encode_heatmaps(split, maps, epoch, notes))
    rows = [_index_row(one, place) for maps in ordered.values() for place, one in enumerate(maps)]
    index = folder / INDEX_FILE
    partial = index.with_name(f"{index.name}.tmp")
    pq.write_table(pa.Table.from_pylist(rows, schema=INDEX), partial, compression="zstd")
    partial.replace(index)
    return [*paths, index]


def read_heatmaps(path: Path) -> list[Heatmap]:
    """Return the maps of a split's file.

    Raises:
        NewerSchemaError: a later version of this package wrote it.
        CorruptFileError: it cannot be read, or is something else.
    """
    try:
        if path.stat().st_size > LARGEST_FILE:
            raise CorruptFileError(f"{path} is too large for a file of heat-maps")
        content = path.read_bytes()
    except OSError as error:
        raise CorruptFileError(f"{path} cannot be read: {error}") from None
    return decode_heatmaps(content, str(path))


class Heatmaps:
    """Gives the maps of a sample; what cannot be read is a line in `notes`, never an error.

    Args:
        folder: see `heatmaps_folder`; it need not exist.

    Attributes:
        notes: the files that could not be read, and why.
    """

    def __init__(self, folder: Path) -> None:
        self.notes: list[str] = []
        self._folder = folder
        self._splits: dict[str, dict[str, list[Heatmap]]] = {}

    def __call__(self, split: str, sample_id: str) -> tuple[Heatmap, ...]:
        """Return a sample's maps, in the order in which they are to be shown."""
        if split not in self._splits:
            self._splits[split] = self._read(split)
        return tuple(self._splits[split].get(sample_id, ()))

    def everything(self) -> list[Heatmap]:
        """Return all maps of all splits."""
        names = sorted(
            path.stem.removeprefix("split=") for path in self._folder.glob("split=*.bin")
        )
        maps = []
        for split in map(unquote, names):
            self(split, "")
            maps += [one for of_sample in self._splits[split].values() for one in of_sample]
        return maps

    def _read(self, split: str) -> dict[str, list[Heatmap]]:
        path = self._folder / heatmaps_file(split)
        found: dict[str, list[Heatmap]] = {}
        if not path.is_file():
            return found
        try:
            for one in read_heatmaps(path):
                found.setdefault(one.sample_id, []).append(one)
        except StoreError as error:
            self.notes.append(str(error))
        return found


def merged(earlier: Iterable[Heatmap], later: Iterable[Heatmap]) -> list[Heatmap]:
    """Return all maps, the later ones in place of earlier ones of the same, and of their size."""
    newest = list(later)
    older = list(earlier)
    if newest:
        older = [_resized(one, newest[0].values.shape[0]) for one in older]
    return list({one.key: one for one in (*older, *newest)}.values())


def _resized(one: Heatmap, size: int) -> Heatmap:
    if one.values.shape[0] == size:
        return one
    plane = Image.fromarray(np.asarray(one.values, dtype=np.float32))
    values = np.asarray(plane.resize((size, size), Image.Resampling.BILINEAR))
    return replace(one, values=values.clip(0))


def _by_sample(heatmaps: Sequence[Heatmap]) -> list[Heatmap]:
    """Put the maps of a sample together, samples in the order in which they first come."""
    places = {
        sample_id: n for n, sample_id in enumerate(dict.fromkeys(o.sample_id for o in heatmaps))
    }
    return sorted(heatmaps, key=lambda one: places[one.sample_id])


def _index_row(one: Heatmap, place: int) -> dict[str, Any]:
    kind = one.kind
    measured = one.is_faithful is not None
    advantage = one.advantage if measured else (None, None, None)
    return {
        "split": one.split,
        "sample_id": one.sample_id,
        "what": kind.what,
        "method": kind.method,
        "layer": kind.layer,
        "target": one.target,
        "quantity": kind.quantity,
        "advantage": advantage[0],
        "advantage_low": advantage[1],
        "advantage_high": advantage[2],
        "better_than_random": one.is_faithful,
        "place": place,
    }


def _write_whole(path: Path, content: bytes) -> None:
    partial = path.with_name(f"{path.name}.tmp")
    partial.write_bytes(content)
    partial.replace(path)
