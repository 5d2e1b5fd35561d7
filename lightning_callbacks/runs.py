"""Which MLflow run a training belongs to."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lightning_callbacks.frameworks import is_mlflow_logger

if TYPE_CHECKING:
    from lightning_callbacks.settings import Settings

FILE_STORE_SWITCH = "MLFLOW_ALLOW_FILE_STORE"  # what that message, and no other, ends with
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


def explain_file_store(exception: BaseException) -> None:
    """Add to MLflow's refusal of a folder of files which line to change.

    Lightning opens its logger before any callback is asked, so this cannot be said earlier; where
    the logger refuses to be made at all, only `lightning_callbacks.check` is there to say it.
    """
    if is_file_store_refused(exception):
        exception.add_note(FILE_STORE_MEND)


def is_file_store_refused(exception: BaseException) -> bool:
    """Whether an exception is MLflow's refusal to keep runs in a folder of files."""
    is_mlflow = type(exception).__module__.startswith("mlflow")
    return is_mlflow and FILE_STORE_SWITCH in str(exception)


def _active_run() -> Run:
    if "mlflow" not in sys.modules:  # nobody can have started one
        return Run()
    from mlflow_latent.tracking import active_run

    found = active_run()
    return Run() if found is None else Run(*found)
