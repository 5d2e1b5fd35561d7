"""Drawn scenes: their files agree with each other, and with the truth beside them."""

from __future__ import annotations

import json
from contextlib import redirect_stdout
from io import StringIO
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
import yaml
from PIL import Image
from pycocotools.coco import COCO

from mlflow_latent.metadata import image_statistics, yolo_objects
from mlflow_latent_examples.street_scenes import main, make_scenes, parse
from mlflow_latent_examples.streets.annotations import CATEGORIES
from mlflow_latent_examples.streets.camera import Camera
from mlflow_latent_examples.streets.plan import Plan

if TYPE_CHECKING:
    from pathlib import Path

ONE_EACH = {"train": 3, "val": 2, "processes": 1}


def load(folder: Path, split: str) -> COCO:
    with redirect_stdout(StringIO()):
        return COCO(folder / "annotations" / f"instances_{split}2017.json")


def image_path(folder: Path, row: pd.Series) -> Path:
    return folder / "images" / f"{row['split']}2017" / row["file_name"]


def mode(path: Path) -> str:
    with Image.open(path) as image:
        return str(image.mode)


@pytest.fixture(scope="module")
def images(scenes: Path) -> pd.DataFrame:
    return pd.read_csv(scenes / "truth_images.csv")


@pytest.fixture(scope="module")
def objects(scenes: Path) -> pd.DataFrame:
    return pd.read_csv(scenes / "truth_objects.csv", keep_default_na=False, na_values=[""])


def test_boxes_areas_and_polygons_are_of_one_thing(scenes: Path) -> None:
    for split, count in (("train", 48), ("val", 32)):
        coco = load(scenes, split)
        assert len(coco.imgs) == count
        for one in coco.anns.values():
            mask = coco.annToMask(one).astype(bool)
            rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
            x, y, width, height = one["bbox"]
            assert abs(columns[0] - x) <= 1
            assert abs(rows[0] - y) <= 1
            assert abs(columns[-1] + 1 - x - width) <= 1
            assert abs(rows[-1] + 1 - y - height) <= 1
            assert mask.sum() >= 0.9 * one["area"]  # holes are filled, corners cut


def test_truth_of_objects(scenes: Path, objects: pd.DataFrame) -> None:
    names = {category["id"]: category["name"] for category in CATEGORIES}
    annotations = load(scenes, "train").anns | load(scenes, "val").anns
    assert set(objects["annotation_id"]) == set(annotations)
    for row in objects.to_dict("records"):
        one = annotations[row["annotation_id"]]
        assert names[one["category_id"]] == row["label"]
        assert one["bbox"] == [row[side] for side in "xywh"]
        assert one["area"] == row["area"]
        assert row["mislabeled"] == (row["label"] != row["category"])
    wrong = objects[objects["mislabeled"]]
    assert set(wrong["category"]) == {"car", "bus"}
    assert set(wrong["label"]) == {"truck"}
    assert objects["visible"].between(0, 1).all()


def test_what_tells_a_kind_from_the_others_lies_within_it(objects: pd.DataFrame) -> None:
    parts = objects.groupby("category")["part"].first().to_dict()
    assert parts["bus"] == "wheels"
    assert parts["train"] == "bogies"
    assert parts["truck"] == "load"
    seen = objects[objects["part_w"].notna()]
    assert set(seen["category"]) == {"bus", "train", "truck"}
    assert (seen["part_x"] >= seen["x"]).all()
    assert (seen["part_x"] + seen["part_w"] <= seen["x"] + seen["w"]).all()
    below = seen[seen["category"] != "truck"]
    assert (below["part_y"] + below["part_h"] / 2 > below["y"] + below["h"] / 2).mean() > 0.9


def test_truth_of_images(scenes: Path, images: pd.DataFrame, objects: pd.DataFrame) -> None:
    counted = objects.groupby("file_name")["mislabeled"].sum()
    assert images["mislabeled"].tolist() == [counted.get(name, 0) for name in images["file_name"]]
    kinds = [str(category["name"]) for category in CATEGORIES]
    assert (images[kinds].sum(axis=1) == images["objects"]).all()
    seen = pd.DataFrame([image_statistics(image_path(scenes, row)) for _, row in images.iterrows()])
    assert (seen["is_colored"].to_numpy() != images["grayscale"].to_numpy()).all()
    dark = seen["brightness"].groupby(images["night"].to_numpy()).median()
    assert dark[True] < 0.6 * dark[False]
    gray = images[images["grayscale"]]
    modes = {mode(image_path(scenes, row)) for _, row in gray.iterrows()}
    assert modes == {"L", "RGB"}
    of_objects = objects.merge(images[["file_name", "far"]], on="file_name")
    area = of_objects.groupby("far")["area"].median()
    assert area[True] < 0.25 * area[False]


