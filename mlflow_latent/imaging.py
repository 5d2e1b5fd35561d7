"""Open images, whoever else is in the process."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path
    from typing import IO

    from PIL import Image as PillowImage

_PATCHES = "ultralytics.utils.patches"


def pillow_open(
    source: str | Path | IO[bytes], formats: list[str] | None = None
) -> PillowImage.Image:
    """Open an image as Pillow does by itself.

    Ultralytics puts another function in the place of `Image.open`, which installs a package when an
    image cannot be identified; a corrupt file shall be only that. It keeps Pillow's own function.

    Args:
        source: a path, or a binary file.
        formats: names of the formats to try; default all that Pillow knows.

    Raises:
        PIL.UnidentifiedImageError: it is no image, or of no such format.
        OSError: it cannot be read.
    """
    from PIL import Image

    patches: Any = sys.modules.get(_PATCHES)
    opened: Image.Image = getattr(patches, "_image_open", Image.open)(source, formats=formats)
    return opened
