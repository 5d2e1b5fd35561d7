"""One split at one epoch: from a step's output and its batch to recorded rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from lightning_callbacks.batches import count_rows, read_step
from lightning_callbacks.rows import RowBuffer
from lightning_callbacks.sample_ids import SampleIds
from mlflow_latent.errors import CaptureError
from mlflow_latent.schema import LOSS, META_PREFIX, SAMPLE_ID, embedding_column

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from lightning_callbacks.drawing import OverlayTap
    from lightning_callbacks.layers import LayerHooks
    from lightning_callbacks.notices import Notices
    from lightning_callbacks.settings import Settings
    from lightning_callbacks.thumbnails import ThumbnailTap
    from mlflow_latent.capture.recorder import Recorder

NAMED = 3  # sample ids that a warning names before it only counts


class SplitCapture:
    """Records what a model makes of one split at one epoch.

    Args:
        settings: what to capture.
        recorder: writes it.
        hooks: hold each step's embeddings.
        notices: what there is to say.
        epoch: the 0-based epoch that the weights had finished.
        split: its name.
        loader: gives its batches.
        labelled: whether it has labels.
        thumbnails: takes pictures of the samples, if they are wanted and not there yet.
        overlays: draws over them, if that is wanted.
    """

    def __init__(
        self,
        settings: Settings,
        recorder: Recorder,
        hooks: LayerHooks,
        notices: Notices,
        *,
        epoch: int,
        split: str,
        loader: Any,
        labelled: bool,
        thumbnails: ThumbnailTap | None = None,
        overlays: OverlayTap | None = None,
    ) -> None:
        self.split = split
        self._settings, self._hooks, self._notices = settings, hooks, notices
        self._labelled = labelled
        self._thumbnails, self._overlays = thumbnails, overlays
        self._known_ids = recorder.sample_ids(split)
        self._rows = RowBuffer(recorder.begin(epoch, split), settings.embedding_dtype)
        self._ids = SampleIds(split, loader, settings.sample_id)

    @property
    def mean_loss(self) -> float:
        """Mean of the finite losses, NaN if there are none."""
        return self._rows.loss_sum / self._rows.loss_count if self._rows.loss_count else np.nan

    def record(self, outputs: Any, batch: Any) -> None:
        """Record one batch.

        Raises:
            CaptureError: something in it cannot be recorded.
        """
        columns = self._read(outputs, batch)
        size = count_rows(columns)
        ids, wanted = self._ids.next(outputs, batch, size)
        if self._rows.recorder.wants_static:
            columns.update(self._metadata(batch, ids))
        columns[SAMPLE_ID] = list(ids)
        _refuse_lengths(columns, size)
        if not wanted.all():
            columns = {name: _taken(values, wanted) for name, values in columns.items()}
        if self._thumbnails is not None:
            self._thumbnails.take(batch, columns[SAMPLE_ID], wanted)
        if self._overlays is not None:
            self._overlays.take(outputs, batch, columns[SAMPLE_ID], wanted)
        if wanted.any():
            self._rows.add(columns, int(wanted.sum()))

    def flush(self) -> None:
        """Hand over the rows that still wait on the device."""
        self._rows.flush()

    def close(self) -> list[Path]:
        """Put the files in their places and return them."""
        self.flush()
        if self._known_ids is not None:
            self._compare_ids(self._known_ids)
        for tap in (self._thumbnails, self._overlays):
            if tap is not None:
                tap.close()
        return self._rows.recorder.close()

    def abort(self) -> None:
        """Throw away what was recorded."""
        self._rows.recorder.abort()
        for tap in (self._thumbnails, self._overlays):
            if tap is not None:
                tap.abort()

    def _read(self, outputs: Any, batch: Any) -> dict[str, Any]:
        pooled, whole = self._hooks.take()
        logits = next(iter(whole.values()), None)
        rows = len(next(iter(pooled.values())))
        columns = read_step(
            self._settings, outputs, batch, logits, rows=rows, labelled=self._labelled
        )
        if self._labelled and LOSS not in columns:
            self._notices.warn(
                "no loss",
                f"split {self.split!r} is captured without a loss, as validation_step returned "
                f"{type(outputs).__name__}; return one loss per sample, pass logits= or loss=, or "
                f"name the split in unlabeled=",
            )
        return columns | {embedding_column(layer): values for layer, values in pooled.items()}

    def _metadata(self, batch: Any, ids: Sequence[Any]) -> dict[str, Any]:
        columns: dict[str, Any] = {}
        for source in self._settings.metadata:
            if isinstance(source, pd.DataFrame):
                fields: Any = self._look_up(source, ids)
            else:
                fields = source(batch)
            if not isinstance(fields, Mapping):
                raise CaptureError(
                    f"metadata must return a mapping of names to values, got "
                    f"{type(fields).__name__}"
                )
            found = {f"{META_PREFIX}{name}": values for name, values in fields.items()}
            _refuse_twice(columns, found)
            columns |= found
        return columns

    def _look_up(self, table: pd.DataFrame, ids: Sequence[Any]) -> dict[str, Any]:
        names = [str(name) for name in ids]
        unknown = [name for name in names if name not in table.index]
        if unknown:
            self._notices.warn(
                f"metadata of {self.split}",
                f"metadata has no row for some samples of split {self.split!r}, e.g. "
                f"{', '.join(map(repr, unknown[:NAMED]))}; its index must hold the sample ids",
            )
        found = table.reindex(names)
        return {str(column): found[column] for column in found}

    def _compare_ids(self, known: set[str]) -> None:
        new = self._rows.recorder.sample_ids - known
        if not new:
            return
        self._notices.warn(
            "ids",
            f"split {self.split!r} has samples that the first captured epoch had not: {len(new)}, "
            f"e.g. {', '.join(map(repr, sorted(new)[:NAMED]))}; an id must name the same sample in "
            "every epoch",
        )


def _refuse_twice(columns: Mapping[str, Any], found: Mapping[str, Any]) -> None:
    for name in found:
        if name in columns:
            raise CaptureError(f"two parts of metadata= give the field {name!r}; rename one")


def _refuse_lengths(columns: Mapping[str, Any], size: int) -> None:
    for name, values in columns.items():
        if len(values) != size:
            raise CaptureError(
                f"{name} has {len(values)} rows in a batch of {size} samples; it must have one each"
            )


def _taken(values: Any, wanted: NDArray[np.bool_]) -> Any:
    if isinstance(values, Tensor):
        return values[torch.as_tensor(wanted, device=values.device)]
    if isinstance(values, np.ndarray | pd.Series):
        return values[wanted]
    return [value for value, want in zip(values, wanted, strict=True) if want]
