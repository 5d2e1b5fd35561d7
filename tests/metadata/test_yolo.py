"""YOLO's label files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from mlflow_latent.errors import InputError
from mlflow_latent.metadata import (
    ClassNames,
    MetadataWarning,
    coco_table,
    yolo_metadata,
    yolo_objects,
    yolo_table,
)

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ["car", "bus"]
SIZE = {"width": 100, "height": 50}
TRIANGLE = "1 0.1 0.2 0.5 0.2 0.5 0.8"


@pytest.fixture
def label(tmp_path: Path) -> Path:
    return tmp_path / "a.txt"


def test_boxes(label: Path) -> None:
    label.write_text("0 0.5 0.5 0.2 0.4\n\n1 0.1 0.1 0.2 0.2\n")
    fields = yolo_metadata(label, NAMES, **SIZE)
    assert (fields["n_objects"], fields["count_car"], fields["count_bus"]) == (2, 1, 1)
    assert fields["bbox_area_max"] == pytest.approx(0.08)
    assert fields["bbox_aspect_ratio_min"] == pytest.approx(1)  # 20 × 20 pixels
    assert fields["bbox_aspect_ratio_max"] == pytest.approx(2)
    assert fields["truncation"] == 0.5
    assert yolo_objects(label, NAMES, **SIZE).boxes[0].tolist() == pytest.approx([40, 15, 60, 35])


def test_polygons(label: Path) -> None:
    label.write_text(TRIANGLE)
    fields = yolo_metadata(label, ClassNames.of(NAMES, {"bus": "vehicle"}), **SIZE, masks=True)
    assert fields["bbox_area_mean"] == pytest.approx(0.4 * 0.6)
    assert fields["bbox_x_mean"] == pytest.approx(0.3)
    assert fields["percent_bus"] == pytest.approx(12, abs=0.2)
    assert fields["supercategory_instances_vehicle"] == 1
    assert "percent_bus" not in yolo_metadata(label, NAMES, **SIZE)


def test_polygons_as_pycocotools_fills_them(label: Path) -> None:
    from pycocotools import mask as tools

    rng = np.random.default_rng(0)
    angles = np.sort(rng.uniform(0, 2 * np.pi, (20, 9)), axis=1)
    for turns in angles:
        points = 0.5 + 0.4 * np.stack([np.cos(turns), np.sin(turns)], axis=1)
        label.write_text("0 " + " ".join(map(str, points.ravel())))
        fields = yolo_metadata(label, NAMES, width=300, height=200, masks=True)
        polygon = (points * [300, 200]).ravel().tolist()
        area = tools.area(tools.frPyObjects([polygon], 200, 300))[0]
        assert fields["percent_car"] == pytest.approx(100 * area / 60_000, abs=1e-6)


def test_a_file_that_is_missing_or_empty_is_an_image_without_objects(label: Path) -> None:
    missing = yolo_metadata(label, NAMES, **SIZE, masks=True)
    label.write_text("\n")
    assert yolo_metadata(label, NAMES, **SIZE, masks=True) == missing
    assert missing["n_objects"] == missing["percent_car"] == 0


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("0 0.5 0.5 0.2", r"a\.txt:1: a label is a class and 4 numbers"),
        ("0 0.5 0.5 0.2 0.2\ncar 0.5 0.5 0.2 0.2", r"a\.txt:2: a label is numbers, got 'car"),
        ("0.5 0.5 0.5 0.2 0.2", "a label is a class"),
        ("nan 0.5 0.5 0.2 0.2", "a label is a class"),
        ("0 1 1 1 1 1", "a label is a class"),
        ("5 0.5 0.5 0.2 0.2", "class 5 has no name"),
    ],
)
def test_lines_that_are_no_labels(label: Path, text: str, reason: str) -> None:
    label.write_text(text)
    with pytest.raises(InputError, match=reason):
        yolo_metadata(label, NAMES, **SIZE)


def test_hostile_boxes(label: Path) -> None:
    label.write_text("0 nan 0.5 0.2 0.2\n0 0.5 0.5 0 0\n1 9 9 1 1\n1 0.5 0.5 0.2 0.2")
    fields = yolo_metadata(label, NAMES, **SIZE)
    assert (fields["n_objects"], fields["n_invalid_boxes"]) == (1, 3)


def test_binary_rubbish(label: Path) -> None:
    label.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match=r"a\.txt.*cannot be read"):
        yolo_metadata(label, NAMES, **SIZE)


def test_table(tmp_path: Path) -> None:
    for folder in ("images/x", "images/y", "labels/x", "labels/y"):
        (tmp_path / folder).mkdir(parents=True)
    for name in ("x/a", "y/a", "y/b"):
        Image.new("L", (20, 10), 255).save(tmp_path / f"images/{name}.png")
    (tmp_path / "images/y/c.png").write_text("corrupt")
    (tmp_path / "labels/x/a.txt").write_text("0 0.5 0.5 0.5 0.5")
    (tmp_path / "labels/y/b.txt").write_text("what")

    images, labels = tmp_path / "images", tmp_path / "labels"
    with pytest.warns(MetadataWarning, match=r"2 samples.*y/b\.png.*b\.txt:1.*c\.png"):
        table = yolo_table(images, labels, NAMES, sample_id="path")
    assert table.index.tolist() == ["x/a.png", "y/a.png", "y/b.png", "y/c.png"]
    assert table["count_car"].fillna(-9).tolist() == [1, 0, -9, -9]
    assert table["brightness"].round(6).fillna(-9).tolist() == [1, 1, 1, -9]

    with pytest.raises(InputError, match="pass sample_id='path'"):
        yolo_table(images, labels, NAMES)
    with pytest.raises(InputError, match="no images"):
        yolo_table(labels, labels, NAMES)
    with pytest.raises(InputError, match="got 'id'"):
        yolo_table(images, labels, NAMES, sample_id="id")


def test_real_labels_agree_with_the_annotations_of_the_same_images(coco128: Path) -> None:
    annotated = coco_table(
        coco128 / "annotations" / "instances_val2017.json", masks=False, sample_id="stem"
    )
    names = [str(number) for number in range(80)]
    labelled = yolo_table(
        coco128 / "images" / "val2017",
        coco128 / "labels" / "val2017",
        names,
        sample_id="stem",
        statistics=False,
    ).loc[annotated.index]
    whole = annotated["n_crowd_regions"] == 0
    assert whole.sum() > 80
    assert (labelled["n_objects"] == annotated["n_objects"])[whole].mean() > 0.9
    same = whole & (labelled["n_objects"] == annotated["n_objects"])
    apart = (labelled["bbox_area_mean"] - annotated["bbox_area_mean"]).abs()[same]
    assert apart.median() < 0.001
