"""Outlines of a map of classes, to be drawn over a thumbnail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mlflow_latent.errors import CaptureError
from mlflow_latent.overlays import SampleObject

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import ArrayLike, NDArray

    from mlflow_latent.overlays import Role

BACKGROUND, IGNORED = 0, 255
LEAST_SHARE = 1 / 4096  # of a picture: a pixel of a thumbnail; smaller pieces are not seen
MOST_POINTS = 48  # of an outline: more are not seen at the size of a thumbnail
PLANE = 2


def outline_map(
    classes: ArrayLike, role: Role, *, background: int | None = BACKGROUND, ignored: int = IGNORED
) -> list[SampleObject]:
    """Return what is drawn of a segmentation: one object for each connected piece of a class.

    Holes are not drawn.

    Args:
        classes: (H, W) class index of each pixel.
        role: `target` or `prediction`.
        background: class that is not drawn.
        ignored: index of pixels that nobody knows.

    Returns:
        Objects relative to the square thumbnail of the picture, as
        `LatentCapture(overlays=…)` takes them.

    Raises:
        CaptureError: it is no map of whole numbers.

    Example:
        >>> (piece,) = outline_map([[0, 0, 0, 0], [0, 5, 5, 0], [0, 5, 5, 0], [0] * 4], "target")
        >>> piece.category, piece.box
        (5, (0.25, 0.25, 0.75, 0.75))
    """
    pixels = np.asarray(classes)
    if pixels.ndim != PLANE or pixels.dtype.kind not in "iub":
        raise CaptureError(
            f"a map of classes is (H, W) whole numbers, got {pixels.shape} {pixels.dtype}"
        )
    known = [int(c) for c in np.unique(pixels) if c not in {background, ignored}]
    return [
        _drawn(ring, category, role, pixels.shape)
        for category in known
        for ring in _rings(pixels == category)
    ]


def _rings(mask: NDArray[np.bool_]) -> Iterator[NDArray[np.float64]]:
    """Outer outlines (K, 2) of the pieces of a mask: x, y at the edges of pixels."""
    from contourpy import FillType, contour_generator

    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    left, top = int(columns[0]), int(rows[0])
    piece = np.pad(mask[top : rows[-1] + 1, left : columns[-1] + 1], 1).astype(np.float32)
    found: Any = contour_generator(z=piece, fill_type=FillType.OuterOffset).filled(0.5, 2)
    for points, ends in zip(*found, strict=True):
        ring = points[: ends[1] - 1]
        span = np.ptp(ring, axis=0)
        if span[0] * span[1] >= LEAST_SHARE * mask.size:
            yield ring + np.array([left - 0.5, top - 0.5])


def _drawn(
    ring: NDArray[np.float64], category: int, role: Role, shape: tuple[int, ...]
) -> SampleObject:
    height, width = shape
    side = max(height, width)
    margin = (side - np.array([width, height])) / 2  # a thumbnail is centered on black
    placed = np.clip((ring + margin) / side, 0, 1)
    (x0, y0), (x1, y1) = placed.min(0).tolist(), placed.max(0).tolist()
    step = -(-len(placed) // MOST_POINTS)
    polygon = tuple(placed[::step].ravel().tolist())
    return SampleObject(role, category, (x0, y0, x1, y1), polygon=polygon)
