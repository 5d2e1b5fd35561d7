"""Runs found by their experiment."""

from __future__ import annotations

from mlflow_latent.errors import TrackingError
from mlflow_latent.tracking.connection import Connection


def newest_run(tracking_uri: str, experiment: str) -> str:
    """Return the id of the newest run of an experiment.

    Raises:
        TrackingError: there is no such experiment, or it has no run.
    """
    connection = Connection(tracking_uri)
    connection.require_reachable()
    found = connection.client.get_experiment_by_name(experiment)
    if found is None:
        raise TrackingError(f"there is no experiment {experiment!r} at {connection.shown}")
    newest = ["attributes.start_time DESC"]
    runs = connection.client.search_runs([found.experiment_id], order_by=newest, max_results=1)
    if not runs:
        raise TrackingError(f"experiment {experiment!r} has no run")
    return str(runs[0].info.run_id)
