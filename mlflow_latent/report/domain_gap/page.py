"""`gap.html` and `trend.html`: pages that need nothing else, not even a network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlflow_latent.report import pictures, words
from mlflow_latent.report.domain_gap.words import (
    DISTANCES,
    REGION_VERDICTS,
    VERDICTS,
    headline,
    trend_headline,
)
from mlflow_latent.report.html import environment

if TYPE_CHECKING:
    from pathlib import Path

    from mlflow_latent.report.domain_gap.model import DomainGap
    from mlflow_latent.report.domain_gap.trend import GapTrend

Figures = dict[str, tuple["Path", str]]
ORDER = ("population", "belonging", "fields", "coverage")


def write_gap_page(gap: DomainGap, path: Path, figures: Figures | None = None) -> Path:
    """Write a gap as one self-contained page.

    Args:
        gap: the document.
        path: the file to write; its folder is made if need be.
        figures: what `render_figures` returned.
    """
    figures = figures or {}
    ordered = {name: figures[name] for name in ORDER if name in figures}
    content = {"gap": gap, "headline": headline(gap), "region_verdicts": REGION_VERDICTS}
    return _write("domain_gap.html", content, ordered, path)


def write_trend_page(trend: GapTrend, path: Path, figures: Figures | None = None) -> Path:
    """Write a trend as one self-contained page.

    Args:
        trend: the document.
        path: the file to write; its folder is made if need be.
        figures: what `render_trend_figures` returned.
    """
    content = {"trend": trend, "headline": trend_headline(trend)}
    return _write("gap_trend.html", content, figures or {}, path)


def _write(template: str, content: dict[str, Any], figures: Figures, path: Path) -> Path:
    drawn = [pictures.figure(file, text) for file, text in figures.values()]
    shared = {"words": words, "verdicts": VERDICTS, "distances": DISTANCES, "pictures": drawn}
    page = environment().get_template(template).render(shared | content)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page.lstrip(), encoding="utf-8")
    return path
