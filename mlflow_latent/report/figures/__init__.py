"""A report's figures: PNG files with matplotlib, apart from pyplot and the caller's settings."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from mlflow_latent.report.figures import curves, insight, population, regions, style
from mlflow_latent.report.table import SampleTable

if TYPE_CHECKING:
    from pathlib import Path

    from mlflow_latent.report.model import Report


def render_figures(report: Report, folder: Path) -> list[Path]:
    """Draw every figure that the report's content allows.

    Args:
        report: what an analysis found; without its table of samples, or without a projection, the
            maps are left out.
        folder: where the PNG files go; it is made if need be.

    Returns:
        The files: `population_<by>.png`, `train_vs_val.png`, `region_loss.png`,
        `curve_<field>.png` (the strongest fields) and `insight_<rank>_<kind>.png` (the most
        severe insights).
    """
    folder.mkdir(parents=True, exist_ok=True)
    table = SampleTable.of(report)
    with style.drawing():
        drawn = chain(
            population.draw_all(table),
            regions.draw_all(report),
            curves.draw_all(report),
            insight.draw_all(table),
        )
        return [style.save(figure, folder / f"{name}.png") for name, figure in drawn]
