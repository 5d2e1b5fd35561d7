"""The figures of a comparison: where the runs differ, and both runs' curves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mlflow_latent.report import words
from mlflow_latent.report.comparison.words import GROUPINGS, VERDICTS, group_name, ordered
from mlflow_latent.report.figures import style
from mlflow_latent.schema import sort_splits

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from mlflow_latent.report.comparison.model import Change, Comparison, CurvePair
    from mlflow_latent.report.model import CurveBin

RUN_COLORS = {"a": "#0072B2", "b": "#D55E00"}
RUN_MARKERS = {"a": "o", "b": "s"}
VERDICT_COLORS = {
    "better": "#009E73",
    "mostly_better": "#009E73",
    "worse": style.ALERT,
    "mostly_worse": style.ALERT,
    "mixed": "#332288",
    "undecided": style.MUTED,
    "too_few": style.OTHER_COLOR,
}
MOST_LINES = 30  # groups of one figure: the surest changes
LINE_HEIGHT = 0.27
WIDTH, PANEL = 11.0, 6.0
MOST_CURVES = 6  # fields per measure
MOST_MEASURES = 3
FEW = 30  # a bin of fewer samples is drawn hollow
DRAWN = ("category", "category_a", "category_b", "supercategory", "region_joint", "metadata")


def render_figures(comparison: Comparison, folder: Path) -> dict[str, tuple[Path, str]]:
    """Draw every figure that the comparison's content allows.

    Returns:
        The PNG files by name, each with the text that stands for it.
    """
    return style.save_all(_figures(comparison), folder)


def _figures(comparison: Comparison) -> Iterator[tuple[str, Figure, str]]:
    tested = comparison.tested_split
    for measure in [one.name for one in comparison.measures][:MOST_MEASURES]:
        for grouping in DRAWN:
            family = ordered(comparison, measure, grouping, tested)
            if family:
                title = f"{GROUPINGS[family[0].grouping]}: change of {words.plain(measure)}"
                name = words.slugs([f"change {grouping} {measure}"])[0]
                yield name, changes(comparison, family), f"{title} on {tested}"
        chosen = [pair for pair in comparison.curves if pair.measure == measure]
        fields = _strongest(chosen)
        for slug, pair in zip(words.slugs(p.field for p in fields), fields, strict=True):
            text = f"{words.plain(measure)} against {words.plain(pair.field)} in both runs"
            yield f"curve_{words.slugs([measure])[0]}_{slug}", curve(comparison, pair), text


def changes(comparison: Comparison, family: Sequence[Change]) -> Figure:
    """Draw the mean difference of every group with its interval, the most improved on top."""
    lines, hidden = _surest([one for one in family if one.n > 1])
    figure = style.new_figure(WIDTH, max(len(lines), 3) * LINE_HEIGHT + 2.5)
    axes = figure.add_subplot()
    for place, change in enumerate(lines):
        _draw_change(axes, place, change)
    main = _main_categories(comparison)
    axes.axvline(0, color=style.INK, linewidth=1)
    names = [f"{_line_name(one, main)}  n = {one.n:,}" for one in lines]
    axes.set_yticks(range(len(lines)), names, fontsize=8.5)
    axes.set_ylim(len(lines) - 0.3, -0.8)
    style.tidy(axes, grid="x")
    axes.margins(x=0.04)
    first = family[0]
    better = next(one.direction for one in comparison.measures if one.name == first.measure)
    side = "left" if better == "lower" else "right"
    axes.set_xlabel(
        f"mean change of {words.plain(first.measure)}, b − a ({side} of 0: b is better)"
    )
    _clip(axes, lines)
    _verdict_legend(figure, lines)
    more = f"; {words.count(hidden, 'group')} with less evidence not drawn" if hidden else ""
    subtitle = (
        f"{_runs(comparison)}\n{style.label(first.split)}; bars: "
        f"{words.percent(comparison.confidence)} interval of the mean; colors: q ≤ "
        f"{words.number(comparison.error_rate)} within this figure; hollow: only most samples "
        f"changed{more}"
    )
    title = f"{GROUPINGS[first.grouping]}: change of {words.plain(first.measure)}"
    style.head(figure, title, subtitle)
    return figure


def _main_categories(comparison: Comparison) -> dict[str, str]:
    """Return what most of a joint region's samples are, where there are categories."""
    return {
        region.id: f"{style.label(region.main_category, 20)} "
        f"({words.percent(region.main_category_share)})"
        for region in comparison.regions
        if region.main_category is not None
    }


