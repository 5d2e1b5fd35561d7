"""Regions of the latent space, one a line: their share of each split, and their mean loss."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_latent.report import words
from mlflow_latent.report.figures import style
from mlflow_latent.report.ranking import REPRESENTATION, ranked_insights

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from mlflow_latent.report.model import Insight, Region, Report

MOST_REGIONS = 40  # lines of one figure
LINE_HEIGHT = 0.27  # inches
WIDTH = 11.0


def draw_all(report: Report) -> Iterator[tuple[str, Figure]]:
    """Yield the name and the figure of each comparison that the report's regions allow."""
    if not report.regions:
        return
    if len(compared_splits(report)) > 1:
        yield "train_vs_val", shares(report)
    if any(region.mean_loss for region in report.regions):
        yield "region_loss", losses(report)


def compared_splits(report: Report) -> list[str]:
    """Return the reference and the tested split, or those of the two that have samples."""
    sizes = {summary.split: summary.n for summary in report.splits}
    wanted = (report.reference_split, report.tested_split)
    return [split for split in dict.fromkeys(wanted) if split and sizes.get(split)]


def shares(report: Report) -> Figure:
    """Draw what share of each split every region holds, beside what chance would give it."""
    reference, tested = compared_splits(report)
    sizes = {summary.split: summary.n for summary in report.splits}
    marked = {i.region: i for i in reversed(ranked_insights(report)) if i.kind in REPRESENTATION}
    share = {
        region.id: {split: region.counts.get(split, 0) / sizes[split] for split in sizes}
        for region in report.regions
    }
    chosen, left_out = _choose(
        report, marked, lambda region: share[region.id][reference] - share[region.id][tested]
    )
    figure, axes = _lines(chosen, marked)
    both = sizes[reference] + sizes[tested]
    for line, region in enumerate(chosen):
        held = region.counts.get(reference, 0) + region.counts.get(tested, 0)
        axes.plot([held / both] * 2, [line - 0.32, line + 0.32], color=style.INK, linewidth=1.6)
    _draw_pairs(axes, chosen, (reference, tested), {r.id: share[r.id] for r in chosen})
    _write_margin(axes, chosen, marked, report)
    style.percent_axis(axes)
    axes.set(xlabel="share of the split's samples that lie in the region", ylabel="region")
    _legend(axes, (reference, tested), "share if split did not matter", style.INK)
    subtitle = (
        f"{words.count(sizes[reference])} of {style.label(reference)}, {sizes[tested]:,} of "
        f"{style.label(tested)}; ordered by the difference of shares{left_out}\n"
        f"colored names: over- or under-represented, with odds and interval on the right"
    )
    style.head(figure, f"Where {style.label(reference)} and {style.label(tested)} lie", subtitle)
    return figure


def losses(report: Report) -> Figure:
    """Draw the mean loss of every region by split, beside the mean loss of the whole splits."""
    whole = {s.split: s.mean_loss for s in report.splits if s.mean_loss is not None}
    marked = {
        i.region: i for i in reversed(ranked_insights(report)) if i.kind not in REPRESENTATION
    }
    first = report.tested_split if report.tested_split in whole else next(iter(whole), None)
    chosen, left_out = _choose(report, marked, lambda region: -region.mean_loss.get(first or "", 0))
    figure, axes = _lines(chosen, marked)
    colors = style.split_colors(whole)
    for split, mean in whole.items():
        axes.axvline(mean, color=colors[split], linewidth=1.2, linestyle=(0, (4, 3)))
    pair = [split for split in compared_splits(report) if split in whole]
    if len(pair) > 1:
        axes.axvspan(whole[pair[0]], whole[pair[1]], color=style.FAINT, alpha=0.5, linewidth=0)
    _draw_pairs(axes, chosen, tuple(whole), {r.id: dict(r.mean_loss) for r in chosen})
    _write_margin(axes, chosen, marked, report)
    axes.set(xlabel="mean loss (natural units of the criterion)", ylabel="region")
    axes.set_xlim(left=min(0, axes.get_xlim()[0]))
    _legend(axes, tuple(whole), "mean of the whole split", style.MUTED, dashed=True)
    means = ", ".join(f"{style.label(split)} {words.number(mean)}" for split, mean in whole.items())
    subtitle = (
        f"whole splits: {means}; the band between them is the gap to expect{left_out}\n"
        "colored names: regions with an insight, with its effect and interval on the right"
    )
    style.head(figure, "Mean loss by region", subtitle)
    return figure


