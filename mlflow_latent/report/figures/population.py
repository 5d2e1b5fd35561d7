"""The projected latent space of all samples, colored by what is known of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.report import words
from mlflow_latent.report.figures import marks, scatter, style
from mlflow_latent.report.ranking import REPRESENTATION, ranked_insights

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from mlflow_latent.report.model import Report
    from mlflow_latent.report.table import SampleTable

OUTLINED = 6  # regions outlined on one map; more would hide what they outline
WIDTH, ABOVE, BESIDE = 8.0, 1.5, 1.6  # inches of a map, of its title, of a legend or color bar
SPLIT_PANELS, SPLIT_PANEL = 9, 4.6  # how many, and the inches of one


@dataclass(frozen=True, eq=False)
class Population:
    """The samples that have a place on the map, row by row.

    Attributes:
        table: the report's samples.
        rows: (M,) row numbers of the projected samples.
    """

    table: SampleTable
    rows: NDArray[np.int64]

    @classmethod
    def of(cls, table: SampleTable) -> Population:
        """Keep the samples of `table` that were projected."""
        return cls(table, np.flatnonzero(np.isfinite(table.points).all(axis=1)))

    @property
    def points(self) -> scatter.Points:
        """(M, 2) places."""
        return self.table.points[self.rows]

    @property
    def report(self) -> Report:
        """The report that the samples are of."""
        return self.table.report


def draw_all(table: SampleTable) -> Iterator[tuple[str, Figure]]:
    """Yield the name and the figure of each view that the report's samples allow."""
    if not table.has_projection:
        return
    population = Population.of(table)
    if table.loss is not None and np.isfinite(table.loss[population.rows]).any():
        yield "population_loss", by_loss(population)
    yield "population_split", by_split(population)
    for level in ("coarse", "fine"):
        codes = table.clusters(level)
        if codes is not None:
            yield f"population_cluster_{level}", by_cluster(population, level)
    if table.target is not None:
        yield "population_target", by_target(population)
        if table.prediction is not None:
            yield "population_errors", by_error(population)


def by_loss(population: Population) -> Figure:
    """Draw samples by loss, the highest on top, with the regions of loss insights outlined."""
    loss = np.asarray(population.table.loss)[population.rows]
    norm = style.loss_scale(loss)
    figure, axes = _map(population)
    scatter.draw_loss(axes, population.points, loss, norm)
    style.loss_bar(figure, axes, norm)
    clipped = f"color ends at the 99th percentile, {words.number(float(norm.vmax or 0))}"
    subtitle = f"{_size(population)}; highest loss on top; {clipped}"
    notes = _outline(axes, population, lambda kind: kind not in REPRESENTATION)
    _head(figure, population, "Latent space by loss", subtitle + notes)
    return figure


