"""What is written and drawn over a map: outlines, numbers that do not hide each other, badges."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.report.figures import scatter, style

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

OUTLINE_CELLS = 260  # of the whole map, so that outlines of all regions are as tight
OUTLINE_REACH = 1.2  # of the projection's −1…1: no line is cut off at the edge
OUTLINE_BLUR = 1.8  # cells
OUTLINE_DISTANCE = 2.2  # blurs: how far from a lone point its line is
OUTLINE_LEAST = 3  # fewer samples have no outline
POINTS_PER_INCH = 72
LABEL_HEIGHT, LETTER_WIDTH = 10.0, 5.2  # points


def outline(axes: Axes, points: scatter.Points, **line: Any) -> tuple[float, float] | None:
    """Draw a line around these points, and return the top of where most of them are."""
    from scipy.ndimage import gaussian_filter

    points = points[np.isfinite(points).all(axis=1)]
    if len(points) < OUTLINE_LEAST:
        return None
    x, y = points.astype(np.float64).T
    reach = (-OUTLINE_REACH, OUTLINE_REACH)
    counts, edges, _ = np.histogram2d(x, y, bins=OUTLINE_CELLS, range=[reach, reach])
    density = gaussian_filter(counts, OUTLINE_BLUR)
    middle = (edges[:-1] + edges[1:]) / 2
    level = np.exp(-(OUTLINE_DISTANCE**2) / 2) / (2 * np.pi * OUTLINE_BLUR**2)
    lines = axes.contour(middle, middle, density.T, levels=[level], **line)
    rings = [np.asarray(r) for path in lines.get_paths() for r in path.to_polygons()]
    return _top(rings, center(points)) if rings else None


def _top(rings: Sequence[NDArray[np.float64]], at: tuple[float, float]) -> tuple[float, float]:
    """Return the topmost point of the ring that holds a place."""
    from matplotlib.path import Path

    around = [ring for ring in rings if Path(ring).contains_point(at)] or list(rings)
    x, y = max(around[0].tolist(), key=lambda vertex: vertex[1])
    return float(x), float(y)


def center(points: scatter.Points) -> tuple[float, float]:
    """Return the sample nearest to the median: a place that lies among the points."""
    middle = np.median(points, axis=0)
    nearest = int(np.argmin(((points - middle) ** 2).sum(axis=1)))
    return float(points[nearest, 0]), float(points[nearest, 1])


def write_apart(
    axes: Axes, places: list[tuple[float, float]], texts: list[str], width: float
) -> None:
    """Write short texts so that none hides another, with a line to the place of a moved one.

    Args:
        axes: a map that has its limits.
        places: where the texts belong.
        texts: as many, a few letters each.
        width: of the map, in inches.
    """
    if not places:
        return
    low, high = axes.get_xlim()
    unit = width * POINTS_PER_INCH / (high - low)
    at = np.array(places, dtype=np.float64)
    widths = np.array([6.0 + LETTER_WIDTH * len(text) for text in texts])
    moved = push_apart(at * unit, widths) / unit
    for place, label, text in zip(at, moved, texts, strict=True):
        if np.abs(label - place).max() * unit > LABEL_HEIGHT:
            axes.plot(*zip(place, label, strict=True), color=style.MUTED, linewidth=0.7)
        x, y = label.tolist()
        written = axes.text(x, y, text, ha="center", va="center", fontsize=8, fontweight="bold")
        style.rimmed(written)


def push_apart(
    places: NDArray[np.float64], widths: NDArray[np.float64], rounds: int = 80
) -> NDArray[np.float64]:
    """Move boxes of `LABEL_HEIGHT` and these widths until few overlap.

    Args:
        places: (N, 2) centers, in points.
        widths: (N,) in points.
        rounds: how often every overlapping pair moves apart, each by half of what is missing.

    Returns:
        (N, 2) new centers.
    """
    moved = places + np.random.default_rng(0).normal(scale=0.1, size=places.shape)
    for _ in range(rounds):
        gap = moved[:, None] - moved[None]
        least = np.stack(
            [(widths[:, None] + widths[None]) / 2, np.full(gap.shape[:2], LABEL_HEIGHT)], -1
        )
        missing = np.clip(least - np.abs(gap), 0, None)
        np.einsum("iij->ij", missing)[:] = 0
        overlap = missing.all(axis=-1)
        if not overlap.any():
            break
        # The axis on which less is missing is the shorter way out.
        shorter = np.arange(2) == missing.argmin(axis=-1)[..., None]
        moved += (np.sign(gap) * missing * shorter * overlap[..., None] * 0.5).sum(axis=1)
    return moved


def badge(axes: Axes, place: tuple[float, float], text: str, color: str) -> None:
    """Write a short text on a colored disc just above a place."""
    axes.annotate(
        text,
        place,
        xytext=(0, 6),
        textcoords="offset points",
        ha="center",
        va="center",
        fontsize=8,
        fontweight="bold",
        color=style.PAPER,
        bbox={
            "boxstyle": "round,pad=0.3,rounding_size=0.7",
            "facecolor": color,
            "edgecolor": style.PAPER,
        },
        zorder=5,
    )
