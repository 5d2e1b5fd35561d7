"""Log a domain gap to the runs whose samples it is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_latent.store import LATENT
from mlflow_latent.tracking.comparisons import log_folder

if TYPE_CHECKING:
    from pathlib import Path

    from mlflow_latent.tracking.connection import Connection

GAPS_FOLDER = f"{LATENT}/gaps"


def log_gap(connection: Connection, run_id: str, folder: Path, name: str) -> None:
    """Upload a gap or a trend; doing it twice leaves the same state.

    Args:
        connection: the server that holds the run.
        run_id: the run, running or finished.
        folder: its files.
        name: `<source>-<target>`, or `trend-<target>`.

    Raises:
        TrackingError: MLflow refused, or cannot be reached.
    """
    log_folder(connection, run_id, folder, f"{GAPS_FOLDER}/{name}")
