"""Where a street's places are in a picture: a pinhole that looks along the ground."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlflow_latent_examples.streets.canvas import Brush

if TYPE_CHECKING:
    from mlflow_latent_examples.streets.canvas import Canvas

STAGE, MOST_METERS = 1.2, 60.0  # half a view of 100 degrees


@dataclass(frozen=True)
class View:
    """The projection of a scene.

    Attributes:
        width: pixels.
        height: pixels.
        horizon: row of the horizon.
        focal: focal length in pixels.
        mount: meters of the camera above the ground.
    """

    width: int
    height: int
    horizon: float
    focal: float
    mount: float

    @property
    def nearest(self) -> float:
        """Depth of the ground that the picture's lower edge shows, in meters."""
        return self.focal * self.mount / (self.height - self.horizon)

    def scale(self, depth: float) -> float:
        """Return pixels per meter at a depth in meters."""
        return self.focal / depth

    def row(self, depth: float) -> float:
        """Return the row of the ground at a depth."""
        return self.horizon + self.mount * self.scale(depth)

    def column(self, x: float, depth: float) -> float:
        """Return the column of what is x meters right of the camera, at a depth."""
        return self.width / 2 + x * self.scale(depth)

    @staticmethod
    def stage(depth: float) -> float:
        """Return how many meters to each side are furnished at a depth, seen or not.

        Wider than most lenses look, and the same for all: so a scene does not depend on its camera.
        """
        return min(STAGE * depth, MOST_METERS)

    def brush(self, canvas: Canvas, x: float, depth: float, **more: Any) -> Brush:
        """Return what paints a thing whose left end is at x, standing at a depth."""
        return Brush(canvas, self.column(x, depth), self.row(depth), self.scale(depth), **more)
