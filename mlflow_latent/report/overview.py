"""`latent_overview.png`: a run in one picture, laid out alike for all runs.

MLflow's compare page shows the files at the root of several runs side by side: the same thing is
at the same place in each, on the same limits.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np

from mlflow_latent.report import words
from mlflow_latent.report.figures import curves, scatter, style
from mlflow_latent.report.ranking import ranked_curves, ranked_insights
from mlflow_latent.report.table import SampleTable

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from mlflow_latent.report.model import Curve, Insight, Report, SplitSummary

WIDTH, HEIGHT = 13.0, 12.4
DOTS_PER_INCH = 80  # MLflow shows it at its own size, in a column of about 1,000 pixels
TOLD_INSIGHTS = 5
TITLE_LETTERS, TITLE_LINES = 60, 2
LINE = 0.062  # of the panel's height
TOLD_SPLITS = 4
DROWNING = 0.25  # of the largest split's samples


def render_overview(report: Report, path: Path) -> Path:
    """Draw the run in one picture: loss and splits on the map, insights, the strongest curve.

    Args:
        report: what an analysis found.
        path: the PNG file to write; its folder is made if need be.

    Returns:
        `path`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with style.drawing():
        return style.save(draw(report), path)


def draw(report: Report) -> Figure:
    """Return the picture: two maps above, insights and a curve below, at fixed places."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, HEIGHT), dpi=DOTS_PER_INCH)
    table = SampleTable.of(report)
    _draw_head(figure, report)
    _draw_loss_map(figure, figure.add_axes((0.03, 0.44, 0.42, 0.44)), table)
    _draw_split_map(figure.add_axes((0.55, 0.44, 0.42, 0.44)), table)
    _write_insights(figure.add_axes((0.03, 0.03, 0.44, 0.35)), report)
    _draw_curve(figure, report)
    return figure


def _draw_head(figure: Figure, report: Report) -> None:
    where = [
        *([f"run {style.label(report.run_id, 40)}"] if report.run_id else []),
        *([f"epoch {report.epoch}"] if report.epoch is not None else []),
        *([f"layer {style.label(report.layer, 40)}"] if report.layer else []),
    ]
    title = f"Latent space: {words.count(len(report.insights), 'insight')}"
    figure.text(0.03, 0.985, title, va="top", fontsize=19, fontweight="bold")
    figure.text(0.03, 0.955, ", ".join(where), va="top", fontsize=11.5, color=style.MUTED)
    told = "     ".join(_summary(split) for split in report.splits[:TOLD_SPLITS])
    figure.text(0.03, 0.932, told, va="top", fontsize=11.5)


def _summary(split: SplitSummary) -> str:
    loss = [f"loss {words.number(split.mean_loss)}"] if split.mean_loss is not None else []
    accuracy = [f"accuracy {words.percent(split.accuracy)}"] if split.accuracy is not None else []
    return f"{style.label(split.split)}: " + ", ".join([words.count(split.n), *loss, *accuracy])


def _draw_loss_map(figure: Figure, axes: Axes, table: SampleTable) -> None:
    axes.set_title("by loss, highest on top", fontsize=12)
    loss = None if table.loss is None else table.loss[shown := _projected(table)]
    if loss is None or not np.isfinite(loss).any():
        _write_missing(axes, "no sample has a place on the map and a loss")
        return
    norm = style.loss_scale(loss, round_up=True)
    scatter.prepare(axes)
    scatter.draw_loss(axes, table.points[shown], loss, norm, scale=0.5)
    bar = figure.add_axes((0.455, 0.52, 0.011, 0.28))
    style.loss_bar(figure, axes, norm, cax=bar)


def _draw_split_map(axes: Axes, table: SampleTable) -> None:
    from matplotlib.lines import Line2D

    axes.set_title("by split", fontsize=12)
    shown = _projected(table)
    if not shown.any():
        _write_missing(axes, "no sample has a place on the map")
        return
    scatter.prepare(axes)
    splits, colors = table.splits, style.split_colors(table.splits)
    points, split = table.points[shown], table.split[shown]
    sizes = {name: int((split == name).sum()) for name in splits}
    small = [name for name in splits if sizes[name] < DROWNING * max(sizes.values())]
    # Splits of like size are mixed; one that would drown among the others lies on top of them.
    for names in ([name for name in splits if name not in small], small):
        mask = np.isin(split, names)
        palette = [colors[name] for name in names]
        places = np.array([names.index(name) for name in split[mask]], dtype=np.int64)
        if len(places):
            scatter.draw_categories(axes, points[mask], places, palette, scale=0.5)
    dots = [Line2D([], [], color=colors[s], marker="o", linestyle="") for s in splits]
    names = [style.label(split, 20) for split in splits]
    axes.legend(dots, names, loc="upper right", framealpha=0.85, frameon=True, edgecolor="none")


def _projected(table: SampleTable) -> NDArray[np.bool_]:
    return np.asarray(np.isfinite(table.points).all(axis=1))


def _write_insights(axes: Axes, report: Report) -> None:
    axes.set_axis_off()
    axes.set_title("Insights, most severe first", fontsize=12)
    insights = ranked_insights(report)
    if not insights:
        budget = words.percent(report.error_budget)
        _write_missing(axes, f"nothing passed the tests at an error budget of {budget}")
        return
    place = 0.95
    for rank, insight in enumerate(insights[:TOLD_INSIGHTS], start=1):
        place = _write_insight(axes, place, rank, insight, report.confidence)
    more = len(insights) - TOLD_INSIGHTS
    if more > 0:
        axes.text(0.045, place, f"and {more:,} more in report.html", va="top", color=style.MUTED)


def _write_insight(axes: Axes, top: float, rank: int, insight: Insight, confidence: float) -> float:
    """Write one insight from `top` down, and return where the next may begin."""
    lines = textwrap.wrap(words.shorten(insight.title, 400), TITLE_LETTERS) or ["(no title)"]
    if len(lines) > TITLE_LINES:
        lines = [*lines[: TITLE_LINES - 1], lines[TITLE_LINES - 1][:-1] + words.ELLIPSIS]
    bold: dict[str, Any] = {"fontsize": 11.5, "fontweight": "bold", "linespacing": 1.25}
    axes.text(0.0, top, str(rank), va="top", color=style.ALERT, **bold)
    axes.text(0.045, top, "\n".join(lines), va="top", **bold)
    top -= LINE * len(lines)
    effect = f"{words.effect(insight, confidence)}; {words.count(len(insight.samples))}"
    axes.text(0.045, top, words.shorten(effect, 86), va="top", fontsize=10, color=style.MUTED)
    return top - LINE * 1.2


def _draw_curve(figure: Figure, report: Report) -> None:
    ranked = ranked_curves(report)
    if not ranked:
        axes = figure.add_axes((0.55, 0.05, 0.42, 0.33))
        axes.set_title("Strongest curve", fontsize=12)
        _write_missing(axes, "no metadata field to draw a measure against")
        return
    strongest: Curve = max(ranked[0], key=lambda curve: curve.strength)
    named = style.label(words.plain(strongest.field), 40)
    title = f"Strongest curve: {words.plain(strongest.measure)} against {named}"
    figure.text(0.55, 0.392, title, fontsize=12, fontweight="bold", va="bottom")
    grid = figure.add_gridspec(1, 1, left=0.60, right=0.97, bottom=0.05, top=0.365)
    curves.draw_one(figure, grid[0, 0], strongest)


def _write_missing(axes: Axes, reason: str) -> None:
    axes.set(xticks=[], yticks=[])
    text = textwrap.fill(reason, TITLE_LETTERS)
    axes.text(0.5, 0.5, text, ha="center", va="center", color=style.MUTED, transform=axes.transAxes)
