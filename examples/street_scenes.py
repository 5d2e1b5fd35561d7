"""Street scenes: a drawn data set in the format of COCO, with the truth about every object beside.

    python examples/street_scenes.py --folder streets --train 800 --val 300

People, cars, buses, trucks and trains, by day and by night, near and far, before and behind each
other; some images have lost their colors, and one annotator takes cars and buses for trucks. What
was done to which image is in `truth_images.csv` and `truth_objects.csv`, for people who want to
know whether a tool finds it. Other cameras see the same scenes: `--fisheye 0.9 --field-of-view 95`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd
from joblib import Parallel, delayed

from mlflow_latent_examples.streets.camera import Camera
from mlflow_latent_examples.streets.files import (
    SPLITS,
    make_folders,
    write_coco,
    write_data_file,
)
from mlflow_latent_examples.streets.plan import Plan
from mlflow_latent_examples.streets.studio import Made, Studio

SIZE = (320, 240)  # width and height, in pixels
FEW = 50  # images that are drawn before other processes have started


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
        processes: that draw at once, if there is much to draw.

    Returns:
        The folder.
    """
    folder = Path(folder)
    make_folders(folder)
    studio = Studio(folder, seed, camera or Camera(), plan or Plan(), *size)
    made: list[Made] = []
    for split, count in zip(SPLITS, (train, val), strict=True):
        tasks = (delayed(studio.make)(split, index) for index in range(count))
        jobs = processes if count > FEW else 1
        of_split: list[Made] = Parallel(n_jobs=jobs)(tasks)
        annotations = [annotation for one in of_split for annotation in one.annotations]
        write_coco(folder, split, [one.image for one in of_split], annotations)
        made += of_split
    write_data_file(folder)
    truths = [truth for one in made for truth in one.truths]
    pd.DataFrame([one.truth for one in made]).to_csv(folder / "truth_images.csv", index=False)
    pd.DataFrame(truths).to_csv(folder / "truth_objects.csv", index=False)
    return folder


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
