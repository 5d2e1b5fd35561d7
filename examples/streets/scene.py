"""A scene: what the weather is, who stands where, and the picture of it with its truth."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import Image

from mlflow_latent_examples.streets import surroundings
from mlflow_latent_examples.streets.canvas import Canvas
from mlflow_latent_examples.streets.people import person
from mlflow_latent_examples.streets.vehicles import VEHICLES
from mlflow_latent_examples.streets.view import View

if TYPE_CHECKING:
    from numpy.random import Generator

    from mlflow_latent_examples.streets.camera import Camera
    from mlflow_latent_examples.streets.designs import Design

FINER = 2  # a scene is painted that much larger than its image: smooth edges
MOST_OBJECTS = 250  # numbers of owners fit into a byte
TRAFFIC = (2.8, 0.9, 0.8, 1.2)  # Dirichlet: of `VEHICLES`; much the same within a scene
GAP, CROSSING, MOST_PEOPLE = 4.5, 0.3, 40
CURB, FAR_CURB = (5.5, 11.0), (26.0, 46.0)  # meters from the camera, near and far streets


class Lane(NamedTuple):
    """Where vehicles drive: meters beyond the near curb, which way, and whether trains may."""

    beyond: float
    to_the_left: bool
    has_rails: bool


LANES = (
    Lane(surroundings.RAILS, to_the_left=True, has_rails=True),
    Lane(7.8, to_the_left=True, has_rails=False),
    Lane(3.6, to_the_left=False, has_rails=False),
)


@dataclass(frozen=True)
class Conditions:
    """What a scene is made to be.

    Attributes:
        night: whether it is dark.
        far: whether the street is far away, so that all objects are small.
        grayscale: whether the image has no colors.
        relabeled: whether one annotator took some vehicles for others; see `Plan.mistaken`.
    """

    night: bool = False
    far: bool = False
    grayscale: bool = False
    relabeled: bool = False


@dataclass(frozen=True)
class Standing:
    """An object at its place; larger depth is farther away."""

    design: Design
    x: float
    depth: float
    to_the_left: bool


@dataclass(frozen=True)
class Frame:
    """A photographed scene.

    Attributes:
        image: RGB.
        owner: (height, width) uint8: 1 + index of the object that a pixel shows, or 0.
        part: (height, width) uint8: index into `canvas.PARTS`.
        kinds: of each object.
        visible: of each object, the share that nothing stands before.
    """

    image: Image.Image
    owner: np.ndarray
    part: np.ndarray
    kinds: tuple[str, ...]
    visible: tuple[float, ...]


def photograph(
    conditions: Conditions, camera: Camera, size: tuple[int, int], rng: Generator
) -> Frame:
    """Make up a scene and take its picture.

    The camera takes no part in what the scene is: the same `rng` gives the same scene for all.
    """
    width, height = size[0] * FINER, size[1] * FINER
    curb = float(rng.uniform(*(FAR_CURB if conditions.far else CURB)))
    mount = float(rng.uniform(4, 8) if conditions.far else rng.uniform(1.5, 2.6))
    view = View(
        width=width,
        height=height,
        horizon=height * float(rng.uniform(0.42, 0.58)),
        focal=camera.focal(width),
        mount=mount if camera.mount is None else camera.mount,
    )
    canvas = Canvas(width, height)
    surroundings.sky(canvas, view, rng)
    far_side = curb + surroundings.ROAD + surroundings.FAR_PAVEMENT
    surroundings.street(canvas, view, curb, rng)
    surroundings.houses(canvas, view, far_side, rng)
    standing = _populate(view, curb, rng)[:MOST_OBJECTS]
    visible = _paint(canvas, view, standing, curb, rng)
    noise = np.random.default_rng(rng.integers(2**32))
    image = camera.expose(canvas, size, night=conditions.night, rng=noise)
    owner, part = (
        np.asarray(camera.bend(layer).resize(size, Image.Resampling.NEAREST))
        for layer in (canvas.owner, canvas.part)
    )
    kinds = tuple(one.design.kind for one in standing)
    return Frame(image, owner, part, kinds, visible)


def _populate(view: View, curb: float, rng: Generator) -> list[Standing]:
    """Return who is there, the farthest first."""
    appetite = rng.dirichlet(TRAFFIC)
    density = float(rng.uniform(0.15, 0.8))
    found: list[Standing] = []
    for lane in LANES:
        found += _lane(lane, curb + lane.beyond, appetite, density, rng)
    crowd = float(rng.gamma(1.5, 0.12))  # people per meter
    for depth in (curb + surroundings.ROAD + 1.5, curb - 1.6):
        for _ in range(min(int(rng.poisson(crowd * 2 * view.stage(depth))), MOST_PEOPLE)):
            place = max(depth + float(rng.uniform(-1.2, 1.2)), view.nearest * 0.9)
            found.append(_walker(place, rng))
    if rng.random() < CROSSING:
        found.append(_walker(curb + float(rng.choice((1.2, 5.6, 9.4))), rng))
    return sorted(found, key=lambda one: -one.depth)


def _lane(
    lane: Lane, depth: float, appetite: np.ndarray, density: float, rng: Generator
) -> list[Standing]:
    """Fill a lane from left to right; trains keep to the rails."""
    weights = appetite * [1, 1, 1, lane.has_rails]
    found: list[Standing] = []
    x, end = -View.stage(depth) - float(rng.uniform(0, 14)), View.stage(depth)
    while True:
        x += float(rng.exponential(GAP / density)) + 1.2
        if x >= end:
            return found
        kind = list(VEHICLES)[int(rng.choice(len(VEHICLES), p=weights / weights.sum()))]
        design = VEHICLES[kind](rng)
        found.append(Standing(design, x, depth, lane.to_the_left))
        x += design.length


def _walker(depth: float, rng: Generator) -> Standing:
    x = float(rng.uniform(-1, 1)) * View.stage(depth)
    return Standing(person(rng), x, depth, bool(rng.random() < 0.5))  # noqa: PLR2004 - a coin


def _paint(
    canvas: Canvas, view: View, standing: list[Standing], curb: float, rng: Generator
) -> tuple[float, ...]:
    """Paint objects and street furniture, far to near; return what is left to see of each."""
    places = [(depth, x) for depth in (curb + 15.0, curb - 0.6) for x in _row(depth, rng)]
    things = [(one.depth, number) for number, one in enumerate(standing)]
    things += [(depth, -1 - number) for number, (depth, _) in enumerate(places)]
    whole = [0] * len(standing)
    for depth, number in sorted(things, reverse=True):
        if number < 0:
            brush = view.brush(canvas, places[-1 - number][1], depth)
            surroundings.furniture(brush, rng)
            continue
        one = standing[number]
        length = one.design.length if one.to_the_left else 0
        one.design.draw(view.brush(canvas, one.x, depth, owner=number + 1, mirrored=length))
        whole[number] = canvas.owner.histogram()[number + 1]
    left = canvas.owner.histogram()[1:]
    return tuple(seen / max(area, 1) for seen, area in zip(left, whole, strict=False))


def _row(depth: float, rng: Generator) -> list[float]:
    """Places of trees and lamps along a pavement."""
    stage = View.stage(depth)
    regular = np.arange(-stage + rng.uniform(0, 12), stage, 12.0)
    return [float(x) for x in regular + rng.normal(0, 0.5, len(regular))]