def by_split(population: Population) -> Figure:
    """Draw a panel per split, the others as context, so that no split hides another."""
    splits = population.table.splits[:SPLIT_PANELS]
    columns = min(len(splits), 3)
    rows = -(-len(splits) // columns)
    panel = SPLIT_PANEL * scatter.proportion(population.points) + 0.6
    figure = style.new_figure(max(SPLIT_PANEL * columns, WIDTH), panel * rows + ABOVE)
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    colors = style.split_colors(population.table.splits)
    for axes, split in zip(panels, splits, strict=False):
        _draw_split(axes, population, split, colors[split], scale=0.45)
    for axes in panels[len(splits) :]:
        axes.set_visible(False)
    notes = _outline(panels[0], population, lambda kind: kind in REPRESENTATION)
    more = len(population.table.splits) - len(splits)
    hidden = f"; {words.count(more, 'more split')} not drawn" if more else ""
    subtitle = f"{_size(population)}; grey: samples of the other splits{hidden}"
    _head(figure, population, "Latent space by split", subtitle + notes)
    return figure


def _draw_split(axes: Axes, population: Population, split: str, color: str, scale: float) -> None:
    points = population.points
    inside = population.table.split[population.rows] == split
    scatter.prepare(axes, points)
    scatter.draw_context(axes, points[~inside], scale)
    codes = np.zeros(int(inside.sum()), dtype=np.int64)
    scatter.draw_categories(axes, points[inside], codes, [color], scale)
    title = f"{style.label(split)}: {words.count(int(inside.sum()))}"
    axes.set_title(title, color=color, fontsize=10.5)


def by_cluster(population: Population, level: str) -> Figure:
    """Draw samples by region of the latent space, each region's number at its center."""
    codes = np.asarray(population.table.clusters(level))[population.rows]
    regions = np.unique(codes[codes >= 0])
    figure, axes = _map(population, beside=0)
    palette, places = color_neighbors(population.points, codes, regions)
    scatter.draw_categories(
        axes, population.points, palette, [*style.CATEGORY_COLORS, style.OTHER_COLOR]
    )
    marks.write_apart(axes, places, [str(region) for region in regions], WIDTH)
    lonely = int((codes < 0).sum())
    apart = f"; {words.count(lonely)} in no region (grey)" if lonely else ""
    subtitle = (
        f"{_size(population)}; {words.count(len(regions), f'{level} region')}, numbered; "
        f"colors only tell neighbors apart{apart}"
    )
    notes = _outline(axes, population, lambda _kind: True, level)
    _head(figure, population, f"Latent space by {level} region", subtitle + notes)
    return figure


def color_neighbors(
    points: scatter.Points, codes: NDArray[np.int64], regions: NDArray[np.int64]
) -> tuple[NDArray[np.int64], list[tuple[float, float]]]:
    """Give each region a color that the regions nearest to it on the map do not have.

    Returns:
        (M,) place of each sample's color in the palette, its length for samples in no region, and
        the center of each region.
    """
    palette = len(style.CATEGORY_COLORS)
    places = [marks.center(points[codes == region]) for region in regions]
    centers = np.array(places).reshape(-1, 2)
    chosen = np.full(len(regions), palette)
    for region in range(len(regions)):
        distance = np.linalg.norm(centers[:region] - centers[region], axis=1)
        near = chosen[np.argsort(distance, kind="stable")[: palette - 1]]
        uses = np.bincount(chosen[:region], minlength=palette)[:palette]
        free = [color for color in range(palette) if color not in near]
        chosen[region] = min(free, key=lambda color: (uses[color], color))
    colors = np.full(len(codes), palette)
    inside = codes >= 0
    colors[inside] = chosen[np.searchsorted(regions, codes[inside])]
    return colors, places


def by_target(population: Population) -> Figure:
    """Draw samples by class: the most frequent ones told apart, the rest as other."""
    targets = np.asarray(population.table.target)[population.rows]
    figure, axes = _map(population)
    shown = _draw_classes(axes, population, targets, targets >= 0)
    scatter.draw_context(axes, population.points[targets < 0])
    unlabelled = int((targets < 0).sum())
    apart = f"; {words.count(unlabelled)} without a target" if unlabelled else ""
    subtitle = f"{_size(population)}; {shown}{apart}"
    _head(figure, population, "Latent space by target", subtitle)
    return figure


def by_error(population: Population) -> Figure:
    """Draw the wrong predictions by class, the right ones as context."""
    table, rows = population.table, population.rows
    targets, predictions = np.asarray(table.target)[rows], np.asarray(table.prediction)[rows]
    labelled = (targets >= 0) & (predictions >= 0)
    wrong = labelled & (targets != predictions)
    figure, axes = _map(population)
    scatter.draw_context(axes, population.points[~wrong])
    shown = _draw_classes(axes, population, targets, wrong)
    share = words.percent(wrong.sum() / max(int(labelled.sum()), 1))
    subtitle = (
        f"{wrong.sum():,} of {words.count(int(labelled.sum()))} with a target and a prediction "
        f"({share})\n{shown} of the target; grey: predicted right, or not known"
    )
    _head(figure, population, "Wrong predictions in the latent space", subtitle)
    return figure


def _draw_classes(
    axes: Axes, population: Population, targets: NDArray[np.int64], mask: NDArray[np.bool_]
) -> str:
    """Draw the masked samples by class with a legend, and say how many classes are told apart."""
    from matplotlib.lines import Line2D

    named, places, others = told_apart(targets, mask)
    colors = [*style.CATEGORY_COLORS, style.OTHER_COLOR]
    if mask.any():
        scatter.draw_categories(axes, population.points[mask], places, colors)
    names = [style.label(population.table.class_name(int(index))) for index in named]
    used = colors[: len(named)]
    if others:
        names, used = [*names, f"{others:,} other classes"], [*used, style.OTHER_COLOR]
    dots = [Line2D([], [], color=color, marker="o", linestyle="") for color in used]
    if dots:
        axes.legend(dots, names, loc="upper left", bbox_to_anchor=(1.01, 1))
    return f"color: the {len(named)} most frequent classes" if others else "color: class"


def told_apart(
    targets: NDArray[np.int64], mask: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    """Choose the classes that get a color of their own: all, or the most frequent ones.

    Returns:
        The classes, by index; the place in the palette of each masked sample (its length is
        "other"); how many classes are "other".
    """
    palette = len(style.CATEGORY_COLORS)
    named = np.unique(targets[targets >= 0])
    others = 0
    if len(named) > palette:
        classes, counts = np.unique(targets[mask & (targets >= 0)], return_counts=True)
        named = np.sort(classes[np.argsort(-counts, kind="stable")[: palette - 1]])
        others = len(classes) - len(named)
    places = np.full(int(mask.sum()), palette)
    for place, index in enumerate(named):
        places[targets[mask] == index] = place
    return named, places, others


def _map(population: Population, beside: float = BESIDE) -> tuple[Figure, Axes]:
    height = WIDTH * scatter.proportion(population.points) + ABOVE
    figure = style.new_figure(WIDTH + beside, height)
    axes = figure.add_subplot()
    scatter.prepare(axes, population.points)
    return figure, axes


def _head(figure: Figure, population: Population, title: str, subtitle: str) -> None:
    report = population.report
    when = [f"epoch {report.epoch}"] if report.epoch is not None else []
    where = [f"layer {style.label(report.layer, 40)}"] if report.layer else []
    place = f" ({', '.join(when + where)})" if when or where else ""
    style.head(figure, title + place, subtitle)


def _size(population: Population) -> str:
    missing = len(population.table) - len(population.rows)
    rest = f", {missing:,} more not projected" if missing else ""
    return words.count(len(population.rows)) + rest


def _outline(
    axes: Axes,
    population: Population,
    wanted: Callable[[str], bool],
    level: str | None = None,
) -> str:
    """Outline the regions of the strongest insights, with their rank; return the legend's lines."""
    ranks: dict[str, list[int]] = {}
    ranked = ranked_insights(population.report)
    for rank, insight in enumerate(ranked, start=1):
        region = insight.region
        if region and wanted(insight.kind) and (level is None or region.startswith(level)):
            ranks.setdefault(region, []).append(rank)
    lines = []
    for same_region in list(ranks.values())[:OUTLINED]:
        members = population.table.members(ranked[same_region[0] - 1])
        top = marks.outline(
            axes, population.table.points[members], colors=[style.ALERT], linewidths=1.4
        )
        if top:
            marks.badge(axes, top, ", ".join(map(str, same_region)), style.ALERT)
            lines += [f"{r}  {words.shorten(ranked[r - 1].title, 110)}" for r in same_region]
    return "".join(f"\n{line}" for line in lines)
