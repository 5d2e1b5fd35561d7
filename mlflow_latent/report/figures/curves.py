"""A measure against a metadata field: mean, interval and number of samples in every bin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mlflow_latent.report import words
from mlflow_latent.report.figures import style
from mlflow_latent.report.ranking import drawn_curves
from mlflow_latent.schema import LOSS, sort_splits

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.gridspec import GridSpecFromSubplotSpec, SubplotSpec
    from numpy.typing import NDArray

    from mlflow_latent.report.model import Curve, CurveBin, Report

FEW = 30  # a bin of fewer samples is drawn hollow: its mean may be a matter of luck
MOST_CATEGORIES = 25
PANEL, HEIGHT = 6.4, 5.6
TITLES = {
    "quantile": "bins of equal n (quantiles)",
    "equal_width": "bins of equal width",
    "categorical": "categories",
}
SIMILAR_NAMED = 4


def draw_all(report: Report) -> Iterator[tuple[str, Figure]]:
    """Yield the name and the figure of the fields that matter most to each measure."""
    for name, curves in named_curves(report).items():
        yield name, field(curves, report)


def named_curves(report: Report) -> dict[str, list[Curve]]:
    """Return the curves that get a figure, by its name, the strongest first."""
    chosen = drawn_curves(report)
    names = [
        curves[0].field if curves[0].measure == LOSS else f"{curves[0].field} {curves[0].measure}"
        for curves in chosen
    ]
    return {
        f"curve_{name}": curves for name, curves in zip(words.slugs(names), chosen, strict=True)
    }


def field(curves: Sequence[Curve], report: Report) -> Figure:
    """Draw the curves of one field, a panel per way of binning, n below the means."""
    width = max(PANEL * len(curves), 8.4)
    figure = style.new_figure(width, max(_height(curve) for curve in curves))
    outer = figure.add_gridspec(1, len(curves))
    for place, curve in enumerate(curves):
        draw_one(figure, outer[0, place], curve)
    _legend(figure, curves)
    style.head(figure, *_title(curves[0], report))
    return figure


def _title(curve: Curve, report: Report) -> tuple[str, str]:
    explained = words.percent(curve.strength)
    on = f" on {style.label(report.tested_split)}" if report.tested_split else ""
    subtitle = (
        f"bins explain {explained} of the rank variance{on}; bars: "
        f"{words.percent(report.confidence)} interval of the mean; hollow: under {FEW} samples"
    )
    if curve.similar_fields:
        named = ", ".join(style.label(name) for name in curve.similar_fields[:SIMILAR_NAMED])
        more = len(curve.similar_fields) - SIMILAR_NAMED
        subtitle += f"\nsays nearly the same: {named}" + (f" and {more} more" if more > 0 else "")
    measure = words.plain(curve.measure).capitalize()
    return f"{measure} against {style.label(words.plain(curve.field), 60)}", subtitle


def draw_one(figure: Figure, spec: SubplotSpec, curve: Curve) -> None:
    """Draw one curve, means above or beside n, where `spec` says."""
    draw = _draw_categories if curve.binning == "categorical" else _draw_numbers
    draw(figure, spec, curve)


def _draw_numbers(figure: Figure, spec: SubplotSpec, curve: Curve) -> None:
    means, sizes = _two(figure, spec.subgridspec(2, 1, height_ratios=(4, 1), hspace=0.03))
    sizes.sharex(means)
    splits = sort_splits(curve.series)
    colors = style.split_colors(splits)
    for order, split in enumerate(splits):
        bins = [b for b in curve.series[split] if b.lower is not None and b.upper is not None]
        edges = np.array([(b.lower, b.upper) for b in bins], dtype=float).reshape(-1, 2)
        middle = edges.mean(axis=1)
        _draw_series(means, middle, bins, split, colors[split], horizontal=False)
        left, width = _bars(edges, order, len(splits))
        sizes.bar(left, [b.n for b in bins], width, align="edge", color=colors[split], alpha=0.75)
    means.tick_params(labelbottom=False)
    low, high, cut = _span(curve)
    means.set(ylabel=_measure_label(curve), title=TITLES[curve.binning] + cut, ylim=(low, high))
    sizes.set(xlabel=style.label(words.plain(curve.field), 60), ylabel="samples")


def _bars(
    edges: NDArray[np.float64], order: int, splits: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return where the bars of n begin, side by side in each bin, and their widths."""
    width = np.ptp(edges, axis=1)
    start = edges[:, 0]
    if len(width) and not width.all():  # a bin for each value has no width: take the spacing's
        gaps = np.diff(np.sort(edges.mean(axis=1)))
        width = np.where(width > 0, width, gaps.min() if len(gaps) else 1.0)
        start = edges.mean(axis=1) - width / 2
    return start + width * (0.07 + 0.86 * order / splits), width * 0.86 / splits


