"""Digits: a small CNN on scikit-learn's 1,797 real digits, with one callback more.

    python examples/digits.py --tracking-uri sqlite:///mlflow.db

The digits are in the order in which people wrote them: the validation set is other people's.
"""

from __future__ import annotations

import argparse

import pytorch_lightning as pl
import torch
from pytorch_lightning.loggers import MLFlowLogger
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset

from lightning_callbacks import LatentCapture

TRAIN = 1_347  # the rest, a quarter, is for validation
PIXEL_MAX = 16
INK = 0.5  # of the brightest: where the pen was


class DigitsNet(pl.LightningModule):
    """A plain classifier: nothing in it knows of the capture."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Linear(128, 64), nn.ReLU(),
        )  # fmt: skip
        self.head = nn.Linear(64, 10)

    def forward(self, images: Tensor) -> Tensor:
        """Return (N, 10) logits of (N, 1, 8, 8) images."""
        return self.head(self.backbone(images))

    def training_step(self, batch: list[Tensor], _: int) -> Tensor:
        """Return the loss of a batch."""
        images, labels = batch
        return cross_entropy(self(images), labels)

    def validation_step(self, batch: list[Tensor], _: int) -> None:
        """Log loss and accuracy."""
        images, labels = batch
        logits = self(images)
        self.log("val_loss", cross_entropy(logits, labels))
        self.log("val_accuracy", (logits.argmax(1) == labels).float().mean())

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Return the optimizer."""
        return torch.optim.Adam(self.parameters(), lr=2e-3)


def describe(batch: list[Tensor]) -> dict[str, Tensor]:
    """Return metadata of each image: what may explain why the model fails on it."""
    ink = batch[0][:, 0]
    rows, columns = torch.arange(8.0), torch.arange(8.0)
    mass = ink.sum((1, 2))
    return {
        "brightness": ink.mean((1, 2)),
        "contrast": ink.std((1, 2)),
        "center_row": (ink.sum(2) @ rows) / mass,
        "center_column": (ink.sum(1) @ columns) / mass,
        "width": (ink.amax(1) > INK).sum(1),
    }


def train(
    *,
    epochs: int,
    tracking_uri: str,
    experiment: str,
    progress: bool = True,
    heatmaps: bool = True,
) -> None:
    """Train, capture and analyze."""
    pl.seed_everything(0, workers=True)
    digits = load_digits()
    images = torch.tensor(digits.images, dtype=torch.float32).unsqueeze(1) / PIXEL_MAX
    labels = torch.tensor(digits.target)
    train_set = TensorDataset(images[:TRAIN], labels[:TRAIN])
    val_set = TensorDataset(images[TRAIN:], labels[TRAIN:])

    capture = LatentCapture(
        layer="backbone",
        logits="head",
        metadata=describe,
        class_names=[str(digit) for digit in range(10)],
        probes={"train": DataLoader(train_set, batch_size=256)},
        heatmaps=heatmaps,
        keep_embeddings="all",  # small ones: in the explorer one sees the classes come apart
    )
    trainer = pl.Trainer(
        max_epochs=epochs,
        accelerator="cpu",
        logger=MLFlowLogger(experiment_name=experiment, tracking_uri=tracking_uri),
        callbacks=[capture],
        enable_checkpointing=False,
        enable_progress_bar=progress,
        enable_model_summary=False,
        log_every_n_steps=10,
    )
    trainer.fit(
        DigitsNet(),
        DataLoader(train_set, batch_size=64, shuffle=True),
        DataLoader(val_set, batch_size=256),
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--tracking-uri", default="sqlite:///mlflow.db")
    parser.add_argument("--experiment", default="digits")
    options = parser.parse_args()
    train(epochs=options.epochs, tracking_uri=options.tracking_uri, experiment=options.experiment)
