"""Everything that a gap leaves: the document, its table, its figures and its page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_latent.report.domain_gap.figures import render_figures
from mlflow_latent.report.domain_gap.page import write_gap_page, write_trend_page
from mlflow_latent.report.domain_gap.trend_figures import render_trend_figures
from mlflow_latent.report.words import slugs

if TYPE_CHECKING:
    from pathlib import Path

    from mlflow_latent.report.domain_gap.model import DomainGap
    from mlflow_latent.report.domain_gap.trend import GapTrend

FIGURES, GAP_PAGE, TREND_PAGE = "figures", "gap.html", "trend.html"


def write_gap(gap: DomainGap, folder: Path) -> None:
    """Write `gap.json`, `samples.parquet`, `figures/` and `gap.html`."""
    gap.save(folder)
    write_gap_page(gap, folder / GAP_PAGE, render_figures(gap, folder / FIGURES))


def write_trend(trend: GapTrend, folder: Path) -> None:
    """Write `trend.json`, `candidates.parquet`, `figures/`, `trend.html`, and a folder per gap."""
    trend.save(folder)
    write_trend_page(trend, folder / TREND_PAGE, render_trend_figures(trend, folder / FIGURES))
    for name, gap in zip(slugs(g.source.name for g in trend.gaps), trend.gaps, strict=True):
        write_gap(gap, folder / name)
