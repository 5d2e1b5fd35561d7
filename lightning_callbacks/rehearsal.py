"""Run a training script for two batches of two epochs, and note what its capture does.

Nothing of the user's is touched: no logger, no checkpoints, no MLflow run, a temporary spool.
"""

from __future__ import annotations

import os
import runpy
import sys
import time
import warnings
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from functools import wraps
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from lightning_callbacks.batches import unread_keys
from lightning_callbacks.frameworks import FRAMEWORKS
from lightning_callbacks.latent_capture import LatentCapture
from lightning_callbacks.layers import find_layer, first_tensor
from lightning_callbacks.notices import LatentCaptureWarning
from lightning_callbacks.runs import FILE_STORE_MEND, is_file_store_refused
from lightning_callbacks.session import validation_loaders
from lightning_callbacks.settings import split_names
from mlflow_latent.capture.keep import ALL, KeepEmbeddings
from mlflow_latent.errors import CaptureError, LatentError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from lightning_callbacks.settings import Settings

BATCHES = EPOCHS = 2
_SHORT = {
    "max_epochs": EPOCHS,
    "min_epochs": None,
    "max_steps": -1,
    "min_steps": None,
    "max_time": None,
    "limit_train_batches": BATCHES,
    "limit_val_batches": BATCHES,
    "limit_test_batches": BATCHES,
    "limit_predict_batches": BATCHES,
    "overfit_batches": 0.0,
    "val_check_interval": None,
    "check_val_every_n_epoch": 1,
    "num_sanity_val_steps": 0,
    "fast_dev_run": False,
    "devices": 1,
    "num_nodes": 1,
    "strategy": "auto",
    "logger": False,
    "enable_checkpointing": False,
    "enable_progress_bar": False,
    "enable_model_summary": False,
    "profiler": None,
}
_WITHOUT_LOGGER = ("Checkpoint", "LearningRateMonitor", "DeviceStatsMonitor", "EarlyStopping")
"""Callbacks that refuse to run, or end the rehearsal, where nothing is logged or saved."""


@dataclass
class Rehearsal:
    """What was seen while a script ran.

    Attributes:
        folder: holds the captures, below `.mlflow_latent`.
        settings: of the callback as the user made it; None if no Trainer has one.
        shapes: of the layers' outputs.
        unread: keys of the step's output that are not captured.
        rows: samples of each split in full, None where a loader does not know.
        notices: warnings of the callback.
        failure: what stopped the script or the capture.
        bad_arguments: the script ended itself with an error before it fitted.
        seconds: how long it all took.
        capture_seconds: how long the last validation batch took the callback.
    """

    folder: Path
    settings: Settings | None = None
    shapes: dict[str, str] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)
    rows: dict[str, int | None] = field(default_factory=dict)
    notices: list[str] = field(default_factory=list)
    failure: str | None = None
    bad_arguments: bool = False
    fitted: bool = False
    seconds: float = 0.0
    capture_seconds: float = 0.0


class _Finished(BaseException):
    """Ends the script after its fit; not an Exception, so that no script catches it."""


def rehearse(script: str, arguments: list[str], folder: Path) -> Rehearsal:
    """Run a script, or a module by its dotted name, as `python script arguments` would.

    Args:
        script: a path, or the name of a module.
        arguments: what the script gets.
        folder: an empty folder for what is captured.
    """
    seen = Rehearsal(folder)
    started = time.monotonic()
    with ExitStack() as stack:
        stack.enter_context(patch.object(sys, "argv", [script, *arguments]))
        stack.enter_context(_noted_warnings(seen))
        for package in FRAMEWORKS:
            if find_spec(package.partition(".")[0]) is not None:
                _shorten(stack, import_module(package).Trainer, seen)
        # Set after the imports: MLFlowLogger's default must be the one it will have.
        uri = f"sqlite:///{folder / 'mlflow.db'}"
        stack.enter_context(patch.dict(os.environ, {"MLFLOW_TRACKING_URI": uri}))
        _observe(stack, seen)
        _run(script, seen)
    seen.seconds = time.monotonic() - started
    return seen


def _run(script: str, seen: Rehearsal) -> None:
    try:
        if script.endswith(".py"):
            with patch.object(sys, "path", [str(Path(script).resolve().parent), *sys.path]):
                runpy.run_path(script, run_name="__main__")
        else:
            runpy.run_module(script, run_name="__main__", alter_sys=True)
    except _Finished:
        seen.fitted = True
    except LatentError as error:
        seen.failure = str(error)
    except SystemExit as ended:
        seen.bad_arguments = ended.code not in {None, 0}
        seen.failure = f"the script ended itself before it fitted (exit status {ended.code})"
    except Exception as error:  # noqa: BLE001 - whatever a user's script raises is the finding
        mend = f"; {FILE_STORE_MEND}" if is_file_store_refused(error) else ""
        said = f"{type(error).__name__}: {error}"
        seen.failure = f"the script failed: {said} ({_place(error)}){mend}"


