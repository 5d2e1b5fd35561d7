"""Segmentation: a U-Net that finds people and cars, or people and vehicles, in COCO's images.

    python examples/coco_segmentation.py --data coco --tracking-uri sqlite:///mlflow.db
    python examples/coco_segmentation.py --data coco --supercategory

`--data` is a folder of COCO 2017 or 2014; without it, street scenes are drawn. Both models see the
same images, those with a person, car, bus, truck or train, so that they can be compared.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytorch_lightning as pl
from pytorch_lightning.loggers import MLFlowLogger
from torch.utils.data import DataLoader

from lightning_callbacks import LatentCapture
from mlflow_latent.outlines import outline_map
from mlflow_latent_examples.segmentation.labels import CATEGORIES, SUPERCATEGORIES
from mlflow_latent_examples.segmentation.maps import CocoMaps
from mlflow_latent_examples.segmentation.network import SegmentationNet
from mlflow_latent_examples.street_scenes import make_scenes

if TYPE_CHECKING:
    from mlflow_latent.overlays import SampleObject

DRAWN = {"train": 800, "val": 300}  # images, if nothing else is asked for


def train(options: argparse.Namespace, *, supercategory: bool) -> str:
    """Train, capture and analyze; return the id of the MLflow run."""
    pl.seed_everything(options.seed, workers=True)
    space = SUPERCATEGORIES if supercategory else CATEGORIES
    data = options.data or draw_scenes(options)
    train_set = CocoMaps(data, "train", options.size, options.train)
    val_set = CocoMaps(data, "val", options.size, options.val)
    model = SegmentationNet(space, pretrained=not options.from_scratch)

    def draw(outputs: dict[str, Any], batch: dict[str, Any]) -> list[list[SampleObject]]:
        """True and predicted outlines of each image, to look at over its thumbnail."""
        true = space.target(batch["kinds"]).cpu().numpy()
        found = outputs["map"].cpu().numpy()
        return [
            outline_map(target, "target") + outline_map(prediction, "prediction")
            for target, prediction in zip(true, found, strict=True)
        ]

    loading: dict[str, Any] = {"batch_size": options.batch, "num_workers": options.workers}
    capture = LatentCapture(
        layer="net.encoder.features.18",  # where the encoder ends
        task="segmentation",
        class_names=space.classes,
        metadata=pd.concat([train_set.table, val_set.table]),
        overlays=draw,
        probes={"train": DataLoader(train_set, **loading)},
        every_n_epochs=options.capture_every,
    )
    name = "person, vehicle" if supercategory else "person, car"
    logger = MLFlowLogger(options.experiment, run_name=name, tracking_uri=options.tracking_uri)
    trainer = pl.Trainer(
        max_epochs=options.epochs,
        logger=logger,
        callbacks=[capture],
        default_root_dir=options.out,
        enable_checkpointing=False,
        enable_progress_bar=options.progress,
        enable_model_summary=False,
        log_every_n_steps=1,
    )
    shuffled = DataLoader(train_set, shuffle=True, drop_last=True, **loading)
    trainer.fit(model, shuffled, DataLoader(val_set, **loading))
    return str(logger.run_id)


def draw_scenes(options: argparse.Namespace) -> Path:
    """Return the folder of the drawn scenes; draw them if that was not done before."""
    train, val = options.train or DRAWN["train"], options.val or DRAWN["val"]
    folder = Path(options.out) / f"street_scenes_{train}_{val}_{options.seed}"
    if not (folder / "truth_objects.csv").exists():  # what is written last
        make_scenes(folder, train=train, val=val, seed=options.seed)
    return folder


def make_parser(description: str | None) -> argparse.ArgumentParser:
    """Return the options that every training of these models has."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--data", type=Path, help="folder of COCO; default: draw street scenes")
    parser.add_argument("--train", type=int, help="training images, at most")
    parser.add_argument("--val", type=int, help="validation images, at most")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--capture-every", type=int, default=5, help="epochs")
    parser.add_argument("--size", type=int, default=128, help="side of the images, in pixels")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--workers", type=int, default=0, help="processes that read images")
    parser.add_argument("--from-scratch", action="store_true", help="without ImageNet's weights")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("runs"))
    parser.add_argument("--no-progress", action="store_false", dest="progress")
    parser.add_argument("--tracking-uri", default="sqlite:///mlflow.db")
    parser.add_argument("--experiment", default="coco-segmentation")
    return parser


if __name__ == "__main__":
    parser = make_parser(__doc__)
    parser.add_argument("--supercategory", action="store_true", help="car, bus, … are one class")
    chosen = parser.parse_args()
    train(chosen, supercategory=chosen.supercategory)
