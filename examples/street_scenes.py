"""Street scenes: a drawn data set in the format of COCO, with the truth about every object beside.

    python examples/street_scenes.py --folder streets --train 800 --val 300

People, cars, buses, trucks and trains, by day and by night, near and far, before and behind each
other; some images have lost their colors, some annotators take cars and buses for trucks. What was
done to which image is in `truth_images.csv` and `truth_objects.csv`, for people who want to know
whether a tool finds it. Other cameras see the same scenes: `--fisheye 0.9 --field-of-view 95`.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import yaml
from joblib import Parallel, delayed
from mlflow_latent_examples.streets.annotations import CATEGORIES, annotate
from mlflow_latent_examples.streets.camera import Camera
from mlflow_latent_examples.streets.scene import Conditions, photograph

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.random import Generator

SIZE = (320, 240)  # width and height, in pixels
FIRST_ID = {"train": 1, "val": 500_001}  # COCO's ids do not repeat between its splits
QUALITY = 90  # of the JPEGs


@dataclass(frozen=True)
class Plan:
    """What is planted, and in which share of a split's images.

    Attributes:
        night: dark streets.
        far: streets far away, whose objects are small.
        grayscale: images without colors, which are rare in train.
        relabeled: images of the annotator who makes the mistakes.
        mistaken: these mistakes: category, and what is written for it.
    """

    night: Mapping[str, float] = field(default_factory=lambda: {"train": 0.15, "val": 0.15})
    far: Mapping[str, float] = field(default_factory=lambda: {"train": 0.2, "val": 0.2})
    grayscale: Mapping[str, float] = field(default_factory=lambda: {"train": 0.01, "val": 0.08})
    relabeled: Mapping[str, float] = field(default_factory=lambda: {"train": 0.08, "val": 0.08})
    mistaken: Mapping[str, str] = field(default_factory=lambda: {"car": "truck", "bus": "truck"})

    def draw(self, split: str, rng: Generator) -> Conditions:
        """Return what one image of a split is made to be."""
        names = ("night", "far", "grayscale", "relabeled")
        shares = {name: getattr(self, name).get(split, 0) for name in names}
        return Conditions(**{name: bool(rng.random() < share) for name, share in shares.items()})


def make_scenes(
    folder: str | Path,
    *,
    train: int = 800,
    val: int = 300,
    seed: int = 0,
    camera: Camera | None = None,
    plan: Plan | None = None,
    size: tuple[int, int] = SIZE,
    processes: int = 2,
) -> Path:
    """Draw a data set: `images/…`, `annotations/…` as in COCO 2017, `labels/…` as YOLO reads them.

    Args:
        folder: where to; it is made.
        train: images of the split `train2017`.
        val: images of `val2017`.
        seed: of everything; an image depends on it, its split and its number alone.
        camera: what the scenes are seen through.
        plan: what is planted.
        size: width and height of the images, in pixels.
        processes: that draw at once.

    Returns:
        The folder.
    """
    folder = Path(folder)
    camera, plan = camera or Camera(), plan or Plan()
    images: list[dict[str, Any]] = []
    objects: list[dict[str, Any]] = []
    for number, (split, count) in enumerate({"train": train, "val": val}.items()):
        for name in ("images", "labels"):
            (folder / name / f"{split}2017").mkdir(parents=True, exist_ok=True)
        tasks = (
            delayed(_make_image)(folder, split, index, [seed, number, index], camera, plan, size)
            for index in range(count)
        )
        made = Parallel(n_jobs=processes)(tasks)
        _write_coco(folder / "annotations" / f"instances_{split}2017.json", made)
        images += [truth for _, _, truth, _ in made]
        objects += [truth for *_, truths in made for truth in truths]
    pd.DataFrame(images).to_csv(folder / "truth_images.csv", index=False)
    pd.DataFrame(objects).to_csv(folder / "truth_objects.csv", index=False)
    _write_data_file(folder)
    return folder


def _make_image(
    folder: Path,
    split: str,
    index: int,
    seed: list[int],
    camera: Camera,
    plan: Plan,
    size: tuple[int, int],
) -> tuple[dict[str, Any], list[dict[str, Any]], dict[str, Any], list[dict[str, Any]]]:
    """Draw one image; return its record, its annotations, and the truth of both."""
    rng = np.random.default_rng(seed)
    conditions = plan.draw(split, rng)
    frame = photograph(conditions, camera, size, rng)
    labelled = annotate(frame, plan.mistaken if conditions.relabeled else {})
    number = FIRST_ID[split] + index
    name = f"{number:012d}.jpg"
    image = frame.image
    if conditions.grayscale:  # some of them saved as if they had colors, as on the web
        image = image.convert("L").convert("L" if index % 2 else "RGB")
    image.save(folder / "images" / f"{split}2017" / name, quality=QUALITY)
    record = {"id": number, "file_name": name, "width": size[0], "height": size[1]}
    annotations = [
        {"id": number * 1000 + place, "image_id": number, **one.annotation}
        for place, one in enumerate(labelled)
    ]
    _write_yolo(folder / "labels" / f"{split}2017" / f"{number:012d}.txt", annotations, size)
    whose = {"split": split, "image_id": number, "file_name": name}
    truths = [
        {**whose, "annotation_id": annotation["id"], **one.truth}
        for annotation, one in zip(annotations, labelled, strict=True)
    ]
    return record, annotations, {**whose, **_summary(conditions, truths)}, truths


def _summary(conditions: Conditions, truths: list[dict[str, Any]]) -> dict[str, Any]:
    kinds = [truth["category"] for truth in truths]
    return {
        "night": conditions.night,
        "far": conditions.far,
        "grayscale": conditions.grayscale,
        "mislabeled": sum(truth["mislabeled"] for truth in truths),
        "objects": len(truths),
        **{str(known["name"]): kinds.count(str(known["name"])) for known in CATEGORIES},
    }


def _write_coco(path: Path, made: list[Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    document = {
        "info": {"description": "Drawn street scenes", "version": "1"},
        "images": [record for record, *_ in made],
        "annotations": [one for _, annotations, *_ in made for one in annotations],
        "categories": list(CATEGORIES),
    }
    path.write_text(json.dumps(document), encoding="utf-8")


def _write_yolo(path: Path, annotations: list[dict[str, Any]], size: tuple[int, int]) -> None:
    """Write a label file of Ultralytics: class, and box as shares of the image."""
    classes = [category["id"] for category in CATEGORIES]
    lines = []
    for one in annotations:
        (x, y, width, height), (across, down) = one["bbox"], size
        shares = ((x + width / 2) / across, (y + height / 2) / down, width / across, height / down)
        lines.append(
            " ".join([str(classes.index(one["category_id"])), *(f"{v:.5f}" for v in shares)])
        )
    path.write_text("\n".join(lines), encoding="utf-8")


def _write_data_file(folder: Path) -> None:
    """Write the data file that Ultralytics is given."""
    names = {index: category["name"] for index, category in enumerate(CATEGORIES)}
    document = {
        "path": str(folder.resolve()),
        "train": "images/train2017",
        "val": "images/val2017",
        "names": names,
    }
    (folder / "data.yaml").write_text(yaml.safe_dump(document), encoding="utf-8")


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--train", type=int, default=800, help="images")
    parser.add_argument("--val", type=int, default=300, help="images")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=2)
    camera = parser.add_argument_group("camera")
    camera.add_argument("--fisheye", type=float, default=0, help="0 to 1")
    camera.add_argument("--field-of-view", type=float, default=58, help="degrees")
    camera.add_argument("--brightness", type=float, default=1)
    camera.add_argument("--color-gain", type=float, nargs=3, default=(1, 1, 1), help="r g b")
    return parser.parse_args(arguments)


def main(options: argparse.Namespace) -> None:
    """Draw what the options ask for."""
    camera = Camera(
        fisheye=options.fisheye,
        field_of_view=options.field_of_view,
        brightness=options.brightness,
        color_gain=tuple(options.color_gain),
    )
    make_scenes(
        options.folder,
        train=options.train,
        val=options.val,
        seed=options.seed,
        camera=camera,
        processes=options.processes,
    )
    print(f"{options.train} + {options.val} images in {options.folder}")


if __name__ == "__main__":
    main(parse())
