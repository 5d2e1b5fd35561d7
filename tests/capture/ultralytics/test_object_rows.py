"""Rows of single objects, on an image whose boxes can be worked out by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch

from mlflow_latent.capture.recorder import Recorder
from mlflow_latent.capture.ultralytics.detections import Detections
from mlflow_latent.capture.ultralytics.object_rows import ImageObjects, ObjectRows
from mlflow_latent.capture.ultralytics.object_terms import ObjectTerms
from mlflow_latent.capture.ultralytics.pictures import Frame
from mlflow_latent.media import Thumbnails
from mlflow_latent.metadata import ClassNames
from mlflow_latent.schema import CaptureInfo

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ClassNames.of(["car", "bus/'🚌'"], {"car": "vehicle"})
# Left, top, right, bottom in an input of 64 × 64, whose image of 320 × 160 begins at row 16.
BOXES = np.array(
    [[0.0, 16, 32, 48], [8, 24, 14.4, 30.4], [50, 20, 50, 30], [60, 40, 64, 48]], dtype=np.float64
)


def image(terms: ObjectTerms | None, boxes: Any = BOXES) -> ImageObjects:
    count = len(boxes)
    found = np.array([0.9, np.nan, np.nan, 0.6])[:count]
    detections = Detections(
        boxes, np.zeros(count), found, boxes, np.arange(count) % 2.0, {}, found, found
    )
    return ImageObjects(
        "a/b.jpg",
        "/data/a/b.jpg",
        picture=torch.rand(3, 64, 64),
        frame=Frame(0, 16, 64, 32),
        size=(160, 320),
        detections=detections,
        terms=terms,
        maps=[torch.rand(5, 64 // stride, 64 // stride) for stride in (8, 16, 32)],
        fields={"brightness": 0.4, "n_objects": 4, "width": 320, "count_car": 2, "weather": "fog"},
    )


def some_terms(count: int) -> ObjectTerms:
    loss = torch.arange(1.0, count + 1)
    losses = {"loss": loss, "loss_seg": torch.full((count,), float("nan"))}
    return ObjectTerms(losses, loss / 2, torch.full((count, 2), 0.5))


def test_facts_of_objects_are_those_of_the_image_in_its_file() -> None:
    facts = image(some_terms(4)).facts(NAMES)
    assert facts["meta_width"] == pytest.approx([160, 32, 0, 20])
    assert facts["meta_height"] == pytest.approx([160, 32, 50, 40])
    assert facts["meta_area"] == pytest.approx([0.5, 1024 / 51200, 0, 800 / 51200])
    assert facts["meta_size"] == ["large", "medium", "small", "small"]
    assert facts["meta_aspect_ratio"] == pytest.approx([1, 1, 0, 0.5])
    assert facts["meta_is_truncated"] == [True, False, False, True]
    assert facts["meta_occlusion"] == pytest.approx([0.04, 0.04, 0, 0])
    assert facts["meta_center_x"][0] == pytest.approx(0.25)
    assert facts["meta_supercategory"] == ["vehicle", None, "vehicle", None]
    assert facts["target"] == [0, 1, 0, 1]
    of_image = {name for name, values in facts.items() if len(set(values)) == 1}
    assert {"meta_brightness", "meta_n_objects", "meta_weather", "meta_image"} <= of_image
    assert "meta_count_car" not in facts  # a sum over the image's objects is none of an object's


def test_rows_are_written_with_pictures_and_nothing_of_images_without_terms(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, CaptureInfo())
    rows = ObjectRows(
        recorder, epoch=2, split="val", names=NAMES, layer="model.23.cv3", thumbnail_size=32
    )
    rows.add([image(None), image(some_terms(4)), image(None, BOXES[:0])])
    rows.close()
    table = pq.read_table(
        tmp_path / "captures/epoch=00002/split=val/rank0.parquet", partitioning=None
    ).to_pandas()
    assert table["sample_id"].tolist() == [f"a/b.jpg#{number}" for number in range(4)]
    assert table["metric_found"].tolist() == [1, 0, 0, 1]
    assert table["metric_iou"].isna().tolist() == [False, True, True, False]
    assert table["loss"].tolist() == [1, 2, 3, 4]
    assert table["loss_seg"].isna().all()
    assert len(table["embedding_model_23_cv3"][0]) == 5
    pictures = Thumbnails(tmp_path / "media")
    assert all(pictures("val", name) for name in table["sample_id"])  # also of a box without area
