"""A Parquet file written row group by row group beside its final place, renamed when whole."""

from __future__ import annotations

import os
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from mlflow_latent.capture.arrow import is_embedding
from mlflow_latent.schema import PRED_PROBS, SPLIT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

GROUP_BYTES = 16 << 20
"""A row group is written when this much has come: some of it is in memory up to three times."""
GROUP_ROWS = 1 << 16
"""… or this many rows."""


class ParquetShard:
    """One file in the making, with a thread of its own that compresses and writes.

    Args:
        path: the final place; until `close` the file is beside it, with `.tmp` at the end.
        metadata: of the file, see `mlflow_latent.store.file_metadata`.
    """

    def __init__(self, path: Path, metadata: Mapping[bytes, bytes]) -> None:
        self.path = path
        self._metadata = dict(metadata)
        self._partial = path.with_name(f"{path.name}.tmp")
        self._pending: list[pa.RecordBatch] = []
        self._pending_bytes = self._pending_rows = 0
        self._writer: pq.ParquetWriter | None = None
        self._thread: ThreadPoolExecutor | None = None
        self._writing: Future[None] | None = None

    def write(self, batch: pa.RecordBatch) -> None:
        """Take some rows; waits only when the disk is slower than the rows come."""
        self._pending.append(batch)
        self._pending_bytes += batch.nbytes
        self._pending_rows += batch.num_rows
        if self._pending_bytes >= GROUP_BYTES or self._pending_rows >= GROUP_ROWS:
            self._flush()

    def close(self) -> Path | None:
        """Write the rest and put the file in its place; None if no row came."""
        self._flush()
        self._settle()
        if self._writer is None:
            return None
        self._writer.close()
        _replace(self._partial, self.path)
        return self.path

    def abort(self) -> None:
        """Throw away what was written; an earlier file in its place stays."""
        self._pending = []
        if self._thread is not None:
            self._thread.shutdown(wait=True, cancel_futures=True)
        if self._writer is not None:
            self._writer.close()
        self._partial.unlink(missing_ok=True)

    def _flush(self) -> None:
        if not self._pending:
            return
        group = pa.Table.from_batches(self._pending)
        self._pending, self._pending_bytes, self._pending_rows = [], 0, 0
        if self._thread is None:
            self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="latent-write")
        if self._writing is not None:
            self._writing.result()
        self._writing = self._thread.submit(self._write_group, group)

    def _settle(self) -> None:
        if self._thread is not None:
            self._thread.shutdown(wait=True)
        if self._writing is not None:
            self._writing.result()

    def _write_group(self, group: pa.Table) -> None:
        if self._writer is None:
            self._writer = open_writer(self._partial, group.schema, self._metadata)
        self._writer.write_table(group, row_group_size=group.num_rows)


def open_writer(path: Path, schema: pa.Schema, metadata: Mapping[bytes, bytes]) -> pq.ParquetWriter:
    """Open a file for rows of `schema`: zstd, and no dictionaries where values hardly repeat."""
    path.parent.mkdir(parents=True, exist_ok=True)
    vectors = [name for name in schema.names if is_embedding(name) or name == PRED_PROBS]
    return pq.ParquetWriter(
        path,
        schema.with_metadata(dict(metadata)),
        compression="zstd",
        use_dictionary=[SPLIT] if SPLIT in schema.names else False,
        write_statistics=[name for name in schema.names if name not in vectors],
    )


def write_table(path: Path, table: pa.Table, metadata: Mapping[bytes, bytes]) -> Path:
    """Write a small table at once, temp file then rename."""
    partial = path.with_name(f"{path.name}.tmp")
    with open_writer(partial, table.schema, metadata) as writer:
        writer.write_table(table)
    _replace(partial, path)
    return path


def has_embeddings(path: Path) -> bool:
    """Whether a capture file, if it can be read, has embeddings."""
    try:
        return any(map(is_embedding, pq.read_schema(path).names))
    except (pa.ArrowException, OSError):
        return False


def drop_embeddings(path: Path) -> bool:
    """Rewrite a capture file without its embeddings; False if it has none.

    The rows are streamed, and the file is whole at every moment.
    """
    with pq.ParquetFile(path) as file:
        schema = file.schema_arrow
        kept = [name for name in schema.names if not is_embedding(name)]
        if len(kept) == len(schema.names):
            return False
        partial = path.with_name(f"{path.name}.tmp")
        slim = pa.schema([schema.field(name) for name in kept])
        with open_writer(partial, slim, schema.metadata or {}) as writer:
            for batch in file.iter_batches(columns=kept):
                writer.write_batch(batch)
    _replace(partial, path)
    return True


def _replace(partial: Path, path: Path) -> None:
    """Make the file appear whole or not at all, also after a power cut."""
    with partial.open("rb") as file:
        os.fsync(file.fileno())
    partial.replace(path)
