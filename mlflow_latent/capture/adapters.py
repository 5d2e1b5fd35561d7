"""Who captures from which training framework: adapters, found by entry point.

An adapter is a module that an entry point of the group `mlflow_latent.adapters` names, with the two
functions of `Adapter`. So nothing here knows a framework, and another package can bring its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import entry_points
from inspect import Parameter, signature
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from mlflow_latent.capture.recorder import Recorder, SplitRecorder
from mlflow_latent.errors import InputError, did_you_mean
from mlflow_latent.schema import LOSS, LOSS_PREFIX, METRIC_PREFIX, PRED_PROBS, TARGET

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from mlflow_latent.capture.arrow import EmbeddingType
    from mlflow_latent.schema import CaptureInfo

ENTRY_POINT_GROUP = "mlflow_latent.adapters"


@dataclass(frozen=True)
class Wanted:
    """What an adapter is asked to capture.

    Attributes:
        recorder: takes the rows.
        epoch: 0-based, that the weights had finished.
        split: what the samples are called.
        labelled: whether there are labels; without, whatever an adapter records of losses, metrics
            and targets is left out.
        info: how the run's other splits were captured: layers, pool, logits, classes.
        pool: makes one vector of a layer's output, as `info` says or the user; None is the
            adapter's default.
        thumbnail_size: in pixels.
        say: takes what the user should know.
    """

    recorder: Recorder
    epoch: int
    split: str
    labelled: bool
    info: CaptureInfo
    pool: str | Callable[[Any], Any] | None
    thumbnail_size: int
    say: Callable[[str], None]


class Adapter(Protocol):
    """What an entry point's module has."""

    def accepts(self, model: Any) -> bool:
        """Whether the model is of this framework; imports nothing that is not imported."""

    def capture(self, model: Any, loader: Any, wanted: Wanted, **options: Any) -> None:
        """Run the model over the loader, record the rows, and put the files in their places."""


def capture_with(model: Any, loader: Any, wanted: Wanted, options: Mapping[str, Any]) -> None:
    """Let the adapter of the model's framework capture.

    Raises:
        InputError: no adapter knows the model, or its adapter does not know an option.
        CaptureError: what the model returns cannot be recorded.
    """
    adapter = find_adapter(model)
    parameters = signature(adapter.capture).parameters.values()
    known = [one.name for one in parameters if one.kind is Parameter.KEYWORD_ONLY]
    for name in options:
        if name not in known:
            raise InputError(
                f"capture() takes no {name!r} for a {type(model).__name__}"
                f"{did_you_mean(name, known)}"
            )
    adapter.capture(model, loader, wanted, **options)


def load_model(path: Path) -> Any:
    """Load a trained model from a file, by the first adapter that can.

    Raises:
        InputError: none can.
    """
    for point in sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda point: point.name):
        load = getattr(point.load(), "load", None)
        model = None if load is None else load(path)
        if model is not None:
            return model
    raise InputError(
        f"{str(path)!r} is no model that can be loaded by itself; name a function that returns one,"
        " as package.module:function"
    )


def find_adapter(model: Any) -> Adapter:
    """Return the adapter that accepts a model, by name in the alphabet's reverse order.

    So `ultralytics` is asked before `lightning`, which accepts every torch module.

    Raises:
        InputError: none does.
    """
    missing = []
    points = sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda point: point.name)
    for point in reversed(points):
        try:
            adapter: Adapter = point.load()
        except ImportError as error:
            missing.append(f"{point.name}: {error}")
            continue
        if adapter.accepts(model):
            return adapter
    why = f" ({'; '.join(missing)})" if missing else ""
    raise InputError(
        "model must be a LightningModule, a torch.nn.Module or an Ultralytics YOLO, got "
        f"{type(model).__name__}{why}"
    )


class MatchingRecorder(Recorder):
    """Records a split that must fit those which are captured already.

    Args:
        root: the folder that gets the files.
        info: what each file says of itself.
        widths: numbers per sample of each vector column that is captured.
        labelled: without labels, losses, metrics and targets are left out.
        embedding_dtype: in which precision embeddings are kept.
    """

    def __init__(
        self,
        root: Path,
        info: CaptureInfo,
        widths: Mapping[str, int],
        *,
        labelled: bool,
        embedding_dtype: EmbeddingType = "float16",
    ) -> None:
        super().__init__(root, info, embedding_dtype=embedding_dtype)
        self.widths, self.labelled = dict(widths), labelled

    def begin(self, epoch: int, split: str) -> SplitRecorder:
        """Start the rows of one split at one epoch."""
        return _MatchingRows(self, epoch, split)


class _MatchingRows(SplitRecorder):
    """Refuses rows that do not fit, before it records them."""

    def __init__(self, recorder: MatchingRecorder, epoch: int, split: str) -> None:
        super().__init__(recorder, epoch, split)
        self._expected, self._labelled = recorder.widths, recorder.labelled

    def add(self, rows: Mapping[str, Any]) -> None:
        """Record a batch.

        Raises:
            InputError: a vector has another width than the captures have.
            CaptureError: as `SplitRecorder.add`.
        """
        kept = {name: v for name, v in rows.items() if self._labelled or not is_label(name)}
        for name in self._expected.keys() & kept.keys():
            _refuse_width(name, np.shape(kept[name])[-1], self._expected[name])
        super().add(kept)


def _refuse_width(name: str, width: int, expected: int) -> None:
    if width == expected:
        return
    if name == PRED_PROBS:
        raise InputError(
            f"the model knows {width} classes, that of the run's captures {expected}; capture with "
            "the model that the run trained"
        )
    raise InputError(
        f"the model's {name} has {width} numbers per sample, the run's captures have {expected}: "
        "it is another model, layer or pool; capture with the model that the run trained"
    )


def is_label(column: str) -> bool:
    """Whether a column says something that nobody knows without a label."""
    return column in {LOSS, TARGET} or column.startswith((LOSS_PREFIX, METRIC_PREFIX))
