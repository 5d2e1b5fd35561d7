"""The run that a script has started in MLflow itself, and what MLflow logs to it by itself."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def active_run() -> tuple[str, str] | None:
    """Return id and tracking address of MLflow's active run, None if there is none.

    A run of Lightning's logger is not an active one: it is only known to the logger.
    """
    import mlflow

    run = mlflow.active_run()
    return None if run is None else (run.info.run_id, mlflow.get_tracking_uri())


@contextmanager
def without_autologging() -> Iterator[None]:
    """Keep MLflow's autologging out: an analysis fits clusters, which are nobody's models.

    Ultralytics switches it on for all of the process.
    """
    from mlflow.utils.autologging_utils import disable_autologging

    with disable_autologging():
        yield
