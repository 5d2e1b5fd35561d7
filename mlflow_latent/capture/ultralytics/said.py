"""What a detector says of an image, known without its labels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from mlflow_latent.schema import OUTPUT_PREFIX

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

SURE = 0.25  # confidence from which on Ultralytics shows a prediction
SMALLEST = 1e-6


def said(predictions: Sequence[Mapping[str, Any]]) -> dict[str, list[float]]:
    """Return the columns `output_<name>` of N images.

    Args:
        predictions: of each image, after suppression: `conf` (P,) confidences, `bboxes` (P, 4).

    Returns:
        N values each: the highest confidence (0 without a prediction), the mean of the sure ones,
        how many are sure, how many objects the confidences add up to, and the entropy of all of
        them: how many predictions could be either.
    """
    rows = [_of(np.asarray(one["conf"].detach().float().cpu(), np.float64)) for one in predictions]
    return {f"{OUTPUT_PREFIX}{name}": [row[name] for row in rows] for name in _of(np.empty(0))}


def _of(confidence: NDArray[np.float64]) -> dict[str, float]:
    sure = confidence[confidence >= SURE]
    likely = np.clip(confidence, SMALLEST, 1 - SMALLEST)
    entropy = -(likely * np.log2(likely) + (1 - likely) * np.log2(1 - likely))
    return {
        "highest_confidence": float(confidence.max(initial=0)),
        "mean_confidence": float(sure.mean()) if len(sure) else 0.0,
        "predicted_objects": float(len(sure)),
        "expected_objects": float(confidence.sum()),
        "entropy": float(entropy.sum()),
    }
