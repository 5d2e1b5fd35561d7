"""The figures of a gap: where both sets lie, where they belong, their fields, their regions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mlflow_latent.report import words
from mlflow_latent.report.figures import scatter, style

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from mlflow_latent.report.domain_gap.model import DomainGap, GapRegion
    from mlflow_latent.report.model import SeparatingField

Drawn = tuple[str, "Figure", str]

COLORS = {"source": "#0072B2", "target": "#D55E00"}
SIDES = ("source", "target")
PANEL = 4.6
MOST_POINTS, LEAST_POINTS = 4_000, 400  # of each set on a map
BELONGING_BINS = 40
MOST_FIELDS, FIELD_COLUMNS, FIELD_BINS, MOST_CATEGORIES = 9, 3, 30, 10
MOST_REGIONS = 24
SPAN = (0.5, 99.5)  # percentiles of a field that its axis shows
VERDICTS = {
    "target_only": "the target's alone",
    "more_target": "more of the target",
    "both": "no sure difference",
    "more_source": "more of the source",
    "source_only": "the source's alone",
}


def render_figures(gap: DomainGap, folder: Path) -> dict[str, tuple[Path, str]]:
    """Draw every figure that the gap's content allows.

    Returns:
        The PNG files by name, each with the text that stands for it.
    """
    return style.save_all(_figures(gap), folder)


def _figures(gap: DomainGap) -> Iterator[Drawn]:
    table = gap.samples
    if "projection_x" in table and np.isfinite(table["projection_x"]).any():
        yield "population", population(gap), f"Map of both sets: {_both(gap)}"
    if "belonging_source" in table:
        yield "belonging", belonging(gap), "How much each sample looks like the source, by set"
    drawable = [one for one in gap.fields if values_of(table, one.name) is not None]
    if drawable:
        text = "Distributions of the fields that differ most, by set"
        yield "fields", fields(gap, drawable[:MOST_FIELDS]), text
    if gap.regions:
        yield "coverage", coverage(gap), "Share of each set in every region of the latent space"


def population(gap: DomainGap) -> Figure:
    """Draw both sets together, as many of the one as of the other, and each alone."""
    table = gap.samples
    sets = {side: _places(table, side) for side in SIDES}
    points = np.concatenate(list(sets.values()))
    panel = PANEL * scatter.proportion(points) + 0.5
    figure = style.new_figure(PANEL * 3, panel + 1.2)
    panels = figure.subplots(1, 3)
    count = max(LEAST_POINTS, min(MOST_POINTS, *(len(of) for of in sets.values())))
    drawn = {side: _thin(of, count) for side, of in sets.items()}
    for axes in panels:
        scatter.prepare(axes, points)
    codes = np.repeat([0, 1], [len(drawn[side]) for side in SIDES])
    both = np.concatenate([drawn[side] for side in SIDES])
    scatter.draw_categories(panels[0], both, codes, [COLORS[side] for side in SIDES], 0.45)
    panels[0].set_title("both", fontsize=10.5)
    for axes, side, other in zip(panels[1:], SIDES, reversed(SIDES), strict=True):
        scatter.draw_context(axes, drawn[other], 0.45)
        alike = np.zeros(len(drawn[side]), dtype=np.int64)
        scatter.draw_categories(axes, drawn[side], alike, [COLORS[side]], 0.45)
        title = f"{_name(gap, side)}: {words.count(len(sets[side]))}"
        axes.set_title(title, color=COLORS[side], fontsize=10.5)
    shown = ", ".join(f"{len(drawn[side]):,} of {_name(gap, side)}" for side in SIDES)
    style.head(figure, f"Latent space: {_both(gap)}", f"drawn: {shown}; grey: the other set")
    return figure


def belonging(gap: DomainGap) -> Figure:
    """Draw how much the samples of each set look like the source, as shares of their set."""
    table = gap.samples
    figure = style.new_figure(9.2, 4.4)
    axes = figure.add_subplot()
    edges = np.linspace(0, 1, BELONGING_BINS + 1)
    for side in SIDES:
        values = table.loc[table["origin"] == side, "belonging_source"].to_numpy(np.float64)
        _steps(axes, values[np.isfinite(values)], edges, side, _name(gap, side))
    style.tidy(axes, grid="y")
    axes.set_xlim(0, 1)
    axes.yaxis.set_major_formatter(lambda value, _place: f"{value * 100:.6g} %")
    source, target = (_name(gap, side) for side in SIDES)
    axes.set_xlabel(f"looks like {target} (0) … like {source} (1); cross-validated, equal priors")
    axes.set_ylabel("share of its set")
    axes.legend(loc="upper center", ncols=2)
    told = f"told apart in {words.percent(gap.auc)} of pairs" if gap.auc is not None else ""
    bounds = f" ({words.interval(gap.auc_interval, gap.confidence)}; half by chance)"
    style.head(figure, f"Where samples belong: {_both(gap)}", told + bounds if told else "")
    return figure


def fields(gap: DomainGap, found: list[SeparatingField]) -> Figure:
    """Draw the distribution of each field in both sets, each as shares of its set."""
    rows = -(-len(found) // FIELD_COLUMNS)
    columns = min(FIELD_COLUMNS, len(found))
    figure = style.new_figure(max(4.3 * columns, 7.0), 2.9 * rows + 1.2)
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for axes, one in zip(panels, found, strict=False):
        draw_field(axes, gap, one)
    for axes in panels[len(found) :]:
        axes.set_visible(False)
    from matplotlib.patches import Patch

    handles = [Patch(color=COLORS[side], alpha=0.7) for side in SIDES]
    figure.legend(
        handles, [_name(gap, side) for side in SIDES], loc="outside lower center", ncols=2
    )
    more = len(gap.fields) - len(found)
    rest = f"; {words.count(more, 'more field')} in gap.json" if more else ""
    subtitle = f"shares of each set; the largest effect first{rest}"
    style.head(figure, f"Fields that differ: {_both(gap)}", subtitle)
    return figure


def draw_field(axes: Axes, gap: DomainGap, one: SeparatingField) -> None:
    """Draw one field of both sets."""
    values = values_of(gap.samples, one.name)
    assert values is not None  # noqa: S101 - only such fields are drawn
    sides = {side: values[gap.samples["origin"] == side].dropna() for side in SIDES}
    style.tidy(axes, grid="y" if one.category is None else "x")
    share = lambda value, _place: f"{value * 100:.6g} %"  # noqa: E731 - matplotlib's formatter
    if one.category is None:
        numbers = {side: of.to_numpy(np.float64) for side, of in sides.items()}
        low, high = _span(numbers)
        edges = np.linspace(low, high, FIELD_BINS + 1)
        for side, of in numbers.items():
            _steps(axes, np.clip(of, low, high), edges, side)
        axes.yaxis.set_major_formatter(share)
    else:
        _bars(axes, {side: of.astype(str) for side, of in sides.items()})
        axes.xaxis.set_major_formatter(share)
    axes.set_title(style.label(words.plain(one.name), 34), fontsize=10)
    axes.annotate(
        f"{words.plain(one.effect_name)} {words.number(one.effect)}",
        (1, 1),
        xycoords="axes fraction",
        ha="right",
        va="bottom",
        fontsize=8,
        color=style.MUTED,
    )


def coverage(gap: DomainGap) -> Figure:
    """Draw the share of each set in every region, the source to the left, the target right."""
    regions = gap.regions[:MOST_REGIONS]
    figure = style.new_figure(9.2, 0.27 * len(regions) + 2.2)
    axes = figure.add_subplot()
    for place, region in enumerate(regions):
        sure = region.verdict != "both"
        look: dict[str, Any] = {"height": 0.7, "alpha": 0.9 if sure else 0.35}
        axes.barh(place, -region.share_source, color=COLORS["source"], **look)
        axes.barh(place, region.share_target, color=COLORS["target"], **look)
    axes.axvline(0, color=style.INK, linewidth=1)
    axes.set_yticks(range(len(regions)), [_region_name(region) for region in regions], fontsize=8.5)
    axes.set_ylim(len(regions) - 0.4, -0.6)
    style.tidy(axes, grid="x")
    axes.xaxis.set_major_formatter(lambda value, _place: f"{abs(value) * 100:.6g} %")
    source, target = (_name(gap, side) for side in SIDES)
    axes.set_xlabel(f"← share of {source}        share of {target} →")
    _alike_limits(axes, regions)
    out = gap.target_out_of_reach
    reach = (
        f"{words.percent(out.share)} of {target} is out of reach of {source} "
        f"({words.percent(out.expected)} if both were one)"
        if out
        else ""
    )
    style.head(figure, f"Coverage: {_both(gap)}", f"{reach}\npale: no sure difference")
    return figure


def values_of(table: pd.DataFrame, name: str) -> pd.Series[Any] | None:
    """Return the column of a field by the name that explanations use; None if there is none."""
    for column in (f"meta_{name}", name.replace(" ", "_")):
        if column in table:
            return table[column]
    return None


def _places(table: pd.DataFrame, side: str) -> NDArray[np.float32]:
    columns = table.loc[table["origin"] == side, ["projection_x", "projection_y"]]
    points: NDArray[np.float32] = columns.to_numpy(np.float32)
    return points[np.isfinite(points).all(axis=1)]


def _thin(points: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    if len(points) <= count:
        return points
    return points[np.random.default_rng(0).choice(len(points), count, replace=False)]


def _steps(
    axes: Axes,
    values: NDArray[np.float64],
    edges: NDArray[np.float64],
    side: str,
    name: str | None = None,
) -> None:
    shares = np.histogram(values, edges)[0] / max(1, len(values))
    look: dict[str, Any] = {"color": COLORS[side], "linewidth": 1.6}
    axes.stairs(shares, edges, fill=True, alpha=0.25, color=COLORS[side], linewidth=0)
    axes.stairs(
        shares, edges, label=None if name is None else f"{name} (n = {len(values):,})", **look
    )


def _bars(axes: Axes, sides: dict[str, pd.Series[str]]) -> None:
    shares = {side: of.value_counts(normalize=True) for side, of in sides.items()}
    joined = pd.DataFrame(shares).fillna(0.0)
    order = joined.max(axis=1).sort_values(ascending=False, kind="stable").index[:MOST_CATEGORIES]
    for place, category in enumerate(order):
        for side, offset in zip(SIDES, (-0.19, 0.19), strict=True):
            look: dict[str, Any] = {"color": COLORS[side], "alpha": 0.75}
            axes.barh(place + offset, float(joined.loc[category, side]), 0.38, **look)
    axes.set_yticks(range(len(order)), [style.label(str(name), 18) for name in order], fontsize=8.5)
    axes.set_ylim(len(order) - 0.4, -0.6)


def _span(numbers: dict[str, NDArray[np.float64]]) -> tuple[float, float]:
    ends = [np.percentile(of[np.isfinite(of)], SPAN) for of in numbers.values() if len(of)]
    low, high = float(min(end[0] for end in ends)), float(max(end[1] for end in ends))
    return (low, high) if high > low else (low - 0.5, low + 0.5)


def _region_name(region: GapRegion) -> str:
    return f"{region.id}  {VERDICTS[region.verdict]}"


def _alike_limits(axes: Axes, regions: tuple[GapRegion, ...]) -> None:
    reach = max(max(one.share_source, one.share_target) for one in regions) * 1.06
    axes.set_xlim(-reach, reach)


def _name(gap: DomainGap, side: str) -> str:
    return style.label((gap.source if side == "source" else gap.target).name, 24)


def _both(gap: DomainGap) -> str:
    return f"{_name(gap, 'target')} against {_name(gap, 'source')}"
