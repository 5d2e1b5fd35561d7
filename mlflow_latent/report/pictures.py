"""Pictures inside a page: figures and thumbnails as data, within a budget of bytes."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlflow_latent.imaging import pillow_open

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LOSSLESS_BELOW = 180_000  # bytes of PNG: line drawings stay sharp, crowded maps may blur a little
QUALITY = 82
PIXELATED_BELOW = 48  # pixels: a smaller picture is shown with its pixels, not blurred
SIGNATURES = {
    b"\x89PNG": "image/png",
    b"RIFF": "image/webp",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
}


@dataclass(frozen=True)
class Picture:
    """A picture as a `data:` address, with its size in pixels so that a page does not jump."""

    address: str
    width: int
    height: int
    alternative: str

    @property
    def pixelated(self) -> bool:
        """Whether it is so small that it is better shown with its pixels."""
        return max(self.width, self.height) < PIXELATED_BELOW


def figure(path: Path, alternative: str) -> Picture:
    """Return a PNG figure as WebP, a third of its size."""
    with pillow_open(path) as image:
        packed = io.BytesIO()
        lossless = path.stat().st_size < LOSSLESS_BELOW
        image.convert("RGB").save(packed, "WEBP", lossless=lossless, quality=QUALITY, method=3)
        return Picture(_address(packed.getvalue(), "image/webp"), *image.size, alternative)


def thumbnail(content: bytes, alternative: str) -> Picture | None:
    """Return an encoded thumbnail as it is; None if it is no picture a browser can show."""
    from PIL import UnidentifiedImageError

    kind = next((SIGNATURES[start] for start in SIGNATURES if content.startswith(start)), None)
    if kind is None:
        return None
    try:
        with pillow_open(io.BytesIO(content)) as image:
            return Picture(_address(content, kind), *image.size, alternative)
    except (UnidentifiedImageError, OSError):
        return None


def _address(content: bytes, kind: str) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"


class Budget:
    """How many bytes of thumbnails a page may still take: what matters most asks first.

    Attributes:
        left: bytes that are left; none once a picture did not fit.
        refused: how many pictures were asked for in vain.
    """

    def __init__(self, size: int) -> None:
        self.left = size
        self.refused = 0

    def take(self, load: Callable[[], Picture | None]) -> Picture | None:
        """Load a picture and return it if it fits; load no more after one that did not."""
        picture = load() if self.left > 0 else None
        if self.left > 0 and (picture is None or len(picture.address) <= self.left):
            self.left -= len(picture.address) if picture else 0
            return picture
        self.left = 0
        self.refused += 1
        return None
