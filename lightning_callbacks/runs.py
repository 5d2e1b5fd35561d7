"""Which MLflow run a training belongs to."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lightning_callbacks.frameworks import is_mlflow_logger

if TYPE_CHECKING:
    from lightning_callbacks.settings import Settings

FILE_STORE = "file:"
FILE_STORE_MEND = (
    "mlflow-latent: MLflow 3.17 and later refuse the folder of files that Lightning's MLFlowLogger "
    "uses by default; change the line to MLFlowLogger(tracking_uri='sqlite:///mlflow.db')"
)


@dataclass(frozen=True)
class Run:
    """An MLflow run, or none (`run_id` is None)."""

    run_id: str | None = None
    tracking_uri: str | None = None


def find_run(settings: Settings, trainer: Any) -> Run:
    """Return the run that was named, else the logger's, else the one that is active in MLflow."""
    if not settings.track:
        return Run()
    if settings.run_id is not None:
        return Run(settings.run_id, settings.tracking_uri)
    for logger in filter(is_mlflow_logger, trainer.loggers):
        if logger.run_id is not None:
            return Run(logger.run_id, logger._tracking_uri)  # noqa: SLF001 - it has no public name
    return _active_run()


def explain_file_store(trainer: Any, exception: BaseException) -> None:
    """Add to an exception of MLflow's which line to change, if that is what it is about.

    Lightning opens the logger before any callback is asked, so this cannot be said earlier.
    """
    uris = [str(logger._tracking_uri) for logger in filter(is_mlflow_logger, trainer.loggers)]  # noqa: SLF001 - it has no public name
    if type(exception).__module__.startswith("mlflow") and any(map(_is_folder, uris)):
        exception.add_note(FILE_STORE_MEND)


def _is_folder(tracking_uri: str) -> bool:
    return tracking_uri.startswith(FILE_STORE) or "://" not in tracking_uri


def _active_run() -> Run:
    if "mlflow" not in sys.modules:  # nobody can have started one
        return Run()
    from mlflow_latent.tracking import active_run

    found = active_run()
    return Run() if found is None else Run(*found)
