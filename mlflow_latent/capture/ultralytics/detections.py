"""The confident predictions of an image beside its true objects, in pixels of the model's input."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from mlflow_latent.capture.ultralytics.matching import (
    UNMATCHED,
    image_metrics,
    match,
    overlaps,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from mlflow_latent.capture.ultralytics.settings import Settings

    Array = NDArray[np.float64]

MOST_PREDICTIONS = 100  # of an image: an evaluation counts no more, and a picture shows less


@dataclass(frozen=True, eq=False)
class Detections:
    """What a model found in one image, and what is there.

    Attributes:
        boxes: (P, 4) left, top, right, bottom, by falling confidence.
        classes: (P,) class index.
        scores: (P,) confidence, 0…1.
        true_boxes: (T, 4).
        true_classes: (T,).
        metrics: of the image, by name.
        true_iou: (T,) overlap of each true object with the prediction that found it, NaN where none
            did.
        true_scores: (T,) confidence of that prediction.
        outlines: (P) outlines of predicted masks; empty for a detector.
    """

    boxes: Array
    classes: Array
    scores: Array
    true_boxes: Array
    true_classes: Array
    metrics: Mapping[str, float | None]
    true_iou: Array
    true_scores: Array
    outlines: Sequence[Array | None] = field(default=())


def read_detections(
    validator: Any,
    settings: Settings,
    predictions: Sequence[Mapping[str, Tensor]],
    batch: dict[str, Any],
) -> list[Detections]:
    """Return what was found in each image of a batch.

    Args:
        validator: prepared the batch.
        settings: say from which confidence on a prediction counts, and when it meets an object.
        predictions: per image, after suppression: `bboxes`, `conf`, `cls`, of segmenters `masks`.
        batch: as the validator has prepared it.
    """
    return [
        _read(validator, settings, prediction, validator._prepare_batch(number, batch))  # noqa: SLF001 - what its own metrics are made of; it has no public name
        for number, prediction in enumerate(predictions)
    ]


def _read(
    validator: Any, settings: Settings, prediction: Mapping[str, Tensor], truth: Mapping[str, Any]
) -> Detections:
    scores = _array(prediction["conf"])
    order = np.argsort(-scores, kind="stable")
    order = order[scores[order] >= settings.confidence][:MOST_PREDICTIONS]
    boxes, classes = _array(prediction["bboxes"])[order], _array(prediction["cls"])[order]
    if validator.args.single_cls:
        classes = np.zeros_like(classes)
    true_boxes = _array(truth["bboxes"]).reshape(-1, 4)
    true_classes = _array(truth["cls"]).reshape(-1)
    iou = overlaps(boxes, true_boxes)
    chosen = match(iou, classes[:, None] == true_classes[None], settings.iou)
    metrics = image_metrics(iou, chosen)
    outlines: Sequence[Array | None] = ()
    if "masks" in prediction:
        masks = prediction["masks"][order.tolist()]
        metrics |= {"mask_iou": _mask_iou(masks, truth["masks"], chosen)}
        outlines = _outlines(masks, truth["imgsz"])
    hits = np.flatnonzero(chosen != UNMATCHED)
    true_iou, true_scores = np.full((2, len(true_boxes)), np.nan)
    true_iou[chosen[hits]], true_scores[chosen[hits]] = iou[hits, chosen[hits]], scores[order][hits]
    return Detections(
        boxes,
        classes,
        scores[order],
        true_boxes,
        true_classes,
        metrics,
        true_iou,
        true_scores,
        outlines,
    )


def _mask_iou(masks: Tensor, true: Tensor, chosen: NDArray[np.int64]) -> float | None:
    """Mean intersection over union of the masks of matched objects, None without one."""
    hits = np.flatnonzero(chosen != UNMATCHED)
    if not len(hits):
        return None
    first = masks[hits.tolist()].bool().flatten(1)
    second = true[chosen[hits].tolist()].bool().flatten(1)
    union = (first | second).sum(1).clamp(min=1)
    return float(((first & second).sum(1) / union).mean())


def _outlines(masks: Tensor, input_shape: Sequence[int]) -> list[Array | None]:
    """The largest outline of each mask, in pixels of the input."""
    from ultralytics.utils.ops import masks2segments

    if not len(masks):
        return []
    height, width = masks.shape[1:]
    scale = np.array([input_shape[1] / width, input_shape[0] / height])
    found = masks2segments(masks.byte(), strategy="largest")
    return [np.asarray(outline, dtype=np.float64).reshape(-1, 2) * scale for outline in found]


def _array(values: Tensor) -> Array:
    array: Array = values.detach().cpu().numpy().astype(np.float64)
    return array
