"""Rows as they come from a training loop, recorded in the files of the store's contract."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from mlflow_latent.capture.arrow import is_column, is_embedding, is_static, to_arrow
from mlflow_latent.capture.writer import ParquetShard, drop_embeddings, has_embeddings, write_table
from mlflow_latent.errors import CaptureError
from mlflow_latent.schema import EPOCH, PRED_PROBS, SAMPLE_ID, SPLIT, CaptureInfo
from mlflow_latent.store import captures_shard, file_metadata, samples_shard

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mlflow_latent.capture.arrow import EmbeddingType

NAMED = 3  # sample ids that a message names before it only counts


class Recorder:
    """Writes captures under a `latent` folder; several processes may share the folder.

    Args:
        root: the folder that gets `samples/` and `captures/`.
        info: what each file says of itself.
        rank: number of this process; it writes its own files.
        processes: how many there are. An earlier training in the same folder may have had another
            number of them.
        embedding_dtype: in which precision embeddings are kept.

    Example:
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     recorder = Recorder(Path(folder), CaptureInfo(layers=("head",)))
        ...     rows = recorder.begin(epoch=0, split="val")
        ...     rows.add({"sample_id": ["a", "b"], "embedding_head": [[1], [2]]})
        ...     [path.relative_to(folder).parts[0] for path in rows.close()]
        ['captures', 'samples']
    """

    def __init__(
        self,
        root: Path,
        info: CaptureInfo,
        *,
        rank: int = 0,
        processes: int = 1,
        embedding_dtype: EmbeddingType = "float16",
    ) -> None:
        self.root = root
        self.info = info
        self.rank, self.processes = rank, processes
        self._earlier = {path.parent for path in root.glob("samples/*/rank*.parquet")}
        self.embedding_dtype: EmbeddingType = embedding_dtype

    def begin(self, epoch: int, split: str) -> SplitRecorder:
        """Start the rows of one split at one epoch; what was there of it is replaced at its end."""
        return SplitRecorder(self, epoch, split)

    def has_samples(self, split: str) -> bool:
        """Whether the static rows of `split` are written: by this process, or before it started."""
        path = samples_shard(self.root, split, self.rank)
        return path.exists() or path.parent in self._earlier

    def sample_ids(self, split: str) -> set[str] | None:
        """The ids that the static rows of `split` name, None if they are not written."""
        if not self.has_samples(split):
            return None
        paths = samples_shard(self.root, split).parent.glob("rank*.parquet")
        tables = [pq.read_table(path, columns=[SAMPLE_ID], partitioning=None) for path in paths]
        return {name for table in tables for name in table[SAMPLE_ID].to_pylist()}

    def remove_leftovers(self, epoch: int) -> None:
        """Remove the files of an epoch that processes wrote which this training does not have."""
        for path in self._epoch_folder(epoch).glob("*/rank*.parquet"):
            if int(path.stem.removeprefix("rank")) >= self.processes:
                path.unlink()

    def embedding_epochs(self) -> list[int]:
        """The epochs of which this process has embeddings on disk."""
        files = self.root.glob(f"captures/epoch=*/*/rank{self.rank}.parquet")
        return sorted({_epoch_of(path) for path in files if has_embeddings(path)})

    def drop_embeddings(self, epoch: int) -> list[Path]:
        """Rewrite this process's files of an epoch without embeddings; return those changed."""
        files = sorted(self._epoch_folder(epoch).glob(f"*/rank{self.rank}.parquet"))
        return [path for path in files if drop_embeddings(path)]

    def _epoch_folder(self, epoch: int) -> Path:
        return captures_shard(self.root, epoch, "any").parents[1]


