"""Matches of boxes against Ultralytics' own evaluation, and metrics worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from mlflow_latent.capture.ultralytics.matching import (
    DIRECTIONS,
    UNMATCHED,
    image_metrics,
    match,
    overlaps,
)


def random_boxes(rng: np.random.Generator, size: int) -> Any:
    corner = rng.uniform(0, 60, (size, 2))
    return np.hstack([corner, corner + rng.uniform(5, 40, (size, 2))])


@pytest.mark.usefixtures("ultralytics")
@pytest.mark.parametrize("seed", range(20))
def test_true_positives_are_those_of_ultralytics(seed: int) -> None:
    from ultralytics.models.yolo.detect import DetectionValidator
    from ultralytics.utils.metrics import box_iou

    rng = np.random.default_rng(seed)
    predicted, true = int(rng.integers(0, 12)), int(rng.integers(0, 9))
    truth = random_boxes(rng, true)
    near = truth[rng.integers(0, true, predicted)] if true else random_boxes(rng, predicted)
    boxes = near + rng.normal(0, 3, near.shape)
    classes, true_classes = rng.integers(0, 2, predicted), rng.integers(0, 2, true)
    iou = overlaps(boxes, truth)
    expected_iou = box_iou(torch.tensor(truth), torch.tensor(boxes))
    np.testing.assert_allclose(iou.T, expected_iou.numpy(), atol=1e-6)
    chosen = match(iou, classes[:, None] == true_classes[None], 0.5)
    validator = DetectionValidator.__new__(DetectionValidator)
    validator.iouv = torch.linspace(0.5, 0.95, 10)
    expected = validator.match_predictions(
        torch.tensor(classes), torch.tensor(true_classes), expected_iou
    )[:, 0]
    assert (chosen != UNMATCHED).tolist() == expected.tolist()
    matched = chosen[chosen != UNMATCHED]
    assert len(set(matched)) == len(matched)


def test_metrics_of_an_image() -> None:
    iou = np.array([[0.9, 0.0, 0.0], [0.8, 0.6, 0.0]])
    metrics = image_metrics(iou, np.array([0, UNMATCHED]))
    assert metrics == {
        "iou": 0.9,
        "precision": 0.5,
        "recall": pytest.approx(1 / 3),
        "true_positives": 1,
        "false_positives": 1,
        "false_negatives": 2,
    }
    assert set(metrics) == set(DIRECTIONS)


def test_what_does_not_exist_is_missing_and_not_zero() -> None:
    nothing = image_metrics(np.zeros((0, 0)), match(np.zeros((0, 0)), np.zeros((0, 0), bool), 0.5))
    assert nothing["iou"] is nothing["precision"] is nothing["recall"] is None
    only_objects = image_metrics(np.zeros((0, 2)), np.zeros(0, dtype=np.int64))
    assert only_objects["precision"] is None
    assert only_objects["recall"] == 0
    only_predictions = image_metrics(np.zeros((2, 0)), np.full(2, UNMATCHED))
    assert only_predictions["recall"] is None
    assert only_predictions["precision"] == 0


def test_a_box_without_area_overlaps_nothing() -> None:
    flat, box = np.array([[3.0, 3, 3, 9]]), np.array([[0.0, 0, 10, 10]])
    assert overlaps(flat, box) == overlaps(flat, flat) == 0
