"""Rows on their way from the accelerator to the recorder, in few copies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from mlflow_latent.capture.arrow import is_embedding
from mlflow_latent.errors import CaptureError
from mlflow_latent.schema import LOSS, PRED_PROBS, TARGET

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlflow_latent.capture.arrow import EmbeddingType
    from mlflow_latent.capture.recorder import SplitRecorder

FLUSH_ROWS = 2048
"""Rows that wait on the device before they are copied at once: a copy makes the device wait."""


class RowBuffer:
    """Gathers batches on their device, and hands them to a recorder some thousand rows at a time.

    Attributes:
        loss_sum: sum of the finite losses so far.
        loss_count: how many there were.
    """

    def __init__(self, recorder: SplitRecorder, embedding_dtype: EmbeddingType) -> None:
        self.recorder = recorder
        self.loss_sum, self.loss_count = 0.0, 0
        self._dtype = getattr(torch, embedding_dtype)
        self._batches: list[dict[str, Any]] = []
        self._rows = 0

    def add(self, columns: dict[str, Any], rows: int) -> None:
        """Take the columns of a batch: tensors on any device, arrays, or lists."""
        self._batches.append({name: self._hold(name, value) for name, value in columns.items()})
        self._rows += rows
        if self._rows >= FLUSH_ROWS:
            self.flush()

    def flush(self) -> None:
        """Hand over what has come."""
        batches, self._batches, self._rows = self._batches, [], 0
        for group in _alike(batches):
            columns = {name: _joined([batch[name] for batch in group]) for name in group[0]}
            _refuse_targets(columns)
            self._count_loss(columns)
            self.recorder.add(columns)

    def _hold(self, name: str, value: Any) -> Any:
        """Keep a copy: the step may reuse its tensors."""
        if not isinstance(value, Tensor):
            return value
        kept = value.detach()
        if is_embedding(name):
            return kept.to(self._dtype)
        return kept.to(torch.float32, copy=True) if kept.is_floating_point() else kept.clone()

    def _count_loss(self, columns: dict[str, Any]) -> None:
        if LOSS not in columns:
            return
        loss = np.asarray(columns[LOSS], dtype=np.float64)
        if TARGET in columns:
            # A negative target means "no label", and without a label there is no loss.
            unlabelled = np.asarray(columns[TARGET], dtype=np.float64) < 0
            columns[LOSS] = np.ma.MaskedArray(columns[LOSS], mask=unlabelled)
            loss = loss[~unlabelled]
        finite = loss[np.isfinite(loss)]
        self.loss_sum += float(finite.sum())
        self.loss_count += len(finite)


def _refuse_targets(columns: dict[str, Any]) -> None:
    if TARGET not in columns or PRED_PROBS not in columns or not len(columns[TARGET]):
        return
    greatest, classes = np.max(columns[TARGET]), np.shape(columns[PRED_PROBS])[1]
    if greatest >= classes:
        raise CaptureError(
            f"target {greatest} is out of range: there are {classes} class probabilities"
        )


def _alike(batches: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Split a list of batches where their columns change; the recorder says what is wrong."""
    groups: list[list[dict[str, Any]]] = []
    for batch in batches:
        if groups and groups[-1][0].keys() == batch.keys():
            groups[-1].append(batch)
        else:
            groups.append([batch])
    return groups


def _joined(parts: list[Any]) -> NDArray[Any] | list[Any]:
    """Put the parts of a column together: on the device if they are there, then in one copy."""
    if all(isinstance(part, Tensor) for part in parts):
        joined: NDArray[Any] = torch.cat(parts).cpu().numpy()
        return joined
    values = [part.cpu().numpy() if isinstance(part, Tensor) else part for part in parts]
    if all(isinstance(value, np.ndarray) for value in values):
        return _concatenated(values)
    return [value for part in values for value in part]


def _concatenated(values: list[NDArray[Any]]) -> NDArray[Any]:
    if any(isinstance(value, np.ma.MaskedArray) for value in values):
        masked: NDArray[Any] = np.ma.concatenate(values)  # type: ignore[no-untyped-call]
        return masked
    return np.concatenate(values)
