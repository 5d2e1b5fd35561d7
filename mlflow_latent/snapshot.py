"""`Snapshot`: one epoch's rows of all splits, checked and ready to analyze."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self, TypeVar

import numpy as np
import pandas as pd

from mlflow_latent.arguments import as_epoch, as_metrics, capture_info
from mlflow_latent.columns import as_codes, as_history, as_keys, as_matrix, as_numbers
from mlflow_latent.dropping import broken_columns, lost_splits, name_dropped, unlabelled_rows
from mlflow_latent.errors import EmptySnapshotError
from mlflow_latent.field_columns import as_fields
from mlflow_latent.probabilities import find_unfit
from mlflow_latent.schema import (
    KEY,
    LOSS,
    META_PREFIX,
    METRIC_PREFIX,
    PREDICTION,
    SAMPLE_ID,
    SPLIT,
    TARGET,
    CaptureInfo,
    DroppedRows,
    sort_splits,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from mlflow_latent.schema import Direction, Task


SnapshotT = TypeVar("SnapshotT", bound="Snapshot")


@dataclass(frozen=True, eq=False)
class Snapshot:
    """One epoch's rows of all splits: finite, unique, in the order given.

    Build it with `from_arrays`, or read it from a run's captures with
    `mlflow_latent.store.CaptureStore.snapshot`.

    Attributes:
        frame: N rows; the columns of the `samples` and `captures` tables but embeddings and
            probabilities: `sample_id`, `split`, and where given `target` and `prediction`
            (Int32, missing is NA), `loss` (float32, NaN where there is no label), `loss_<part>`,
            `metric_<name>`, `meta_<name>`, `uri`.
        embedding: (N, D) float32, any scale.
        pred_probs: (N, C) float32 class probabilities, if captured.
        epoch: the 0-based epoch that the weights had finished.
        layer: the layer whose output the embedding is.
        info: what the capture files say of themselves.
        history: one row per sample and captured epoch, if captured: `split`, `sample_id`, `epoch`,
            `loss`, and where known `prediction` and `margin` (probability of the target − the best
            other one).
        dropped: the rows that could not be used, with the reason.
        notes: what else the reader of the report should know (a file that could not be read).
        unfit_probs: why `pred_probs` were given but cannot be used.
    """

    frame: pd.DataFrame
    embedding: NDArray[np.float32]
    pred_probs: NDArray[np.float32] | None = None
    epoch: int | None = None
    layer: str | None = None
    info: CaptureInfo = field(default_factory=CaptureInfo)
    history: pd.DataFrame | None = None
    dropped: tuple[DroppedRows, ...] = ()
    notes: tuple[str, ...] = ()
    unfit_probs: str | None = None

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def split(self) -> NDArray[np.object_]:
        """(N,) split of each row."""
        return self.frame[SPLIT].to_numpy(dtype=object)

    @property
    def sample_id(self) -> NDArray[np.object_]:
        """(N,) id of each row, unique within its split."""
        return self.frame[SAMPLE_ID].to_numpy(dtype=object)

    @property
    def splits(self) -> list[str]:
        """The splits that have rows, train first."""
        return sort_splits(self.frame[SPLIT].unique())

    @property
    def loss(self) -> NDArray[np.float32] | None:
        """(N,) per-sample loss, natural units, NaN where there is no label; None if no row has."""
        return self.numbers(LOSS)

    @property
    def metadata(self) -> pd.DataFrame:
        """N rows of metadata, the fields named without their `meta_` prefix."""
        named = {name: name.removeprefix(META_PREFIX) for name in self._columns(META_PREFIX)}
        return self.frame[list(named)].rename(columns=named)

    @property
    def metrics(self) -> dict[str, NDArray[np.float32]]:
        """Per-sample metrics by name, each (N,), NaN where missing or infinite."""
        names = self._columns(METRIC_PREFIX)
        columns = {name: self.frame[name].to_numpy(np.float32) for name in names}
        return {
            name.removeprefix(METRIC_PREFIX): np.where(np.isfinite(values), values, np.nan)
            for name, values in columns.items()
        }

    def rows(self, split: str) -> NDArray[np.bool_]:
        """(N,) mask of the rows of `split`."""
        codes, names = self._split_codes
        return np.asarray(codes == names.get(split, -1))

    @cached_property
    def _split_codes(self) -> tuple[NDArray[np.intp], dict[str, int]]:
        codes, names = pd.factorize(self.split)
        return codes, {name: code for code, name in enumerate(names)}

    def codes(self, column: str) -> NDArray[np.int32] | None:
        """(N,) class index of `target` or `prediction`, −1 where missing; None if no row has."""
        if column not in self.frame:
            return None
        codes = self.frame[column].fillna(-1).to_numpy(dtype=np.int32).clip(-1)
        return codes if (codes >= 0).any() else None

    def numbers(self, column: str) -> NDArray[np.float32] | None:
        """(N,) float32 values of a numeric column, NaN where missing; None if no row has one."""
        if column not in self.frame or self.frame[column].isna().all():
            return None
        return self.frame[column].to_numpy(dtype=np.float32)

    def class_name(self, index: int) -> str:
        """Return the name of a class, or its index as text."""
        names = self.info.class_names
        return names[index] if 0 <= index < len(names) else str(index)

    def _columns(self, prefix: str) -> list[str]:
        return [name for name in self.frame.columns if name.startswith(prefix)]

    @classmethod
    def from_arrays(
        cls,
        *,
        sample_id: ArrayLike,
        split: ArrayLike,
        embedding: ArrayLike,
        loss: ArrayLike | None = None,
        target: ArrayLike | None = None,
        prediction: ArrayLike | None = None,
        pred_probs: ArrayLike | None = None,
        metadata: Mapping[str, Any] | pd.DataFrame | None = None,
        metrics: Mapping[str, ArrayLike] | None = None,
        directions: Mapping[str, Direction] | None = None,
        class_names: Sequence[str] | Mapping[int, str] | None = (),
        task: Task = "classification",
        epoch: int | None = None,
        layer: str | None = None,
        history: pd.DataFrame | None = None,
    ) -> Self:
        """Check plain arrays and make a snapshot of them.

        Args:
            sample_id: (N,) strings or integers, unique within a split.
            split: (N,) names such as `train` and `val`, or one name for all rows.
            embedding: (N, D), any scale.
            loss: (N,) in natural units of the criterion. NaN means "no label" where a split has
                no loss and no target at all; elsewhere it is an unusable row.
            target: (N,) class index; missing is None, NaN or NA.
            prediction: (N,) class index.
            pred_probs: (N, C) class probabilities. Numbers that are none (logits, sigmoids of
                several classes) are laid aside, with a note that says so.
            metadata: fields of N values each: numbers, booleans or strings; missing is None or NaN.
                Dates become days, durations seconds; the unit is added to the field's name.
            metrics: per-sample metrics of N values each, e.g. `iou_person`.
            directions: which metrics are better when `lower`; the others are better when higher.
            class_names: names of the classes: a list, or a mapping by index.
            task: what the model does.
            epoch: the 0-based epoch that the weights had finished.
            layer: the layer whose output the embedding is.
            history: one row per sample and epoch: `split`, `sample_id`, `epoch`, `loss`, and where
                known `margin` (probability of the target − the best other one, −1…1) and
                `prediction` (class index). Ids as in `sample_id`; other samples are ignored.

        Returns:
            A snapshot without the rows that hold NaN or infinity where a number must be; they are
            counted and named in `dropped`.

        Raises:
            InputError: lengths differ, an id is there twice in one split, or an argument is not
                what it must be; the message names the value and what to do.
            EmptySnapshotError: no usable row is left.

        Example:
            >>> snapshot = Snapshot.from_arrays(
            ...     sample_id=["a", "b", "c"],
            ...     split="val",
            ...     embedding=[[0.0, 1.0], [1.0, 0.0], [float("nan"), 0.0]],
            ...     loss=[0.1, 2.0, 0.3],
            ... )
            >>> len(snapshot), snapshot.dropped[0].sample_ids
            (2, ('c',))
        """
        vectors = as_matrix("embedding", embedding)
        size = len(vectors)
        frame = as_keys(sample_id, split, size)
        if target is not None:
            frame[TARGET] = as_codes(TARGET, target, size)
        if prediction is not None:
            frame[PREDICTION] = as_codes(PREDICTION, prediction, size)
        if loss is not None:
            frame[LOSS] = as_numbers(LOSS, loss, size)
        measured = as_metrics(metrics)
        for name, values in measured.items():
            frame[METRIC_PREFIX + name] = as_numbers(f"metrics[{name!r}]", values, size)
        fields, notes = as_fields(metadata, size)
        frame = frame.join(fields.add_prefix(META_PREFIX))
        return cls(
            frame=frame,
            embedding=vectors,
            pred_probs=None if pred_probs is None else as_matrix("pred_probs", pred_probs, size),
            epoch=as_epoch(epoch),
            layer=layer,
            info=capture_info(
                task=task,
                class_names=class_names,
                layer=layer,
                metrics=measured,
                directions=directions,
            ),
            history=None if history is None else as_history(history),
            notes=notes,
        ).usable(unlabelled_rows(frame))

    def usable(self, unlabelled: NDArray[np.bool_]) -> Self:
        """Return the snapshot without the rows that hold NaN or infinity where a number must be.

        Args:
            unlabelled: (N,) mask of the rows that may lack a loss.

        Raises:
            EmptySnapshotError: no usable row is left.
        """
        keep: NDArray[np.bool_] = np.asarray(np.isfinite(self.embedding).all(axis=1))
        dropped = name_dropped(self.frame, "embedding", ~keep)
        if LOSS in self.frame:
            bad = keep & ~unlabelled & ~np.isfinite(self.frame[LOSS].to_numpy(np.float32))
            dropped += name_dropped(self.frame, "loss", bad)
            keep &= ~bad
        if not keep.any():
            why = "; ".join(f"{d.split}: {d.reason} in {d.count} rows" for d in dropped)
            raise EmptySnapshotError(
                f"nothing to analyze: {why or 'no rows were given'}{broken_columns(self.embedding)}"
            )
        return _with_fit_probabilities(self if keep.all() else self._take(keep, dropped))

    def _take(self, keep: NDArray[np.bool_], dropped: list[DroppedRows]) -> Self:
        return replace(
            self,
            frame=self.frame.loc[keep].reset_index(drop=True),
            embedding=self.embedding[keep],
            pred_probs=None if self.pred_probs is None else self.pred_probs[keep],
            dropped=(*self.dropped, *dropped),
            notes=(*lost_splits(self.frame, keep, dropped), *self.notes),
        )


def _with_fit_probabilities(snapshot: SnapshotT) -> SnapshotT:
    """Lay probabilities aside that are none; the rest of the analysis does without them."""
    probabilities = snapshot.pred_probs
    if probabilities is None or snapshot.info.task != "classification":
        return snapshot
    unfit = find_unfit(probabilities)
    if unfit is None:
        return snapshot
    why = unfit.words("/".join(snapshot.frame[KEY].iloc[unfit.row]), len(snapshot))
    return replace(snapshot, pred_probs=None, unfit_probs=why, notes=(why, *snapshot.notes))
