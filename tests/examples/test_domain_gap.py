"""The story of another camera: its parts by themselves, and once from end to end, small."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from mlflow_latent_examples.domains import TARGET, Camera, Photos, about, bent_boxes

if TYPE_CHECKING:
    from pathlib import Path

needs_ultralytics = pytest.mark.skipif(
    importlib.util.find_spec("ultralytics") is None, reason="the extra `ultralytics` is missing"
)


def test_boxes_bend_as_the_picture_does() -> None:
    """A white box, seen through the lens, is where its bent box says."""
    width, height = 320, 240
    for x, y, w, h in ((0.5, 0.5, 0.2, 0.3), (0.8, 0.25, 0.2, 0.2), (0.15, 0.8, 0.25, 0.3)):
        pixels = np.zeros((height, width), dtype=np.uint8)
        top, bottom = round((y - h / 2) * height), round((y + h / 2) * height)
        left, right = round((x - w / 2) * width), round((x + w / 2) * width)
        pixels[top:bottom, left:right] = 255
        seen = np.asarray(TARGET.bend(Image.fromarray(pixels)))
        rows, columns = np.nonzero(seen)
        low = columns.min() / width, rows.min() / height
        high = (columns.max() + 1) / width, (rows.max() + 1) / height
        ((_, bx, by, bw, bh),) = bent_boxes(np.array([[0, x, y, w, h]]), TARGET, (width, height))
        assert (bx - bw / 2, by - bh / 2) == pytest.approx(low, abs=0.015)
        assert (bx + bw / 2, by + bh / 2) == pytest.approx(high, abs=0.015)


def test_a_straight_lens_bends_nothing() -> None:
    boxes = np.array([[0, 0.3, 0.4, 0.2, 0.1]])
    np.testing.assert_array_equal(bent_boxes(boxes, Camera(), (320, 240)), boxes)
    assert bent_boxes(np.empty((0, 5)), TARGET, (320, 240)).shape == (0, 5)


def test_real_photos_get_the_lens_and_keep_their_labels(tmp_path: Path) -> None:
    for kind in ("images", "labels"):
        for split in ("train", "val"):
            (tmp_path / "coco" / kind / split).mkdir(parents=True)
    for split in ("train", "val"):
        Image.new("RGB", (400, 300), (200, 200, 200)).save(tmp_path / f"coco/images/{split}/1.jpg")
    outline = "3 0.1 0.1 0.3 0.1 0.3 0.3 0.1 0.3\n5 0.5 0.5 0.2 0.2\n"
    (tmp_path / "coco/labels/val/1.txt").write_text(outline)
    data = tmp_path / "coco" / "data.yaml"
    data.write_text("path: elsewhere\ntrain: images/train\nval: images/val\nnames: [a]\n")
    world = Photos(tmp_path / "out", data)
    folder = world.seen("fisheye", TARGET, 10, 0)
    with Image.open(folder / "1.jpg") as picture:
        assert picture.size == (320, 240)
        corner, middle = np.asarray(picture)[5, 5], np.asarray(picture)[120, 160]
    assert corner.sum() < 0.8 * middle.sum()
    assert middle[2] < middle[0]
    boxes = np.loadtxt(tmp_path / "out/fisheye/labels/val2017/1.txt", ndmin=2)
    assert boxes[:, 0].tolist() == [3, 5]
    assert world.seen("synthetic_a", Camera(), 10, 0).is_dir()
    assert about(folder, TARGET).loc["1.jpg", "field_of_view"] == 95
    assert world.training().exists()


@needs_ultralytics
@pytest.mark.slow
@pytest.mark.usefixtures("settings")
def test_the_story_from_end_to_end(tmp_path: Path) -> None:
    """So small that the detector learns nothing: an early layer sees colors all the same."""
    from mlflow_latent_examples.domain_gap import main, parse

    options: list[Any] = [
        *("--epochs", 1, "--layer", 2, "--train", 32, "--images", 64),
        *("--imgsz", 96, "--processes", 1),
        *("--out", tmp_path / "runs", "--tracking-uri", f"sqlite:///{tmp_path / 'mlflow.db'}"),
    ]
    story = main(parse([str(option) for option in options]))
    numbers = story.numbers
    assert numbers["val same_camera"][0] == "no_gap"
    assert numbers["val fisheye"][0] == "gap"
    assert numbers["order"][-1] == "synthetic_a"
    separating = numbers["fields val fisheye"]
    assert "field_of_view" in separating
    assert {"blue_std", "color_temperature", "contrast"} & set(separating)
    assert set(numbers["order"]) == {"synthetic_a", "synthetic_b", "synthetic_c"}
    assert story.cameras["synthetic_c"].fisheye == pytest.approx(0.9, abs=0.01)
    assert (tmp_path / "runs" / "story.json").exists()
    assert (tmp_path / "runs" / "label_next.csv").exists()
