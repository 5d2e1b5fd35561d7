"""One file of captures: opened, checked, read; or refused with the reason."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ValidationError

from mlflow_latent.errors import CorruptFileError, ForeignFileError, NewerSchemaError
from mlflow_latent.schema import KEY, METADATA_KEY, SCHEMA_VERSION, CaptureInfo

if TYPE_CHECKING:
    from pathlib import Path

Table = Literal["samples", "captures"]
_PLACE = re.compile(
    r"(?P<table>samples|captures(?=/e))(?:/epoch=(?P<epoch>\d+))?"
    r"/split=(?P<split>[^/]+)/rank\d+\.parquet"
)


@dataclass(frozen=True)
class Shard:
    """One readable file of captures: a table, an epoch, a split, as one process wrote it."""

    path: Path
    table: Table
    epoch: int  # −1 for `samples`, which has none
    split: str
    info: CaptureInfo
    columns: tuple[str, ...]
    rows: int

    @classmethod
    def open(cls, path: Path, root: Path) -> Shard:
        """Read the footer of a file and check that this package can read the rest.

        Raises:
            CorruptFileError: the file is truncated or not Parquet.
            ForeignFileError: this package did not write it.
            NewerSchemaError: a later version of this package wrote it.
        """
        match = _PLACE.fullmatch(path.relative_to(root).as_posix())
        if match is None:
            raise ForeignFileError(f"{path} is not where a capture file would be")
        try:
            schema, rows = _footer(path)
        except (pa.ArrowException, OSError) as error:
            raise CorruptFileError(f"{path} is truncated or not Parquet: {error}") from None
        info = _read_info(path, schema)
        _check_keys(path, schema)
        return cls(
            path=path,
            table="samples" if match["table"] == "samples" else "captures",
            epoch=int(match["epoch"] or -1),
            split=unquote(match["split"]),
            info=info,
            columns=tuple(schema.names),
            rows=rows,
        )

    def read(self, columns: list[str]) -> pa.Table:
        """Read some columns.

        Raises:
            CorruptFileError: the file's footer is whole but its data is not.
        """
        try:
            with pq.ParquetFile(self.path) as file:
                return file.read(columns)
        except (pa.ArrowException, OSError) as error:
            raise CorruptFileError(f"{self.path} cannot be read: {error}") from None


def _footer(path: Path) -> tuple[pa.Schema, int]:
    with pq.ParquetFile(path) as file:
        return file.schema_arrow, file.metadata.num_rows


def _check_keys(path: Path, schema: pa.Schema) -> None:
    for name in KEY:
        kind = schema.field(name).type if name in schema.names else None
        if kind not in (pa.string(), pa.large_string()):
            found = f"it is {kind}" if kind else "there is none"
            raise ForeignFileError(f"{path} must have a string column {name!r}, but {found}")


def _read_info(path: Path, schema: pa.Schema) -> CaptureInfo:
    text = (schema.metadata or {}).get(METADATA_KEY)
    if text is None:
        raise ForeignFileError(
            f"{path} has no {METADATA_KEY.decode()!r} metadata: not a capture of mlflow-latent"
        )
    try:
        info = CaptureInfo.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "the JSON"
        raise ForeignFileError(
            f"{path} has unreadable {METADATA_KEY.decode()!r} metadata: {where}: {first['msg']};"
            " write it with mlflow_latent, or mend that key"
        ) from None
    if info.schema_version > SCHEMA_VERSION:
        raise NewerSchemaError(
            f"{path} has schema version {info.schema_version}, this package reads up to "
            f"{SCHEMA_VERSION}; upgrade mlflow-latent"
        )
    return info
