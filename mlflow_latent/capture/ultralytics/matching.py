"""Which predicted boxes meet which true ones, and what that says of an image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlflow_latent.schema import Direction

    Boxes = NDArray[np.float64]  # (K, 4) left, top, right, bottom

UNMATCHED = -1
DIRECTIONS: dict[str, Direction] = {
    "iou": "higher",
    "precision": "higher",
    "recall": "higher",
    "true_positives": "higher",
    "false_positives": "lower",
    "false_negatives": "lower",
}
"""The metrics of an image, and which way is better."""
MASK_DIRECTIONS: dict[str, Direction] = {"mask_iou": "higher"}


def overlaps(first: Boxes, second: Boxes) -> Boxes:
    """Return the (K, L) intersections over unions of two sets of boxes; 0 where a union is 0.

    Example:
        >>> boxes = np.array([[1, 0, 3, 2.0], [5, 5, 6, 6]])
        >>> overlaps(np.array([[0, 0, 2, 2.0]]), boxes).round(2).tolist()
        [[0.33, 0.0]]
    """
    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:], second[None, :, 2:])
    shared = np.prod(np.clip(high - low, 0, None), axis=2)
    union = _areas(first)[:, None] + _areas(second)[None] - shared
    found: Boxes = np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)
    return found


def match(iou: Boxes, same_class: NDArray[np.bool_], threshold: float) -> NDArray[np.int64]:
    """Give each prediction the true object of its class that it overlaps most, if that is free.

    Args:
        iou: (P, T) overlaps; predictions by falling confidence: the most confident choose first,
            as in COCO's and Ultralytics' evaluation.
        same_class: (P, T) whether the classes agree.
        threshold: the least overlap of a match.

    Returns:
        (P,) index of the true object, `UNMATCHED` for a false positive.

    Example:
        >>> match(np.array([[0.9, 0.6], [0.8, 0.7]]), np.ones((2, 2), bool), 0.5)
        array([0, 1])
    """
    chosen = np.full(len(iou), UNMATCHED, dtype=np.int64)
    left = np.where(same_class, iou, 0.0)
    for row in range(len(iou) if iou.size else 0):
        best = int(left[row].argmax())
        if left[row, best] >= threshold:
            chosen[row] = best
            left[:, best] = 0.0
    return chosen


def image_metrics(iou: Boxes, chosen: NDArray[np.int64]) -> dict[str, float | None]:
    """Return the metrics of one image.

    Args:
        iou: (P, T) overlaps.
        chosen: (P,) from `match`.

    Returns:
        By name, see `DIRECTIONS`: `iou` is the mean over matched objects, None without one;
        `precision` is None without predictions, `recall` without objects.

    Example:
        >>> image_metrics(np.array([[0.8, 0.0]]), np.array([0]))["recall"]
        0.5
    """
    predicted, true = iou.shape
    hits = np.flatnonzero(chosen != UNMATCHED)
    found = len(hits)
    return {
        "iou": float(iou[hits, chosen[hits]].mean()) if found else None,
        "precision": found / predicted if predicted else None,
        "recall": found / true if true else None,
        "true_positives": float(found),
        "false_positives": float(predicted - found),
        "false_negatives": float(true - found),
    }


def _areas(boxes: Boxes) -> NDArray[np.float64]:
    sides = np.clip(boxes[:, 2:] - boxes[:, :2], 0, None)
    return np.asarray(sides[:, 0] * sides[:, 1])
