"""Tune a camera by what a domain gap names: lens, light and colors, from numbers to settings.

What the tool measures of images (means of colors, how dark corners are) is turned into what a
camera is set to. Importing this module adds one field of metadata, `corner_light`.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from mlflow_latent.metadata.registry import Quantity, register

if TYPE_CHECKING:
    import mlflow_latent as ml
    from mlflow_latent.metadata.pixels import Pixels
    from mlflow_latent_examples.streets.camera import Camera

CORNER, CENTER = 0.85, 0.4  # of the half diagonal: where a vignette is seen, and where not
MEAN_SQUARE = 1 / 3  # of the radius over an image, whose corners are at 1
CORNER_SQUARE, CENTER_SQUARE = 0.84, 0.08  # the same over the corners, and over the center
COLORS = ("red_mean", "green_mean", "blue_mean")
MOST_GAIN = 2.0  # a color's factor from one step of tuning


@register("image", {"corner_light": Quantity("light of the corners ÷ of the center", 0)})
def corner_light(image: Pixels) -> float | None:
    """Return how bright the corners are beside the center: little where a lens shades them."""
    y = np.linspace(-1, 1, image.height)[:, None] * image.height
    x = np.linspace(-1, 1, image.width)[None] * image.width
    radius = np.hypot(x, y) / np.hypot(image.width, image.height)
    corners, center = image.luma[radius > CORNER], image.luma[radius < CENTER]
    if not len(corners) or not len(center) or not center.mean() > 0:
        return None  # a few pixels have no corners; the dark has no light
    return float(corners.mean() / center.mean())


def tune(camera: Camera, gap: ml.DomainGap) -> Camera:
    """Return a camera that takes over from the target what the gap names.

    Args:
        camera: that the source was made with.
        gap: from that source to the target.
    """
    named = {name for one in gap.fields for name in (one.name, *one.similar_fields)}
    table = gap.samples
    sides = [table[table["origin"] == side] for side in ("source", "target")]

    def middles(name: str) -> tuple[float, float]:
        ours, theirs = (float(side[f"meta_{name}"].median()) for side in sides)
        return ours, theirs

    found: dict[str, Any] = {}
    if "field_of_view" in named:
        found["field_of_view"] = round(middles("field_of_view")[1], 1)
    if "lens_distortion" in named:
        found["fisheye"] = round(middles("lens_distortion")[1], 3)
    if "corner_light" in named:
        found["vignette"] = _vignette(camera.vignette, *middles("corner_light"))
    if named & {*COLORS, "brightness", "color_temperature", "saturation_mean", "lab_b_mean"}:
        shaded = found.get("vignette", camera.vignette)  # takes light from the mean as well
        light = (1 - MEAN_SQUARE * shaded) / (1 - MEAN_SQUARE * camera.vignette)
        ratios = [theirs / ours / light for ours, theirs in map(middles, COLORS)]
        gains = np.array(camera.color_gain) * np.clip(ratios, 1 / MOST_GAIN, MOST_GAIN)
        found["color_gain"] = tuple(round(float(gain), 3) for gain in gains)
    return replace(camera, **found)


def _vignette(now: float, ours: float, theirs: float) -> float:
    """Return the vignette that makes corners as dark beside the center as theirs are."""
    wanted = theirs / ours * (1 - CORNER_SQUARE * now) / (1 - CENTER_SQUARE * now)
    vignette = (1 - wanted) / (CORNER_SQUARE - CENTER_SQUARE * wanted)
    return round(float(np.clip(vignette, 0, 0.9)), 3)


def changes(before: Camera, after: Camera) -> str:
    """Say what was tuned, in words."""
    was, now = asdict(before), asdict(after)
    told = [f"{name} {was[name]} → {now[name]}" for name in now if now[name] != was[name]]
    return "; ".join(told) or "nothing to tune"
