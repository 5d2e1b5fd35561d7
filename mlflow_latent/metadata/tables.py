"""Metadata of many samples, as a table by sample id; what cannot be read is said, once."""

from __future__ import annotations

import os
import warnings
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from mlflow_latent.errors import InputError
from mlflow_latent.metadata.describe import Fields, image_statistics

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import pandas as pd

CHUNK = 2_048  # samples whose fields wait as Python objects, which take many times the room
NAMED = 3  # samples that the warning names before it only counts


class MetadataWarning(UserWarning):
    """The metadata of some samples could not be read, and is missing."""


def image_table(
    images: Mapping[str, str | Path] | Sequence[str | Path], *, workers: int | None = None
) -> pd.DataFrame:
    """Return the image statistics of files, for `LatentCapture(metadata=…)`.

    Args:
        images: files by sample id, or files, whose path is then the id.
        workers: threads; default: as many as there are processors.

    Returns:
        One row per file, indexed by sample id. A file that cannot be read has empty fields, and a
        warning names it.
    """
    files = dict(images) if hasattr(images, "keys") else {str(path): path for path in images}
    return make_table(list(files), files, lambda _name: {}, workers=workers)


def make_table(
    names: Sequence[str],
    files: Mapping[str, str | Path],
    describe_annotations: Callable[[str], Fields],
    *,
    workers: int | None = None,
) -> pd.DataFrame:
    """Return a row of fields for each sample.

    Args:
        names: sample ids.
        files: images by sample id, those there are.
        describe_annotations: gives the other fields of a sample.
        workers: threads; default: as many as there are processors.

    Raises:
        InputError: a sample id is there twice.
    """

    def describe_sample(name: str) -> tuple[Fields, list[str]]:
        fields, problems = _attempt(lambda: describe_annotations(name))
        if name in files:
            image, more = _attempt(lambda: image_statistics(files[name]))
            fields, problems = {**image, **fields}, problems + more
        return fields, problems

    repeated = len(names) - len(set(names))
    if repeated:
        raise InputError(f"{repeated} sample ids are there more than once; each row needs its own")
    problems: dict[str, list[str]] = {}
    rows = _Rows()
    with ThreadPoolExecutor(workers or os.cpu_count()) as pool:
        for first in range(0, len(names), CHUNK):
            chunk = names[first : first + CHUNK]
            described = list(pool.map(describe_sample, chunk))
            problems |= {n: more for n, (_, more) in zip(chunk, described, strict=True) if more}
            rows.add([fields for fields, _ in described])
    _warn(problems)
    return rows.table(names)


class _Rows:
    """Fields of samples on their way to a table, some thousand at a time."""

    def __init__(self) -> None:
        self._parts: list[pd.DataFrame] = []
        self._kinds: dict[str, set[type]] = defaultdict(set)

    def add(self, rows: Sequence[Fields]) -> None:
        import pandas as pd

        self._parts.append(pd.DataFrame(rows))
        for fields in rows:
            for field, value in fields.items():
                self._kinds[field] |= set() if value is None else {type(value)}

    def table(self, names: Sequence[str]) -> pd.DataFrame:
        import pandas as pd

        parts = self._parts or [pd.DataFrame()]
        table = pd.concat(parts, ignore_index=True).set_axis(list(names)).rename_axis("sample_id")
        return table.astype({field: _dtype(found) for field, found in self._kinds.items()})


def _dtype(kinds: set[type]) -> str:
    """A type that has room for missing values and leaves whole numbers whole."""
    if kinds <= {int, float}:
        return "Int64" if kinds == {int} else "float64"
    return "boolean" if kinds == {bool} else "string"


def _attempt(describe: Callable[[], Fields]) -> tuple[Fields, list[str]]:
    try:
        return describe(), []
    except InputError as error:
        return {}, [str(error)]


def _warn(problems: Mapping[str, list[Any]]) -> None:
    if not problems:
        return
    first = "; ".join(f"{name!r}: {found[0]}" for name, found in list(problems.items())[:NAMED])
    warnings.warn(
        f"metadata of {len(problems)} samples is missing in part: {first}",
        MetadataWarning,
        stacklevel=4,
    )