def _place(error: Exception) -> str:
    """Where in the user's own code an error came from."""
    trace, frames = error.__traceback__, []
    while trace is not None:
        frames.append((trace.tb_frame.f_code.co_filename, trace.tb_lineno))
        trace = trace.tb_next
    own = [
        frame for frame in frames if "site-packages" not in frame[0] and "<frozen" not in frame[0]
    ]
    file, line = (own or frames)[-1]
    return f"{file}, line {line}"


def _shorten(stack: ExitStack, trainer_class: Any, seen: Rehearsal) -> None:
    """Let a Trainer class do two batches of two epochs, whatever it is asked for."""
    start, fit = trainer_class.__init__, trainer_class.fit

    @wraps(start)
    def short_start(self: Any, *_positional: Any, **options: Any) -> None:
        callbacks = options.get("callbacks") or []
        listed = callbacks if isinstance(callbacks, list | tuple) else [callbacks]
        kept = [callback for callback in listed if not _needs_more(callback)]
        changed = {**options, **_SHORT, "callbacks": kept, "default_root_dir": seen.folder}
        start(self, **changed)

    @wraps(fit)
    def short_fit(self: Any, *data: Any, **options: Any) -> None:
        fit(self, *data[:4], **{**options, "ckpt_path": None} if len(data) < 5 else options)  # noqa: PLR2004 - model, loaders (2), datamodule
        if seen.settings is not None:
            raise _Finished

    stack.enter_context(patch.object(trainer_class, "__init__", short_start))
    stack.enter_context(patch.object(trainer_class, "fit", short_fit))


def _needs_more(callback: Any) -> bool:
    return any(base.__name__.endswith(_WITHOUT_LOGGER) for base in type(callback).__mro__)


def _observe(stack: ExitStack, seen: Rehearsal) -> None:
    """Look over the callback's shoulder, and make it strict."""
    setup, begin, record = (
        LatentCapture.setup,
        LatentCapture.on_train_start,
        LatentCapture.on_validation_batch_end,
    )

    def strict_setup(self: LatentCapture, trainer: Any, module: Any, stage: str) -> None:
        seen.settings = seen.settings or self.settings
        self.settings = replace(
            self.settings,
            strict=True,
            analyze=False,
            track=False,
            spool=None,
            every_n_epochs=1,
            keep=KeepEmbeddings.parse(ALL),
            probe_batches=BATCHES,
        )
        setup(self, trainer, module, stage)

    def watched_start(self: LatentCapture, trainer: Any, module: Any) -> None:
        begin(self, trainer, module)
        for name in self.settings.layers:
            find_layer(module, name).register_forward_hook(_shape_noter(seen, name))
        _note_rows(self.settings, trainer, seen)

    def timed_record(self: LatentCapture, *positional: Any, **named: Any) -> None:
        started = time.monotonic()
        record(self, *positional, **named)
        seen.capture_seconds = time.monotonic() - started
        outputs = positional[2]
        seen.unread = unread_keys(outputs)

    stack.enter_context(patch.object(LatentCapture, "setup", strict_setup))
    stack.enter_context(patch.object(LatentCapture, "on_train_start", watched_start))
    stack.enter_context(patch.object(LatentCapture, "on_validation_batch_end", timed_record))


def _shape_noter(seen: Rehearsal, name: str) -> Callable[[Any, Any, Any], None]:
    def note(_layer: Any, _inputs: Any, output: Any) -> None:
        try:
            seen.shapes[name] = str(tuple(first_tensor(output).shape))
        except CaptureError:
            seen.shapes[name] = type(output).__name__

    return note


def _note_rows(settings: Settings, trainer: Any, seen: Rehearsal) -> None:
    loaders = validation_loaders(trainer)
    named = dict(zip(split_names(settings.splits, len(loaders)), loaders, strict=True))
    for split, loader in {**named, **settings.probes}.items():
        try:
            seen.rows[split] = len(loader.dataset)
        except (TypeError, AttributeError):  # a stream
            seen.rows[split] = None


@contextmanager
def _noted_warnings(seen: Rehearsal) -> Iterator[None]:
    show = warnings.showwarning

    def note(message: Any, category: Any, *place: Any, **options: Any) -> None:
        if issubclass(category, LatentCaptureWarning):
            seen.notices.append(str(message).removeprefix("LatentCapture: "))
        else:
            show(message, category, *place, **options)

    with warnings.catch_warnings():
        warnings.simplefilter("always", LatentCaptureWarning)
        warnings.showwarning = note
        yield
