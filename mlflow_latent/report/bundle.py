"""Everything that an analysis leaves: the document, its table, its figures and its page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_latent.report.figures import render_figures
from mlflow_latent.report.html import write_html
from mlflow_latent.report.overview import render_overview

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mlflow_latent.report.model import Report

FIGURES, PAGE, OVERVIEW = "figures", "report.html", "latent_overview.png"


def write_bundle(
    report: Report, folder: Path, thumbnails: Callable[[str, str], bytes | None] | None = None
) -> None:
    """Write `report.json`, `samples.parquet`, `figures/`, `report.html` and the overview.

    Args:
        report: with its table of samples.
        folder: made if it is not there.
        thumbnails: gives the encoded picture of a (split, sample_id), or None.
    """
    report.save(folder)
    render_figures(report, folder / FIGURES)
    write_html(report, folder / PAGE, thumbnails, figures=folder / FIGURES)
    render_overview(report, folder / OVERVIEW)
