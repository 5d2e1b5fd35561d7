"""Everything that an analysis leaves: the document, its table, its figures and its pages."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from mlflow_latent.report.explorer.encode import encode_explorer
from mlflow_latent.report.explorer.header import EXPLORER_FILE
from mlflow_latent.report.explorer.page import write_page
from mlflow_latent.report.figures import render_figures
from mlflow_latent.report.html import write_html
from mlflow_latent.report.overview import render_overview

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from mlflow_latent.report.explorer.extras import Extras
    from mlflow_latent.report.heatmaps import Heatmap
    from mlflow_latent.report.model import Report

FIGURES, PAGE, SUMMARY, OVERVIEW = (
    "figures",
    "report.html",
    "summary.html",
    "latent_overview.png",
)


def write_bundle(
    report: Report,
    folder: Path,
    thumbnails: Callable[[str, str], bytes | None] | None = None,
    extras: Extras | None = None,
    heatmaps: Callable[[str, str], Sequence[Heatmap]] | None = None,
) -> None:
    """Write the document, its table, `explorer.bin`, figures, both pages and the overview.

    `report.html` is the explorer as one file, `summary.html` a page to read and print; where the
    explorer's page was not built, both are the summary.

    Args:
        report: with its table of samples.
        folder: made if it is not there.
        thumbnails: gives the encoded picture of a (split, sample_id), or None.
        extras: what the explorer shows beside the report.
        heatmaps: gives the maps of a (split, sample_id).
    """
    report.save(folder)
    (folder / EXPLORER_FILE).write_bytes(encode_explorer(report, extras))
    render_figures(report, folder / FIGURES)
    write_html(report, folder / SUMMARY, thumbnails, figures=folder / FIGURES, heatmaps=heatmaps)
    if not write_page(report, folder / PAGE, extras):
        shutil.copyfile(folder / SUMMARY, folder / PAGE)
    render_overview(report, folder / OVERVIEW)
