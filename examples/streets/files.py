"""The files of a data set, as COCO and as Ultralytics lay them out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import yaml

from mlflow_latent_examples.streets.annotations import CATEGORIES

if TYPE_CHECKING:
    from pathlib import Path

SPLITS = ("train", "val")


def make_folders(folder: Path) -> None:
    """Make the folders that files go to."""
    (folder / "annotations").mkdir(parents=True, exist_ok=True)
    for split in SPLITS:
        for kind in ("images", "labels"):
            (folder / kind / f"{split}2017").mkdir(parents=True, exist_ok=True)


def write_coco(
    folder: Path, split: str, images: list[dict[str, Any]], annotations: list[dict[str, Any]]
) -> None:
    """Write a split's `instances_….json`."""
    document = {
        "info": {"description": "Drawn street scenes", "version": "1"},
        "images": images,
        "annotations": annotations,
        "categories": list(CATEGORIES),
    }
    path = folder / "annotations" / f"instances_{split}2017.json"
    path.write_text(json.dumps(document), encoding="utf-8")


def write_yolo(path: Path, annotations: list[dict[str, Any]], width: int, height: int) -> None:
    """Write an image's label file: class, and box as shares of the image."""
    classes = [category["id"] for category in CATEGORIES]
    lines = []
    for one in annotations:
        x, y, across, down = one["bbox"]
        shares = (x + across / 2) / width, (y + down / 2) / height, across / width, down / height
        index = classes.index(one["category_id"])
        lines.append(" ".join([str(index), *(f"{share:.5f}" for share in shares)]))
    path.write_text("\n".join(lines), encoding="utf-8")


def write_data_file(folder: Path) -> None:
    """Write the data file that Ultralytics is given."""
    names = {index: category["name"] for index, category in enumerate(CATEGORIES)}
    document = {"path": str(folder.resolve()), "names": names}
    document |= {split: f"images/{split}2017" for split in SPLITS}
    (folder / "data.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")
