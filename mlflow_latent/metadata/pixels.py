"""An image as the metadata functions read it: RGB planes in 0…1, whatever it came as."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from mlflow_latent.errors import InputError
from mlflow_latent.imaging import pillow_open
from mlflow_latent.metadata.color import (
    lab_ab_from_linear,
    linear_from_srgb,
    linear_of_codes,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Plane = NDArray[np.float32]  # (H, W)

LUMA = (0.299, 0.587, 0.114)
"""Weights of R, G, B (Rec. ITU-R BT.601), those of Pillow's mode `L` and of OpenCV's gray."""
SLACK = 0.01
"""By which float values may leave 0…1 (interpolation, half precision) and are clipped."""
CHANNELS = (1, 3, 4)  # gray, RGB, RGB with alpha
IMAGE_DIMENSIONS = 3


@dataclass(frozen=True, eq=False)
class Pixels:
    """One image.

    Attributes:
        rgb: (3, H, W) float32, sRGB values in 0…1; NaN where a pixel is missing.
        codes: (3, H, W) the same in 8 bits, if it came so.
    """

    rgb: NDArray[np.float32]
    codes: NDArray[np.uint8] | None = None

    @classmethod
    def of(
        cls,
        image: Any,
        *,
        mean: float | Sequence[float] | None = None,
        std: float | Sequence[float] | None = None,
        channels_first: bool = False,
    ) -> Pixels:
        """Read an image: a path, a Pillow image, or an array.

        Alpha is left out, as `convert("RGB")` does; gray is three equal channels; 16 bits keep
        their precision; an orientation in the file (EXIF) is left alone; NaN stays missing.

        Args:
            image: a path; a Pillow image; or (H, W), (H, W, 1), (H, W, 3), (H, W, 4) of bool,
                uint8, uint16, or float in 0…1. A `Pixels` is returned as it is.
            mean: that was subtracted from the image's 0…1 values, one or one per channel.
            std: that they were divided by.
            channels_first: an array is (C, H, W), as in torch.

        Raises:
            InputError: it cannot be read, or has another shape, type or range.
        """
        if isinstance(image, Pixels):
            return image
        if isinstance(image, str | Path):
            image = open_image(image)
        array = _from_pillow(image) if isinstance(image, Image.Image) else np.asarray(image)
        first = channels_first and not isinstance(image, Image.Image)
        planes = np.ascontiguousarray(_planes(array, channels_first=first))
        if planes.dtype == np.uint8 and mean is None and std is None:
            return cls(_as_rgb(_scaled(planes)), _as_rgb(planes))
        return cls(_as_rgb(_in_range(_restored(_scaled(planes), mean, std))))

    @property
    def width(self) -> int:
        """Pixels from left to right."""
        return int(self.rgb.shape[2])

    @property
    def height(self) -> int:
        """Pixels from top to bottom."""
        return int(self.rgb.shape[1])

    @cached_property
    def luma(self) -> Plane:
        """(H, W) brightness of the gamma-encoded values, 0…1 (Rec. ITU-R BT.601)."""
        red, green, blue = self.rgb
        weights = np.asarray(LUMA, dtype=np.float32)
        luma: Plane = weights[0] * red + weights[1] * green + weights[2] * blue
        return luma

    @cached_property
    def value(self) -> Plane:
        """(H, W) greatest channel, the V of HSV."""
        greatest: Plane = np.maximum(np.maximum(self.rgb[0], self.rgb[1]), self.rgb[2])
        return greatest

    @cached_property
    def range(self) -> Plane:
        """(H, W) greatest minus least channel, S × V of HSV."""
        least = np.minimum(np.minimum(self.rgb[0], self.rgb[1]), self.rgb[2])
        between: Plane = self.value - least
        return between

    @cached_property
    def linear(self) -> NDArray[np.float32]:
        """(3, H, W) light of each channel, 0…1: sRGB with its gamma undone."""
        if self.codes is not None:
            linear: NDArray[np.float32] = linear_of_codes().take(self.codes)
            return linear
        return linear_from_srgb(self.rgb)

    @cached_property
    def lab_ab(self) -> NDArray[np.float32]:
        """(2, H, W) a* and b* of CIE 1976; white is that of sRGB (D65, 2° observer)."""
        return lab_ab_from_linear(self.linear)


def open_image(path: str | Path) -> Image.Image:
    """Read a whole image file.

    Raises:
        InputError: it is missing, truncated, or no image.
    """
    try:
        with pillow_open(path) as image:
            image.load()
            return image
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise InputError(f"image {str(path)!r} cannot be read: {error}") from None


def image_size(path: str | Path) -> tuple[int, int]:
    """Return (width, height) of an image file, without decoding it.

    Raises:
        InputError: it is missing, or no image.
    """
    try:
        with pillow_open(path) as image:
            return image.size
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise InputError(f"image {str(path)!r} cannot be read: {error}") from None


def _from_pillow(image: Image.Image) -> NDArray[Any]:
    if image.mode == "F" or image.mode.startswith("I;16"):
        return np.asarray(image)
    if image.mode == "I":  # how older versions of Pillow read 16 bits
        wide = np.asarray(image)
        if wide.size and (wide.min() < 0 or wide.max() > np.iinfo(np.uint16).max):
            raise InputError(f"a 32-bit image holds {wide.min()}…{wide.max()}; scale it to 0…1")
        return wide.astype(np.uint16)
    return np.asarray(image.convert("RGB"))


def _planes(array: NDArray[Any], *, channels_first: bool) -> NDArray[Any]:
    """(1, 3 or 4, H, W)."""
    planes = array[..., None] if array.ndim < IMAGE_DIMENSIONS else array
    if planes.ndim == IMAGE_DIMENSIONS and not (channels_first and array.ndim == planes.ndim):
        planes = planes.transpose(2, 0, 1)
    if planes.ndim != IMAGE_DIMENSIONS or planes.shape[0] not in CHANNELS or not planes.size:
        order = "(1, 3 or 4, H, W)" if channels_first else "(H, W) or (H, W, 1, 3 or 4)"
        raise InputError(f"an image must have the shape {order}, got {array.shape}")
    return planes[:3]


def _scaled(planes: NDArray[Any]) -> NDArray[np.float32]:
    """Whole numbers as shares of their white; floats as they are."""
    kind = planes.dtype
    if kind.kind in "bf":
        return planes.astype(np.float32)
    if kind not in (np.uint8, np.uint16):
        raise InputError(
            f"an image must be bool, uint8, uint16, or float in 0…1, got {kind}; what is white?"
        )
    values = planes.astype(np.float32)
    values /= np.iinfo(kind).max
    return values


def _restored(values: NDArray[np.float32], mean: Any, std: Any) -> NDArray[np.float32]:
    """Undo a normalization."""
    if mean is None and std is None:
        return values
    scale = _per_channel("std", 1.0 if std is None else std, len(values))
    shift = _per_channel("mean", 0.0 if mean is None else mean, len(values))
    restored: NDArray[np.float32] = values * scale + shift
    return restored


def _per_channel(name: str, numbers: Any, channels: int) -> NDArray[np.float32]:
    column = np.atleast_1d(np.asarray(numbers, dtype=np.float32)).reshape(-1, 1, 1)
    if len(column) not in {1, channels}:
        raise InputError(f"{name} has {len(column)} numbers, but the image has {channels} channels")
    return column


def _in_range(values: NDArray[np.float32]) -> NDArray[np.float32]:
    least, greatest = values.min(), values.max()
    if not np.isfinite(least) or not np.isfinite(greatest):
        values = np.where(np.isfinite(values), values, np.float32(np.nan))
        least, greatest = np.fmin.reduce(values, axis=None), np.fmax.reduce(values, axis=None)
    if least < -SLACK or greatest > 1 + SLACK:
        raise InputError(
            f"a float image must be in 0…1, got {least:.3g}…{greatest:.3g}; pass the mean= and "
            "std= that it was normalized with, or divide it by its white"
        )
    return np.clip(values, 0, 1) if least < 0 or greatest > 1 else values


def _as_rgb(values: NDArray[Any]) -> NDArray[Any]:
    return np.broadcast_to(values, (3, *values.shape[1:]))
