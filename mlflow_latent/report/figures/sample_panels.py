"""The panels of a sample's sheet, one function each."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np

from mlflow_latent.report import heat, words
from mlflow_latent.report.figures import style
from mlflow_latent.schema import SAMPLE_ID

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from mlflow_latent.report.heatmaps import Heatmap
    from mlflow_latent.report.sample import DrawnObject, FieldView, Neighbor, SampleView
    from mlflow_latent.report.table import SampleTable

TARGET_COLOR, PREDICTION_COLOR = style.CATEGORY_COLORS[2], style.CATEGORY_COLORS[5]
SHOWN_CLASSES, SHOWN_METRICS, SHOWN_TEXTS = 8, 10, 5
SHOWN_OBJECTS, NAMED_OBJECTS = 40, 8  # the largest: the names of more hide the picture
LEAST_SHARE = 0.001  # that is written as a number
BINS = 24
BAND = (10, 50, 90)  # percentiles of the split's losses
CLIPPED = (1.0, 99.0)  # percentiles of a field within which its histogram is drawn
NAME = 16  # letters
NOTHING: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": 9, "color": style.MUTED}
SMALL: dict[str, Any] = {"fontsize": 8.5, "fontweight": "normal", "color": style.MUTED}
RIM = 2.5  # points
MAP_LETTERS, MAP_LINE = 38, 10.5  # letters and points of a line below a map
BLANK = (64, 64)


def draw_picture(axes: Axes, view: SampleView) -> None:
    """Draw the input with the objects of target and prediction."""
    axes.set(xticks=[], yticks=[])
    if view.picture is None:
        uri = view.table.frame["uri"].iloc[view.row] if "uri" in view.table.frame else None
        where = (
            words.shorten_middle(str(uri), 34) if isinstance(uri, str) else "no picture captured"
        )
        axes.text(0.5, 0.5, where, transform=axes.transAxes, **NOTHING)
        axes.set_title("input", **SMALL)
        return
    axes.imshow(view.picture, interpolation="nearest", extent=(0, 1, 1, 0))
    drawn = sorted(view.objects, key=_area, reverse=True)[:SHOWN_OBJECTS]
    for place, one in enumerate(drawn):
        _draw_object(axes, one, named=place < NAMED_OBJECTS)
    _frame(axes, style.FAINT, 1)
    axes.set_title("input", **SMALL)
    if view.objects:
        some = "" if len(drawn) == len(view.objects) else f", {len(drawn)} of {len(view.objects)}"
        text = f"labels: green, solid\npredictions: orange, dashed{some}"
        axes.set_xlabel(text, fontsize=8, color=style.MUTED)


def draw_answers(axes: Axes, view: SampleView) -> None:
    """Draw the class probabilities; where there are none, the sample's metrics in figures."""
    if view.pred_probs is not None and np.isfinite(view.pred_probs).all():
        draw_classes(axes, view, view.pred_probs)
    elif metrics := view.metrics():
        draw_metrics(axes, view, metrics)
    else:
        _say(axes, "no class probabilities captured", "predicted probabilities")


def draw_metrics(axes: Axes, view: SampleView, metrics: Sequence[FieldView]) -> None:
    """Write the sample's metrics and parts of its loss, beside the medians of its split."""
    axes.set_axis_off()
    axes.set_title(f"metrics, beside the medians of {style.label(view.split, NAME)}", **SMALL)
    shown = metrics[:SHOWN_METRICS]
    for line, one in enumerate(shown):
        height = 1 - (line + 0.7) / (SHOWN_METRICS + 1)
        median = words.number(float(np.median(one.numbers))) if one.numbers is not None else ""
        texts = (style.label(one.label), words.number(float(one.value)), median)
        for x, text, color in zip(
            (0, 0.7, 0.9), texts, (style.INK, style.ALERT, style.MUTED), strict=True
        ):
            axes.text(x, height, text, transform=axes.transAxes, fontsize=9, color=color)


