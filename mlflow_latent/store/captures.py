"""All captures in a folder, and a `Snapshot` of one of their epochs."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import pandas as pd

from mlflow_latent.columns import refuse_duplicates
from mlflow_latent.errors import MissingCaptureError, StoreError, did_you_mean
from mlflow_latent.schema import (
    EMBEDDING,
    EPOCH,
    KEY,
    LEFT_OUT,
    LOSS,
    PRED_PROBS,
    PREDICTION,
    SAMPLE_ID,
    SPLIT,
    TARGET,
    embedding_column,
    sort_splits,
)
from mlflow_latent.snapshot import Snapshot
from mlflow_latent.store.margins import with_margin
from mlflow_latent.store.odd_columns import as_captured
from mlflow_latent.store.shard import Shard
from mlflow_latent.store.tables import concatenate, is_null, to_frame, to_matrix

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    import pyarrow as pa

_HISTORY = {SPLIT, SAMPLE_ID, EPOCH, LOSS, PREDICTION, PRED_PROBS}


class CaptureStore:
    """The captures in a folder: a spool, or a local copy of a run's `latent` artifacts.

    Args:
        root: the folder that holds `samples/` and `captures/`.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    @cached_property
    def _opened(self) -> tuple[list[Shard], list[str]]:
        shards, problems = [], []
        for table in ("samples", "captures"):
            for path in sorted((self.root / table).glob("**/*.parquet")):
                try:
                    shards.append(Shard.open(path, self.root))
                except StoreError as error:
                    problems.append(str(error))
        return shards, problems

    @property
    def shards(self) -> list[Shard]:
        """The files that can be read."""
        return self._opened[0]

    @property
    def problems(self) -> tuple[str, ...]:
        """The files that cannot be read, each named with what is wrong and what to do."""
        return tuple(self._opened[1])

    def epochs(self) -> list[int]:
        """Return the captured epochs."""
        return sorted({shard.epoch for shard in self._captures()})

    def layers(self) -> list[str]:
        """Return the layers whose embeddings were captured, in the order they were named."""
        return list(dict.fromkeys(name for shard in self._captures() for name in shard.info.layers))

    def embedding_epochs(self, layer: str | None = None) -> list[int]:
        """Return the epochs whose embeddings of `layer` (default the first) were kept."""
        shards = self._captures()
        column = _embedding_of(shards, self._choose_layer(layer))
        return sorted({shard.epoch for shard in shards if column in shard.columns})

    def snapshot(self, epoch: int | None = None, layer: str | None = None) -> Snapshot:
        """Load one epoch's rows of all splits, joined with what each sample is.

        Args:
            epoch: 0-based; default the last one whose embeddings were kept.
            layer: default the first one captured.

        Raises:
            MissingCaptureError: there are no captures, or none of that epoch or layer.
            InputError: an id is there twice in a split, or a column holds what it must not.
            EmptySnapshotError: no usable row is left.
        """
        layer = self._choose_layer(layer)
        epoch = self._choose_epoch(epoch, layer)
        shards = [shard for shard in self._captures() if shard.epoch == epoch]
        column = _embedding_of(shards, layer)
        usable = [shard for shard in shards if column in shard.columns]
        captures, failed = _read(usable, lambda name: _is_scalar(name) or name == column)
        whole = PRED_PROBS in captures.column_names and not is_null(captures, PRED_PROBS).any()
        frame, odd = as_captured(self._with_samples(to_frame(captures)))
        return Snapshot(
            frame=frame,
            embedding=to_matrix(captures, column),
            pred_probs=to_matrix(captures, PRED_PROBS) if whole else None,
            epoch=epoch,
            layer=layer,
            info=usable[0].info,
            notes=(*_left_out([*self.problems, *failed], shards, usable), *odd),
        ).usable(unlabelled=is_null(captures, LOSS))

    def history(self, epochs: Sequence[int] | None = None) -> pd.DataFrame:
        """Return how each sample was learned: a row per sample and captured epoch.

        Args:
            epochs: the epochs that are wanted; default all.

        Returns:
            `split`, `sample_id`, `epoch`, `loss`, `prediction`, and where probabilities and targets
            were captured `margin`: the probability of the target − the best other one. One file's
            probabilities are in memory at a time.

        Raises:
            MissingCaptureError: there are no captures, or none of these epochs.
        """
        shards = [s for s in self._captures() if epochs is None or s.epoch in epochs]
        if not shards:
            raise MissingCaptureError(f"no captures in {self.root}")
        targets = self._targets()
        nobody = pd.Series(dtype="Int32")
        return to_frame(
            _read(
                shards,
                _HISTORY.__contains__,
                lambda table, split: with_margin(table, targets.get(split, nobody)),
            )[0]
        )

    def _targets(self) -> dict[str, pd.Series[int]]:
        """Class index by sample id, of each split that has targets."""
        shards = [s for s in self.shards if s.table == "samples" and TARGET in s.columns]
        if not shards:
            return {}
        samples = to_frame(_read(shards, {*KEY, TARGET}.__contains__)[0]).drop_duplicates(KEY)
        return {
            str(split): rows.set_index(SAMPLE_ID)[TARGET] for split, rows in samples.groupby(SPLIT)
        }

    def _captures(self) -> list[Shard]:
        return [shard for shard in self.shards if shard.table == "captures"]

    def _choose_layer(self, layer: str | None) -> str | None:
        layers = self.layers()
        if layer is None:
            return layers[0] if layers else None
        if layer not in layers:
            raise MissingCaptureError(
                f"layer {layer!r} was not captured{did_you_mean(layer, layers)}"
            )
        return layer

    def _choose_epoch(self, epoch: int | None, layer: str | None) -> int:
        kept = self.embedding_epochs(layer)
        if not kept:
            why = "; ".join(self.problems) or "add LatentCapture to the Trainer's callbacks"
            raise MissingCaptureError(f"no captured embeddings in {self.root}: {why}")
        if epoch is None:
            return kept[-1]
        if epoch not in kept:
            raise MissingCaptureError(
                f"no embeddings of epoch {epoch} were kept, only of {', '.join(map(str, kept))}; "
                "LatentCapture(keep_embeddings=…) decides which are"
            )
        return epoch

    def _with_samples(self, frame: pd.DataFrame) -> pd.DataFrame:
        splits = set(frame[SPLIT])
        shards = [s for s in self.shards if s.table == "samples" and s.split in splits]
        refuse_duplicates(frame)
        if not shards:
            return frame
        samples = to_frame(_read(shards, _is_scalar)[0])
        refuse_duplicates(samples)
        new = [name for name in samples if name in KEY or name not in frame]
        return frame.merge(samples[new], on=KEY, how="left", validate="one_to_one")


