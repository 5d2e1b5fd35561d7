"""Dots in the projected latent space, readable at two thousand and at a million."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.report.figures import style

if TYPE_CHECKING:
    from typing import Any

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    Points = NDArray[np.float32]

INK_AREA = 45_000.0  # points² that all dots share on a full-size map, so that N sets their size
SMALLEST_DOT, LARGEST_DOT = 1.3, 34.0  # points²
OCCUPANCY_CELLS, USUALLY_OCCUPIED = 40, 0.4
SIZED_BY_LOSS = 5_000  # up to so many dots, area grows with loss: more would hide each other
LARGEST_OVER_MEAN = 4.0  # how many times the usual area the highest loss gets
RASTER_CELLS = 1_400  # beyond `DRAWN_ALL` dots, one dot a cell of so many by as many
DRAWN_ALL = 250_000
CONTEXT_CELLS, CONTEXT_DRAWN_ALL = 500, 20_000  # the same for dots that are only context
MARGIN = 0.06


def dot_area(points: Points, scale: float = 1.0) -> float:
    """Return the area in points² of one of these dots on a map of `scale` times the full area.

    Many dots are small, and so are dots that crowd in a few places, as a UMAP's do.
    """
    size = max(len(points), 1)
    area = INK_AREA * scale * min(1.0, occupied(points) / USUALLY_OCCUPIED) ** 0.5 / size
    return float(np.clip(area, SMALLEST_DOT, LARGEST_DOT * scale**0.5))


def occupied(points: Points) -> float:
    """Return the share of a coarse grid over the points' map that holds any of them, 0…1."""
    if not len(points):
        return 1.0
    low, high = limits(points)
    cells = ((points - low) / (high - low).max() * OCCUPANCY_CELLS).astype(np.int64)
    filled = len(np.unique(cells[:, 0] * OCCUPANCY_CELLS + cells[:, 1]))
    return filled / min(OCCUPANCY_CELLS**2, 2 * len(points))


def opacity(size: int) -> float:
    """Return how opaque one of `size` dots is: crowds must show as darker, loners must show."""
    return float(np.interp(np.log10(max(size, 1)), [3, 5.2], [0.9, 0.45]))


def prepare(axes: Axes, points: Points | None = None) -> None:
    """Give a map its frame: no ticks, equal scales; limits of the points, or always −1…1."""
    axes.set(xticks=[], yticks=[], xlabel="projection x (no unit)", ylabel="projection y (no unit)")
    axes.xaxis.label.set(color=style.MUTED, fontsize=8.5)
    axes.yaxis.label.set(color=style.MUTED, fontsize=8.5)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(style.FAINT)
    low, high = limits(points)
    axes.set_xlim(low[0], high[0])
    axes.set_ylim(low[1], high[1])
    axes.set_aspect("equal", adjustable="box", anchor="NW")


def limits(points: Points | None) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the lower and the upper corner of a map of these points, with a margin."""
    if points is None or not np.isfinite(points).all(axis=1).any():
        low, high = np.full(2, -1.0), np.full(2, 1.0)
    else:
        low, high = np.nanmin(points, axis=0), np.nanmax(points, axis=0)
    low, high = low.astype(np.float64), high.astype(np.float64)
    margin = MARGIN * max(float((high - low).max()), 0.1)
    return low - margin, high + margin


def draw_context(axes: Axes, points: Points, scale: float = 1.0) -> None:
    """Draw samples that are only there to show where the others lie."""
    if not len(points):
        return
    alike = np.zeros(len(points), dtype=np.int64)
    shown = uppermost(points, alike, drawn_all=CONTEXT_DRAWN_ALL, cells=CONTEXT_CELLS)
    x, y = points[shown].T
    axes.scatter(
        x,
        y,
        s=dot_area(points, scale) * 0.8,
        c=style.BACKGROUND_POINT,
        linewidths=0,
    )


def draw_categories(
    axes: Axes, points: Points, codes: NDArray[np.int64], colors: list[str], scale: float = 1.0
) -> None:
    """Draw dots whose color is `colors[code]`, in an order that favors no category."""
    order = np.random.default_rng(0).permutation(len(points))
    order = order[uppermost(points[order], codes[order])]
    from matplotlib.colors import to_rgba_array

    size = len(points)
    x, y = points[order].T
    axes.scatter(
        x,
        y,
        s=dot_area(points, scale),
        c=to_rgba_array(colors)[codes[order]],
        alpha=opacity(size),
        linewidths=0,
    )


def draw_loss(
    axes: Axes,
    points: Points,
    loss: NDArray[np.float64],
    norm: Any,
    scale: float = 1.0,
) -> None:
    """Draw dots colored by loss, the highest on top; samples without a loss lie beneath."""
    known = np.isfinite(loss)
    if not known.all():
        draw_context(axes, points[~known], scale)
    points, loss = points[known], loss[known]
    order = np.argsort(loss, kind="stable")
    shade = (np.asarray(norm(loss), dtype=np.float64) * 255).astype(np.int64)
    order = order[uppermost(points[order], shade[order])]
    area = dot_area(points, scale)
    sized = area * (0.6 + (LARGEST_OVER_MEAN - 0.6) * np.asarray(norm(loss[order])))
    x, y = points[order].T
    axes.scatter(
        x,
        y,
        s=sized if len(loss) <= SIZED_BY_LOSS else area,
        c=loss[order],
        cmap=style.loss_colors(),
        norm=norm,
        alpha=opacity(len(loss)) ** 0.5,
        linewidths=0,
    )


def uppermost(
    points: Points,
    codes: NDArray[np.int64],
    *,
    drawn_all: int = DRAWN_ALL,
    cells: int = RASTER_CELLS,
) -> NDArray[np.int64]:
    """Return the places of the dots to draw, in order: of very many only the last in a cell.

    Of a million dots most lie under others of their color; leaving those out saves their time and
    changes the picture by less than a pixel.
    """
    size = len(points)
    if size <= drawn_all:
        return np.arange(size)
    low, high = limits(points)
    cell = ((points - low) / (high - low).max() * cells).astype(np.int64)
    key = (cell[:, 0] * cells + cell[:, 1]) * (int(codes.max()) + 1) + codes
    _, last = np.unique(key[::-1], return_index=True)
    return np.sort(size - 1 - last)


def proportion(points: Points) -> float:
    """Return height ÷ width of a map of these points, within what a page can show well."""
    low, high = limits(points)
    width, height = high - low
    return float(np.clip(height / width, 0.5, 1.1))
