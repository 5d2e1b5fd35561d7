"""Captures of a run, brought here and read."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from mlflow_latent.snapshot import Snapshot
    from mlflow_latent.store import CaptureStore

MIN_HISTORY_EPOCHS = 2  # one epoch has no history


def download_captures(
    run_id: str, tracking_uri: str | None, epoch: int | None, *, media: bool = True
) -> Path:
    """Return a folder with the captures of a run; those of one epoch, or those that are kept.

    Args:
        run_id: the run.
        tracking_uri: where it lives; default as MLflow is configured.
        epoch: 0-based; default the last one whose embeddings were kept.
        media: bring thumbnails and overlays too.
    """
    from mlflow_latent.tracking import RunTracker

    return RunTracker(run_id, tracking_uri).download_latent(epoch, media=media)


def load_snapshot(
    store: CaptureStore, epoch: int | None = None, layer: str | None = None
) -> Snapshot:
    """Read a snapshot, with how its samples were learned if more than one epoch was captured.

    Args:
        store: the captures.
        epoch: 0-based; default the last one whose embeddings were kept.
        layer: default the first one captured.
    """
    snapshot = store.snapshot(epoch, layer)
    learned = [number for number in store.epochs() if number <= (snapshot.epoch or 0)]
    if len(learned) < MIN_HISTORY_EPOCHS:
        return snapshot
    return replace(snapshot, history=store.history(learned))
