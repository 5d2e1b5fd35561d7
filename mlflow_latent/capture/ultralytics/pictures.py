"""Thumbnails of a batch's images, and what is drawn over them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mlflow_latent.overlays import SampleObject

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from mlflow_latent.overlays import Role

WHITE = 255
CHANNELS = 3
OUTLINE_POINTS = 48  # of an overlay: more are not seen at the size of a thumbnail


@dataclass(frozen=True)
class Frame:
    """Where in a padded input the image is, and where that lands in a square thumbnail.

    Attributes:
        left: pixels of padding before the image.
        top: the same.
        width: of the image, scaled for the model.
        height: the same.
    """

    left: int
    top: int
    width: int
    height: int

    @classmethod
    def of(cls, batch: Mapping[str, Any], number: int) -> Frame:
        """Find the image of that number in a batch; all of the input, where nothing says so."""
        full_height, full_width = batch["img"].shape[2:]
        padded = (batch.get("ratio_pad") or {number: None})[number]
        if padded is None:
            return cls(0, 0, full_width, full_height)
        (ratio_height, ratio_width), (pad_width, pad_height) = padded
        height, width = batch["ori_shape"][number]
        left, top = int(pad_width), int(pad_height)
        return cls(
            left,
            top,
            max(min(round(width * ratio_width), full_width - left), 1),
            max(min(round(height * ratio_height), full_height - top), 1),
        )

    def cut(self, image: Tensor) -> Tensor:
        """Return an input (C, H, W) without its padding."""
        return image[:, self.top : self.top + self.height, self.left : self.left + self.width]

    def in_thumbnail(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return points (…, 2) of the input, in pixels, relative to the square thumbnail, 0…1."""
        side = max(self.width, self.height)
        margin = (side - np.array([self.width, self.height])) / 2
        return np.clip((points - [self.left, self.top] + margin) / side, 0, 1)

    def to_input(self, shares: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return points (…, 2) relative to the image as pixels of the input."""
        return shares * [self.width, self.height] + [self.left, self.top]


def thumbnail(picture: Tensor, size: int) -> NDArray[np.uint8]:
    """Scale an image to fit a square, centered on black.

    Args:
        picture: (C, H, W) in 0…1; other than three channels are shown by their mean.
        size: side of the square, in pixels.

    Returns:
        (size, size, 3) RGB.
    """
    import torch
    from torch.nn import functional

    colors = picture if len(picture) == CHANNELS else picture.mean(0, keepdim=True)
    height, width = colors.shape[1:]
    scale = size / max(height, width)
    inner = (max(round(height * scale), 1), max(round(width * scale), 1))
    scaled = functional.interpolate(colors[None].float(), inner, mode="bilinear", antialias=True)[0]
    top, left = (size - inner[0]) // 2, (size - inner[1]) // 2
    square = torch.zeros((CHANNELS, size, size), device=picture.device)
    square[:, top : top + inner[0], left : left + inner[1]] = scaled.clamp(0, 1)
    tile: NDArray[np.uint8] = (
        (square * WHITE).round().to(torch.uint8).permute(1, 2, 0).cpu().numpy()
    )
    return tile


def drawn_objects(
    role: Role,
    frame: Frame,
    boxes: NDArray[np.float64],
    classes: NDArray[np.float64],
    *,
    scores: NDArray[np.float64] | None = None,
    outlines: Sequence[NDArray[np.float64] | None] = (),
) -> list[SampleObject]:
    """Return what is drawn of an image's objects.

    Args:
        role: whether they are true or predicted.
        frame: of the image.
        boxes: (K, 4) left, top, right, bottom in pixels of the input.
        classes: (K,) class index.
        scores: (K,) confidence, of predictions.
        outlines: per object, points in pixels of the input.
    """
    corners = frame.in_thumbnail(boxes.reshape(-1, 2, 2)).reshape(-1, 4).tolist()
    shapes = list(outlines) if len(outlines) == len(boxes) else [None] * len(boxes)
    return [
        SampleObject(
            role,
            int(classes[number]),
            (corner[0], corner[1], corner[2], corner[3]),
            None if scores is None else float(scores[number]),
            _outline(frame, shapes[number]),
        )
        for number, corner in enumerate(corners)
    ]


def _outline(frame: Frame, points: NDArray[np.float64] | None) -> tuple[float, ...] | None:
    if points is None or len(points) < CHANNELS:
        return None
    step = -(-len(points) // OUTLINE_POINTS)
    return tuple(frame.in_thumbnail(points[::step]).reshape(-1).tolist())