def draw_classes(axes: Axes, view: SampleView, probabilities: NDArray[np.float32]) -> None:
    """Draw the most probable classes, with label and prediction named."""
    target = None if view.table.target is None else int(view.table.target[view.row])
    order = np.argsort(-probabilities, kind="stable")[:SHOWN_CLASSES].tolist()
    if target is not None and 0 <= target < len(probabilities) and target not in order:
        order[-1] = target
    shares = probabilities[order]
    best = int(probabilities.argmax())
    colors = [_class_color(code, target, best) for code in order]
    axes.barh(range(len(order)), shares, 0.62, color=colors)
    for line, share in enumerate(shares.tolist()):
        text = words.percent(share) if share >= LEAST_SHARE else f"< {words.percent(LEAST_SHARE)}"
        axes.text(share, line, f" {text}", va="center", fontsize=8.5)
    names = [_class_name(view.table, code, target) for code in order]
    axes.set_yticks(range(len(order)), names, fontsize=8.5)
    axes.set_ylim(SHOWN_CLASSES - 0.5, -0.5)
    axes.set_xlim(0, 1.22)
    axes.set_xticks([0, 0.5, 1], labels=["0", "0.5", "1"])
    axes.tick_params(labelsize=8.5)
    axes.set_xlabel("probability", fontsize=8.5)
    axes.set_title("predicted probabilities: green is the label", **SMALL)
    style.tidy(axes, grid="x")


def draw_history(axes: Axes, view: SampleView) -> None:
    """Draw the sample's loss over the epochs, beside the losses of its split."""
    from matplotlib.ticker import MaxNLocator

    history = view.history
    own = None if history is None or history.loss is None else history.loss[:, view.row]
    if history is None or history.loss is None or own is None or not np.isfinite(own).any():
        _say(axes, "losses of one epoch only, or none", "loss over epochs")
        return
    epochs = np.array(history.epochs)
    losses = history.loss[:, view.table.split == view.split]
    known = np.isfinite(losses).any(axis=1)
    low, middle, high = np.nanpercentile(losses[known], BAND, axis=1)
    name = style.label(view.split, NAME)
    axes.fill_between(epochs[known], low, high, color=style.BACKGROUND_POINT, linewidth=0)
    axes.plot(epochs[known], middle, color=style.MUTED, linewidth=1.2, label=f"median of {name}")
    axes.plot(epochs, own, color=style.ALERT, marker="o", markersize=3.5, label="this sample")
    _mark_wrong(axes, view, epochs, own)
    axes.set_xlabel("epoch", fontsize=8.5)
    axes.set_ylabel("loss", fontsize=8.5)
    axes.margins(y=0.08)
    axes.set_ylim(bottom=min(0.0, float(np.nanmin(own))))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.tick_params(labelsize=8.5)
    axes.set_title(f"loss over epochs; grey: 10 to 90 % of {name}", **SMALL)
    axes.legend(fontsize=8, loc="best")
    style.tidy(axes, grid="y")


def draw_field(axes: Axes, field: FieldView) -> None:
    """Draw the sample's value of a field among those of its split."""
    if field.numbers is not None:
        _draw_numbers(axes, field)
    else:
        _draw_texts(axes, field)
    axes.tick_params(labelsize=7.5)
    style.tidy(axes)


def draw_neighbor(axes: Axes, table: SampleTable, one: Neighbor) -> None:
    """Draw a similar sample in the color of its split, with class and loss below."""
    split = str(table.split[one.row])
    axes.set(xticks=[], yticks=[])
    if one.picture is None:
        axes.text(0.5, 0.5, "no picture", transform=axes.transAxes, **NOTHING)
        axes.set_aspect("equal")
    else:
        axes.imshow(one.picture, interpolation="nearest")
    _frame(axes, style.split_colors(table.splits)[split], RIM)
    sample_id = words.shorten_middle(str(table.frame[SAMPLE_ID].iloc[one.row]), NAME)
    axes.set_title(f"{style.label(split, NAME)}", fontsize=8.5, loc="center", pad=4)
    axes.set_xlabel("\n".join([sample_id, *_facts(table, one.row)]), fontsize=7.5)


def draw_map(axes: Axes, view: SampleView, one: Heatmap) -> None:
    """Draw a heat-map over the input, with what it shows and how far to believe it below."""
    axes.set_axis_off()
    axes.set_anchor("N")
    blank = np.zeros((*BLANK, 3), dtype=np.uint8)
    picture = blank if view.picture is None else view.picture
    opacity = 1.0 if view.picture is None else heat.OPACITY
    axes.imshow(heat.overlaid(picture, one.values, opacity), interpolation="nearest")
    title = textwrap.wrap(one.title, MAP_LETTERS)
    sentence = textwrap.wrap(one.faithfulness, MAP_LETTERS + 3)
    color = style.ALERT if one.is_faithful is False else style.MUTED
    below: dict[str, Any] = {"xycoords": "axes fraction", "textcoords": "offset points"}
    below |= {"va": "top", "fontsize": 7.5, "linespacing": 1.3, "annotation_clip": False}
    axes.annotate("\n".join(title), (0, 0), xytext=(0, -4), fontweight="bold", **below)
    down = -6 - MAP_LINE * len(title)
    axes.annotate("\n".join(sentence), (0, 0), xytext=(0, down), color=color, **below)


