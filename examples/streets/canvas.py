"""Four pictures painted with one stroke: the color, its own light, whose it is, which part it is.

What is painted later covers what is there, in all four: so masks and parts show what can be seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PIL import Image, ImageDraw

if TYPE_CHECKING:
    from collections.abc import Sequence

Color = tuple[int, int, int]
Point = tuple[float, float]

PARTS = ("", "wheels", "bogies", "load", "windows")  # by their number in a canvas
NOBODY = 0


class Canvas:
    """Where a scene is painted.

    Args:
        width: pixels.
        height: pixels.

    Attributes:
        color: RGB as by day.
        light: how much of its own light a pixel has: 0 reflects, 255 glows in its color by night.
        owner: number of the object that the pixel shows; `NOBODY` for the surroundings.
        part: index into `PARTS`.
    """

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.color = Image.new("RGB", (width, height))
        self.light = Image.new("L", (width, height))
        self.owner = Image.new("L", (width, height))
        self.part = Image.new("L", (width, height))
        pictures = (self.color, self.light, self.owner, self.part)
        self._pens = [ImageDraw.Draw(picture) for picture in pictures]

    def paint(
        self,
        shape: str,
        where: Any,
        color: Color,
        *,
        light: int = 0,
        owner: int = NOBODY,
        part: str = "",
        **style: Any,
    ) -> None:
        """Paint one of Pillow's shapes (`polygon`, `ellipse`, `rounded_rectangle`, …)."""
        values = (color, light, owner, PARTS.index(part))
        for pen, value in zip(self._pens, values, strict=True):
            getattr(pen, shape)(where, fill=value, **style)


@dataclass(frozen=True)
class Brush:
    """Paints one thing, in meters: x from its left end, y up from the ground it stands on.

    Attributes:
        canvas: where to.
        left: column of its left end.
        ground: row of the ground below it.
        scale: pixels per meter.
        owner: number of the object.
        mirrored: its length, for what looks to the left; 0 for what looks to the right.
    """

    canvas: Canvas
    left: float
    ground: float
    scale: float
    owner: int = NOBODY
    mirrored: float = 0

    def polygon(self, points: Sequence[Point], color: Color, **more: Any) -> None:
        """Paint the area within points."""
        self._paint("polygon", [self._pixel(*point) for point in points], color, **more)

    def line(self, points: Sequence[Point], width: float, color: Color, **more: Any) -> None:
        """Paint a line of a width in meters."""
        pixels = max(1, round(width * self.scale))
        places = [self._pixel(*point) for point in points]
        self._paint("line", places, color, width=pixels, joint="curve", **more)

    def box(
        self, x: float, y: float, width: float, height: float, color: Color, **more: Any
    ) -> None:
        """Paint a box whose lower left corner is at (x, y); `radius=` rounds it, in meters."""
        corners = self._corners(x, y, x + width, y + height)
        radius = more.pop("radius", 0) * self.scale
        if radius >= 1:
            self._paint("rounded_rectangle", corners, color, radius=radius, **more)
        else:
            self._paint("rectangle", corners, color, **more)

    def disc(self, x: float, y: float, radius: float, color: Color, **more: Any) -> None:
        """Paint a disc around (x, y); `height=` makes it an ellipse of that half height."""
        height = more.pop("height", radius)
        corners = self._corners(x - radius, y - height, x + radius, y + height)
        self._paint("ellipse", corners, color, **more)

    def _paint(self, shape: str, where: Any, color: Color, **more: Any) -> None:
        self.canvas.paint(shape, where, color, **{"owner": self.owner, **more})

    def _pixel(self, x: float, y: float) -> Point:
        across = self.mirrored - x if self.mirrored else x
        return self.left + across * self.scale, self.ground - y * self.scale

    def _corners(self, x0: float, y0: float, x1: float, y1: float) -> list[Point]:
        (left, bottom), (right, top) = self._pixel(x0, y0), self._pixel(x1, y1)
        return [(min(left, right), min(top, bottom)), (max(left, right), max(top, bottom))]


def shade(color: Color, factor: float) -> Color:
    """Return a darker (below 1) or lighter color."""
    red, green, blue = (min(255, round(value * factor)) for value in color)
    return red, green, blue
