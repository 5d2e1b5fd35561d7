"""One insight's own figure: where its samples lie, and how they differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mlflow_latent.report import words
from mlflow_latent.report.figures import scatter, style
from mlflow_latent.report.ranking import DRAWN_INSIGHTS, REPRESENTATION, ranked_insights
from mlflow_latent.schema import sort_splits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from mlflow_latent.report.model import Insight
    from mlflow_latent.report.table import SampleTable

WIDTH, HEIGHT = 7.6, 3.9
WHISKERS = (5, 95)  # percentiles
SMALL: dict[str, Any] = {"fontsize": 8.5, "fontweight": "normal", "color": style.MUTED}


def draw_all(table: SampleTable) -> Iterator[tuple[str, Figure]]:
    """Yield the name and the figure of the most severe insights, by rank."""
    for rank, insight in enumerate(ranked_insights(table.report)[:DRAWN_INSIGHTS], start=1):
        if len(table.rows(insight.samples)):
            yield figure_name(rank, insight), draw(table, insight)


def figure_name(rank: int, insight: Insight) -> str:
    """Return the name of an insight's figure: `insight_02_overfitting`."""
    return f"insight_{rank:02d}_{words.slugs([insight.kind])[0]}"


def draw(table: SampleTable, insight: Insight) -> Figure:
    """Draw where the insight's samples lie, beside how their loss or their shares differ."""
    figure = style.new_figure(WIDTH, HEIGHT)
    inside = table.members(insight)
    panels = [_draw_place] if table.has_projection else []
    if insight.kind in REPRESENTATION:
        panels.append(_draw_shares)
    elif table.loss is not None and np.isfinite(table.loss[inside]).any():  # else: no labels
        panels.append(_draw_losses)
    spots = figure.subplots(1, max(len(panels), 1), squeeze=False)[0]
    for axes, panel in zip(spots, panels, strict=False):
        panel(axes, table, insight, inside)
    style.head(figure, insight.title, words.effect(insight, table.report.confidence))
    return figure


def _draw_place(
    axes: Axes, table: SampleTable, insight: Insight, inside: NDArray[np.bool_]
) -> None:
    shown = np.isfinite(table.points).all(axis=1)
    scatter.prepare(axes, table.points[shown])
    scatter.draw_context(axes, table.points[shown & ~inside], scale=0.3)
    members = table.points[shown & inside]
    codes = np.zeros(len(members), dtype=np.int64)
    scatter.draw_categories(axes, members, codes, [style.ALERT], scale=0.3)
    axes.set_title(f"{words.count(len(insight.samples))} (red) among {shown.sum():,}", **SMALL)


def _draw_losses(
    axes: Axes, table: SampleTable, insight: Insight, inside: NDArray[np.bool_]
) -> None:
    loss = np.asarray(table.loss)
    known = np.isfinite(loss)
    groups = {
        f"{word} {style.label(split)}": loss[known & mask & (table.split == split)]
        for split in sort_splits(insight.counts)
        for word, mask in (("these,", inside), ("rest of", ~inside))
    }
    groups = {name: values for name, values in groups.items() if len(values)}
    for line, (name, values) in enumerate(groups.items()):
        color = style.ALERT if name.startswith("these") else style.MUTED
        _draw_spread(axes, line, values, color)
    names = [f"{name}\n{words.count(len(values))}" for name, values in groups.items()]
    axes.set_yticks(range(len(groups)), names, fontsize=8.5)
    axes.set_ylim(len(groups) - 0.5, -0.5)
    axes.set_xlabel("loss (natural units of the criterion)")
    axes.set_title("diamond: mean, box: quartiles, line: 5–95 %", **SMALL)
    style.tidy(axes, grid="x")


def _draw_spread(axes: Axes, line: int, values: NDArray[np.float64], color: str) -> None:
    low, high = np.percentile(values, WHISKERS)
    first, median, third = np.percentile(values, (25, 50, 75))
    axes.plot([low, high], [line, line], color=color, linewidth=1.2)
    axes.barh(line, third - first, 0.42, left=first, color=color, alpha=0.3)
    axes.plot([median, median], [line - 0.21, line + 0.21], color=color, linewidth=2)
    axes.scatter(values.mean(), line, marker="D", s=40, color=color, zorder=3)


def _draw_shares(
    axes: Axes, table: SampleTable, insight: Insight, inside: NDArray[np.bool_]
) -> None:
    splits = [s for s in sort_splits(insight.counts) if (table.split == s).any()]
    colors = style.split_colors(splits)
    for line, split in enumerate(splits):
        of_split = table.split == split
        held, size = int((inside & of_split).sum()), int(of_split.sum())
        axes.barh(line, held / size, 0.5, color=colors[split])
        text = f" {words.percent(held / size)}, {held:,} of {size:,}"
        paper = {"facecolor": style.PAPER, "edgecolor": "none", "pad": 1}
        axes.text(held / size, line, text, va="center", fontsize=8.5, bbox=paper)
    pooled = inside.sum() / max(len(table), 1)
    axes.axvline(pooled, color=style.INK, linestyle="--", linewidth=1.2)
    axes.set_yticks(range(len(splits)), [style.label(split) for split in splits])
    axes.set_ylim(len(splits) - 0.4, -0.6)
    axes.margins(x=0.5)
    style.percent_axis(axes)
    axes.set_xlabel("share of the split's samples that lie here")
    axes.set_title(f"dashed: share of all samples, {words.percent(float(pooled))}", **SMALL)
    style.tidy(axes, grid="x")
