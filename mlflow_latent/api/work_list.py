"""`ml.work_list`: the labels and copies of a run that a person should look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_latent.report.coco import write_work_list
from mlflow_latent.report.model import Report
from mlflow_latent.report.work_list import work_list as list_report

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from mlflow_latent.report.explorer.extras import SampleObjects

WITH_OBJECTS = ("detection", "segmentation")


def work_list(
    run: str | Report,
    path: str | Path | None = None,
    *,
    epoch: int | None = None,
    tracking_uri: str | None = None,
) -> pd.DataFrame:
    """List the labels in doubt and the copies that a run's insights name, each with the reason.

    Args:
        run: the id of an analyzed MLflow run, or a report with its table of samples.
        path: write it there too: `….csv`, or `….json` in COCO's format for an annotation tool, with
            the labels as they are (boxes and outlines where a run has captured them).
        epoch: 0-based; default the newest that was analyzed.
        tracking_uri: where the run lives; default as MLflow is configured.

    Returns:
        A row per sample and reason, see `mlflow_latent.report.work_list.work_list`.

    Raises:
        InputError: another ending of `path`.
        TrackingError: the run was not analyzed, or cannot be reached.
    """
    if isinstance(run, Report):
        report, objects = run, None
    else:
        from mlflow_latent.tracking import RunTracker

        report, objects = RunTracker(run, tracking_uri).read_report(epoch), None
    listed = list_report(report)
    if path is None:
        return listed
    if not isinstance(run, Report) and report.task in WITH_OBJECTS and str(path).endswith(".json"):
        objects = _objects(run, report, tracking_uri)
    write_work_list(listed, path, report, objects)
    return listed


def _objects(run: str, report: Report, tracking_uri: str | None) -> SampleObjects | None:
    from mlflow_latent.overlays import OverlayReader
    from mlflow_latent.report.explorer.rows import RowFinder
    from mlflow_latent.tracking import RunTracker

    media = RunTracker(run, tracking_uri).download_media()
    return OverlayReader(media, []).read(report.samples, RowFinder(report.samples))