def _draw_categories(figure: Figure, spec: SubplotSpec, curve: Curve) -> None:
    means, sizes = _two(figure, spec.subgridspec(1, 2, width_ratios=(3, 1), wspace=0.03))
    sizes.sharey(means)
    splits = sort_splits(curve.series)
    colors = style.split_colors(splits)
    names, hidden = _categories(curve)
    step = 0.8 / max(len(splits), 1)
    for order, split in enumerate(splits):
        bins = [b for b in curve.series[split] if b.label in names]
        places = np.array([names.index(b.label) for b in bins], dtype=float)
        places += (order - (len(splits) - 1) / 2) * step
        _draw_series(means, places, bins, split, colors[split], horizontal=True)
        sizes.barh(places, [b.n for b in bins], step * 0.9, color=colors[split], alpha=0.75)
        for place, one in zip(places, bins, strict=True):
            sizes.annotate(
                f"{one.n:,}",
                (one.n, place),
                xytext=(3, 0),
                textcoords="offset points",
                va="center",
                fontsize=7.5,
                color=style.MUTED,
            )
    means.set_yticks(range(len(names)), [style.label(name) for name in names])
    means.set_ylim(len(names) - 0.4, -0.6)
    sizes.tick_params(labelleft=False)
    sizes.margins(x=0.3)
    more = f"; {words.count(hidden, 'rarer one')} not drawn" if hidden else ""
    low, high, cut = _span(curve)
    title = TITLES[curve.binning] + more + cut
    means.set(xlabel=_measure_label(curve), title=title, xlim=(low, high))
    means.set_ylabel(style.label(words.plain(curve.field), 60))
    sizes.set_xlabel("samples")


def _draw_series(
    axes: Axes,
    places: NDArray[np.float64],
    bins: Sequence[CurveBin],
    split: str,
    color: str,
    *,
    horizontal: bool,
) -> None:
    """Draw means with their intervals; bins of few samples hollow, those without a mean at 0."""
    known = [
        (place, b, b.mean) for place, b in zip(places, bins, strict=True) if b.mean is not None
    ]
    at, mean = [place for place, _, _ in known], [value for _, _, value in known]
    if not horizontal:
        axes.plot(at, mean, color=color, linewidth=1.2, alpha=0.6)
    for place, one, value in known:
        low, high = (value if bound is None else bound for bound in one.interval)
        few = one.n < FEW
        look: dict[str, Any] = {"color": color, "linewidth": 1.4, "alpha": 0.45 if few else 0.9}
        span, fixed = [low, high], [place, place]
        x, y = (value, place) if horizontal else (place, value)
        axes.plot(*((span, fixed) if horizontal else (fixed, span)), **look)
        inside, marker = style.PAPER if few else color, style.split_marker(split)
        axes.scatter(
            x, y, s=42, marker=marker, zorder=3, lw=1.4, facecolors=inside, edgecolors=color
        )
    _mark_without_mean(axes, places, bins, color, horizontal=horizontal)


def _mark_without_mean(
    axes: Axes,
    places: NDArray[np.float64],
    bins: Sequence[CurveBin],
    color: str,
    *,
    horizontal: bool,
) -> None:
    """Mark bins of one sample, which have no mean, with a cross at the axis."""
    lone = [place for place, one in zip(places, bins, strict=True) if one.n and one.mean is None]
    edge = [0.02] * len(lone)
    transform = axes.get_yaxis_transform() if horizontal else axes.get_xaxis_transform()
    x, y = (edge, lone) if horizontal else (lone, edge)
    axes.scatter(x, y, marker="x", s=30, color=color, transform=transform)


def _span(curve: Curve) -> tuple[float, float, str]:
    """Return the limits of the measure's axis, and words where an interval reaches beyond.

    Every mean is inside; of the intervals those of bins that are not few, so that the huge one of a
    bin of two samples does not flatten the curve.
    """
    bins = [one for series in curve.series.values() for one in series if one.mean is not None]
    means = [one.mean for one in bins if one.mean is not None]
    ends = [(end, one.n) for one in bins for end in one.interval if end is not None]
    kept = means + [end for end, n in ends if n >= FEW]
    if not kept:
        return 0.0, 1.0, ""
    if len(kept) == len(means):
        kept += [end for end, _ in ends]
    margin = 0.06 * (max(kept) - min(kept)) or 0.5
    low, high = min(kept) - margin, max(kept) + margin
    cut = any(not low <= end <= high for end, _ in ends)
    return low, high, "; long intervals cut" if cut else ""


def _two(figure: Figure, grid: GridSpecFromSubplotSpec) -> tuple[Axes, Axes]:
    means, sizes = figure.add_subplot(grid[0]), figure.add_subplot(grid[1])
    for axes in (means, sizes):
        style.tidy(axes, grid="both")
    return means, sizes


def _categories(curve: Curve) -> tuple[list[str], int]:
    """Return the categories to draw, the most frequent ones, and how many are not drawn."""
    sizes: dict[str, int] = {}
    for bins in curve.series.values():
        for one in bins:
            sizes[one.label] = sizes.get(one.label, 0) + one.n
    frequent = set(sorted(sizes, key=lambda name: -sizes[name])[:MOST_CATEGORIES])
    return [name for name in sizes if name in frequent], len(sizes) - len(frequent)


def _height(curve: Curve) -> float:
    if curve.binning != "categorical":
        return HEIGHT
    lines = len(_categories(curve)[0]) * max(len(curve.series), 1)
    return 2.6 + 0.3 * lines


def _measure_label(curve: Curve) -> str:
    if curve.measure == LOSS:
        return "mean loss (natural units of the criterion)"
    return f"mean {style.label(words.plain(curve.measure), 50)}"


def _legend(figure: Figure, curves: Sequence[Curve]) -> None:
    from matplotlib.lines import Line2D

    splits = sort_splits({split for curve in curves for split in curve.series})
    colors = style.split_colors(splits)
    handles = [
        Line2D([], [], color=colors[split], marker=style.split_marker(split)) for split in splits
    ]
    if handles:
        names = [style.label(split) for split in splits]
        figure.legend(handles, names, loc="outside lower center", ncols=min(len(names), 6))