def _line_name(change: Change, main: dict[str, str]) -> str:
    name = style.label(group_name(change), 44)
    if change.grouping != "region_joint" or change.group not in main:
        return name
    return f"{name} · {main[change.group]}"


def _draw_change(axes: Axes, place: int, change: Change) -> None:
    color = VERDICT_COLORS[change.verdict]
    low, high = (change.difference if end is None else end for end in change.interval)
    axes.plot([low, high], [place, place], color=color, linewidth=1.5, alpha=0.8)
    filled = not change.verdict.startswith("mostly")
    axes.scatter(
        change.difference,
        place,
        s=40,
        zorder=3,
        linewidths=1.4,
        facecolors=color if filled else style.PAPER,
        edgecolors=color,
    )
    told = change.wins + change.losses
    share = f"b better on {words.percent(change.wins / told)}" if told else "all equal"
    axes.annotate(
        share,
        (1.01, place),
        xycoords=("axes fraction", "data"),
        va="center",
        fontsize=8,
        color=style.MUTED,
        annotation_clip=False,
    )


def curve(comparison: Comparison, pair: CurvePair) -> Figure:
    """Draw a curve of both runs, a panel per split, n below or beside the means."""
    splits = sort_splits(pair.series)
    lines = max(len(bins["a"]) for bins in pair.series.values())
    flat = pair.binning == "categorical"
    height = 2.8 + 0.42 * lines if flat else 5.6
    figure = style.new_figure(max(PANEL * len(splits), 8.4), height)
    grid = figure.add_gridspec(1, len(splits))
    drawn: list[Axes] = []
    for place, split in enumerate(splits):
        inner = (
            grid[0, place].subgridspec(1, 2, width_ratios=(3, 1), wspace=0.03)
            if flat
            else grid[0, place].subgridspec(2, 1, height_ratios=(4, 1), hspace=0.03)
        )
        means, sizes = figure.add_subplot(inner[0]), figure.add_subplot(inner[1])
        for axes in (means, sizes):
            style.tidy(axes, grid="both")
        _draw_curve(means, sizes, pair, split, labelled=place == 0)
        drawn.append(means)
    _share_limits(drawn, pair)
    handles = [_run_handle(key) for key in "ab"]
    names = [f"{run.key}: {style.label(run.name, 40)}" for run in (comparison.a, comparison.b)]
    figure.legend(handles, names, loc="outside lower center", ncols=2)
    subtitle = (
        f"the same samples in both runs; bins explain {words.percent(pair.strength)} of the rank "
        f"variance of b − a on {style.label(comparison.tested_split)}\nbars: "
        f"{words.percent(comparison.confidence)} interval of each mean, which may overlap where "
        f"the paired difference is clear; hollow: under {FEW} samples"
    )
    field = style.label(words.plain(pair.field), 60)
    title = f"{words.plain(pair.measure).capitalize()} against {field}"
    style.head(figure, title, subtitle)
    return figure


def _draw_curve(means: Axes, sizes: Axes, pair: CurvePair, split: str, *, labelled: bool) -> None:
    flat = pair.binning == "categorical"
    both = pair.series[split]
    places = _places(both["a"], flat=flat)
    step = 0.22 if flat else float(np.diff(places).min() if len(places) > 1 else 1.0) * 0.12
    for key, side in (("a", -1), ("b", 1)):
        _draw_run(means, both[key], places + side * step / 2, key, flat=flat)
    n = [one.n for one in both["a"]]
    title, measure = style.label(split), f"mean {style.label(words.plain(pair.measure), 50)}"
    if flat:
        sizes.barh(places, n, 0.6, color=style.OTHER_COLOR)
        labels = [style.label(one.label) for one in both["a"]] if labelled else [""] * len(n)
        means.set_yticks(places, labels)
        for axes in (means, sizes):
            axes.set_ylim(len(n) - 0.4, -0.6)
        sizes.set(xlabel="samples", yticks=[])
        means.set(xlabel=measure, title=title)
        return
    width = np.diff(places).min() * 0.7 if len(places) > 1 else 0.7
    sizes.bar(places, n, width, color=style.OTHER_COLOR)
    sizes.sharex(means)
    means.tick_params(labelbottom=False)
    means.set(ylabel=measure if labelled else "", title=title)
    sizes.set(xlabel=style.label(words.plain(pair.field), 60), ylabel="samples" if labelled else "")


