"""The comparison of a category model with a super-category model, on a real pair."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from mlflow_latent_examples.compare_categories import compare, tell, where

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def comparison(pair: Any) -> Any:
    runs = [pair.categories, pair.supercategories]
    return compare(SimpleNamespace(runs=runs, tracking_uri=pair.tracking_uri))


def test_overlaps_are_compared_and_losses_are_not(comparison: Any) -> None:
    assert comparison.shared == {"train": 48, "val": 24}
    compared = {measure.name for measure in comparison.measures}
    assert {"metric_iou_person", "metric_iou_car", "metric_iou_vehicle"} == compared
    (refused,) = comparison.refused
    assert refused.name == "loss"
    assert "use metric_iou" in refused.reason


def test_the_story(comparison: Any) -> None:
    story = list(tell(comparison))
    assert story[0].startswith("24 shared images of val")
    assert story[1] == "a: background, person, car; b: background, person, vehicle"
    vehicles = next(line for line in story if line.startswith("metric_iou_vehicle"))
    change = comparison.overall("metric_iou_vehicle", "val")
    assert f"{change.mean_a:.3f} → {change.mean_b:.3f}" in vehicles
    assert any("against count_bus" in line for line in story)
    assert story[-1].startswith("not compared: loss, since")
    assert all(found.excess_q_value <= 0.05 for found in where(comparison))
