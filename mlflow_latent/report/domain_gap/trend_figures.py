"""The figures of a trend: how far each candidate is, what fits, and in what it still differs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from mlflow_latent.report import words
from mlflow_latent.report.figures import style

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from mlflow_latent.report.document import Interval
    from mlflow_latent.report.domain_gap.model import Share
    from mlflow_latent.report.domain_gap.trend import GapTrend, TrendCandidate

Shown = tuple[float, "Interval"]

MOST_FIELDS = 12
DISTANCES = {"frechet": "Fréchet distance", "sliced_wasserstein": "sliced Wasserstein distance"}


def render_trend_figures(trend: GapTrend, folder: Path) -> dict[str, tuple[Path, str]]:
    """Draw every figure that the trend's content allows.

    Returns:
        The PNG files by name, each with the text that stands for it.
    """
    return style.save_all(_figures(trend), folder)


def _figures(trend: GapTrend) -> Iterator[tuple[str, Figure, str]]:
    target = style.label(trend.target.name, 30)
    if any(one.auc is not None for one in trend.candidates):
        yield "distances", distances(trend), f"How far each candidate is from {target}"
    if any(one.fits is not None for one in trend.candidates):
        yield (
            "fits",
            fits(trend),
            f"What of each candidate fits {target}, and what of it is reached",
        )
    if any(one.fields for one in trend.candidates):
        yield "fields", fields(trend), f"In which fields each candidate still differs from {target}"


def distances(trend: GapTrend) -> Figure:
    """Draw both distances and the AUC of every candidate with their intervals."""
    figure, panels = _rows_of(trend, 3)
    for axes, (name, title) in zip(panels[:2], DISTANCES.items(), strict=True):
        _dots(axes, trend, partial(_distance, name))
        axes.set_title(title)
        axes.set_xlabel("units of the target's own spread; 0: none")
        axes.set_xlim(left=0)
    _dots(panels[2], trend, lambda one: None if one.auc is None else (one.auc, one.auc_interval))
    panels[2].axvline(0.5, color=style.MUTED, linewidth=1, linestyle=":")
    panels[2].set_title("told apart in … of pairs")
    panels[2].set_xlabel("0.5: not at all; 1: always")
    subtitle = f"bars: {words.percent(trend.confidence)} interval; the nearest first"
    style.head(figure, f"Distance from {style.label(trend.target.name, 40)}", subtitle)
    return figure


def fits(trend: GapTrend) -> Figure:
    """Draw what of a candidate is within the target's reach, and what of the target is not."""
    figure, panels = _rows_of(trend, 2)
    _dots(panels[0], trend, lambda one: _share(one.fits))
    _dots(panels[1], trend, lambda one: _share(one.target_out_of_reach))
    target = style.label(trend.target.name, 24)
    for axes, title in zip(
        panels,
        (f"of the candidate: fits {target}", f"of {target}: out of the candidate's reach"),
        strict=True,
    ):
        axes.set_title(title)
        axes.set_xlim(0, 1)
        style.percent_axis(axes)
    for axes, expected in zip(panels, (0.95, 0.05), strict=True):
        axes.axvline(expected, color=style.MUTED, linewidth=1, linestyle=":")
    subtitle = "dotted: what two sets of one distribution would show"
    style.head(figure, f"What fits {target}", subtitle)
    return figure


def fields(trend: GapTrend) -> Figure:
    """Draw the effect of the strongest fields, a row each, a mark per candidate."""
    strongest: dict[str, float] = {}
    for one in trend.candidates:
        for field in one.fields:
            size = abs(field.effect)
            strongest[field.name] = max(size, strongest.get(field.name, 0.0))
    names = sorted(strongest, key=lambda name: (-strongest[name], name))[:MOST_FIELDS]
    figure = style.new_figure(9.4, 0.42 * len(names) + 2.4)
    axes = figure.add_subplot()
    colors = style.CATEGORY_COLORS
    markers = "osD^vPX*hp"
    for number, one in enumerate(trend.candidates):
        effects = {field.name: field for field in one.fields}
        known = [(row, effects[name]) for row, name in enumerate(names) if name in effects]
        offset = (number - (len(trend.candidates) - 1) / 2) * 0.6 / max(1, len(trend.candidates))
        look: dict[str, Any] = {"color": colors[number % len(colors)]}
        for row, field in known:
            axes.plot(
                _ends(field.effect, field.interval), [row + offset] * 2, linewidth=1.4, **look
            )
        rows = np.array([row for row, _ in known]) + offset
        marker = markers[number % len(markers)]
        label = style.label(one.origin.name)
        axes.scatter([f.effect for _, f in known], rows, s=36, marker=marker, label=label, **look)
    axes.axvline(0, color=style.INK, linewidth=1)
    axes.set_xlim(-1.05, 1.05)
    axes.set_yticks(range(len(names)), [style.label(words.plain(name), 34) for name in names])
    axes.set_ylim(len(names) - 0.4, -0.6)
    style.tidy(axes, grid="x")
    axes.set_xlabel("effect: the target is lower (−1) … the target is higher (1)")
    figure.legend(loc="outside lower center", ncols=min(5, len(trend.candidates)))
    subtitle = "Cliff's delta, or a difference of shares; no mark: no difference shown"
    title = f"In what the candidates still differ from {style.label(trend.target.name, 30)}"
    style.head(figure, title, subtitle)
    return figure


def _rows_of(trend: GapTrend, columns: int) -> tuple[Figure, Sequence[Axes]]:
    """Return a figure with a row per candidate in each of some panels."""
    size = len(trend.candidates)
    figure = style.new_figure(4.4 * columns, 0.44 * size + 2.2)
    panels = figure.subplots(1, columns, sharey=True)
    names = [style.label(one.origin.name) for one in trend.candidates]
    panels[0].set_yticks(range(size), names)
    panels[0].set_ylim(size - 0.4, -0.6)
    for axes in panels:
        style.tidy(axes, grid="x")
    return figure, list(panels)


def _dots(axes: Axes, trend: GapTrend, value: Callable[[TrendCandidate], Shown | None]) -> None:
    for row, one in enumerate(trend.candidates):
        shown = value(one)
        if shown is None:
            axes.annotate("not measured", (0.02, row), color=style.MUTED, va="center", fontsize=8.5)
            continue
        color = style.CATEGORY_COLORS[row % len(style.CATEGORY_COLORS)]
        axes.plot(_ends(*shown), [row, row], color=color, linewidth=1.6)
        axes.scatter(shown[0], row, s=44, color=color, zorder=3)


def _ends(value: float, interval: Interval) -> list[float]:
    return [value if end is None else end for end in interval]


def _distance(name: str, one: TrendCandidate) -> Shown | None:
    found = one.distance(name)
    return None if found is None else (found.value, found.interval)


def _share(share: Share | None) -> Shown | None:
    return None if share is None else (share.share, share.interval)
