"""The segmentation example: its measures by hand, its data in every form, and a real training."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from pycocotools import mask as mask_tools

from mlflow_latent.metadata import MetadataWarning
from mlflow_latent.store import CaptureStore
from mlflow_latent_examples.segmentation.labels import CATEGORIES, SUPERCATEGORIES, overlaps
from mlflow_latent_examples.segmentation.maps import CocoMaps
from mlflow_latent_examples.segmentation.network import SegmentationNet

if TYPE_CHECKING:
    from pathlib import Path

CROWDED = "🚗 / 'bus' & \"truck\"<b>"
CATEGORY_LIST = [
    {"id": 1, "name": "person", "supercategory": "person"},
    {"id": 3, "name": "car", "supercategory": "vehicle"},
    {"id": 6, "name": "bus", "supercategory": "vehicle"},
    {"id": 90, "name": CROWDED, "supercategory": "x / y"},
]


def test_a_map_in_both_label_spaces() -> None:
    kinds = torch.arange(4)
    assert CATEGORIES.target(kinds).tolist() == [0, 1, 2, 0]
    assert SUPERCATEGORIES.target(kinds).tolist() == [0, 1, 2, 2]


def test_overlaps_by_hand() -> None:
    #                 person  car  bus     background
    kinds = torch.tensor([[[1, 1, 2, 2, 3, 3, 0, 0]]])
    found = torch.tensor([[[1, 0, 2, 2, 2, 0, 2, 0]]])
    shares = {name: values.item() for name, values in overlaps(found, kinds).items()}
    assert shares["iou_person"] == pytest.approx(1 / 2)
    assert shares["iou_car"] == pytest.approx(2 / 3)  # the bus is left out, the background is not
    assert shares["iou_vehicle"] == pytest.approx(3 / 5)


def test_overlaps_of_what_is_not_there() -> None:
    nothing, a_car = torch.zeros(1, 2, 2).long(), torch.full((1, 2, 2), 2)
    assert all(values.isnan().all() for values in overlaps(nothing, nothing).values())
    invented = overlaps(a_car, nothing)
    assert invented["iou_person"].isnan().all()
    assert invented["iou_car"].tolist() == invented["iou_vehicle"].tolist() == [0]
    only_a_bus = overlaps(a_car, torch.full((1, 2, 2), 3))
    assert only_a_bus["iou_car"].isnan().all()  # no pixel on which the label spaces agree
    assert only_a_bus["iou_vehicle"].tolist() == [1]


def write_coco(root: Path, annotations: list[dict[str, Any]], images: int = 1) -> Path:
    """Write 8 × 6 images, all gray, with annotations, as COCO 2014 lies on disk."""
    from PIL import Image

    (root / "val2014").mkdir(parents=True)
    entries = [
        {"id": number, "file_name": f"{number}.jpg", "width": 8, "height": 6}
        for number in range(images)
    ]
    for entry in entries:
        Image.new("L", (8, 6), 90).save(root / "val2014" / str(entry["file_name"]))
    (root / "annotations").mkdir()
    common = {"image_id": 0, "iscrowd": 0, "bbox": [0, 0, 1, 1], "area": 1}
    listed = [{"id": place + 1, **common, **one} for place, one in enumerate(annotations)]
    document = {"images": entries, "annotations": listed, "categories": CATEGORY_LIST}
    (root / "annotations/instances_val2014.json").write_text(json.dumps(document))
    return root


def rle(left: int, right: int, *, compressed: bool) -> dict[str, Any]:
    """Columns of an 8 × 6 image, as COCO has crowds and others have all masks."""
    pixels = np.zeros((6, 8), dtype=np.uint8, order="F")
    pixels[:, left:right] = 1
    if compressed:
        found = mask_tools.encode(pixels)
        return {"size": [6, 8], "counts": found["counts"].decode()}
    return {"size": [6, 8], "counts": [left * 6, (right - left) * 6, (8 - right) * 6]}


def test_polygons_masks_and_crowds_are_painted_and_nothing_else(tmp_path: Path) -> None:
    polygon = [[0, 0, 2, 0, 2, 6, 0, 6]]
    data = write_coco(
        tmp_path,
        [
            {"category_id": 1, "segmentation": polygon},
            {"category_id": 3, "segmentation": rle(2, 4, compressed=True)},
            {"category_id": 1, "segmentation": rle(4, 6, compressed=False), "iscrowd": 1},
            {"category_id": 90, "segmentation": [[6, 0, 8, 0, 8, 6, 6, 6]]},
            {"category_id": 6, "segmentation": [], "bbox": [3, 3, 0, 0], "area": 0},
        ],
    )
    sample = CocoMaps(data, "val", size=8)[0]
    assert sample["kinds"][4].tolist() == [1, 1, 2, 2, 1, 1, 0, 0]
    assert sample["image"].shape == (3, 8, 8)
    assert sample["image"].mean() == pytest.approx(90 / 255, abs=0.02)
    assert sample["sample_id"] == "0.jpg"


def test_what_lies_before_is_painted_last(tmp_path: Path) -> None:
    wide, narrow = [[0, 0, 8, 0, 8, 6, 0, 6]], [[4, 0, 8, 0, 8, 6, 4, 6]]
    data = write_coco(
        tmp_path,
        [
            {"category_id": 1, "segmentation": narrow, "area": 24},
            {"category_id": 6, "segmentation": wide, "area": 48},
        ],
    )
    assert CocoMaps(data, "val", size=8)[0]["kinds"][3].tolist() == [3] * 4 + [1] * 4


def test_images_without_wanted_objects_or_that_cannot_be_read_are_left_out(tmp_path: Path) -> None:
    some = {"category_id": 3, "segmentation": [[0, 0, 8, 0, 8, 6, 0, 6]]}
    other = {**some, "category_id": 90}
    numbered = [{**some, "image_id": number} for number in range(4)]
    data = write_coco(tmp_path, [*numbered, {**other, "image_id": 4}], images=6)
    (data / "val2014/1.jpg").unlink()
    whole = (data / "val2014/2.jpg").read_bytes()
    (data / "val2014/2.jpg").write_bytes(whole[: len(whole) // 2])
    with pytest.warns(MetadataWarning, match="2 samples is missing in part: '1.jpg'"):
        maps = CocoMaps(data, "val", size=8)
    assert [maps[index]["sample_id"] for index in range(len(maps))] == ["0.jpg", "3.jpg"]


def test_data_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="has no annotations/instances_val2017"):
        CocoMaps(tmp_path, "val", size=8)
    data = write_coco(tmp_path, [{"category_id": 90, "segmentation": rle(0, 2, compressed=True)}])
    with pytest.raises(SystemExit, match="has any of person, car, bus, truck, train"):
        CocoMaps(data, "val", size=8)


def test_maps_of_drawn_scenes_hold_all_kinds(scenes: Path) -> None:
    maps = CocoMaps(scenes, "val", size=64, limit=20)
    assert len(maps) == 20
    seen = torch.cat([maps[index]["kinds"].flatten() for index in range(len(maps))]).unique()
    assert seen.tolist() == [0, 1, 2, 3]
    assert maps.table["supercategory_count_vehicle"].max() > 2


def test_a_frozen_encoder_keeps_its_statistics() -> None:
    net = SegmentationNet(CATEGORIES, pretrained=False)
    assert net.train().net.encoder.training
    net.is_frozen = True
    assert not net.train().net.encoder.training
    assert net.net.decoder.training


def test_without_a_network_imagenet_is_done_without(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", "/nowhere")
    assert not SegmentationNet(CATEGORIES, pretrained=True).is_frozen
    assert "ImageNet's weights cannot be had" in capsys.readouterr().out


@pytest.mark.slow
def test_training_captures_every_image(scenes: Path, pair: Any) -> None:
    store = CaptureStore(pair.folder / ".mlflow_latent" / pair.supercategories / "latent")
    snapshot = store.snapshot()
    assert snapshot.frame["split"].value_counts().to_dict() == {"train": 48, "val": 24}
    assert snapshot.info.class_names == ("background", "person", "vehicle")
    assert snapshot.info.task == "segmentation"
    val = snapshot.frame.query("split == 'val'").set_index("sample_id")
    assert val["loss"].notna().all()
    assert val["meta_supercategory_count_vehicle"].notna().all()

    # A class that is not in an image, and not found in it, has no overlap: null, not 0.
    maps = CocoMaps(scenes, "val", size=64, limit=24)
    there = {one["sample_id"]: bool((one["kinds"] == 1).any()) for one in maps}  # type: ignore[attr-defined]
    missing = val["metric_iou_person"].isna()
    assert not any(there[name] for name in missing[missing].index)

    drawn = pq.read_table(store.root / "media/split=val/overlays-rank0.parquet", partitioning=None)
    targets = drawn.to_pandas().query("role == 'target'")
    for one in maps:  # type: ignore[attr-defined]
        found = set(targets[targets["sample_id"] == one["sample_id"]]["category"])
        assert found <= set(SUPERCATEGORIES.target(one["kinds"]).unique().tolist())
