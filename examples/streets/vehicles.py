"""Cars, buses, trains and trucks, seen from the side.

A bus and a train have one body, in the same colors and lengths: only what is below it tells them
apart, round wheels or bogies. A truck is told from a bus by its load, which has no windows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_latent_examples.streets.canvas import shade
from mlflow_latent_examples.streets.designs import Design

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.random import Generator

    from mlflow_latent_examples.streets.canvas import Brush, Color, Point

PAINTS: tuple[Color, ...] = (
    (196, 52, 44), (232, 190, 60), (52, 98, 160), (232, 232, 226), (64, 132, 92), (120, 124, 132),
    (40, 44, 54), (214, 120, 50), (150, 40, 66), (96, 160, 190),
)  # fmt: skip
GLASS, TIRE, RIM, STEEL = (150, 186, 204), (30, 30, 34), (170, 172, 178), (62, 62, 70)
HEADLIGHT, TAILLIGHT, SHADOW = (255, 244, 206), (204, 36, 30), (58, 58, 64)
GLOW = 255
CABIN_LIGHT = 170  # of the windows of a bus by night
DECISIVE = {"bus": "wheels", "train": "bogies", "truck": "load"}  # what tells it from the others


def car(rng: Generator) -> Design:
    """Return a sedan, a hatchback or a van."""
    paint, length = _paint(rng), float(rng.uniform(3.7, 4.7))
    cabin = _CABINS[int(rng.integers(len(_CABINS)))]

    def draw(brush: Brush) -> None:
        _shadow(brush, length)
        hood, deck = 0.86, 0.92
        brush.polygon(_stretched(cabin, length), paint)
        brush.polygon(_stretched(_shrunk(cabin), length), GLASS, part="windows")
        brush.box(length * 0.5, deck, 0.09, 0.5, paint)  # between the doors
        brush.box(0, 0.3, length, deck - 0.3, paint, radius=0.22)
        brush.box(0.05, 0.3, length - 0.1, 0.16, shade(paint, 0.6), radius=0.06)
        brush.line([(length * 0.51, 0.45), (length * 0.51, deck)], 0.03, shade(paint, 0.7))
        _lights(brush, length, hood - 0.28)
        for center in (0.19, 0.8):
            _wheel(brush, center * length, 0.33)

    return Design("car", length, draw)


def bus(rng: Generator) -> Design:
    """Return a bus: a coach's body on wheels."""
    length = float(rng.uniform(9, 13))
    body = _coach(rng, length)

    def draw(brush: Brush) -> None:
        _shadow(brush, length)
        body(brush)
        for center in (0.17, 0.24, 0.8)[length < _TWO_AXLES :]:
            _wheel(brush, center * length, 0.5)

    return Design("bus", length, draw)


def train(rng: Generator) -> Design:
    """Return a train that runs in the street: a coach's body on bogies."""
    length = float(rng.uniform(9, 13))
    body = _coach(rng, length)

    def draw(brush: Brush) -> None:
        _shadow(brush, length)
        body(brush)
        brush.box(0.3, 0.12, length - 0.6, 0.34, STEEL, part="bogies")
        for center in (0.2, 0.8):
            left = center * length - 1.3
            sides = [(left, 0.42), (left + 0.25, 0.04), (left + 2.35, 0.04), (left + 2.6, 0.42)]
            brush.polygon(sides, TIRE, part="bogies")
            brush.box(left + 0.5, 0.16, 1.6, 0.12, RIM, part="bogies")

    return Design("train", length, draw)


def truck(rng: Generator) -> Design:
    """Return a truck: a cab and a closed load."""
    paint, cover, length = _paint(rng), _paint(rng), float(rng.uniform(6.5, 11))
    height = float(rng.uniform(2.3, 3.3))

    def draw(brush: Brush) -> None:
        front = length - 2.1
        _shadow(brush, length)
        brush.box(0, 0.55, length - 0.1, 0.3, STEEL)
        brush.box(0, 0.8, front - 0.15, height - 0.8, cover, part="load")
        brush.box(0, 0.8, front - 0.15, 0.14, shade(cover, 0.65), part="load")
        for rib in range(1, int(front)):
            at = rib * front / int(front)
            ends = [(at, 0.95), (at, height - 0.06)]
            brush.line(ends, 0.03, shade(cover, 0.85), part="load")
        cab = [
            (front, 0.5),
            (front, 2.4),
            (front + 1.3, 2.4),
            (front + 2.0, 1.5),
            (front + 2.1, 0.5),
        ]
        brush.polygon(cab, paint)
        window = [(front + 0.35, 1.5), (front + 0.35, 2.2), (front + 1.22, 2.2), (front + 1.8, 1.5)]
        brush.polygon(window, GLASS, part="windows")
        _lights(brush, length, 0.75)
        for center in (0.9, 2.0, length - 1.1)[length < _TWO_AXLES :]:
            _wheel(brush, center, 0.48)

    return Design("truck", length, draw)