def _draw_run(
    axes: Axes, bins: Sequence[CurveBin], places: np.ndarray[Any, Any], key: str, *, flat: bool
) -> None:
    known = [
        (place, one, one.mean)
        for place, one in zip(places, bins, strict=True)
        if one.mean is not None
    ]
    color, marker = RUN_COLORS[key], RUN_MARKERS[key]
    if not flat:
        points = [place for place, *_ in known], [mean for *_, mean in known]
        axes.plot(*points, color=color, linewidth=1.2, alpha=0.6)
    for place, one, mean in known:
        ends = [mean if end is None else end for end in one.interval]
        fixed = [place, place]
        axes.plot(*((ends, fixed) if flat else (fixed, ends)), color=color, linewidth=1.4)
        x, y = (mean, place) if flat else (place, mean)
        face = style.PAPER if one.n < FEW else color
        look: dict[str, Any] = {"facecolors": face, "edgecolors": color, "marker": marker}
        axes.scatter(x, y, s=40, zorder=3, linewidths=1.4, **look)


def _places(bins: Sequence[CurveBin], *, flat: bool) -> np.ndarray[Any, Any]:
    if flat:
        return np.arange(len(bins), dtype=float)
    return np.array([((one.lower or 0) + (one.upper or 0)) / 2 for one in bins])


def _share_limits(drawn: Sequence[Axes], pair: CurvePair) -> None:
    """Give all panels one scale of means, from the bins that are not few where there are any."""
    bins = [one for split in pair.series.values() for run in split.values() for one in run]
    means = [one.mean for one in bins if one.mean is not None]
    ends = [end for one in bins if one.n >= FEW for end in one.interval if end is not None]
    if not means:
        return
    low, high = min(means + ends), max(means + ends)
    margin = 0.06 * (high - low) or 0.5
    for axes in drawn:
        change = axes.set_xlim if pair.binning == "categorical" else axes.set_ylim
        change(low - margin, high + margin)


def _strongest(pairs: Sequence[CurvePair]) -> list[CurvePair]:
    """Return one curve per field, quantiles before equal widths, the strongest fields."""
    by_field: dict[str, CurvePair] = {}
    for pair in pairs:
        kept = by_field.get(pair.field)
        if kept is None or (kept.binning == "equal_width" and pair.binning == "quantile"):
            by_field[pair.field] = pair
    return sorted(by_field.values(), key=lambda p: (-p.strength, p.field))[:MOST_CURVES]


def _surest(family: Sequence[Change]) -> tuple[list[Change], int]:
    """Return the groups whose change is the surest, in order, and how many are left out."""
    surest = sorted(family, key=lambda one: (_least_q(one), -one.n))
    kept = {id(one) for one in surest[:MOST_LINES]}
    lines = [one for one in family if id(one) in kept]
    if lines and lines[0].grouping == "metadata":  # the bins of a field are read as a row
        lines.sort(key=lambda one: (one.field or "", one.lower or 0.0, one.group))
    return lines, len(family) - len(lines)


def _least_q(change: Change) -> float:
    known = [q for q in (change.q_value, change.signed_rank_q_value) if q is not None]
    return min(known, default=2.0)  # what was not tested comes after everything


def _clip(axes: Axes, lines: Sequence[Change]) -> None:
    """Let the interval of a handful of samples not flatten all the others."""
    trusted = [one for one in lines if one.p_value is not None] or lines
    ends = [end for one in trusted for end in one.interval if end is not None]
    ends += [one.difference for one in lines] + [0.0]
    margin = 0.05 * (max(ends) - min(ends)) or 0.5
    axes.set_xlim(min(ends) - margin, max(ends) + margin)


def _verdict_legend(figure: Figure, lines: Sequence[Change]) -> None:
    from matplotlib.lines import Line2D

    there = [verdict for verdict in VERDICTS if any(one.verdict == verdict for one in lines)]
    handles = [
        Line2D(
            [],
            [],
            color=VERDICT_COLORS[verdict],
            marker="o",
            markerfacecolor=style.PAPER
            if verdict.startswith("mostly")
            else VERDICT_COLORS[verdict],
        )
        for verdict in there
    ]
    names = [VERDICTS[verdict] for verdict in there]
    if handles:
        figure.legend(handles, names, loc="outside lower center", ncols=min(len(names), 4))


def _run_handle(key: str) -> Any:
    from matplotlib.lines import Line2D

    return Line2D([], [], color=RUN_COLORS[key], marker=RUN_MARKERS[key])


def _runs(comparison: Comparison) -> str:
    return ", ".join(
        f"{run.key}: {style.label(run.name, 48)}" for run in (comparison.a, comparison.b)
    )
