"""Capture: rows into Parquet files in a spool, and from there to the tracking server.

It knows no training framework: what comes in are arrays.
"""

from __future__ import annotations

from mlflow_latent.capture.recorder import Recorder
from mlflow_latent.capture.spool import FileVersion, Spool
from mlflow_latent.capture.uploader import Uploader, UploadSummary

__all__ = ["FileVersion", "Recorder", "Spool", "UploadSummary", "Uploader"]
