"""A sample's heat-maps side by side, each with what it means and how far to believe it."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

import numpy as np

from mlflow_latent.report import heat
from mlflow_latent.report.figures import style

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from mlflow_latent.report.heatmaps import Heatmap

PICTURE, WORDS, GAP = 1.95, 1.1, 0.26  # inches: a picture, the words below it, and between cells
HEAD, FOOT, MARGIN = 0.75, 0.55, 0.16
MOST_ACROSS = 4
LETTERS = 31  # in a line below a picture
LINE = 0.128  # inches
SMALL: dict[str, Any] = {"fontsize": 7.5, "va": "top", "linespacing": 1.25}


def draw_heatmaps(
    picture: NDArray[np.uint8] | None,
    heatmaps: Sequence[Heatmap],
    title: str = "",
    subtitle: str = "",
    *,
    opacity: float = heat.OPACITY,
) -> Figure:
    """Return a figure of a sample and its maps.

    Args:
        picture: (H, W, 3) the sample's square thumbnail, letterboxed; None where there is none.
        heatmaps: of the sample.
        title: of the figure.
        subtitle: in smaller letters.
        opacity: of a map's strongest place, 0…1.
    """
    with style.drawing():
        count = len(heatmaps) + 1
        across = min(count, MOST_ACROSS)
        figure = _empty_figure(across, -(-count // across))
        cells = [_cell(figure, *divmod(number, across)) for number in range(count)]
        _show(cells[0], _shown(picture))
        caption(cells[0], "the sample" if picture is not None else "no picture", "")
        for axes, one in zip(cells[1:], heatmaps, strict=True):
            draw_heatmap(axes, picture, one, opacity=opacity)
        if heatmaps:
            legend(figure)
        style.head(figure, title or "What the model looks at", subtitle)
    return figure


def _empty_figure(across: int, down: int) -> Figure:
    from matplotlib.figure import Figure

    width = across * (PICTURE + GAP) - GAP + 2 * MARGIN
    height = HEAD + down * (PICTURE + WORDS + GAP) - GAP + FOOT
    return Figure(figsize=(max(width, PICTURE * 2 + GAP), height))


def _cell(figure: Figure, row: int, column: int) -> Axes:
    width, height = figure.get_figwidth(), figure.get_figheight()
    left = MARGIN + column * (PICTURE + GAP)
    bottom = height - HEAD - row * (PICTURE + WORDS + GAP) - PICTURE
    axes = figure.add_axes((left / width, bottom / height, PICTURE / width, PICTURE / height))
    axes.set_axis_off()
    return axes


def draw_heatmap(
    axes: Axes,
    picture: NDArray[np.uint8] | None,
    one: Heatmap,
    *,
    opacity: float = heat.OPACITY,
) -> None:
    """Draw one map over its sample, with its words below.

    Args:
        axes: to draw in; its frame is taken away.
        picture: (H, W, 3) the sample's square thumbnail; None for the map alone.
        one: the map.
        opacity: of its strongest place, 0…1.
    """
    axes.set_axis_off()
    _show(axes, heat.overlaid(_shown(picture), one.values, opacity if picture is not None else 1.0))
    caption(axes, one.title, one.faithfulness, alert=one.is_faithful is False)


def caption(axes: Axes, title: str, words: str, *, alert: bool = False) -> None:
    """Write a title and a sentence below a picture; in red where it is not to be believed."""
    lines = textwrap.wrap(title, LETTERS)
    side = axes.get_position().height * axes.get_figure(root=True).get_figheight()  # type: ignore[union-attr]
    place: dict[str, Any] = {"transform": axes.transAxes} | SMALL
    axes.text(0, -0.06 / side, "\n".join(lines), fontweight="bold", **place)
    below = -(0.1 + LINE * len(lines)) / side
    color = style.ALERT if alert else style.MUTED
    axes.text(0, below, textwrap.fill(words, LETTERS + 3), color=color, **place)


def legend(figure: Figure) -> None:
    """Draw at the foot what the colors mean; each map has its own scale."""
    width, height = figure.get_figwidth(), figure.get_figheight()
    bar = figure.add_axes((MARGIN / width, 0.3 / height, PICTURE / width, 0.09 / height))
    shades = heat.colors_of(np.linspace(0, 1, 256, dtype=np.float32)) / 255
    bar.imshow(shades[None], aspect="auto", interpolation="nearest")
    bar.set_axis_off()
    words = "nothing … the strongest place of each map, which has its own scale"
    figure.text(MARGIN / width, 0.26 / height, words, color=style.MUTED, **SMALL)


def _show(axes: Axes, picture: NDArray[np.uint8]) -> None:
    axes.imshow(picture, interpolation="nearest")


def _shown(picture: NDArray[np.uint8] | None, side: int = 128) -> NDArray[np.uint8]:
    if picture is None:
        return np.zeros((side, side, 3), dtype=np.uint8)
    repeats = max(1, side // picture.shape[0])  # so that maps are finer than the pixels of digits
    return picture.repeat(repeats, axis=0).repeat(repeats, axis=1)