def test_ultralytics_reads_the_same_boxes(scenes: Path) -> None:
    data = yaml.safe_load((scenes / "data.yaml").read_text())
    assert (scenes / data["val"]).samefile(scenes / "images/val2017")
    coco = load(scenes, "val")
    place = {category["id"]: index for index, category in enumerate(CATEGORIES)}
    for key, image in coco.imgs.items():
        label = scenes / "labels/val2017" / image["file_name"].replace(".jpg", ".txt")
        found = yolo_objects(label, data["names"], width=image["width"], height=image["height"])
        expected = coco.loadAnns(coco.getAnnIds(key))
        assert len(found.boxes) == len(expected)
        assert [place[one["category_id"]] for one in expected] == found.classes.tolist()


def test_an_image_depends_on_its_number_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlflow_latent_examples.street_scenes.FEW", 1)
    make_scenes(tmp_path / "a", train=3, val=2, processes=1)
    make_scenes(tmp_path / "b", train=4, val=1, processes=2)
    make_scenes(tmp_path / "c", train=1, val=0, seed=1, processes=1)
    name = "images/train2017/000000000001.jpg"
    assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert (tmp_path / "a" / name).read_bytes() != (tmp_path / "c" / name).read_bytes()
    none = json.loads((tmp_path / "c/annotations/instances_val2017.json").read_text())
    assert none["images"] == none["annotations"] == []


def test_another_camera_sees_the_same_scenes(tmp_path: Path) -> None:
    lens = Camera(field_of_view=95, fisheye=0.9, color_gain=(1.2, 1, 0.7), brightness=0.8)
    plain = make_scenes(tmp_path / "plain", **ONE_EACH)
    bent = make_scenes(tmp_path / "bent", camera=lens, **ONE_EACH)
    conditions = ["file_name", "night", "far", "grayscale"]
    first, second = (pd.read_csv(folder / "truth_images.csv") for folder in (plain, bent))
    assert first[conditions].equals(second[conditions])
    assert (second["objects"] >= first["objects"]).all()  # it looks farther to both sides
    before, after = (
        image_statistics(folder / "images/train2017/000000000002.jpg") for folder in (plain, bent)
    )
    warmth = [float(one["red_mean"]) / float(one["blue_mean"]) for one in (before, after)]
    assert warmth[1] > 1.3 * warmth[0]
    for one in load(bent, "train").anns.values():  # the mask is bent as the image is
        assert load(bent, "train").annToMask(one).sum() >= 0.9 * one["area"]


def test_a_straight_line_is_bent_by_a_fisheye_only() -> None:
    picture = Image.new("L", (64, 48))
    picture.paste(255, (0, 14, 64, 17))
    assert Camera().bend(picture) is picture
    bent = np.asarray(Camera(fisheye=1).bend(picture))
    top = [int(np.flatnonzero(bent[:, column])[0]) for column in (3, 32, 60)]
    assert top[1] < top[0]
    assert top[1] < top[2]


def test_nothing_planted(tmp_path: Path) -> None:
    nothing = {"train": 0.0, "val": 0.0}
    plan = Plan(night=nothing, far=nothing, grayscale=nothing, relabeled=nothing)
    make_scenes(tmp_path, plan=plan, **ONE_EACH)
    truth = pd.read_csv(tmp_path / "truth_images.csv")
    assert not truth[["night", "far", "grayscale", "mislabeled"]].to_numpy(dtype=bool).any()


@pytest.mark.parametrize("options", [{"fisheye": 1.5}, {"fisheye": -0.1}, {"field_of_view": 180}])
def test_impossible_cameras(options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must be from 0 to"):
        Camera(**options)


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--folder", str(tmp_path / "it"), "--train", "1", "--val", "1", "--processes", "1"]
    main(parse([*options, "--fisheye", "0.5", "--color-gain", "1", "0.9", "0.8"]))
    assert "1 + 1 images in" in capsys.readouterr().out
    assert len(list((tmp_path / "it/images").rglob("*.jpg"))) == 2
