"""A camera: lens, place, colors. The same scenes through another one are another domain."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageChops, ImageFilter

if TYPE_CHECKING:
    from numpy.random import Generator

    from mlflow_latent_examples.streets.canvas import Canvas

NIGHT = (0.20, 0.23, 0.36)  # what is left of red, green and blue
WIDEST = np.radians(65)  # half the view of a full fisheye's diagonal


@dataclass(frozen=True)
class Camera:
    """How a scene becomes an image.

    Attributes:
        field_of_view: degrees from left to right, before any distortion.
        mount: meters above the ground; None is a pedestrian's, or a window's for far streets.
        fisheye: distortion, from 0 (straight lines stay straight) to 1 (equidistant, 130°).
        vignette: share of the light that is lost in the corners.
        color_gain: factors of red, green and blue.
        brightness: factor of the exposure.
        contrast: factor of the distance to middle gray.
        blur: radius, in pixels of the image.
        noise: standard deviation, in gray levels of 0…255.
    """

    field_of_view: float = 58.0
    mount: float | None = None
    fisheye: float = 0.0
    vignette: float = 0.0
    color_gain: tuple[float, float, float] = (1.0, 1.0, 1.0)
    brightness: float = 1.0
    contrast: float = 1.0
    blur: float = 0.0
    noise: float = 2.0

    def __post_init__(self) -> None:
        if not 0 <= self.fisheye <= 1:
            raise ValueError(f"fisheye must be from 0 to 1, got {self.fisheye}")
        if not 0 < self.field_of_view < 180:  # noqa: PLR2004 - half a turn
            raise ValueError(f"field_of_view must be from 0 to 180, got {self.field_of_view}")

    def focal(self, width: int) -> float:
        """Return the focal length in pixels, for pictures of a width."""
        return width / 2 / float(np.tan(np.radians(self.field_of_view) / 2))

    def expose(
        self, canvas: Canvas, size: tuple[int, int], *, night: bool, rng: Generator
    ) -> Image.Image:
        """Return the image of a scene.

        Args:
            canvas: the scene, painted larger than the image.
            size: width and height of the image, in pixels.
            night: whether only what glows is bright.
            rng: of the noise.
        """
        color = _by_night(canvas) if night else canvas.color
        seen = self.bend(color).resize(size, Image.Resampling.BOX)
        if self.blur:
            seen = seen.filter(ImageFilter.GaussianBlur(self.blur))
        values = np.asarray(seen, dtype=np.float32) * np.float32(self.color_gain)
        values *= self.brightness * (1 - self.vignette * _radius(*size)[..., None] ** 2)
        values = (values - 127.5) * self.contrast + 127.5
        values += self.noise * rng.standard_normal((size[1], size[0], 1), dtype=np.float32)
        values += self.noise / 2 * rng.standard_normal(values.shape, dtype=np.float32)
        return Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))

    def bend(self, picture: Image.Image) -> Image.Image:
        """Return a picture, or a map of numbers, as the lens distorts it."""
        if not self.fisheye:
            return picture
        rows, columns = _sources(*picture.size, self.fisheye)
        return Image.fromarray(np.asarray(picture)[rows, columns])


def _by_night(canvas: Canvas) -> Image.Image:
    """Darken what does not glow, and let what glows shine around itself."""
    dark = np.asarray(canvas.color, dtype=np.float32) * np.float32(NIGHT)
    ambient = Image.fromarray(dark.astype(np.uint8))
    picture = Image.composite(canvas.color, ambient, canvas.light)
    black = Image.new("RGB", canvas.color.size)
    glowing = Image.composite(canvas.color, black, canvas.light)
    small = glowing.resize((canvas.width // 4, canvas.height // 4), Image.Resampling.BOX)
    halo = small.filter(ImageFilter.GaussianBlur(canvas.width / 160))
    return ImageChops.add(picture, halo.resize(canvas.color.size, Image.Resampling.BILINEAR))


@lru_cache(maxsize=4)
def _radius(width: int, height: int) -> np.ndarray:
    """Distance from the center, (height, width); 1 in the corners."""
    y = np.linspace(-1, 1, height, dtype=np.float32)[:, None] * height
    x = np.linspace(-1, 1, width, dtype=np.float32)[None] * width
    return np.hypot(x, y) / np.float32(np.hypot(width, height))


@lru_cache(maxsize=4)
def _sources(width: int, height: int, fisheye: float) -> tuple[np.ndarray, np.ndarray]:
    """For each pixel of an equidistant image, where it lies in the one that a pinhole makes.

    A fisheye's radius grows with the angle, a pinhole's with its tangent; the corners stay.
    """
    widest = fisheye * WIDEST
    radius = _radius(width, height)
    factor = np.tan(radius * widest) / np.maximum(radius, 1e-6) / np.tan(widest)
    y = (np.arange(height)[:, None] - (height - 1) / 2) * factor + (height - 1) / 2
    x = (np.arange(width)[None] - (width - 1) / 2) * factor + (width - 1) / 2
    return (
        np.clip(np.rint(y), 0, height - 1).astype(np.intp),
        np.clip(np.rint(x), 0, width - 1).astype(np.intp),
    )