class SplitRecorder:
    """The rows of one split at one epoch, in the order they come.

    Batches must agree on their columns, the widths of their vectors, and name each sample once.
    """

    def __init__(self, recorder: Recorder, epoch: int, split: str) -> None:
        self.split = split
        self.sample_ids: set[str] = set()
        self._recorder = recorder
        self._epoch = epoch
        self._metadata = file_metadata(recorder.info)
        root, rank = recorder.root, recorder.rank
        self._captures = ParquetShard(captures_shard(root, epoch, split, rank), self._metadata)
        self._samples_path = samples_shard(root, split, rank)
        self._static: list[pa.Table] | None = None if recorder.has_samples(split) else []
        self._widths: dict[str, int] = {}
        self._schema: pa.Schema | None = None

    @property
    def wants_static(self) -> bool:
        """Whether this is the first captured epoch, that writes down what the samples are."""
        return self._static is not None

    def add(self, rows: Mapping[str, Any]) -> None:
        """Record a batch.

        Args:
            rows: values by column (DESIGN 3.1, e.g. `sample_id`, `loss`, `embedding_backbone`),
                each (N,) or (N, D).

        Raises:
            CaptureError: a column is unknown, missing, or of the wrong shape or type; an id is
                there twice.
        """
        columns = self._convert(rows)
        size = len(columns[SAMPLE_ID])
        keys = {
            SAMPLE_ID: columns.pop(SAMPLE_ID),
            SPLIT: pa.array([self.split] * size, pa.string()),
        }
        self._note_ids(keys[SAMPLE_ID].to_pylist())
        static = {name: values for name, values in columns.items() if is_static(name)}
        changing = {name: values for name, values in columns.items() if not is_static(name)}
        epoch = pa.array([self._epoch] * size, pa.int32())
        self._write({**keys, EPOCH: epoch, **dict(sorted(changing.items(), key=_scalars_first))})
        if self._static is not None:
            self._static.append(pa.table({**keys, **static}))

    def close(self) -> list[Path]:
        """Put the files in their places and return them; none if no row came."""
        captures = self._captures.close()
        if captures is None:
            return []
        return [captures, *self._close_samples()]

    def abort(self) -> None:
        """Throw away the rows; an earlier capture of the same epoch stays."""
        self._captures.abort()
        self._static = None

    def _convert(self, rows: Mapping[str, Any]) -> dict[str, pa.Array]:
        unknown = next((name for name in rows if not is_column(name)), None)
        if unknown is not None:
            raise CaptureError(
                f"column {unknown!r} is not in the schema; use loss_<part>, metric_<name> or "
                "meta_<name>"
            )
        if SAMPLE_ID not in rows:
            raise CaptureError(f"split {self.split!r}: every row needs a sample_id")
        kind = self._recorder.embedding_dtype
        wanted = [name for name in rows if self.wants_static or not is_static(name)]
        columns = {name: to_arrow(name, rows[name], kind) for name in wanted}
        size = len(columns[SAMPLE_ID])
        for name, values in columns.items():
            if len(values) != size:
                raise CaptureError(
                    f"{name} has {len(values)} rows, but there are {size} sample ids in the batch"
                )
        return columns

    def _note_ids(self, sample_ids: list[str]) -> None:
        batch = set(sample_ids)
        repeated = self.sample_ids & batch
        if len(batch) < len(sample_ids):
            repeated |= {name for name, count in Counter(sample_ids).items() if count > 1}
        if repeated:
            named = ", ".join(repr(name) for name in sorted(repeated)[:NAMED])
            raise CaptureError(
                f"sample_id {named} is there more than once in split {self.split!r} at epoch "
                f"{self._epoch}; ids must be unique within a split"
            )
        self.sample_ids |= batch

    def _write(self, columns: dict[str, pa.Array]) -> None:
        batch = pa.RecordBatch.from_pydict(columns)
        if self._schema is None:
            self._schema = batch.schema
        elif not batch.schema.equals(self._schema):
            raise CaptureError(
                f"split {self.split!r}: a batch has other columns than the first one: "
                f"{_difference(self._schema, batch.schema)}"
            )
        self._captures.write(batch)

    def _close_samples(self) -> list[Path]:
        if self._static is None:
            return []
        table = _settled(self._samples_path, self._static)
        return [write_table(self._samples_path, table, self._metadata)]


def _epoch_of(path: Path) -> int:
    return int(path.parents[1].name.removeprefix("epoch="))


def _scalars_first(column: tuple[str, pa.Array]) -> tuple[bool, bool, str]:
    return is_embedding(column[0]), column[0] == PRED_PROBS, column[0]


def _settled(path: Path, batches: list[pa.Table]) -> pa.Table:
    """Give each field one type: whole numbers in one batch may be fractions or gaps in the next."""
    try:
        table = pa.concat_tables(batches, promote_options="permissive")
    except (pa.ArrowTypeError, pa.ArrowInvalid) as error:
        raise CaptureError(f"{path}: a field's type differs between batches: {error}") from None
    types = {pa.null(): pa.string(), pa.float64(): pa.float32()}
    fields = [field.with_type(types.get(field.type, field.type)) for field in table.schema]
    return table.cast(pa.schema(fields))


def _difference(first: pa.Schema, other: pa.Schema) -> str:
    """Say what differs between the columns of two batches, in words."""
    names = sorted(set(first.names) ^ set(other.names))
    if names:
        return ", ".join(f"{n!r} is {'missing' if n in first.names else 'new'}" for n in names)
    return ", ".join(
        f"{name!r} is {other.field(name).type}, was {first.field(name).type}"
        for name in first.names
        if other.field(name).type != first.field(name).type
    )