def _facts(table: SampleTable, row: int) -> list[str]:
    names = [
        style.label(table.class_name(int(codes[row])), NAME)
        if codes is not None and codes[row] >= 0
        else None
        for codes in (table.target, table.prediction)
    ]
    facts = []
    if any(names):
        target, prediction = names
        same = target == prediction or prediction is None or target is None
        facts.append(str(target or prediction) if same else f"{target} → {prediction}")
    if table.loss is not None and np.isfinite(table.loss[row]):
        facts.append(f"loss {words.number(float(table.loss[row]))}")
    return facts


def _area(one: DrawnObject) -> float:
    x0, y0, x1, y1 = one.box
    return (x1 - x0) * (y1 - y0)


def _draw_object(axes: Axes, one: DrawnObject, *, named: bool) -> None:
    from matplotlib.patches import Polygon, Rectangle

    color = PREDICTION_COLOR if one.is_prediction else TARGET_COLOR
    line: dict[str, Any] = {"fill": False, "edgecolor": color, "linewidth": 1.4}
    line["linestyle"] = "--" if one.is_prediction else "-"
    x0, y0, x1, y1 = one.box
    if one.outline:
        axes.add_patch(Polygon(one.outline, **line))
    else:
        axes.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, **line))
    if not named:
        return
    score = "" if one.score is None else f" {one.score:.2f}"
    text = f"{style.label(one.category, NAME)}{score}"
    at = (x0, y1) if one.is_prediction else (x0, y0)
    placed: dict[str, Any] = {"va": "top" if one.is_prediction else "bottom", "clip_on": True}
    style.rimmed(axes.text(*at, text, color=color, fontsize=7, **placed))


def _mark_wrong(axes: Axes, view: SampleView, epochs: Any, own: Any) -> None:
    """Mark the epochs in which the prediction was another class."""
    target, history = view.table.target, view.history
    if history is None or history.prediction is None or target is None or target[view.row] < 0:
        return
    guessed = history.prediction[:, view.row]
    wrong = (guessed >= 0) & (guessed != target[view.row]) & np.isfinite(own)
    if wrong.any():
        mark: dict[str, Any] = {"marker": "x", "s": 42, "color": style.INK, "zorder": 4}
        axes.scatter(epochs[wrong], own[wrong], label="predicted wrong", **mark)


def _draw_numbers(axes: Axes, field: FieldView) -> None:
    numbers = np.asarray(field.numbers)
    low, high = np.percentile(numbers, CLIPPED)
    value = float(field.value)
    low, high = min(low, value), max(high, value)
    if low == high:
        low, high = low - 0.5, high + 0.5
    axes.hist(numbers, bins=BINS, range=(low, high), color=style.OTHER_COLOR)
    axes.axvline(value, color=style.ALERT, linewidth=2)
    below = words.percent(field.percentile)
    text = f"{style.label(field.label, 22)}: {words.number(value)}, above {below}"
    axes.set_title(text, **SMALL)


def _draw_texts(axes: Axes, field: FieldView) -> None:
    counts = field.counts
    assert counts is not None  # noqa: S101 - a field has numbers or counts
    own = str(field.value)
    shown = list(counts.index[:SHOWN_TEXTS])
    if own not in shown:
        shown = [*shown[: SHOWN_TEXTS - 1], own]
    colors = [style.ALERT if name == own else style.OTHER_COLOR for name in shown]
    axes.bar(range(len(shown)), [int(counts.get(name, 0)) for name in shown], color=colors)
    axes.set_xticks(range(len(shown)), [style.label(name, 9) for name in shown], fontsize=7.5)
    share = words.percent(field.share)
    axes.set_title(f"{style.label(field.label, 20)}: {style.label(own, 14)}, {share}", **SMALL)


def _class_color(code: int, target: int | None, best: int) -> str:
    if code == target:
        return TARGET_COLOR
    return PREDICTION_COLOR if code == best else style.OTHER_COLOR


def _class_name(table: SampleTable, code: int, target: int | None) -> str:
    name = style.label(table.class_name(code), NAME)
    return f"{name} (label)" if code == target else name


def _say(axes: Axes, text: str, title: str) -> None:
    axes.set(xticks=[], yticks=[])
    axes.text(0.5, 0.5, text, transform=axes.transAxes, **NOTHING)
    axes.set_title(title, **SMALL)
    for side in axes.spines.values():
        side.set_visible(False)


def _frame(axes: Axes, color: str, width: float) -> None:
    for side in axes.spines.values():
        side.set(visible=True, edgecolor=color, linewidth=width)
