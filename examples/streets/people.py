"""People who walk or stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_latent_examples.streets.canvas import shade
from mlflow_latent_examples.streets.designs import Design

if TYPE_CHECKING:
    from numpy.random import Generator

    from mlflow_latent_examples.streets.canvas import Brush, Color

SKIN: tuple[Color, ...] = ((244, 208, 178), (222, 172, 130), (174, 120, 84), (110, 74, 54))
HAIR: tuple[Color, ...] = ((40, 30, 26), (96, 62, 36), (196, 154, 84), (150, 150, 154))
CLOTHES: tuple[Color, ...] = (
    (190, 60, 60), (60, 90, 150), (226, 200, 90), (80, 130, 90), (230, 226, 216), (54, 54, 64),
    (150, 90, 140), (220, 130, 70), (90, 160, 170),
)  # fmt: skip
WIDTH = 0.7  # meters that a person takes on a sidewalk
CHILD, HAS_BAG, HAS_SKIRT = 0.15, 0.25, 0.25


def person(rng: Generator) -> Design:
    """Return a person of their own height, gait and clothes."""
    height = float(rng.uniform(*((1.0, 1.35) if rng.random() < CHILD else (1.5, 1.9))))
    stride, swing = float(rng.uniform(0, 0.26)), float(rng.uniform(0, 0.18))
    skin, hair = _one(rng, SKIN), _one(rng, HAIR)
    top, bottom = _one(rng, CLOTHES), shade(_one(rng, CLOTHES), 0.7)
    bag, skirt = rng.random() < HAS_BAG, rng.random() < HAS_SKIRT

    def draw(brush: Brush) -> None:
        def at(x: float, y: float) -> tuple[float, float]:
            return WIDTH / 2 + x * height, y * height

        brush.disc(WIDTH / 2, 0, 0.3, (70, 70, 74), height=0.05, owner=0)
        legs = skin if skirt else bottom
        for foot, dark in ((-stride, 0.8), (stride, 1.0)):
            brush.line([at(0, 0.5), at(foot * 0.6, 0.25), at(foot, 0.02)], 0.15, shade(legs, dark))
            brush.disc(*at(foot + 0.02, 0.02), 0.08, (40, 36, 36), height=0.04)
        brush.line([at(0, 0.8), at(-swing, 0.6), at(-swing, 0.46)], 0.1, shade(top, 0.75))
        torso = [at(-0.11, 0.83), at(0.11, 0.83), at(0.09, 0.48), at(-0.09, 0.48)]
        brush.polygon(torso, top)
        if skirt:
            brush.polygon([at(-0.09, 0.52), at(0.09, 0.52), at(0.14, 0.3), at(-0.14, 0.3)], bottom)
        if bag:
            brush.box(*at(-0.2, 0.5), 0.2, 0.38, shade(bottom, 1.2), radius=0.05)
        brush.line([at(0.02, 0.8), at(swing, 0.62), at(swing + 0.05, 0.48)], 0.1, shade(top, 0.88))
        brush.disc(*at(swing + 0.05, 0.46), 0.05, skin)
        brush.disc(*at(0, 0.92), 0.13, hair, height=0.14)
        brush.disc(*at(0.018, 0.905), 0.1, skin, height=0.115)

    return Design("person", WIDTH, draw)


def _one(rng: Generator, colors: tuple[Color, ...]) -> Color:
    return colors[int(rng.integers(len(colors)))]
