"""Detection: YOLO on COCO, or on any data that Ultralytics trains on, with one line more.

    python examples/coco_detection.py --data coco128.yaml --tracking-uri sqlite:///mlflow.db

The network starts from random weights and nothing is downloaded; `--model yolo11n.pt --online`
starts from Ultralytics' own. `--data` is Ultralytics' data file; a real COCO is the same command.
"""

from __future__ import annotations

import argparse
import os
import shutil
from pathlib import Path

import yaml

VEHICLES = ("bicycle", "car", "motorcycle", "airplane", "bus", "train", "truck", "boat")
FONTS = ("Arial.ttf", "Arial.Unicode.ttf")
OTHER_LOGGERS = ("sync", "clearml", "comet", "dvc", "raytune", "tensorboard", "wandb")


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


def train(options: argparse.Namespace) -> None:
    """Train, capture and analyze."""
    if not options.online:
        stay_offline(options.out / "ultralytics")
    os.environ["MLFLOW_EXPERIMENT_NAME"] = options.experiment

    import mlflow
    from ultralytics import YOLO

    from mlflow_latent.capture.ultralytics import attach

    mlflow.set_tracking_uri(options.tracking_uri)
    model = YOLO(options.model)
    attach(
        model,
        every_n_epochs=options.capture_every,
        supercategories=supercategories(options.data),
    )
    model.train(
        data=str(options.data.resolve()),
        epochs=options.epochs,
        imgsz=options.imgsz,
        batch=options.batch,
        device=options.device,
        plots=False,
        patience=options.epochs,
        project=str(options.out.resolve()),
        name="coco_detection",
    )


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Return the options."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="Ultralytics' data file")
    parser.add_argument("--model", default="yolo11n.yaml")
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--capture-every", type=int, default=5, help="epochs")
    parser.add_argument("--imgsz", type=int, default=320)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--device", default=None, help="as Ultralytics takes it; default: a GPU")
    parser.add_argument("--out", type=Path, default=Path("runs"))
    parser.add_argument("--online", action="store_true", help="let Ultralytics download")
    parser.add_argument("--tracking-uri", default="sqlite:///mlflow.db")
    parser.add_argument("--experiment", default="coco-detection")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    train(parse())
