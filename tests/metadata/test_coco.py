"""COCO files: polygons, RLE, crowds, damage, and agreement with pycocotools."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from mlflow_latent.errors import InputError
from mlflow_latent.metadata import (
    MetadataWarning,
    coco_metadata,
    coco_names,
    coco_objects,
    coco_segments,
    coco_table,
)

if TYPE_CHECKING:
    from pathlib import Path

CATEGORIES = [
    {"id": 1, "name": "person", "supercategory": "person"},
    {"id": 3, "name": "car", "supercategory": "vehicle"},
    {"id": 6, "name": "bus", "supercategory": "vehicle"},
]
NAMES = coco_names(CATEGORIES)
IMAGE = {"id": 7, "width": 10, "height": 10, "file_name": "a.png"}
SQUARE = [[2, 2, 6, 2, 6, 6, 2, 6]]  # 4 × 4 pixels


def annotation(**changes: Any) -> dict[str, Any]:
    fields = {"id": 1, "image_id": 7, "category_id": 3, "bbox": [2, 2, 4, 4], "iscrowd": 0}
    return fields | {"segmentation": SQUARE} | changes


def plain_rle(mask: np.ndarray) -> dict[str, Any]:
    """Run lengths, column by column, of zeros and ones in turn."""
    flat = mask.T.reshape(-1).astype(int)
    ends = np.flatnonzero(np.diff(flat)) + 1
    counts = np.diff(np.concatenate([[0], ends, [flat.size]])).tolist()
    return {"size": list(mask.shape), "counts": counts if not flat[0] else [0, *counts]}


def compressed_rle(mask: np.ndarray) -> dict[str, Any]:
    from pycocotools import mask as tools

    rle = tools.encode(np.asfortranarray(mask.astype(np.uint8)))
    return {"size": list(mask.shape), "counts": rle["counts"].decode()}


def square_mask() -> np.ndarray:
    mask = np.zeros((10, 10), bool)
    mask[2:6, 2:6] = True
    return mask


@pytest.mark.parametrize(
    "segmentation", [SQUARE, plain_rle(square_mask()), compressed_rle(square_mask())]
)
def test_polygons_and_both_kinds_of_rle(segmentation: Any) -> None:
    fields = coco_metadata([annotation(segmentation=segmentation)], IMAGE, NAMES)
    assert fields["percent_car"] == fields["size_car"] == 16
    assert fields["supercategory_percent_vehicle"] == 16
    assert fields["instances_car"] == fields["count_car"] == 1
    assert fields["background_percent"] == 84
    assert fields["bbox_area_mean"] == pytest.approx(0.16)


def test_polygons_of_several_parts_are_one_instance() -> None:
    parts = [*SQUARE, [7, 7, 9, 7, 9, 9, 7, 9]]
    fields = coco_metadata([annotation(segmentation=parts)], IMAGE, NAMES)
    assert (fields["instances_car"], fields["size_car"]) == (1, 20)


@pytest.mark.parametrize("nothing", [None, [], [[]], [[1, 1, 2, 2]], {}])
def test_an_annotation_without_a_mask_has_its_box(nothing: Any) -> None:
    fields = coco_metadata([annotation(segmentation=nothing)], IMAGE, NAMES)
    assert fields["count_car"] == 1
    assert fields["instances_car"] == 0
    assert fields["background_percent"] == 100


def test_crowds() -> None:
    crowd = annotation(iscrowd=1, category_id=1, segmentation=plain_rle(square_mask()))
    fields = coco_metadata([annotation(), crowd], IMAGE, NAMES)
    assert (fields["n_objects"], fields["n_crowd_regions"], fields["count_person"]) == (1, 1, 0)
    assert (fields["percent_person"], fields["instances_person"]) == (16, 0)


def test_an_image_without_annotations() -> None:
    fields = coco_metadata([], IMAGE, NAMES)
    assert fields["n_objects"] == fields["percent_car"] == 0
    assert fields["bbox_area_mean"] is fields["size_car"] is None


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"category_id": 99}, "class 99 has no name"),
        ({"bbox": [1, 2]}, r"shape \(1, 4\)"),
        ({"bbox": None}, r"shape \(1, 4\)"),
        ({"segmentation": {"size": [9, 9], "counts": [81]}}, r"size \[9, 9\], the image of"),
        ({"segmentation": {"counts": [100]}}, "neither polygons nor RLE"),
        ({"segmentation": "mask"}, "neither polygons nor RLE"),
        ({"segmentation": [["a"] * 6]}, "neither polygons nor RLE"),
        ({"segmentation": 5}, "neither polygons nor RLE"),
    ],
)
def test_damage_is_named(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        coco_metadata([annotation(**changes)], IMAGE, NAMES)


def test_without_pycocotools_the_message_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pycocotools", None)
    with pytest.raises(InputError, match=r"pip install 'mlflow-latent\[coco\]', or pass masks="):
        coco_metadata([annotation()], IMAGE, NAMES)
    assert coco_metadata([annotation()], IMAGE, NAMES, masks=False)["count_car"] == 1
    document = {"categories": CATEGORIES, "images": [IMAGE], "annotations": [annotation()]}
    with pytest.raises(InputError, match=r"mlflow-latent\[coco\]"):
        coco_table(document)


def write(folder: Path, **changes: Any) -> Path:
    for name in ("a.png", "b.png"):
        Image.new("RGB", (10, 10), (255, 0, 0)).save(folder / name)
    images = [IMAGE, {"id": 8, "width": 10, "height": 10, "file_name": "b.png"}]
    document = {"categories": CATEGORIES, "images": images, "annotations": [annotation()]}
    path = folder / "instances.json"
    path.write_text(json.dumps(document | changes))
    return path


@pytest.mark.parametrize(
    ("sample_id", "index"),
    [("file_name", ["a.png", "b.png"]), ("id", ["7", "8"]), ("stem", ["a", "b"])],
)
def test_table(tmp_path: Path, sample_id: str, index: list[str]) -> None:
    table = coco_table(write(tmp_path), tmp_path, sample_id=sample_id)
    assert table.index.tolist() == index
    assert table["count_car"].tolist() == [1, 0]
    assert table["percent_car"].tolist() == [16, 0]
    assert table["hue_mean"].tolist() == [0, 0]
    assert table["bbox_area_mean"].isna().tolist() == [False, True]


def test_table_of_annotations_alone(tmp_path: Path) -> None:
    table = coco_table(write(tmp_path), sample_id=lambda image: f"no {image['id']}")
    assert table.index.tolist() == ["no 7", "no 8"]
    assert "brightness" not in table
    assert not [name for name in coco_table(write(tmp_path), masks=False) if "percent" in name]


def test_missing_and_corrupt_images_cost_their_statistics_and_nothing_else(tmp_path: Path) -> None:
    path = write(tmp_path)
    (tmp_path / "b.png").write_bytes((tmp_path / "b.png").read_bytes()[:40])
    (tmp_path / "a.png").unlink()
    with pytest.warns(MetadataWarning, match=r"2 samples.*'a\.png'.*No such.*'b\.png'"):
        table = coco_table(path, tmp_path)
    assert table["count_car"].tolist() == [1, 0]
    assert "brightness" not in table or table["brightness"].isna().all()


def test_a_damaged_annotation_costs_its_image_the_annotations(tmp_path: Path) -> None:
    path = write(tmp_path, annotations=[annotation(category_id=99)])
    with pytest.warns(MetadataWarning, match="1 samples.*class 99"):
        table = coco_table(path, tmp_path)
    assert table["count_car"].isna().tolist() == [True, False]
    assert table["red_mean"].tolist() == [1, 1]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"images": [{"id": 7, "file_name": "a"}]}, r"images\[0\] has no 'width'"),
        ({"annotations": [{"image_id": 7}]}, r"annotations\[0\] has no 'category_id'"),
        ({"images": [IMAGE, IMAGE]}, "1 sample ids are there more than once"),
    ],
)
def test_files_that_are_not_whole(tmp_path: Path, changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        coco_table(write(tmp_path, **changes))


def test_files_that_are_no_coco_files(tmp_path: Path) -> None:
    for text, reason in [
        ("{", "cannot be read"),
        ("[]", "no object"),
        ("{}", "needs 'categories'"),
    ]:
        (tmp_path / "x.json").write_text(text)
        with pytest.raises(InputError, match=reason):
            coco_table(tmp_path / "x.json")
    with pytest.raises(InputError, match="cannot be read"):
        coco_table(tmp_path / "none.json")
    with pytest.raises(InputError, match="sample_id takes"):
        coco_table(write(tmp_path), sample_id="name")


def test_real_annotations_as_pycocotools_has_them(coco128: Path) -> None:
    from pycocotools import mask as tools

    document = json.loads((coco128 / "annotations" / "instances_val2017.json").read_text())
    names = coco_names(document["categories"])
    assert any(one["iscrowd"] for one in document["annotations"])
    for image in document["images"][:40]:
        found = [one for one in document["annotations"] if one["image_id"] == image["id"]]
        objects = [one for one in found if not one["iscrowd"]]
        fields = coco_metadata(found, image, names)
        pixels = image["width"] * image["height"]
        for category in {one["category_id"] for one in objects}:
            slug = names.slugs[names.names[category]]
            areas = [one["area"] for one in objects if one["category_id"] == category]
            assert fields[f"count_{slug}"] == fields[f"instances_{slug}"] == len(areas)
            assert fields[f"size_{slug}"] == pytest.approx(100 * np.mean(areas) / pixels)
            of_class = [o["segmentation"] for o in found if o["category_id"] == category]
            covered = tools.area(tools.merge(of_class))
            assert fields[f"percent_{slug}"] == pytest.approx(100 * covered / pixels)
        everything = tools.area(tools.merge([one["segmentation"] for one in found]))
        assert fields["background_percent"] == pytest.approx(100 - 100 * everything / pixels)


def test_real_overlaps_as_pycocotools_has_them(coco128: Path) -> None:
    from pycocotools import mask as tools

    document = json.loads((coco128 / "annotations" / "instances_val2017.json").read_text())
    names = coco_names(document["categories"])
    for image in document["images"][:40]:
        found = [one for one in document["annotations"] if one["image_id"] == image["id"]]
        boxes = np.array([one["bbox"] for one in found if not one["iscrowd"]], float)
        fields = coco_metadata(found, image, names, masks=False)
        if len(boxes) > 1:
            overlaps = tools.iou(boxes, boxes, [0] * len(boxes))[np.triu_indices(len(boxes), 1)]
            assert fields["occlusion_max"] == pytest.approx(overlaps.max(), abs=1e-9)
            assert fields["occlusion_mean"] == pytest.approx(overlaps.mean(), abs=1e-9)


def test_parts_can_be_had_alone() -> None:
    assert len(coco_objects([annotation()], IMAGE, NAMES).boxes) == 1
    assert coco_segments([annotation()], IMAGE, NAMES).areas.tolist() == [16]
