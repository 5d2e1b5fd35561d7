"""Results of expectations on a run, the file they came of, and the runs before."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlflow_latent.errors import TrackingError
from mlflow_latent.store import LATENT
from mlflow_latent.tracking.artifacts import RunArtifacts
from mlflow_latent.tracking.metrics import INSIGHTS_PREFIX, PREFIX, slug
from mlflow_latent.tracking.owned import PARENT_TAG

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow.entities import Run

    from mlflow_latent.report.expectations.model import ExpectationResults
    from mlflow_latent.tracking.connection import Connection

EXPECTATIONS_FOLDER = f"{LATENT}/expectations"
ANALYZED = f"{INSIGHTS_PREFIX}total"  # the metric that every analysis logs
PAGE = 50  # runs that are asked for at a time


def runs_before(connection: Connection, run: Run) -> Iterator[Run]:
    """Yield the analyzed runs of the same experiment that began before a run, newest first.

    Runs below others, which are of objects and not of images, are compared among themselves.

    Raises:
        TrackingError: MLflow refused, or cannot be reached.
    """
    token: str | None = None
    while True:
        page: Any = connection.call(
            f"search the runs before {run.info.run_id!r}",
            lambda token=token: connection.client.search_runs(
                [run.info.experiment_id],
                f"attributes.start_time < {run.info.start_time}",
                order_by=["attributes.start_time DESC"],
                max_results=PAGE,
                page_token=token,
            ),
        )
        yield from (other for other in page if _is_like(other, run))
        token = page.token
        if not token:
            return


def _is_like(other: Run, run: Run) -> bool:
    same = (PARENT_TAG in other.data.tags) == (PARENT_TAG in run.data.tags)
    return same and ANALYZED in other.data.metrics


def log_results(
    connection: Connection, results: ExpectationResults, text: str, name: str
) -> list[str]:
    """Log results and the expectations that they came of; the same name replaces an older one.

    Args:
        connection: the server that holds the run.
        results: of a run.
        text: the expectations as YAML.
        name: of the file of expectations, without its ending.

    Returns:
        The artifact paths.

    Raises:
        TrackingError: MLflow refused, or cannot be reached.
    """
    files = {f"{slug(name)}.json": results.to_json(), f"{slug(name)}.yaml": text}
    run_id = str(results.run_id)
    with tempfile.TemporaryDirectory(prefix="mlflow-latent-") as folder:
        for file, content in files.items():
            path = Path(folder) / file
            path.write_text(content, encoding="utf-8")
            connection.call(
                f"log artifacts to run {run_id!r}",
                connection.client.log_artifact,
                run_id,
                str(path),
                EXPECTATIONS_FOLDER,
            )
    _log_counts(connection, results)
    return [f"{EXPECTATIONS_FOLDER}/{file}" for file in files]


def kept_expectations(connection: Connection, run_id: str, folder: Path) -> list[Path]:
    """Bring the files of expectations that were kept on a run into a folder.

    Raises:
        TrackingError: it has none, or MLflow refused.
    """
    connection.require_reachable()
    artifacts = RunArtifacts(connection, run_id, folder)
    kept = [
        file for file in artifacts.list_files(EXPECTATIONS_FOLDER) if file.path.endswith(".yaml")
    ]
    if not kept:
        raise TrackingError(
            f"no expectations are kept on run {run_id!r}; give a file: `mlflow-latent test RUN "
            "--file expectations.yaml`, or write one with `mlflow-latent test RUN --propose`"
        )
    root = artifacts.fetch(kept)
    return [root / file.path for file in kept]


def _log_counts(connection: Connection, results: ExpectationResults) -> None:
    from mlflow.entities import Metric

    now, step = int(time.time() * 1000), results.epoch or 0
    metrics = [
        Metric(f"{PREFIX}expectations_{status}", float(count), now, step)
        for status, count in results.counts.items()
    ]
    connection.call(
        f"log metrics to run {results.run_id!r}",
        lambda: connection.client.log_batch(str(results.run_id), metrics=metrics),
    )
