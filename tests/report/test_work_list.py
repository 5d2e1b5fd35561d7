"""Labels in doubt and copies, each with the reason, as a table and in COCO's format."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from expecting import make_insight, make_report

from mlflow_latent.errors import InputError
from mlflow_latent.report.coco import as_coco, write_work_list
from mlflow_latent.report.explorer.extras import SampleObjects
from mlflow_latent.report.work_list import COLUMNS, work_list

if TYPE_CHECKING:
    from pathlib import Path

    from mlflow_latent.report.model import Report

QUOTED = 'it\'s "odd"'


@pytest.fixture(scope="module")
def report() -> Report:
    frame = pd.DataFrame(
        {
            "sample_id": ["a", "b", "c", "d", "b", "e"],
            "split": ["train", "train", "train", "val", "val", "val"],
            "uri": pd.array(["img/a.png", None, None, None, None, None], dtype="string"),
            "target": pd.array([0, 1, 1, 2, 1, None], dtype="Int32"),
            "prediction": pd.array([1, 1, 1, 2, 1, 0], dtype="Int32"),
            "loss": [3.0, 0.1, 0.1, 0.2, 0.1, np.nan],
            "label_quality": [0.1, 0.9, 0.9, 0.9, 0.9, np.nan],
            "suggested_class": pd.array([QUOTED, None, None, None, None, None], dtype="string"),
            "duplicate_group": pd.array([7, 3, 3, 7, 4, None], dtype="Int32"),
            "meta_width": [64.0, 40.0, 40.0, np.nan, 40.0, 40.0],
            "meta_height": [32.0, 40.0, 40.0, 40.0, 40.0, 0.0],
        }
    )
    insights = (
        make_insight("near_duplicate", (("train", "b"), ("train", "c")), severity=0.1),
        make_insight("label_error", (("train", "a"),), split="train", severity=0.9),
        make_insight(
            "leakage",
            (("train", "a"), ("val", "d"), ("train", "b"), ("val", "b")),
            split="val",
            severity=0.5,
        ),
        make_insight("low_performance", (("val", "e"),), severity=1),
    )
    return make_report(frame, insights, run_id="r", epoch=3)


def test_every_sample_has_its_reason(report: Report) -> None:
    listed = work_list(report)
    assert tuple(listed) == COLUMNS
    assert listed["kind"].tolist() == ["label_error"] + ["leakage"] * 4 + ["near_duplicate"] * 2
    assert listed["insight"].tolist() == [2, 3, 3, 3, 3, 4, 4]  # as numbered on the pages
    doubt = listed.iloc[0]
    assert doubt["reason"] == (
        f"labelled 'cat', looks like {QUOTED!r}, predicted as 'dog', label quality 0.1 of 1"
    )
    assert doubt["action"] == f"relabel as {QUOTED!r}, or confirm 'cat'"
    assert (doubt["uri"], doubt["loss"]) == ("img/a.png", 3.0)


def test_copies_name_one_another(report: Report) -> None:
    leaks = work_list(report).query("kind == 'leakage'")
    assert leaks["group"].tolist() == [1, 1, 2, 2]  # b has one id and two groups of embeddings
    assert leaks["copy_of"].fillna("").tolist() == ["", "train/a", "", "train/b"]
    assert leaks["reason"].tolist()[1] == "it is in train too, as train/a"
    assert leaks["action"].tolist() == ["keep this one", "leave it out of val"] * 2
    copies = work_list(report).query("kind == 'near_duplicate'")
    assert copies["reason"].tolist() == ["has a copy, train/c", "copy of train/b"]


def test_a_report_without_findings_or_without_its_table(report: Report) -> None:
    nothing = work_list(report.model_copy(update={"insights": ()}).with_samples(report.samples))
    assert len(nothing) == 0
    assert tuple(nothing) == COLUMNS
    alone = type(report).model_validate(report.model_dump())
    assert work_list(alone)["sample_id"].tolist() == work_list(report)["sample_id"].tolist()


def test_the_csv_is_the_table(report: Report, tmp_path: Path) -> None:
    listed = work_list(report)
    path = write_work_list(listed, tmp_path / "list.csv", report)
    read = pd.read_csv(path, dtype={"sample_id": str})
    assert read["reason"].tolist() == listed["reason"].tolist()
    with pytest.raises(InputError, match=r"'list.txt' must end in .csv \(a table\) or .json"):
        write_work_list(listed, tmp_path / "list.txt", report)


def test_the_json_is_coco(report: Report, tmp_path: Path) -> None:
    from pycocotools.coco import COCO

    path = write_work_list(work_list(report), tmp_path / "list.json", report)
    coco = COCO(str(path))
    images = {(image["split"], image["sample_id"]): image for image in coco.imgs.values()}
    assert len(images) == len(coco.imgs) == 5  # a and b of train have two reasons each
    first = images["train", "a"]
    assert (first["file_name"], first["width"], first["height"]) == ("img/a.png", 64, 32)
    assert [reason["kind"] for reason in first["reasons"]] == ["label_error", "leakage"]
    assert images["val", "d"]["file_name"] == "d"
    assert "width" not in images["val", "d"]  # not known
    (label,) = coco.imgToAnns[first["id"]]
    assert (label["category_id"], label["bbox"], label["area"]) == (0, [0, 0, 64, 32], 2048)
    assert coco.cats[2]["name"] == QUOTED
    assert json.loads(path.read_text())["info"]["run_id"] == "r"


def test_boxes_are_of_the_picture_and_not_of_its_square(report: Report) -> None:
    first = np.array([0, 2, 2, 2, 2, 2, 2])
    objects = SampleObjects(
        first=first,
        box=np.array([[0.25, 0.25, 0.5, 0.5], [0, 0, 1, 1]], dtype=np.float32),
        category=np.array([1, 2]),
        score=np.array([np.nan, 0.9], dtype=np.float32),
        is_prediction=np.array([False, True]),
        polygon_first=np.array([0, 3, 3]),
        polygon=np.array([[0.25, 0.25], [0.5, 0.25], [0.5, 0.5]], dtype=np.float32),
    )
    found = as_coco(work_list(report), report, objects)
    image = found["images"][0]
    assert image["sample_id"] == "a"
    (box,) = [one for one in found["annotations"] if one["image_id"] == image["id"]]
    # 64 × 32 lies in the middle of a square of 64: 16 pixels of border above.
    assert box["bbox"] == [16, 0, 16, 16]
    assert box["segmentation"] == [[16, 0, 32, 0, 32, 16]]
    assert box["category_id"] == 1
