"""How large an image is, and of what shape."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_latent.metadata.registry import Quantity, register

if TYPE_CHECKING:
    from mlflow_latent.metadata.pixels import Pixels

_PIXELS = Quantity("pixels", 1)


@register(
    "image", {"width": _PIXELS, "height": _PIXELS, "aspect_ratio": Quantity("width ÷ height", 0)}
)
def size(image: Pixels) -> dict[str, float]:
    """Return width and height in pixels, and width ÷ height (above 1: landscape)."""
    ratio = image.width / image.height
    return {"width": image.width, "height": image.height, "aspect_ratio": ratio}