def _choose(
    report: Report, marked: dict[str | None, Insight], order: Callable[[Region], float]
) -> tuple[list[Region], str]:
    """Return the regions to draw, in order from the top: marked ones, then coarse ones."""
    coarse = [region for region in report.regions if region.level == "coarse"]
    level = coarse or list(report.regions)
    with_insight = [region for region in report.regions if region.id in marked]
    rest = sorted((r for r in level if r.id not in marked), key=lambda r: -abs(order(r)))
    every = with_insight + rest
    chosen = sorted(every[:MOST_REGIONS], key=order)
    hidden = len(every) - len(chosen)
    return chosen[
        ::-1
    ], f"; {words.count(hidden, 'region')} nearer to it not drawn" if hidden else ""


def _lines(regions: list[Region], marked: dict[str | None, Insight]) -> tuple[Figure, Axes]:
    figure = style.new_figure(WIDTH, max(len(regions), 4) * LINE_HEIGHT + 2.4)
    axes = figure.add_subplot()
    names = [_name(region) for region in regions]
    axes.set_yticks(range(len(regions)), names, fontsize=8.5)
    axes.set_ylim(-0.8, len(regions) - 0.2)
    for text, region in zip(axes.get_yticklabels(), regions, strict=True):
        if region.id in marked:
            text.set(color=style.ALERT, fontweight="bold")
    style.tidy(axes, grid="x")
    axes.margins(x=0.03)
    return figure, axes


def _name(region: Region) -> str:
    if region.main_class is None or region.main_class_share is None:
        return region.id
    share = words.percent(region.main_class_share)
    return f"{region.id} · {style.label(region.main_class, 24)} ({share})"


def _draw_pairs(
    axes: Axes,
    regions: list[Region],
    splits: tuple[str, ...],
    values: dict[str, dict[str, float]],
) -> None:
    colors = style.split_colors(splits)
    for line, region in enumerate(regions):
        known = [values[region.id][split] for split in splits if split in values[region.id]]
        if known:
            axes.plot([min(known), max(known)], [line, line], color=style.OTHER_COLOR, zorder=1.5)
    for split in splits:
        places = [line for line, r in enumerate(regions) if split in values[r.id]]
        held = [values[regions[line].id][split] for line in places]
        marker = style.split_marker(split)
        axes.scatter(held, places, s=44, color=colors[split], marker=marker, zorder=3)


def _write_margin(
    axes: Axes, regions: list[Region], marked: dict[str | None, Insight], report: Report
) -> None:
    for line, region in enumerate(regions):
        insight = marked.get(region.id)
        if insight:
            text = words.short_effect(insight, report.confidence)
            axes.annotate(
                text,
                (1.01, line),
                xycoords=("axes fraction", "data"),
                va="center",
                fontsize=8.5,
                color=style.ALERT,
                annotation_clip=False,
            )


def _legend(
    axes: Axes, splits: tuple[str, ...], expected: str, color: str, *, dashed: bool = False
) -> None:
    from matplotlib.lines import Line2D

    colors = style.split_colors(splits)
    dots = [
        Line2D([], [], color=colors[split], marker=style.split_marker(split), linestyle="")
        for split in splits
    ]
    line = Line2D([], [], color=color, linestyle="--" if dashed else "-", linewidth=1.6)
    names = [*(style.label(split) for split in splits), expected]
    axes.figure.legend([*dots, line], names, loc="outside lower center", ncols=min(len(names), 5))
