"""Runs that this package starts itself, where a training has none."""

from __future__ import annotations

from mlflow_latent.tracking.connection import Connection

PARENT_TAG = "mlflow.parentRunId"  # by which MLflow's own pages fold runs under one another
OBJECTS = "objects"
OBJECTS_TAG = f"latent.{OBJECTS}"


def start_run(experiment: str, name: str, tracking_uri: str | None = None) -> tuple[str, str]:
    """Start a run, and leave MLflow's active run as it is.

    Args:
        experiment: its experiment's name, made if there is none.
        name: of the run.
        tracking_uri: where; default the one that MLflow is set to.

    Returns:
        Id and tracking address.

    Raises:
        TrackingError: MLflow refused, or cannot be reached.
    """
    connection = Connection(tracking_uri)
    if connection.is_remote:  # a database is made where there is none
        connection.require_reachable()
    client = connection.client

    def create() -> str:
        found = client.get_experiment_by_name(experiment)
        number = client.create_experiment(experiment) if found is None else found.experiment_id
        return str(client.create_run(number, run_name=name).info.run_id)

    return connection.call(f"start a run in {experiment!r}", create), connection.uri


def start_run_below(parent: str, tracking_uri: str | None = None) -> tuple[str, str]:
    """Start the run of a run's objects below it, or go on with the one that is there.

    MLflow lists it under its parent, whose tag `latent.objects` is its id.

    Args:
        parent: id of the run above, whose name the new one gets, and `objects` after it.
        tracking_uri: where the parent lives; default the one that MLflow is set to.

    Returns:
        Id and tracking address.

    Raises:
        TrackingError: there is no such parent, MLflow refused, or cannot be reached.
    """
    connection = Connection(tracking_uri)
    connection.require_reachable()
    client = connection.client

    def create() -> str:
        above = client.get_run(parent)
        if OBJECTS_TAG in above.data.tags:
            return str(client.get_run(above.data.tags[OBJECTS_TAG]).info.run_id)
        experiment, tags = above.info.experiment_id, {PARENT_TAG: parent}
        name = f"{above.info.run_name} {OBJECTS}"
        run_id = str(client.create_run(experiment, run_name=name, tags=tags).info.run_id)
        client.set_tag(parent, OBJECTS_TAG, run_id)
        return run_id

    return connection.call(f"start a run below {parent!r}", create), connection.uri


def end_run(run_id: str, tracking_uri: str | None, *, failed: bool = False) -> None:
    """End a run that `start_run` started.

    Raises:
        TrackingError: MLflow refused, or cannot be reached.
    """
    connection = Connection(tracking_uri)
    status = "FAILED" if failed else "FINISHED"
    what = f"end run {run_id!r}"
    connection.call(what, lambda: connection.client.set_terminated(run_id, status))
