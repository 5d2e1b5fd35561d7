"""The run that a script has started in MLflow itself."""

from __future__ import annotations


def active_run() -> tuple[str, str] | None:
    """Return id and tracking address of MLflow's active run, None if there is none.

    A run of Lightning's logger is not an active one: it is only known to the logger.
    """
    import mlflow

    run = mlflow.active_run()
    return None if run is None else (run.info.run_id, mlflow.get_tracking_uri())
