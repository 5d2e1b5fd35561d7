"""Log an analysis to its run: files, metrics, table, note, and the manifest last."""

from __future__ import annotations

import logging
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlflow_latent.errors import InputError
from mlflow_latent.store import LATENT
from mlflow_latent.tracking.manifest import MANIFEST_FILE, Manifest
from mlflow_latent.tracking.metrics import INSIGHTS_PREFIX, report_metrics
from mlflow_latent.tracking.note import (
    NOTE_TAG,
    RunPage,
    note_section,
    room_for_section,
    with_section,
)
from mlflow_latent.tracking.table import TABLE_FILE, insights_table, with_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mlflow.entities import Metric, Run

    from mlflow_latent.report.model import Report
    from mlflow_latent.tracking.connection import Connection, Result

_logger = logging.getLogger(__name__)

OVERVIEW_FILE = "latent_overview.png"
ANALYSIS_FOLDER = f"{LATENT}/analysis"
LOGGED_ARTIFACTS_TAG = "mlflow.loggedArtifacts"


def analysis_folder(epoch: int) -> str:
    """Return the artifact folder of the analysis of an epoch."""
    return f"{ANALYSIS_FOLDER}/epoch={epoch:05d}"


class Publisher:
    """Logs analyses to one run; doing it twice leaves the same state.

    Args:
        connection: the server that holds the run.
        run_id: the run, running or finished.
    """

    def __init__(self, connection: Connection, run_id: str) -> None:
        self._connection, self._run_id = connection, run_id

    def publish(self, folder: Path, report: Report) -> None:
        """Log all that `folder` holds, and what MLflow shows of `report`.

        Args:
            folder: what becomes `latent/analysis/epoch=…`; a `latent_overview.png` directly in it
                goes to the run's root.
            report: the document in it.

        Raises:
            InputError: the report belongs to no epoch.
            TrackingError: MLflow refused, or cannot be reached.
        """
        if report.epoch is None:
            raise InputError("the report names no epoch, so it belongs to no place in the run")
        self._connection.require_reachable()
        run = self._read_run()
        target = analysis_folder(report.epoch)
        manifest = self._log_files(folder, target, report.epoch)
        self._log_metrics(run, report)
        self._log_table(run, report)
        self._log_note(run, report, target)
        self._log_text(manifest.model_dump_json(indent=1) + "\n", MANIFEST_FILE, target)

    def _read_run(self) -> Run:
        return self._call("read", self._connection.client.get_run, self._run_id)

    def _log_files(self, folder: Path, target: str, epoch: int) -> Manifest:
        files = [path for path in _plain_files(folder) if path != folder / OVERVIEW_FILE]
        for path in files:
            inside = path.parent.relative_to(folder).as_posix()
            self._log_file(path, target if inside == "." else f"{target}/{inside}")
        if (folder / OVERVIEW_FILE).is_file():
            self._log_file(folder / OVERVIEW_FILE, None)
        return Manifest.of(folder, files, epoch)

    def _log_metrics(self, run: Run, report: Report) -> None:
        from mlflow.entities import Metric

        values = report_metrics(report)
        # A kind that an earlier analysis of this run found and this one does not is down to zero.
        gone = {name for name in run.data.metrics if name.startswith(INSIGHTS_PREFIX)}
        values |= dict.fromkeys(gone - values.keys(), 0.0)
        step, now = report.epoch or 0, int(time.time() * 1000)
        changed = [
            Metric(name, value, now, step)
            for name, value in values.items()
            if name not in run.data.metrics or self._logged(name, step) != value
        ]
        if changed:
            self._call("log metrics to", self._log_batch, changed)

    def _log_batch(self, metrics: list[Metric]) -> None:
        self._connection.client.log_batch(self._run_id, metrics=metrics)

    def _logged(self, name: str, step: int) -> float | None:
        """Return the value that MLflow shows for this step; logging it again would repeat it."""
        client = self._connection.client
        history = self._call("read metrics of", client.get_metric_history, self._run_id, name)
        at_step = [metric for metric in history if metric.step == step]
        return max(at_step, key=lambda m: (m.timestamp, m.value)).value if at_step else None

    def _log_table(self, run: Run, report: Report) -> None:
        self._log_text(insights_table(report), TABLE_FILE, LATENT)
        tag = run.data.tags.get(LOGGED_ARTIFACTS_TAG)
        self._set_tag(run, LOGGED_ARTIFACTS_TAG, with_table(tag, f"{LATENT}/{TABLE_FILE}"))

    def _log_note(self, run: Run, report: Report, target: str) -> None:
        note = run.data.tags.get(NOTE_TAG, "")
        page = RunPage(run.info.experiment_id, run.info.run_id)
        section = note_section(report, page, target, room_for_section(note))
        if not section:
            _logger.warning(
                "the note of run %s is too full for a section of ours; it stays as it is",
                self._run_id,
            )
            return
        self._set_tag(run, NOTE_TAG, with_section(note, section))

    def _set_tag(self, run: Run, name: str, value: str) -> None:
        if run.data.tags.get(name) != value:
            self._call("tag", self._connection.client.set_tag, self._run_id, name, value)

    def _log_text(self, text: str, name: str, target: str) -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / name
            path.write_text(text, encoding="utf-8")
            self._log_file(path, target)

    def _log_file(self, path: Path, target: str | None) -> None:
        client = self._connection.client
        self._call("log artifacts to", client.log_artifact, self._run_id, str(path), target)

    def _call(self, verb: str, function: Callable[..., Result], *args: Any) -> Result:
        return self._connection.call(f"{verb} run {self._run_id!r}", function, *args)


def _plain_files(folder: Path) -> Iterator[Path]:
    """Files of the analysis: no links, nothing unfinished, no manifest of an earlier upload."""
    for path in sorted(folder.rglob("*")):
        whole = path.suffix != ".tmp" and path.name != MANIFEST_FILE
        if whole and path.is_file() and not path.is_symlink():
            yield path
