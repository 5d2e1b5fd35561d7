"""`RunTracker`: one MLflow run, addressed by its id and never through MLflow's active run."""

from __future__ import annotations

import logging
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from mlflow_latent.errors import InputError, MissingCaptureError
from mlflow_latent.store import LATENT
from mlflow_latent.tracking.artifacts import Artifact, RunArtifacts
from mlflow_latent.tracking.connection import REACHABLE_TIMEOUT, Connection
from mlflow_latent.tracking.note import RunPage
from mlflow_latent.tracking.progress import counting
from mlflow_latent.tracking.publish import Publisher
from mlflow_latent.tracking.reports import ReportReader
from mlflow_latent.tracking.selection import HISTORY_BYTES, select_captures

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mlflow.entities import Run

    from mlflow_latent.report.model import Report

_logger = logging.getLogger(__name__)

CAPTURES_TAG = "latent.captures"  # runs are searched for by it: MLflow cannot search artifacts


class RunTracker:
    """One MLflow run: upload to it, read its captures, log and read its analyses.

    Making one contacts nobody, so a callback can, whatever state the server is in.

    Args:
        run_id: the run.
        tracking_uri: where it lives; default the one that MLflow is set to.
        cache: folder for downloads; default `$MLFLOW_LATENT_CACHE` or the user's cache folder.

    Raises:
        InputError: `run_id` is empty, or no text.
    """

    def __init__(
        self, run_id: str, tracking_uri: str | None = None, *, cache: Path | None = None
    ) -> None:
        if not isinstance(run_id, str):
            raise InputError(
                f"a run is named by its MLflow id, a text, got {type(run_id).__name__}; give a"
                " folder of captures as pathlib.Path, and arrays as Snapshot.from_arrays(…)"
            )
        if not run_id.strip():
            raise InputError(f"run_id is {run_id!r}; give the id of an MLflow run")
        self.run_id = run_id
        self.connection = Connection(tracking_uri)
        self._artifacts = RunArtifacts(self.connection, run_id, cache)
        self._marked = False

    @property
    def tracking_uri(self) -> str:
        """Where the run lives; the same from every working directory."""
        return self.connection.uri

    def is_reachable(self, timeout: float = REACHABLE_TIMEOUT) -> bool:
        """Ask the server for a sign of life, once, waiting `timeout` seconds at most."""
        return self.connection.is_reachable(timeout)

    def upload(self, path: Path, artifact_folder: str) -> None:
        """Upload a file into an artifact folder (`""` is the run's root), replacing an older one.

        The first capture marks the run with the tag `latent.captures`.
        It may hang for minutes where the server is away: for a background thread.

        Raises:
            TrackingError: MLflow refused, or cannot be reached.
        """
        client = self.connection.client
        try:
            client.log_artifact(self.run_id, str(path), artifact_folder or None)
            if not self._marked and artifact_folder.startswith(f"{LATENT}/captures"):
                client.set_tag(self.run_id, CAPTURES_TAG, "yes")
                self._marked = True
        except Exception as error:
            raise self.connection.explain(error, f"upload to run {self.run_id!r}") from error

    def read(self) -> Run:
        """Return what MLflow knows of the run.

        Raises:
            TrackingError: there is no such run, no permission, or nobody answers.
        """
        self.connection.require_reachable()
        client = self.connection.client
        return self.connection.call(f"read run {self.run_id!r}", client.get_run, self.run_id)

    def page(self) -> RunPage:
        """Return where MLflow's pages show the run.

        Raises:
            TrackingError: there is no such run, no permission, or nobody answers.
        """
        return RunPage(self.read().info.experiment_id, self.run_id)

    def download_latent(
        self,
        epoch: int | None = None,
        *,
        media: bool = False,
        history_bytes: int = HISTORY_BYTES,
        progress: bool = False,
    ) -> Path:
        """Bring the run's captures here, each version of a file once.

        The wanted epoch comes whole; of the others, whose losses are wanted and whose embeddings
        may be large, as many as fit into `history_bytes`.

        Args:
            epoch: the epoch to analyze; default the newest one with embeddings.
            media: thumbnails and heat-maps too.
            history_bytes: what the other epochs together may cost.
            progress: draw a bar on standard error.

        Returns:
            A local `latent` folder, for `mlflow_latent.store.CaptureStore`.

        Raises:
            TrackingError: there is no such run, no permission, or nobody answers.
            MissingCaptureError: the run has no captures, or none of `epoch`.
        """
        self.read()
        listed = self._artifacts.list_files(f"{LATENT}/captures")
        samples = self._artifacts.list_files(f"{LATENT}/samples")
        try:
            selection = select_captures(listed, epoch, history_bytes)
        except MissingCaptureError as error:
            raise MissingCaptureError(f"run {self.run_id!r}: {error}{_MEND}") from None
        if selection.left_out:
            epochs = ", ".join(map(str, selection.left_out))
            _logger.warning("losses of epochs %s were not downloaded: too large", epochs)
        self._artifacts.forget_stale(f"{LATENT}/captures", listed)
        self._artifacts.forget_stale(f"{LATENT}/samples", samples)
        self._fetch([*samples, *selection.files], progress=progress)
        if media:
            self.download_media(progress=progress)
            self._fetch(self._artifacts.list_files(f"{LATENT}/heatmaps"), progress=progress)
        return self._artifacts.folder / LATENT

    def download_media(self, *, indices: bool = False, progress: bool = False) -> Path:
        """Bring the run's thumbnails here; returns their folder, empty if there are none.

        Args:
            indices: only what says which they are, and of what size.
            progress: draw a bar on standard error.

        Raises:
            TrackingError: MLflow refused, or cannot be reached.
        """
        self.connection.require_reachable()
        files = self._artifacts.list_files(f"{LATENT}/media")
        if indices:
            files = [file for file in files if PurePosixPath(file.path).match("index*.json")]
        self._fetch(files, progress=progress)
        return self._artifacts.folder / LATENT / "media"

    def log_analysis(self, folder: Path, report: Report) -> None:
        """Log an analysis: its files, metrics, table of insights, note, and the manifest last.

        Doing it twice leaves the same state. The run may be running or finished.

        Args:
            folder: what becomes `latent/analysis/epoch=…`; a `latent_overview.png` directly in it
                goes to the run's root.
            report: the report in it.

        Raises:
            InputError: the report belongs to no epoch.
            TrackingError: MLflow refused, or cannot be reached.
        """
        Publisher(self.connection, self.run_id).publish(folder, report)

    def analyzed_epochs(self) -> list[int]:
        """Return the epochs that were analyzed, whether their upload is complete or not.

        Raises:
            TrackingError: there is no such run, no permission, or nobody answers.
        """
        self.read()
        return self._reports().epochs()

    def read_report(self, epoch: int | None = None) -> Report:
        """Read an analysis back, with its table of samples.

        Args:
            epoch: default the newest complete one.

        Raises:
            TrackingError: the run has no (complete) analysis, or cannot be read.
            NewerSchemaError: a later version of this package wrote it.
        """
        self.read()
        return self._reports().read(epoch)

    def download_analysis(
        self, epoch: int | None = None, names: Sequence[str] | None = None
    ) -> Path:
        """Bring the files of an analysis here, checked against its manifest.

        Args:
            epoch: default the newest complete one.
            names: which files (`report.html`); default all.

        Returns:
            The folder that holds them.

        Raises:
            TrackingError: the run has no (complete) analysis, lacks one of `names`, or cannot be
                read.
        """
        self.read()
        return self._reports().fetch(epoch, names)

    def _reports(self) -> ReportReader:
        return ReportReader(self._artifacts, self.run_id)

    def _fetch(self, files: Sequence[Artifact], *, progress: bool) -> None:
        with counting("Downloading captures", len(files), shown=progress) as count:
            self._artifacts.fetch(files, lambda _: count())


_MEND = (
    "; add LatentCapture to the Trainer's callbacks, or, if the server was away during training, "
    "upload what the training left on disk with `mlflow-latent sync`"
)
