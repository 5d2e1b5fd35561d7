"""A work list in COCO's format, which annotation tools read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mlflow_latent.errors import InputError
from mlflow_latent.report.table import SampleTable
from mlflow_latent.report.work_list import Key, places_of
from mlflow_latent.schema import KEY, META_PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mlflow_latent.report.explorer.extras import SampleObjects
    from mlflow_latent.report.model import Report

SIZE = ("width", "height")
ENDINGS = (".csv", ".json")


def write_work_list(
    listed: pd.DataFrame, path: str | Path, report: Report, objects: SampleObjects | None = None
) -> Path:
    """Write a work list as `….csv` (a row per sample and reason) or `….json` (COCO).

    Args:
        listed: as `work_list` returns it.
        path: the file.
        report: that the list is of.
        objects: boxes and outlines of the report's samples, where there are any.

    Raises:
        InputError: another ending.
    """
    path = Path(path)
    if path.suffix not in ENDINGS:
        raise InputError(f"{path.name!r} must end in .csv (a table) or .json (COCO)")
    if path.suffix == ".csv":
        listed.to_csv(path, index=False)
    else:
        content = as_coco(listed, report, objects)
        text = json.dumps(content, ensure_ascii=False, indent=1, allow_nan=False)
        path.write_text(text + "\n", encoding="utf-8")
    return path


def as_coco(
    listed: pd.DataFrame, report: Report, objects: SampleObjects | None = None
) -> dict[str, Any]:
    """Return a work list as COCO's `images`, `annotations` and `categories`.

    Every image holds its `reasons`. Its annotations are the labels as they are: the objects, or, of
    a classification, the label of the whole image. Boxes are in pixels, so they need `meta_width`
    and `meta_height`; without them an annotation has none. Category ids are class indices.
    """
    table = SampleTable.of(report)
    by_sample = {(str(key[0]), str(key[1])): rows for key, rows in _grouped(listed)}
    maker = _Maker(table, objects, places_of(table, list(by_sample)))
    images = [
        maker.image(number, key, rows) for number, (key, rows) in enumerate(by_sample.items(), 1)
    ]
    found = [annotation for image in images for annotation in maker.annotations(image)]
    classes = {int(one["category_id"]) for one in found} | set(range(len(report.class_names)))
    return {
        "info": {
            "description": "labels and copies to look at, found by mlflow-latent",
            "run_id": report.run_id,
            "epoch": report.epoch,
        },
        "images": images,
        "annotations": [{"id": number, **one} for number, one in enumerate(found, start=1)],
        "categories": [
            {"id": code, "name": maker.table.class_name(code), "supercategory": ""}
            for code in sorted(classes)
        ],
    }


@dataclass(frozen=True, eq=False)
class _Maker:
    table: SampleTable
    objects: SampleObjects | None
    places: Mapping[Key, int]

    def image(self, number: int, key: Key, rows: pd.DataFrame) -> dict[str, Any]:
        split, sample_id = key
        uri = rows["uri"].iloc[0]
        kept = ("insight", "kind", "reason", "action", "suggested_class", "copy_of", "group")
        return {
            "id": number,
            "file_name": sample_id if pd.isna(uri) else str(uri),
            **self._size(self.places[key]),
            "split": split,
            "sample_id": sample_id,
            "reasons": [
                {name: _plain(row[name]) for name in kept if not pd.isna(row[name])}
                for _, row in rows.iterrows()
            ],
        }

    def annotations(self, image: dict[str, Any]) -> Iterator[dict[str, Any]]:
        row = self.places[image["split"], image["sample_id"]]
        if row < 0:
            return
        size = (image["width"], image["height"]) if "width" in image else None
        drawn = list(self._objects(row, size))
        target = self.table.target
        if not drawn and target is not None and target[row] >= 0:
            drawn = [{"category_id": int(target[row]), **_whole(size)}]
        for one in drawn:
            yield {"image_id": image["id"], **one, "iscrowd": 0}

    def _objects(self, row: int, size: tuple[int, int] | None) -> Iterator[dict[str, Any]]:
        if self.objects is None or size is None:
            return
        found = self.objects
        side = max(size)  # objects are relative to a square in which the image is centered
        border = (side - np.array(size, dtype=np.float64)) / 2
        for place in range(int(found.first[row]), int(found.first[row + 1])):
            if found.is_prediction[place]:
                continue
            corners = found.box[place].reshape(2, 2) * side - border
            x0, y0, x1, y1 = np.clip(corners, 0, size).reshape(-1).tolist()
            outline = found.polygon[found.polygon_first[place] : found.polygon_first[place + 1]]
            box = [round(value, 2) for value in (x0, y0, x1 - x0, y1 - y0)]
            annotation: dict[str, Any] = {"category_id": int(found.category[place]), "bbox": box}
            annotation["area"] = round((x1 - x0) * (y1 - y0), 2)
            if len(outline):
                points = np.clip(outline * side - border, 0, size).round(2).reshape(-1).tolist()
                annotation["segmentation"] = [points]
            yield annotation

    def _size(self, row: int) -> dict[str, int]:
        names = [META_PREFIX + name for name in SIZE]
        if row < 0 or not set(names) <= set(self.table.frame):
            return {}
        values = [self.table.frame[name].iloc[row] for name in names]
        if any(pd.isna(value) or value < 1 for value in values):
            return {}
        return {name: int(value) for name, value in zip(SIZE, values, strict=True)}


def _grouped(listed: pd.DataFrame) -> Iterator[tuple[Any, pd.DataFrame]]:
    """The rows of each sample, in the order in which samples first come."""
    yield from listed.groupby(KEY, sort=False)


def _whole(size: tuple[int, int] | None) -> dict[str, Any]:
    """The box of a whole image."""
    return {} if size is None else {"bbox": [0, 0, *size], "area": size[0] * size[1]}


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
