"""Where captures go: a spool on disk, from there to MLflow, and to the analysis."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mlflow_latent
from lightning_callbacks.runs import Run, find_run
from mlflow_latent.capture.spool import Spool
from mlflow_latent.capture.uploader import Uploader
from mlflow_latent.errors import CaptureError, StoreError

if TYPE_CHECKING:
    from lightning_callbacks.explaining import Explainer
    from lightning_callbacks.notices import Notices
    from lightning_callbacks.settings import Settings

SPOOL_FOLDER = ".mlflow_latent"


def create_spool(settings: Settings, trainer: Any, earlier: str | None, notices: Notices) -> Spool:
    """Open the spool that a resumed training wrote to, or make one for this training's run.

    Args:
        settings: name the folder and the run, or leave them to be found.
        trainer: has loggers and a default folder.
        earlier: the spool of the training that goes on here.
        notices: what there is to say.
    """
    run = find_run(settings, trainer)
    root = settings.spool or Path(trainer.default_root_dir) / SPOOL_FOLDER
    spool = _reopened(earlier, run) or Spool.create(
        Path(root), run_id=run.run_id, tracking_uri=run.tracking_uri
    )
    if run.run_id is None and settings.track:
        notices.say(
            "run",
            f"no MLflow run was found, so captures stay in {spool.folder}; pass "
            "Trainer(logger=MLFlowLogger(tracking_uri='sqlite:///mlflow.db')) or run_id= to have "
            "them in MLflow",
        )
    return spool


def join_spool(folder: str | None) -> Spool:
    """Open the spool that the first process made.

    Raises:
        CaptureError: it made none, or this process cannot see it.
    """
    if folder is None:
        raise CaptureError("the first process could not open a spool")
    try:
        return Spool.open(Path(folder))
    except StoreError as error:
        raise CaptureError(
            f"this process cannot use the spool {folder} ({error}); pass spool=<a folder that all "
            "processes see>"
        ) from None


def start_uploader(spool: Spool) -> Uploader | None:
    """Start to upload a spool's files, if they belong to a run."""
    if spool.run_id is None:
        return None
    from mlflow_latent.tracking import RunTracker

    tracker = RunTracker(spool.run_id, spool.tracking_uri)
    return Uploader(spool, tracker.upload, tracker.is_reachable)


def analyze_captures(
    spool: Spool,
    notices: Notices,
    *,
    server_away: bool = False,
    explain: Explainer | None = None,
) -> None:
    """Analyze what was captured; a failure is a warning with the command to run later.

    Args:
        spool: where the captures are.
        notices: where the warning goes.
        server_away: whether uploads failed: an analysis would take minutes and find no place to go.
        explain: makes heat-maps of what was found.
    """
    if server_away:
        sync = f"mlflow-latent sync {shlex.quote(str(spool.folder))}"
        later = f"{sync} && {_command(spool)}"
        notices.warn(
            "analysis",
            f"not analyzed, since MLflow does not answer; nothing is lost, later run: {later}",
        )
        return
    try:
        mlflow_latent.analyze(
            spool.latent, run_id=spool.run_id, tracking_uri=spool.tracking_uri, explain=explain
        )
    except Exception as error:  # noqa: BLE001 - the training has succeeded, whatever this is
        notices.warn(
            "analysis",
            f"the analysis failed ({type(error).__name__}: {error}); the captures are whole, run "
            f"it again with: {_command(spool)}",
        )


def _command(spool: Spool) -> str:
    if spool.run_id is None:
        return f"mlflow-latent analyze {shlex.quote(str(spool.latent))}"
    uri = f" --tracking-uri {shlex.quote(spool.tracking_uri)}" if spool.tracking_uri else ""
    return f"mlflow-latent analyze {spool.run_id}{uri}"


def _reopened(earlier: str | None, run: Run) -> Spool | None:
    if earlier is None:
        return None
    try:
        spool = Spool.open(Path(earlier))
    except StoreError:  # moved or deleted since; what it held is in MLflow, or gone
        return None
    return spool if spool.run_id == run.run_id else None
