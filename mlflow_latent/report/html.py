"""`summary.html`: the whole report on one page to read and print, also without scripts.

MLflow shows it in a sandboxed frame: no requests, no storage, no links out. All text of the
document is escaped; the page's own policy refuses anything that is not in the file.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from mlflow_latent.report import pictures, words
from mlflow_latent.report.cards import Gallery
from mlflow_latent.report.figures import render_figures
from mlflow_latent.report.figures.curves import named_curves
from mlflow_latent.report.figures.insight import figure_name
from mlflow_latent.report.pictures import Budget, Picture
from mlflow_latent.report.ranking import ranked_curves, ranked_insights
from mlflow_latent.report.table import SampleTable
from mlflow_latent.schema import sort_splits

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from jinja2 import Environment
    from markupsafe import Markup

    from mlflow_latent.report.heatmaps import Heatmap
    from mlflow_latent.report.model import Insight, Report

THUMBNAIL_BYTES = 4_000_000  # of text in the page; figures take up to another 4 MB
TEMPLATE = "report.html"
MAPS = {
    "population_loss": "Map of all samples colored by loss",
    "population_split": "Maps of the samples of each split",
    "population_cluster_coarse": "Map of all samples colored by coarse region",
    "population_cluster_fine": "Map of all samples colored by fine region",
    "population_target": "Map of all samples colored by class",
    "population_errors": "Map of the wrong predictions",
}
COMPARISONS = {
    "train_vs_val": "Share of each split that lies in every region",
    "region_loss": "Mean loss of every region by split",
}


def write_html(
    report: Report,
    path: Path,
    thumbnails: Callable[[str, str], bytes | None] | None = None,
    *,
    figures: Path | None = None,
    heatmaps: Callable[[str, str], Sequence[Heatmap]] | None = None,
) -> Path:
    """Write the report as one self-contained page.

    Args:
        report: what an analysis found.
        path: the file to write; its folder is made if need be.
        thumbnails: maps (split, sample_id) to an encoded WebP, PNG, JPEG or GIF, None where there
            is none. Only the samples on the page are asked for, those of severe insights first.
        figures: the folder that `render_figures` wrote for this report; without it they are drawn
            again.
        heatmaps: maps (split, sample_id) to the sample's heat-maps, which are drawn over its
            thumbnail.

    Returns:
        `path`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if figures is None:
        with TemporaryDirectory() as folder:
            content = render_page(
                report, render_figures(report, Path(folder)), thumbnails, heatmaps
            )
    else:
        content = render_page(report, sorted(figures.glob("*.png")), thumbnails, heatmaps)
    path.write_text(content, encoding="utf-8")
    return path


def render_page(
    report: Report,
    figures: list[Path],
    thumbnails: Callable[[str, str], bytes | None] | None = None,
    heatmaps: Callable[[str, str], Sequence[Heatmap]] | None = None,
) -> str:
    """Return the page of a report and its figures as text."""
    table = SampleTable.of(report)
    gallery = Gallery(table, thumbnails, Budget(THUMBNAIL_BYTES), heatmaps)
    drawn = _embed(figures, report)
    names = enumerate(_insight_names(report), start=1)
    cards = gallery.cards({rank: drawn[name] for rank, name in names if name in drawn})
    page = {
        "report": report,
        "cards": cards,
        "kinds": Counter(words.plain(insight.kind) for insight in report.insights),
        "maps": [drawn[name] for name in MAPS if name in drawn],
        "comparisons": [drawn[name] for name in COMPARISONS if name in drawn],
        "curves": [picture for name, picture in drawn.items() if name.startswith("curve_")],
        "curve_fields": len(ranked_curves(report)),
        "typical": {region.id: gallery.typical(region) for region in report.regions},
        "splits": sort_splits(summary.split for summary in report.splits),
        "insight_of_region": _rank_by_region(ranked_insights(report)),
        "has_samples": bool(len(table)),
        "has_projection": table.has_projection,
        "refused_thumbnails": gallery.budget.refused,
    }
    return environment().get_template(TEMPLATE).render(page)


def _embed(figures: list[Path], report: Report) -> dict[str, Picture]:
    """Return the report's figures by name, curves in the order of their strength."""
    alternatives = MAPS | COMPARISONS | _curve_alternatives(report)
    for name in _insight_names(report):
        alternatives[name] = "Where these samples lie, and how they differ"
    paths = {path.stem: path for path in figures}
    return {
        name: pictures.figure(paths[name], alternative)
        for name, alternative in alternatives.items()
        if name in paths
    }


def _insight_names(report: Report) -> list[str]:
    ranked = enumerate(ranked_insights(report), start=1)
    return [figure_name(rank, insight) for rank, insight in ranked]


def _curve_alternatives(report: Report) -> dict[str, str]:
    return {
        name: f"Mean {words.plain(curves[0].measure)} against "
        f"{words.shorten(words.plain(curves[0].field), 60)}, by split"
        for name, curves in named_curves(report).items()
    }


def _rank_by_region(insights: list[Insight]) -> dict[str, list[int]]:
    ranks: dict[str, list[int]] = {}
    for rank, insight in enumerate(insights, start=1):
        for region in (insight.region or "").split("+"):
            ranks.setdefault(region, []).append(rank)
    return ranks


def environment() -> Environment:
    """Return what renders this package's pages: all text escaped, nothing undefined."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("mlflow_latent.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["words"] = words
    environment.filters |= _filters()
    return environment


def _filters() -> dict[str, Callable[..., Any]]:
    return {
        "short": lambda text, limit=80: _short(text, words.shorten(text, limit)),
        "short_id": lambda text, limit=28: _short(text, words.shorten_middle(text, limit)),
        "number": words.number,
        "percent": words.percent,
        "plain": words.plain,
    }


def _short(text: str, shown: str) -> Markup | str:
    """Return the shown text; where it is cut, the full text is its title."""
    from markupsafe import Markup

    if shown == words.one_line(text):
        return shown
    return Markup('<span title="{}">{}</span>').format(text, shown)
