"""Thumbnails from the batches of a split's first captured epoch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn import functional

from mlflow_latent.errors import CaptureError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from lightning_callbacks.notices import Notices
    from mlflow_latent.media import SpriteWriter

IMAGES = 4  # dimensions of (N, C, H, W)
CHANNELS = (1, 3)  # gray, RGB
WHITE = 255


class ThumbnailTap:
    """Makes thumbnails of a split's samples as they pass.

    A failure in here costs the thumbnails and nothing else.

    Args:
        writer: packs and encodes them.
        source: `auto`, or a function of the batch that returns images (N, 1 or 3, H, W).
        notices: what there is to say.
        split: whose samples pass.
    """

    def __init__(
        self,
        writer: SpriteWriter,
        source: str | Callable[[Any], Any],
        notices: Notices,
        split: str,
    ) -> None:
        self._writer, self._source = writer, source
        self._notices, self._split = notices, split
        self._range: tuple[float, float] | None = None
        self._is_off = False

    def take(self, batch: Any, sample_ids: Sequence[Any], wanted: NDArray[np.bool_]) -> None:
        """Make the thumbnails of a batch.

        Args:
            batch: the batch, on its device.
            sample_ids: ids of the wanted rows.
            wanted: (N,) mask of the rows to keep.
        """
        if self._is_off:
            return
        try:
            images = self._images(batch, len(wanted))
            if images is None:
                self._stop(
                    f"no image tensor (N, 1 or 3, H, W) is in the batches of {self._split!r}"
                )
                return
            chosen = images[torch.as_tensor(wanted, device=images.device)]
            self._writer.add(sample_ids, self._tiles(chosen))
        except Exception as error:  # noqa: BLE001 - the rest of the capture does without
            self._stop(f"{type(error).__name__}: {error}")

    def close(self) -> None:
        """Write what is left."""
        if not self._is_off:
            self._writer.close()

    def abort(self) -> None:
        """Stop; what was made is not shown."""
        self._is_off = True
        self._writer.abort()

    def _images(self, batch: Any, size: int) -> Tensor | None:
        if self._source == "auto":
            return find_images(batch, size)
        images = torch.as_tensor(self._source(batch))  # type: ignore[operator]  # it is callable
        if not _are_images(images, size):
            raise CaptureError(
                f"thumbnail must return images of shape ({size}, 1 or 3, H, W), got "
                f"{tuple(images.shape)}"
            )
        return images

    def _tiles(self, images: Tensor) -> NDArray[np.uint8]:
        if images.dtype == torch.uint8:
            gray = images.float() / WHITE
        else:
            self._range = self._range or _finite_range(images)
            least, greatest = self._range
            gray = (images.detach().float() - least) / max(greatest - least, 1e-12)
        return letterboxed(gray.nan_to_num().clamp(0, 1), self._writer.tile_size)

    def _stop(self, reason: str) -> None:
        self.abort()
        self._notices.say(f"thumbnails of {self._split}", f"no thumbnails: {reason}")


def find_images(batch: Any, size: int) -> Tensor | None:
    """Return the first image tensor (N, 1 or 3, H, W) in nested tuples, lists and mappings."""
    if isinstance(batch, Tensor):
        return batch if _are_images(batch, size) else None
    parts = batch.values() if isinstance(batch, Mapping) else batch
    if not isinstance(batch, Mapping | tuple | list):
        return None
    found = (find_images(part, size) for part in parts)
    return next((images for images in found if images is not None), None)


def letterboxed(images: Tensor, size: int) -> NDArray[np.uint8]:
    """Scale images to fit a square, centered on black.

    Args:
        images: (N, 1 or 3, H, W) in 0…1. Larger than the square they are averaged, smaller ones
            keep their pixels visible.
        size: side of the square, in pixels.

    Returns:
        (N, size, size, 3) RGB.
    """
    height, width = images.shape[2:]
    scale = size / max(height, width)
    inner = max(round(height * scale), 1), max(round(width * scale), 1)
    if scale < 1:
        scaled = functional.interpolate(images, inner, mode="bilinear", antialias=True)
    else:
        scaled = functional.interpolate(images, inner, mode="nearest")
    top, left = (size - inner[0]) // 2, (size - inner[1]) // 2
    borders = (left, size - inner[1] - left, top, size - inner[0] - top)
    squares = functional.pad(scaled.clamp(0, 1), borders).expand(-1, 3, -1, -1)
    tiles: NDArray[np.uint8] = (
        (squares * WHITE).round().to(torch.uint8).permute(0, 2, 3, 1).cpu().numpy()
    )
    return tiles


def _are_images(tensor: Tensor, size: int) -> bool:
    return tensor.ndim == IMAGES and len(tensor) == size and tensor.shape[1] in CHANNELS


def _finite_range(images: Tensor) -> tuple[float, float]:
    values = images.detach().float()
    finite = values[values.isfinite()]
    return (float(finite.min()), float(finite.max())) if len(finite) else (0.0, 1.0)
