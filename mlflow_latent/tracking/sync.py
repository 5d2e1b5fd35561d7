"""Upload what trainings left on disk, and say what became of each."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlflow_latent.capture.spool import Spool
from mlflow_latent.capture.uploader import Uploader
from mlflow_latent.errors import CorruptFileError, LatentError, StoreError, TrackingError
from mlflow_latent.tracking.progress import counting
from mlflow_latent.tracking.run import RunTracker

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_NO_TIMEOUT = sys.float_info.max  # whoever asked for it may wait, as long as files arrive


@dataclass(frozen=True)
class RunSync:
    """What became of one run's files.

    Attributes:
        folder: the run's spool.
        run_id: the run, or None if the training had none or its `spool.json` is broken.
        uploaded: files that arrived now.
        left: files that are still only on disk.
        error: why, if any are left or the spool could not be read.
    """

    folder: Path
    run_id: str | None
    uploaded: int
    left: int
    error: str | None = None


@dataclass(frozen=True)
class SyncResult:
    """What became of all spools below a folder."""

    runs: tuple[RunSync, ...]

    @property
    def uploaded(self) -> int:
        """Files that arrived."""
        return sum(run.uploaded for run in self.runs)

    @property
    def left(self) -> int:
        """Files that are still only on disk."""
        return sum(run.left for run in self.runs)

    @property
    def complete(self) -> bool:
        """Whether nothing is left and nothing went wrong."""
        return not self.left and not any(run.error for run in self.runs)


def sync(root: Path, *, tracking_uri: str | None = None, progress: bool = False) -> SyncResult:
    """Upload what is left in all spools at or below a folder; may be repeated.

    A spool that cannot be read, or has no run, is named in the result and the others go on.

    Args:
        root: a spool, or a folder above several.
        tracking_uri: where the runs live now, if not where they did during training.
        progress: draw a bar on standard error.

    Raises:
        StoreError: there is no spool.
        TrackingError: no tracking server of these runs answers.
    """
    folders = Spool.find_folders(root)
    if not folders:
        raise StoreError(
            f"no captures to upload in {root}; name the folder that the training wrote to (the one "
            "that holds spool.json, or one above it)"
        )
    runs = [_sync_folder(folder, tracking_uri, progress=progress) for folder in folders]
    _refuse_silence(runs)
    return SyncResult(tuple(run for run, _ in runs))


def _sync_folder(
    folder: Path, tracking_uri: str | None, *, progress: bool
) -> tuple[RunSync, TrackingError | None]:
    """Return what became of a spool, and the error if its server does not answer."""
    try:
        spool = Spool.open(folder)
    except CorruptFileError as error:
        return RunSync(folder, None, 0, 0, str(error)), None
    waiting = len(spool.pending())
    if not waiting:
        return RunSync(folder, spool.run_id, 0, 0), None
    if spool.run_id is None:
        reason = "the training had no MLflow run; analyze the folder instead"
        return RunSync(folder, None, 0, waiting, reason), None
    try:
        tracker = RunTracker(spool.run_id, tracking_uri or spool.tracking_uri)
        tracker.connection.require_reachable()
    except TrackingError as error:
        return RunSync(folder, spool.run_id, 0, waiting, str(error)), error
    return _upload(spool, tracker, waiting, progress=progress), None


def _upload(spool: Spool, tracker: RunTracker, waiting: int, *, progress: bool) -> RunSync:
    try:
        tracker.read()
    except LatentError as error:
        return RunSync(spool.folder, spool.run_id, 0, waiting, str(error))
    with counting(f"Uploading run {spool.run_id}", waiting, shown=progress) as count:
        uploader = Uploader(spool, _counted(tracker, count), tracker.is_reachable)
        summary = uploader.close(_NO_TIMEOUT)
    return RunSync(spool.folder, spool.run_id, summary.uploaded, summary.left, summary.error)


def _counted(tracker: RunTracker, count: Callable[[], None]) -> Callable[[Path, str], None]:
    def upload(path: Path, artifact_folder: str) -> None:
        tracker.upload(path, artifact_folder)
        count()

    return upload


def _refuse_silence(runs: list[tuple[RunSync, TrackingError | None]]) -> None:
    """Raise if there was something to upload and nobody to upload it to."""
    silent = [error for _, error in runs if error]
    if silent and not any(run.uploaded for run, _ in runs):
        left = sum(run.left for run, _ in runs)
        raise TrackingError(f"{silent[0]} ({left} files wait on disk; nothing is lost)")
