"""Arrays, written one after another and read back: the container of `explorer.bin` and others."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np
import pyarrow as pa
from pydantic import ValidationError

from mlflow_latent.errors import CorruptFileError, NewerSchemaError
from mlflow_latent.report.document import Document
from mlflow_latent.report.explorer.header import (
    EXPLORER_FILE,
    EXPLORER_SCHEMA_VERSION,
    ArrayRef,
    ArrayType,
    ExplorerHeader,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

ALIGNMENT = 4  # bytes: what a typed array of the page needs
LENGTH_BYTES = 4
_TYPES: dict[np.dtype[Any], ArrayType] = {
    np.dtype("<f4"): "f32",
    np.dtype("u1"): "u8",
    np.dtype("<u2"): "u16",
    np.dtype("<u4"): "u32",
}
_DTYPES = {name: dtype for dtype, name in _TYPES.items()}
Header = TypeVar("Header", bound=Document)


class ArrayWriter:
    """Collects the data section; gives a reference for each array."""

    def __init__(self) -> None:
        self._parts: list[bytes | memoryview] = []
        self._size = 0

    @property
    def size(self) -> int:
        """Bytes of the data section so far."""
        return self._size

    def add(self, values: NDArray[Any]) -> ArrayRef:
        """Append numbers, flattened in C order: float32, uint8, uint16 or uint32.

        Raises:
            KeyError: another type of number.
        """
        kind = _TYPES[values.dtype]
        return self._append(kind, len(values.reshape(-1)), np.ascontiguousarray(values).data)

    def add_text(self, strings: Iterable[str]) -> ArrayRef:
        """Append strings; a missing one is empty."""
        column = _as_arrow(strings)
        _, starts, data = column.buffers()
        first = column.offset
        offsets = np.frombuffer(starts, dtype="<i4")[first : first + len(column) + 1]
        text = bytes(data)[offsets[0] : offsets[-1]] if data is not None else b""
        content = (offsets - offsets[0]).astype("<u4").tobytes() + text
        return self._append("utf8", len(column), content)

    def finish(self, header: Document) -> bytes:
        """Return the file: the header, then all arrays."""
        content = encode_header(header)
        start = LENGTH_BYTES + len(content)
        length = len(content).to_bytes(LENGTH_BYTES, "little")
        return b"".join([length, content, _padding(start), *self._parts])

    def _append(self, kind: ArrayType, length: int, content: bytes | memoryview) -> ArrayRef:
        reference = ArrayRef(type=kind, offset=self._size, length=length)
        size = content.nbytes if isinstance(content, memoryview) else len(content)
        padding = _padding(size)
        self._parts += [content, padding]
        self._size += size + len(padding)
        return reference


class ArrayFile(Generic[Header]):
    """Reads a header and its arrays; never trusts them.

    Args:
        content: the whole file.
        kind: of the header; it has a `schema_version`.
        version: the highest one that is known.
        name: of the file, for what is said of it.

    Attributes:
        header: what its arrays are.

    Raises:
        NewerSchemaError: a later version of this package wrote it.
        CorruptFileError: it is truncated, or something else.
    """

    def __init__(self, content: bytes, kind: type[Header], version: int, name: str) -> None:
        self._name = name
        length = int.from_bytes(content[:LENGTH_BYTES], "little")
        end = LENGTH_BYTES + length
        if len(content) < end or not length:
            raise CorruptFileError(f"{name} is truncated: {len(content)} bytes")
        self.header = _decode_header(content[LENGTH_BYTES:end], kind, version, name)
        self._data = memoryview(content)[end + len(_padding(end)) :]

    def array(self, reference: ArrayRef) -> NDArray[Any]:
        """Return numbers, (length,) of the type that the reference names.

        Raises:
            CorruptFileError: the file ends before they do.
        """
        dtype = _DTYPES[reference.type]
        return np.frombuffer(
            self._slice(reference.offset, reference.length * dtype.itemsize), dtype
        )

    def texts(self, reference: ArrayRef) -> list[str]:
        """Return strings.

        Raises:
            CorruptFileError: the file ends before they do, or they are not UTF-8.
        """
        places = reference.model_copy(update={"type": "u32", "length": reference.length + 1})
        offsets = self.array(places)
        if (np.diff(offsets.astype(np.int64)) < 0).any():
            raise CorruptFileError(f"{self._name} holds strings that end before they begin")
        text = bytes(self._slice(reference.offset + offsets.nbytes, int(offsets[-1])))
        try:
            return [text[start:end].decode() for start, end in pairwise(offsets.tolist())]
        except UnicodeDecodeError as error:
            raise CorruptFileError(f"{self._name} holds text that is not UTF-8: {error}") from None

    def _slice(self, offset: int, size: int) -> memoryview:
        if offset < 0 or size < 0 or offset % ALIGNMENT or offset + size > len(self._data):
            raise CorruptFileError(
                f"{self._name} ends before its array of {size} bytes at {offset}"
            )
        return self._data[offset : offset + size]


class ExplorerFile(ArrayFile[ExplorerHeader]):
    """Reads `explorer.bin`; see `ArrayFile`."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content, ExplorerHeader, EXPLORER_SCHEMA_VERSION, EXPLORER_FILE)


def encode_header(header: Document) -> bytes:
    """Return the header as JSON; the same header gives the same bytes."""
    content = json.dumps(
        header.model_dump(mode="json"), ensure_ascii=False, separators=(",", ":"), allow_nan=False
    )
    return content.encode("utf-8", "replace")  # half a surrogate pair becomes a question mark


def _decode_header(content: bytes, kind: type[Header], known: int, name: str) -> Header:
    try:
        document = json.loads(content)
        version = int(document["schema_version"])
        if version > known:
            raise NewerSchemaError(
                f"{name} has schema version {version}, this package reads up to {known}; "
                "upgrade mlflow-latent"
            )
        return kind.model_validate(document)
    except (ValueError, KeyError, TypeError, RecursionError, ValidationError) as error:
        reason = str(error).splitlines()[0]
        raise CorruptFileError(f"{name} has no header that can be read: {reason}") from None


def _as_arrow(strings: Iterable[str]) -> pa.StringArray:
    values = strings if hasattr(strings, "dtype") else list(strings)
    try:
        column = pa.array(values, type=pa.string(), from_pandas=True)
    except UnicodeEncodeError:
        safe = [str(text).encode("utf-8", "replace").decode() for text in values]
        column = pa.array(safe, type=pa.string())
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return whole.fill_null("")


def _padding(size: int) -> bytes:
    return bytes(-size % ALIGNMENT)