VEHICLES = {"car": car, "bus": bus, "train": train, "truck": truck}
_TWO_AXLES = 10.0  # meters: what is shorter has two
# Sedan, hatchback, van: outlines of the cabin; shares of the length, meters.
_CABINS: tuple[tuple[Point, ...], ...] = (
    ((0.12, 0.88), (0.26, 1.42), (0.60, 1.44), (0.80, 0.88)),
    ((0.01, 0.88), (0.06, 1.38), (0.20, 1.52), (0.60, 1.50), (0.80, 0.88)),
    ((0.01, 0.88), (0.02, 1.80), (0.10, 1.92), (0.74, 1.90), (0.93, 0.88)),
)


def _coach(rng: Generator, length: float) -> Callable[[Brush], None]:
    """Return what paints the body that buses and trains share."""
    paint, belt = _paint(rng), _paint(rng)
    height = float(rng.uniform(2.9, 3.3))
    panes = int(length / rng.uniform(1.3, 1.8))

    def draw(brush: Brush) -> None:
        brush.box(0, 0.42, length, height - 0.42, paint, radius=0.35)
        brush.box(0.02, 1.0, length - 0.04, 0.22, belt)
        brush.box(0.5, height - 0.12, length - 1, 0.2, shade(paint, 0.75), radius=0.1)
        pitch = (length - 0.3) / panes
        for pane in range(panes):
            left, last = 0.25 + pane * pitch, pane == panes - 1
            light = 0 if last else CABIN_LIGHT
            low, tall = (1.05, height - 1.5) if last else (1.45, height - 1.95)
            brush.box(left, low, pitch - 0.18, tall, GLASS, light=light, part="windows", radius=0.1)
        for door in (panes // 3, panes - 2):
            left = 0.25 + door * pitch
            brush.box(left, 0.55, pitch - 0.18, height - 1.1, shade(GLASS, 0.75), radius=0.06)
            brush.line(
                [(left + pitch / 2 - 0.09, 0.55), (left + pitch / 2 - 0.09, 2.3)], 0.05, STEEL
            )
        _lights(brush, length, 0.68)

    return draw


def _wheel(brush: Brush, x: float, radius: float) -> None:
    brush.disc(x, radius, radius, TIRE, part="wheels")
    brush.disc(x, radius, radius * 0.55, RIM, part="wheels")
    brush.disc(x, radius, radius * 0.16, STEEL, part="wheels")


def _lights(brush: Brush, length: float, height: float) -> None:
    brush.disc(length - 0.12, height, 0.13, HEADLIGHT, light=GLOW)
    brush.box(0.02, height - 0.06, 0.13, 0.2, TAILLIGHT, light=GLOW)


def _shadow(brush: Brush, length: float) -> None:
    brush.disc(length / 2, 0, length * 0.52, SHADOW, height=0.14, owner=0)


def _paint(rng: Generator) -> Color:
    chosen = PAINTS[int(rng.integers(len(PAINTS)))]
    return shade(chosen, float(rng.uniform(0.85, 1.12)))


def _stretched(outline: tuple[Point, ...], length: float) -> list[Point]:
    return [(share * length, height) for share, height in outline]


def _shrunk(outline: tuple[Point, ...]) -> tuple[Point, ...]:
    """The windows within a cabin's outline: a frame of some centimeters is left."""
    middle = sum(share for share, _ in outline) / len(outline)
    return tuple(
        (middle + (share - middle) * 0.86, 0.92 + (height - 0.88) * 0.84)
        for share, height in outline
    )
