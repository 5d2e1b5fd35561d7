"""What stands around a street: the sky, a skyline, houses, trees, lamps, the road itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from mlflow_latent_examples.streets.canvas import Brush, shade

if TYPE_CHECKING:
    from numpy.random import Generator

    from mlflow_latent_examples.streets.canvas import Canvas, Color
    from mlflow_latent_examples.streets.view import View

# Colors of the zenith and of the horizon.
SKIES: tuple[tuple[Color, Color], ...] = (
    ((104, 164, 216), (208, 228, 238)), ((150, 168, 184), (214, 218, 220)),
    ((122, 150, 200), (246, 206, 170)), ((84, 150, 206), (232, 236, 226)),
)  # fmt: skip
FACADES: tuple[Color, ...] = (
    (206, 180, 150), (182, 112, 92), (222, 206, 172), (162, 168, 172), (196, 150, 120),
    (214, 190, 190), (150, 132, 120), (176, 186, 162),
)  # fmt: skip
ASPHALT, PAVING, CURB, MARKING, RAIL = (
    (98, 98, 104), (176, 170, 162), (206, 202, 196), (228, 228, 222), (64, 60, 62)
)  # fmt: skip
LAWN, TRUNK, LEAVES = (118, 150, 88), (92, 72, 56), (86, 132, 74)
PANE, LAMPLIGHT, POLE = (98, 116, 134), (255, 214, 140), (70, 74, 80)
LIT_BY_NIGHT, PITCHED_ROOFS, GAPS = 0.4, 0.4, 0.12  # of the windows; of the houses
LAMPS = 0.5  # of the furniture; the rest are trees
STOREY, WINDOW_PITCH = 3.1, 2.3  # meters
ROAD, FAR_PAVEMENT, RAILS = 14.0, 3.5, 11.0  # meters beyond the near curb; widths


def sky(canvas: Canvas, view: View, rng: Generator) -> None:
    """Paint the sky, with clouds, and the skyline of the town."""
    zenith, low = SKIES[int(rng.integers(len(SKIES)))]
    rows = np.linspace(0, 1, max(2, int(view.horizon)))[:, None, None]
    gradient = np.array(zenith) * (1 - rows) + np.array(low) * rows
    band = np.broadcast_to(gradient, (len(rows), canvas.width, 3)).astype(np.uint8)
    canvas.color.paste(Image.fromarray(band), (0, 0))
    for _ in range(int(rng.integers(0, 5))):
        _cloud(canvas, view, rng, low)
    left = 0.0
    while left < canvas.width:
        width = float(rng.uniform(0.03, 0.1)) * canvas.width
        top = view.horizon - float(rng.uniform(0.05, 0.3)) * canvas.height
        haze = shade(low, float(rng.uniform(0.78, 0.9)))
        canvas.paint("rectangle", [(left, top), (left + width, view.horizon + 2)], haze)
        left += width


def street(canvas: Canvas, view: View, curb: float, rng: Generator) -> None:
    """Paint the ground: pavements, road, markings and rails.

    Args:
        canvas: where to.
        view: where the ground is.
        curb: meters from the camera to the near curb.
        rng: of the scene.
    """
    far = curb + ROAD
    _ground(canvas, view, BEYOND, far + FAR_PAVEMENT, shade(LAWN, 0.85))
    _ground(canvas, view, far + FAR_PAVEMENT, far, PAVING)
    _ground(canvas, view, far, curb, shade(ASPHALT, float(rng.uniform(0.88, 1.08))))
    _ground(canvas, view, far, far - 0.12, CURB)
    for rail in (curb + RAILS - 0.7, curb + RAILS + 0.7):
        _ground(canvas, view, rail + 0.08, rail - 0.08, RAIL)
    _dashes(canvas, view, curb + 5.6)
    _ground(canvas, view, curb, view.nearest, PAVING)
    _ground(canvas, view, curb + 0.25, curb - 0.05, CURB)
    _tiles(canvas, view, curb)
    if curb > _PARK:
        lawn = curb - 3
        _ground(canvas, view, lawn, view.nearest, shade(LAWN, float(rng.uniform(0.9, 1.1))))
        _ground(canvas, view, lawn * 0.55, lawn * 0.47, PAVING)


def houses(canvas: Canvas, view: View, depth: float, rng: Generator) -> None:
    """Paint a row of houses whose fronts are at a depth."""
    left, right = -view.stage(depth) - float(rng.uniform(0, 6)), view.stage(depth)
    while left < right:
        width = float(rng.uniform(6, 14))
        if rng.random() > GAPS:
            _house(view.brush(canvas, left, depth), width, int(rng.integers(2, 6)), rng)
        left += width


def furniture(brush: Brush, rng: Generator) -> None:
    """Paint a lamp or a tree."""
    if rng.random() < LAMPS:
        _lamp(brush)
    else:
        _tree(brush, rng)


def _tree(brush: Brush, rng: Generator) -> None:
    """Paint a tree of 4 to 6 meters."""
    height = float(rng.uniform(4, 6))
    green = shade(LEAVES, float(rng.uniform(0.8, 1.2)))
    brush.box(-0.13, 0, 0.26, height * 0.6, TRUNK)
    for _ in range(7):
        x, y = rng.normal(0, 0.65), height * 0.75 + rng.normal(0, 0.5)
        brush.disc(x, y, float(rng.uniform(0.6, 1.1)), shade(green, float(rng.uniform(0.85, 1.15))))


def _lamp(brush: Brush) -> None:
    """Paint a street lamp."""
    brush.box(-0.07, 0, 0.14, 5.2, POLE)
    brush.line([(0, 5.15), (0.9, 5.3)], 0.1, POLE)
    brush.box(0.6, 5.16, 0.6, 0.16, LAMPLIGHT, light=255, radius=0.06)


BEYOND = 1e5  # meters: what looks like the horizon
_PARK = 14.0  # meters: nearer than this there is no room for a lawn


def _house(brush: Brush, width: float, storeys: int, rng: Generator) -> None:
    facade = shade(FACADES[int(rng.integers(len(FACADES)))], float(rng.uniform(0.85, 1.1)))
    height = storeys * STOREY + 0.8
    brush.box(0, 0, width, height, facade)
    if rng.random() < PITCHED_ROOFS:
        roof = [(-0.2, height), (width * 0.15, height + 2), (width * 0.85, height + 2)]
        brush.polygon([*roof, (width + 0.2, height)], (122, 74, 62))
    else:
        brush.box(-0.1, height - 0.25, width + 0.2, 0.35, shade(facade, 0.75))
    columns = max(2, int((width - 0.8) / WINDOW_PITCH))
    pitch = (width - 0.8) / columns
    for storey in range(1, storeys):
        for column in range(columns):
            _window(brush, 0.4 + column * pitch + pitch * 0.2, storey * STOREY + 0.7, pitch, rng)
    _shop(brush, width, rng)
    brush.line([(width, 0), (width, height)], 0.08, shade(facade, 0.8))


def _window(brush: Brush, x: float, y: float, pitch: float, rng: Generator) -> None:
    lit = rng.random() < LIT_BY_NIGHT
    glass = shade(PANE, float(rng.uniform(0.85, 1.25)))
    brush.box(x - 0.08, y - 0.12, pitch * 0.6 + 0.16, 1.75, (236, 232, 222))
    color = (206, 190, 140) if lit else glass
    brush.box(x, y, pitch * 0.6, 1.55, color, light=230 if lit else 0)
    brush.line([(x + pitch * 0.3, y), (x + pitch * 0.3, y + 1.55)], 0.06, (236, 232, 222))


def _shop(brush: Brush, width: float, rng: Generator) -> None:
    """The ground floor: a shop with its awning, and a door."""
    awning = FACADES[int(rng.integers(len(FACADES)))]
    lit = rng.random() < LIT_BY_NIGHT
    brush.box(0.6, 0.5, width - 2.6, 1.8, (196, 196, 176), light=190 if lit else 0)
    brush.box(0.6, 0.3, width - 2.6, 0.3, shade(awning, 0.6))
    sides = [(0.3, 2.35), (0.55, 2.85), (width - 1.95, 2.85), (width - 1.7, 2.35)]
    brush.polygon(sides, shade(awning, 0.9))
    brush.box(width - 1.5, 0, 1.0, 2.3, (92, 66, 52))


def _cloud(canvas: Canvas, view: View, rng: Generator, low: Color) -> None:
    x, y = rng.uniform(0, canvas.width), rng.uniform(0, view.horizon * 0.6)
    size = canvas.width * float(rng.uniform(0.02, 0.05))
    for _ in range(6):
        left, top = x + rng.normal(0, 2) * size, y + rng.normal(0, 0.25) * size
        corners = [(left - size, top - size * 0.5), (left + size, top + size * 0.5)]
        canvas.paint("ellipse", corners, shade(low, 1.06))


def _ground(canvas: Canvas, view: View, far: float, near: float, color: Color) -> None:
    rows = view.row(far), view.row(near)
    canvas.paint("rectangle", [(0, rows[0]), (canvas.width, max(rows))], color)


def _dashes(canvas: Canvas, view: View, depth: float) -> None:
    stage = view.stage(depth)
    far, near = view.row(depth + 0.12), view.row(depth - 0.12)
    for x in np.arange(np.floor(-stage), stage, 4.0):
        columns = view.column(x, depth), view.column(x + 2, depth)
        canvas.paint("rectangle", [(columns[0], far), (columns[1], near)], MARKING)


def _tiles(canvas: Canvas, view: View, curb: float) -> None:
    """Joints between the slabs of the near pavement run to the vanishing point."""
    near, joint = view.nearest, shade(PAVING, 0.93)
    for x in np.arange(-40, 40, 1.5):
        ends = [(view.column(x, curb), view.row(curb)), (view.column(x, near), view.row(near))]
        canvas.paint("line", ends, joint, width=1)
