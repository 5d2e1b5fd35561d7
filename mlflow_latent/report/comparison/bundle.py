"""Everything that a comparison leaves: the document, its table, its figures and its page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_latent.report.comparison.figures import render_figures
from mlflow_latent.report.comparison.matrix import MATRIX_FILE
from mlflow_latent.report.comparison.page import write_matrix_page, write_page

if TYPE_CHECKING:
    from pathlib import Path

    from mlflow_latent.report.comparison.matrix import ComparisonMatrix
    from mlflow_latent.report.comparison.model import Comparison

FIGURES, PAGE, MATRIX_PAGE = "figures", "comparison.html", "matrix.html"


def write_comparison(comparison: Comparison, folder: Path) -> None:
    """Write `comparison.json`, `samples.parquet`, `figures/` and `comparison.html`."""
    comparison.save(folder)
    figures = render_figures(comparison, folder / FIGURES)
    write_page(comparison, folder / PAGE, figures)


def write_matrix(matrix: ComparisonMatrix, folder: Path) -> None:
    """Write `matrix.json` and `matrix.html`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MATRIX_FILE).write_text(matrix.to_json(), encoding="utf-8")
    write_matrix_page(matrix, folder / MATRIX_PAGE)
