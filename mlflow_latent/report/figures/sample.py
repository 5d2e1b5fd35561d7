"""One sample on one sheet: what it is, what the model made of it, and why it is in an insight."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np

from mlflow_latent.report import words
from mlflow_latent.report.figures import style
from mlflow_latent.report.figures.sample_panels import (
    draw_answers,
    draw_field,
    draw_history,
    draw_map,
    draw_neighbor,
    draw_picture,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

    from mlflow_latent.report.model import Insight
    from mlflow_latent.report.sample import SampleView

WIDTH = 11.0  # inches
TOP, MAPS, FIELDS, NEAR = 3.1, 4.05, 1.75, 1.95  # inches: height of a row of each sort
LINE, HEAD = 0.19, 1.0
FIELDS_ACROSS, MOST_FIELDS = 4, 8
MOST_MAPS, MOST_NEIGHBORS = 4, 8
MOST_REASONS, MOST_SEPARATING = 6, 2
LETTERS = 145  # in a line of a reason
TITLE: dict[str, Any] = {"fontsize": 10.5, "fontweight": "bold", "x": 0.012, "ha": "left"}


def draw_sample(view: SampleView, *, dark: bool = False) -> Figure:
    """Draw a sample: picture, classes, loss over epochs, heat-maps, metadata, similars, reasons.

    Args:
        view: what is known of it; what is not known is left out, and said where one expects it.
        dark: for a dark page.
    """
    with style.drawing():
        parts = _parts(view)
        heights = [height for height, _, _ in parts]
        figure = style.new_figure(WIDTH, sum(heights) + HEAD)
        rows = figure.subfigures(len(parts), 1, height_ratios=heights, squeeze=False)[:, 0]
        for row, (_, draw, title) in zip(rows, parts, strict=True):
            if title:
                row.suptitle(title, **TITLE)
            draw(row, view)
        style.head(figure, _title(view), _subtitle(view))
        if dark:
            style.darken(figure)
    return figure


def _parts(view: SampleView) -> list[tuple[float, Any, str]]:
    """Height, function and title of each row of the sheet."""
    parts: list[tuple[float, Any, str]] = [(TOP, _draw_top, "")]
    if view.heatmaps:
        parts.append((MAPS, _draw_maps, "What the model looks at"))
    if shown := len(view.fields()[:MOST_FIELDS]):
        split = style.label(view.split)
        title = f"Its metadata (line) among the samples of {split}, the most unusual first"
        parts.append((FIELDS * -(-shown // FIELDS_ACROSS) + 0.3, _draw_fields, title))
    if view.similar:
        parts.append((NEAR, _draw_similar, "Most similar samples of each split, nearest first"))
    lines = sum(len(_lines(text)) for text in _reasons(view))
    parts.append((0.45 + LINE * lines, _draw_reasons, "Why it is in an insight"))
    return parts


def _title(view: SampleView) -> str:
    return f"Sample {words.shorten_middle(view.sample_id, 60)} of {words.shorten(view.split, 24)}"


def _subtitle(view: SampleView) -> str:
    table, report = view.table, view.table.report
    target, prediction = view.class_of(table.target), view.class_of(table.prediction)
    parts = []
    if target is not None:
        parts.append(f"labelled {words.shorten(target, 30)!r}")
    if prediction is not None:
        verdict = "" if target is None else (", right" if target == prediction else ", wrong")
        parts.append(f"predicted {words.shorten(prediction, 30)!r}{verdict}")
    if table.loss is not None and np.isfinite(table.loss[view.row]):
        own = float(table.loss[view.row])
        others = table.loss[table.split == view.split]
        above = float((others[np.isfinite(others)] < own).mean())
        parts.append(f"loss {words.number(own)}, above {words.percent(above)} of {view.split}")
    where = f"epoch {report.epoch}, layer {report.layer}"
    return f"{'; '.join(parts) or 'no label, no prediction'}\n{where}"


def _draw_top(figure: SubFigure, view: SampleView) -> None:
    picture, answers, history = figure.subplots(1, 3, width_ratios=[1, 1.25, 1.6])
    draw_picture(picture, view)
    draw_answers(answers, view)
    draw_history(history, view)


def _draw_maps(figure: SubFigure, view: SampleView) -> None:
    cells = figure.subplots(1, MOST_MAPS)
    for axes in cells:
        axes.set_axis_off()
    for axes, one in zip(cells, view.heatmaps, strict=False):
        draw_map(axes, view, one)


def _draw_fields(figure: SubFigure, view: SampleView) -> None:
    fields = view.fields()[:MOST_FIELDS]
    down = -(-len(fields) // FIELDS_ACROSS)
    cells = figure.subplots(down, FIELDS_ACROSS, squeeze=False).reshape(-1)
    for axes, field in zip(cells, fields, strict=False):
        draw_field(axes, field)
    _hide(cells[len(fields) :])
    for first in cells[: len(fields) : FIELDS_ACROSS]:
        first.set_ylabel("samples", fontsize=8)


def _draw_similar(figure: SubFigure, view: SampleView) -> None:
    cells = figure.subplots(1, MOST_NEIGHBORS)
    for axes, one in zip(cells, view.similar, strict=False):
        draw_neighbor(axes, view.table, one)
    _hide(cells[len(view.similar) :])


def _draw_reasons(figure: SubFigure, view: SampleView) -> None:
    axes = figure.subplots()
    axes.set_axis_off()
    lines = [line for text in _reasons(view) for line in _lines(text)]
    style_of_text: dict[str, Any] = {"fontsize": 9, "va": "top", "linespacing": 1.35}
    axes.text(0, 1, "\n".join(lines), transform=axes.transAxes, **style_of_text)


def _reasons(view: SampleView) -> list[str]:
    found = view.insights()
    if not found:
        return ["No insight holds this sample."]
    texts = [
        f"{number}. {words.plain(insight.kind)}: {words.one_line(insight.title)}"
        + _separated(view, insight)
        for number, insight in found[:MOST_REASONS]
    ]
    more = len(found) - MOST_REASONS
    return [*texts, f"and {words.count(more, 'more insight')}"] if more > 0 else texts


def _separated(view: SampleView, insight: Insight) -> str:
    """The fields that set the insight's samples apart, with this sample's values."""
    own = {one.label: one.value for one in view.fields()}
    phrases = []
    for field in insight.metadata[:MOST_SEPARATING]:
        value = own.get(words.plain(field.name))
        if isinstance(value, float):
            elsewhere = f"median elsewhere {words.number(field.outside)}"
            phrases.append(f"{words.plain(field.name)} {words.number(value)}, {elsewhere}")
        elif value is not None and value == field.category:
            elsewhere = f"{words.percent(field.outside)} elsewhere"
            phrases.append(f"{words.plain(field.name)} {value!r}, {elsewhere}")
    return f" ({'; '.join(phrases)})" if phrases else ""


def _lines(text: str) -> list[str]:
    return textwrap.wrap(text, LETTERS, subsequent_indent="    ") or [""]


def _hide(cells: Any) -> None:
    axes: Axes
    for axes in cells:
        axes.set_axis_off()
