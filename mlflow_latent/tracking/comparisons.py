"""Log a comparison to the runs that were compared, and to a run of its own if asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_latent.store import LATENT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mlflow_latent.tracking.connection import Connection

COMPARISONS_FOLDER = f"{LATENT}/comparisons"
COMPARISON_TAG = "latent.comparison"  # the ids of the runs that a comparison run is about


def comparison_folder(name: str) -> str:
    """Return the artifact folder of the comparison with a run (its id), or of the `matrix`."""
    return f"{COMPARISONS_FOLDER}/{name}"


def log_comparison(connection: Connection, run_id: str, folder: Path, name: str) -> None:
    """Upload a comparison; doing it twice leaves the same state.

    Args:
        connection: the server that holds the run.
        run_id: the run, running or finished.
        folder: its files.
        name: the other run's id, or `matrix`.

    Raises:
        TrackingError: MLflow refused, or cannot be reached.
    """
    log_folder(connection, run_id, folder, comparison_folder(name))


def log_folder(connection: Connection, run_id: str, folder: Path, artifact_folder: str) -> None:
    """Upload all files of a folder into an artifact folder, replacing older ones.

    Raises:
        TrackingError: MLflow refused, or cannot be reached.
    """
    connection.require_reachable()
    for path in sorted(file for file in folder.rglob("*") if file.is_file()):
        inside = path.parent.relative_to(folder).as_posix()
        target = artifact_folder + ("" if inside == "." else f"/{inside}")
        connection.call(
            f"log artifacts to run {run_id!r}",
            connection.client.log_artifact,
            run_id,
            str(path),
            target,
        )


def create_comparison_run(
    connection: Connection, run_ids: tuple[str, ...], name: str, metrics: Mapping[str, float]
) -> str:
    """Make a finished run for a comparison, in the experiment of the first run.

    Args:
        connection: the server that holds the runs.
        run_ids: the runs that were compared.
        name: the new run's name.
        metrics: by name, as MLflow takes them.

    Returns:
        The new run's id.

    Raises:
        TrackingError: MLflow refused, or cannot be reached.
    """
    connection.require_reachable()
    client = connection.client
    first = connection.call(f"read run {run_ids[0]!r}", client.get_run, run_ids[0])
    tags = {COMPARISON_TAG: ",".join(run_ids), "mlflow.runName": name}
    made = connection.call(
        "create a run", lambda: client.create_run(first.info.experiment_id, tags=tags)
    )
    for key, value in metrics.items():
        connection.call("log metrics", client.log_metric, made.info.run_id, key, value)
    connection.call("end the run", client.set_terminated, made.info.run_id)
    return str(made.info.run_id)
