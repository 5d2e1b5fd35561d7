"""The only part that talks to MLflow: runs, artifacts, analyses, and what was left to upload."""

from __future__ import annotations

from mlflow_latent.tracking.active import active_run, without_autologging
from mlflow_latent.tracking.experiments import newest_run
from mlflow_latent.tracking.models import load_model
from mlflow_latent.tracking.note import RunPage
from mlflow_latent.tracking.owned import end_run, start_run, start_run_below
from mlflow_latent.tracking.run import RunTracker
from mlflow_latent.tracking.sync import RunSync, SyncResult, sync

__all__ = [
    "RunPage",
    "RunSync",
    "RunTracker",
    "SyncResult",
    "active_run",
    "end_run",
    "load_model",
    "newest_run",
    "start_run",
    "start_run_below",
    "sync",
    "without_autologging",
]