def _embedding_of(shards: Sequence[Shard], layer: str | None) -> str:
    """A lone layer may have been captured without a name."""
    named = embedding_column(layer)
    return named if any(named in shard.columns for shard in shards) else EMBEDDING


def _is_scalar(column: str) -> bool:
    return not column.startswith(EMBEDDING)


def _read(
    shards: Iterable[Shard],
    wanted: Callable[[str], bool],
    reduce: Callable[[pa.Table, str], pa.Table] = lambda table, _: table,
) -> tuple[pa.Table, list[str]]:
    """Read the wanted columns, train first; a file that fails is named and left out.

    Each file's table goes through `reduce` with its split before the next one is read.
    """
    rank = {split: place for place, split in enumerate(sort_splits(s.split for s in shards))}
    tables, failed = [], []
    for shard in sorted(shards, key=lambda s: (rank[s.split], s.path)):
        try:
            table = shard.read([name for name in shard.columns if wanted(name)])
            tables.append(reduce(table, shard.split))
        except StoreError as error:
            failed.append(str(error))
    if not tables:
        raise MissingCaptureError(f"none of the files can be read: {'; '.join(failed)}")
    return concatenate(tables), failed


def _left_out(
    problems: Iterable[str], shards: Iterable[Shard], usable: Sequence[Shard]
) -> list[str]:
    splits = sort_splits({s.split for s in shards} - {s.split for s in usable})
    without = [f"split {split!r}, which has no embeddings of this epoch" for split in splits]
    return [f"{LEFT_OUT}{what}" for what in (*problems, *without)]
