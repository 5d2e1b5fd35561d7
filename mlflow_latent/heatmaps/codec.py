"""A split's heat-maps as bytes, in a byte per number, and back."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.errors import CorruptFileError, InputError
from mlflow_latent.report.explorer.arrays import ArrayFile, ArrayWriter
from mlflow_latent.report.heatmaps import (
    CONFIDENCE,
    HEATMAPS_SCHEMA_VERSION,
    Heatmap,
    HeatmapsHeader,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

LARGEST_SIZE = 256  # of a map's side
CODES = 255
MOST_KINDS = 256


def encode_heatmaps(
    split: str, heatmaps: Sequence[Heatmap], epoch: int | None, notes: Sequence[str] = ()
) -> bytes:
    """Return the file of a split's maps; those of one sample must follow one another.

    Raises:
        InputError: the maps have different sizes, or too many kinds.
    """
    size = _common_size(heatmaps)
    kinds = list(dict.fromkeys(one.kind for one in heatmaps))
    if len(kinds) > MOST_KINDS:
        raise InputError(f"a file holds at most {MOST_KINDS} kinds of heat-maps, got {len(kinds)}")
    ids = [one.sample_id for one in heatmaps]
    counts = [len(list(group)) for _, group in groupby(ids)]
    codes, scale = _quantize(heatmaps, size)
    arrays = ArrayWriter()
    header = HeatmapsHeader(
        split=split,
        epoch=epoch,
        size=size,
        confidence=heatmaps[0].confidence if heatmaps else CONFIDENCE,
        kinds=tuple(kinds),
        sample_id=arrays.add_text([sample_id for sample_id, _ in groupby(ids)]),
        first=arrays.add(np.concatenate([[0], np.cumsum(counts)]).astype("<u4")),
        kind=arrays.add(np.array([kinds.index(one.kind) for one in heatmaps], dtype=np.uint8)),
        target=arrays.add_text([one.target for one in heatmaps]),
        values=arrays.add(codes),
        scale=arrays.add(scale),
        advantage=arrays.add(_rows([one.advantage for one in heatmaps], 3)),
        notes=tuple(notes),
    )
    return arrays.finish(header)


def decode_heatmaps(content: bytes, name: str = "the file of heat-maps") -> list[Heatmap]:
    """Return the maps of a file that `encode_heatmaps` wrote.

    Raises:
        NewerSchemaError: a later version of this package wrote it.
        CorruptFileError: it is truncated, something else, or its parts do not fit.
    """
    file = ArrayFile(content, HeatmapsHeader, HEATMAPS_SCHEMA_VERSION, name)
    header = file.header
    first, kind = file.array(header.first).astype(np.int64), file.array(header.kind)
    ids, targets = file.texts(header.sample_id), file.texts(header.target)
    count, size = len(kind), header.size
    fits = (
        1 <= size <= LARGEST_SIZE
        and len(first) == len(ids) + 1
        and first[0] == 0
        and first[-1] == count == len(targets)
        and (np.diff(first) >= 0).all()
        and (kind < len(header.kinds)).all()
        and header.values.length == count * size**2
        and header.scale.length == 2 * count
        and header.advantage.length == 3 * count
    )
    if not fits:
        raise CorruptFileError(f"{name} holds parts that do not fit one another")
    scale = np.nan_to_num(file.array(header.scale).reshape(count, 2))
    codes = file.array(header.values).reshape(count, size, size)
    advantage = file.array(header.advantage).reshape(count, 3).tolist()
    owners = np.repeat(np.arange(len(ids)), np.diff(first))
    return [
        Heatmap(
            split=header.split,
            sample_id=ids[owner],
            kind=header.kinds[kind[place]],
            target=targets[place],
            values=_values(codes[place], *scale[place]),
            advantage=tuple(advantage[place]),
            confidence=header.confidence,
        )
        for place, owner in enumerate(owners.tolist())
    ]


def _common_size(heatmaps: Sequence[Heatmap]) -> int:
    shapes = {one.values.shape for one in heatmaps} or {(1, 1)}
    shape = next(iter(shapes))
    if len(shapes) > 1 or len(shape) != 2 or shape[0] != shape[1] or shape[0] > LARGEST_SIZE:  # noqa: PLR2004 - a plane
        raise InputError(
            f"heat-maps of one file must be square, of one size up to {LARGEST_SIZE}, got {shapes}"
        )
    return int(shape[0])


def _quantize(
    heatmaps: Sequence[Heatmap], size: int
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Return (m, size, size) codes, and (m, 2) the least and the greatest value of each map."""
    values = np.array([one.values for one in heatmaps], dtype=np.float32).reshape(-1, size, size)
    values = np.nan_to_num(values, posinf=0, neginf=0)
    low, high = values.min((1, 2), initial=0), values.max((1, 2), initial=0)
    span = np.where(high > low, high - low, 1)[:, None, None]
    codes = np.rint((values - low[:, None, None]) / span * CODES).astype(np.uint8)
    return codes, np.stack([low, high], axis=1).astype("<f4")


def _values(codes: NDArray[np.uint8], low: float, high: float) -> NDArray[np.float32]:
    return (low + (high - low) * (codes.astype(np.float32) / CODES)).astype(np.float32)


def _rows(rows: Sequence[Sequence[float]], width: int) -> NDArray[np.float32]:
    return np.array(rows, dtype="<f4").reshape(-1, width)
