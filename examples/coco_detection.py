"""Detection: YOLO on COCO, or on any data that Ultralytics trains on, with one line more.

    python examples/coco_detection.py                                   # drawn street scenes
    python examples/coco_detection.py --data coco128.yaml --epochs 40   # real images

Without `--data` it draws street scenes in the format of COCO (`street_scenes.py`), in which wrong
things are planted and known, and says at the end what of them was found. The network starts from
random weights and nothing is downloaded; `--model yolo11n.pt --online` starts from Ultralytics'
own. `--data` is Ultralytics' data file; a real COCO is the same command.
"""

from __future__ import annotations

import argparse
import os
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import yaml

VEHICLES = ("bicycle", "car", "motorcycle", "airplane", "bus", "train", "truck", "boat")
FONTS = ("Arial.ttf", "Arial.Unicode.ttf")
OTHER_LOGGERS = ("sync", "clearml", "comet", "dvc", "raytune", "tensorboard", "wandb")
NAME = "coco_detection"
DRAWN: dict[str, Any] = {"mosaic": 0.0, "hsv_h": 0.0, "hsv_s": 0.0, "warmup_epochs": 1.0}
"""Training on the drawn scenes: colors stay, so that images without them are strange."""


def stay_offline(folder: Path) -> None:
    """Keep Ultralytics from the network: from its fonts, its updates and other people's servers.

    It reads these once, when it is imported.
    """
    os.environ["YOLO_OFFLINE"] = "true"
    os.environ["YOLO_CONFIG_DIR"] = str(folder)
    folder.mkdir(parents=True, exist_ok=True)

    import matplotlib as mpl

    font = Path(mpl.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf")
    for name in FONTS:
        if not (folder / name).exists():
            shutil.copyfile(font, folder / name)

    from ultralytics import settings

    settings.update(dict.fromkeys(OTHER_LOGGERS, False))


def supercategories(data: Path) -> dict[str, str]:
    """Return `vehicle` for those of the data's classes that are vehicles in COCO."""
    names = yaml.safe_load(data.read_text(encoding="utf-8"))["names"]
    known = names.values() if isinstance(names, dict) else names
    return {name: "vehicle" for name in known if name in VEHICLES}


def drawn_scenes(options: argparse.Namespace) -> Path:
    """Return the data file of the drawn street scenes, which are made where there are none."""
    from mlflow_latent_examples.street_scenes import make_scenes

    folder = options.out / "streets"
    if not (folder / "data.yaml").exists():
        train, val = options.scenes
        make_scenes(folder, train=train, val=val)
    return folder / "data.yaml"


def narrower(width: float, folder: Path) -> Path:
    """Return YOLO11n's architecture with fewer channels, for machines without a GPU.

    Args:
        width: of its layers; YOLO11n has 0.25.
        folder: gets the file.
    """
    package = Path(find_spec("ultralytics").submodule_search_locations[0])  # type: ignore[union-attr,index]
    text = (package / "cfg/models/11/yolo11.yaml").read_text(encoding="utf-8")
    architecture = yaml.safe_load(text)
    architecture["scales"]["n"][1] = width
    path = folder / "yolo11n.yaml"
    path.write_text(yaml.safe_dump(architecture), encoding="utf-8")
    return path


def train(options: argparse.Namespace) -> str:
    """Train, capture and analyze; return the run's id."""
    if not options.online:
        stay_offline(options.out / "ultralytics")
    os.environ["MLFLOW_EXPERIMENT_NAME"] = options.experiment
    data = options.data or drawn_scenes(options)

    import mlflow
    from ultralytics import YOLO, settings

    from mlflow_latent.capture.ultralytics import attach

    settings.update({"mlflow": False})  # the run is this script's, to look at it afterwards
    mlflow.set_tracking_uri(options.tracking_uri)
    mlflow.set_experiment(options.experiment)
    model = YOLO(narrower(options.width, options.out) if options.width else options.model)
    attach(
        model,
        every_n_epochs=options.capture_every,
        objects=options.objects,
        supercategories=supercategories(data),
    )
    with mlflow.start_run(run_name=NAME) as run:
        model.train(
            data=str(data.resolve()),
            epochs=options.epochs,
            imgsz=options.imgsz,
            batch=options.batch,
            device=options.device,
            plots=False,
            patience=options.epochs,
            project=str(options.out.resolve()),
            name=NAME,
            **({} if options.data else DRAWN | {"nbs": options.batch}),  # a step each batch
        )
    return str(run.info.run_id)


def main(options: argparse.Namespace) -> None:
    """Train, and say what was found of what was planted."""
    run_id = train(options)
    if options.data is None and options.objects:
        from mlflow_latent_examples.streets.found import found_objects, print_found

        print_found(found_objects(options.out / "streets", run_id, options.tracking_uri))


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add: Any = parser.add_argument
    add("--data", type=Path, help="Ultralytics' data file; default: drawn street scenes")
    add("--scenes", type=int, nargs=2, default=(800, 500), help="drawn for train and val")
    add("--model", default="yolo11n.yaml")
    add("--width", type=float, help="YOLO11n with other widths than 0.25, e.g. 0.125 without a GPU")
    add("--epochs", type=int, default=40)
    add("--capture-every", type=int, default=5, help="epochs")
    add("--no-objects", dest="objects", action="store_false", help="capture images only")
    add("--imgsz", type=int, default=320)
    add("--batch", type=int, default=16)
    add("--device", default=None, help="as Ultralytics takes it; default: a GPU")
    add("--out", type=Path, default=Path("runs"))
    add("--online", action="store_true", help="let Ultralytics download")
    add("--tracking-uri", default="sqlite:///mlflow.db")
    add("--experiment", default="coco-detection")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    main(parse())
