"""What a validation step returned, and its batch, made into the columns of a capture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from lightning_callbacks.sample_ids import look_up
from mlflow_latent.errors import CaptureError
from mlflow_latent.schema import (
    LOSS,
    LOSS_PREFIX,
    META_PREFIX,
    METRIC_PREFIX,
    OUTPUT_PREFIX,
    PRED_PROBS,
    PREDICTION,
    TARGET,
    URI,
)

if TYPE_CHECKING:
    from lightning_callbacks.settings import Settings

LOGITS = "logits"
CLASSES_OF_BINARY = 2
_PREFIXES = (LOSS_PREFIX, METRIC_PREFIX, META_PREFIX, OUTPUT_PREFIX)
_NAMED = (LOSS, TARGET, PREDICTION, PRED_PROBS, LOGITS, URI)
_MEND = (
    "validation_step must return one loss per sample: the loss of shape (N,), e.g. "
    "cross_entropy(logits, target, reduction='none'), alone or as {'loss': ...}; log its mean. Or "
    "pass logits=<name of the layer that returns the logits>, or loss=<function of (outputs, batch)"
    "> that returns (N,)"
)

Columns = dict[str, Any]


def read_step(
    settings: Settings,
    outputs: Any,
    batch: Any,
    logits: Tensor | None,
    *,
    rows: int | None = None,
    labelled: bool = True,
) -> Columns:
    """Return the columns that a step's output and its batch hold.

    Args:
        settings: where things are.
        outputs: what the step returned: (N,) losses, or a mapping with keys named as the columns
            of a capture (`loss`, `loss_<part>`, `target`, `prediction`, `pred_probs`,
            `metric_<name>`, `output_<name>`, `meta_<name>`, `uri`) and `logits`; other keys are
            left alone.
        batch: the batch, on its device.
        logits: (N, C) float32 output of the layer that `settings.logits` names.
        rows: samples in the batch, if known: a single one may have lost its dimension.
        labelled: whether the split has labels; without, no loss and no target are read.

    Raises:
        CaptureError: the loss is a mean, or something is not where the settings say.
    """
    found = _from_outputs(outputs)
    if rows == 1:
        found = {name: _with_dimension(value) for name, value in found.items()}
    given = found.pop(LOGITS, None)
    logits = logits if logits is not None else given
    if labelled:
        _add_target(found, settings, batch)
        if settings.loss is not None:
            found[LOSS] = settings.loss(outputs, batch)
    else:
        found = {name: value for name, value in found.items() if not _is_label(name)}
    if logits is not None and settings.task == "classification":
        found = {**_from_logits(logits, found.get(TARGET)), **_without_means(found)}
    _refuse_means(found)
    return found


def count_rows(columns: Columns) -> int:
    """Return how many samples a batch's columns describe."""
    first = columns.get(LOSS, next(iter(columns.values())))
    return len(first)


def unread_keys(outputs: Any) -> list[str]:
    """Return the keys of a step's output that are not captured."""
    if not isinstance(outputs, Mapping):
        return []
    return sorted(str(key) for key in outputs if not _is_read(key) and key != "sample_id")


def _from_outputs(outputs: Any) -> Columns:
    if isinstance(outputs, Tensor):
        return {LOSS: outputs}
    if isinstance(outputs, Mapping):
        return {key: value for key, value in outputs.items() if _is_read(key)}
    return {}


def _with_dimension(value: Any) -> Any:
    return value.reshape(1) if isinstance(value, Tensor) and not value.ndim else value


def _is_read(key: Any) -> bool:
    return isinstance(key, str) and (key in _NAMED or key.startswith(_PREFIXES))


def _is_label(column: str) -> bool:
    return column in {LOSS, TARGET} or column.startswith((LOSS_PREFIX, METRIC_PREFIX))


def _add_target(found: Columns, settings: Settings, batch: Any) -> None:
    if settings.target is not None:
        found[TARGET] = look_up(batch, settings.target, "target")
    elif TARGET not in found and settings.task == "classification":
        target = _usual_target(batch)
        if target is not None:
            found[TARGET] = target


def _usual_target(batch: Any) -> Tensor | None:
    """The second part of a batch, or its key `target`, if these are class indices."""
    if isinstance(batch, Mapping):
        target = batch.get(TARGET)
    else:
        target = batch[1] if isinstance(batch, tuple | list) and len(batch) > 1 else None
    if not isinstance(target, Tensor) or target.ndim != 1 or target.is_floating_point():
        return None
    return target


def _from_logits(logits: Tensor, target: Any) -> Columns:
    """Prediction, probabilities and, where there are targets, cross-entropy; (N, 1) is binary."""
    if logits.ndim == 1 or logits.shape[1] == 1:
        score = logits.reshape(-1, 1)
        logits = torch.cat([torch.zeros_like(score), score], dim=1)
    if logits.ndim != CLASSES_OF_BINARY:
        raise CaptureError(f"logits must have shape (N, C), got {tuple(logits.shape)}")
    logits = logits.detach().float()
    columns: Columns = {PREDICTION: logits.argmax(1), PRED_PROBS: logits.softmax(1)}
    if target is not None:
        index = torch.as_tensor(target, device=logits.device).long()
        if index.shape != logits.shape[:1]:
            raise CaptureError(
                f"target has shape {tuple(index.shape)}, but logits have {len(logits)} rows"
            )
        # On an accelerator an index out of range breaks everything, and looking for one makes the
        # device wait: it is found when the rows have come from there.
        inside = index.clamp(0, logits.shape[1] - 1)
        columns[LOSS] = functional.cross_entropy(logits, inside, reduction="none")
    return columns


def _without_means(found: Columns) -> Columns:
    """A scalar loss is no obstacle where the logits give one per sample."""
    return {name: value for name, value in found.items() if name != LOSS or not _is_mean(value)}


def _refuse_means(found: Columns) -> None:
    for name, value in found.items():
        if not _is_mean(value):
            continue
        if name == LOSS:
            raise CaptureError(f"the loss is a single number for the whole batch. {_MEND}")
        raise CaptureError(f"{name} is a single number; it must have one value per sample, (N,)")
    for name, value in found.items():
        if name == LOSS and isinstance(value, Tensor) and value.ndim > 1:
            raise CaptureError(f"the loss has shape {tuple(value.shape)}. {_MEND}")


def _is_mean(value: Any) -> bool:
    return isinstance(value, int | float) or (
        isinstance(value, Tensor | np.ndarray) and not value.ndim
    )
