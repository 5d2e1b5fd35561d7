"""MNIST: handwritten digits, and which of them a good classifier still gets wrong.

python examples/mnist.py                    # torchvision's MNIST in ./data, if it is there
python examples/mnist.py --data mnist.npz   # arrays `images` (N, 28, 28) uint8 and `labels` (N,)
python examples/mnist.py --heatmaps         # and the strokes that decide, e.g. 8 against 9
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import pytorch_lightning as pl
import torch
from pytorch_lightning.loggers import MLFlowLogger
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset

from lightning_callbacks import LatentCapture

VAL_SHARE = 0.2


class MnistNet(pl.LightningModule):
    """A small CNN; the analysis looks at the output of its `embedding`."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(32, 64, 3, padding=1), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(),
        )  # fmt: skip
        self.embedding = nn.Sequential(nn.Linear(64 * 49, 128), nn.ReLU())
        self.head = nn.Sequential(nn.Dropout(0.3), nn.Linear(128, 10))

    def forward(self, images: Tensor) -> Tensor:
        """Return (N, 10) logits of (N, 1, 28, 28) images."""
        return self.head(self.embedding(self.features(images)))

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
        return torch.optim.Adam(self.parameters(), lr=1e-3)


def load(data: Path) -> tuple[Tensor, Tensor]:
    """Return (N, 1, 28, 28) float images in 0…1 and (N,) labels."""
    if data.suffix == ".npz":
        with np.load(data, allow_pickle=False) as arrays:
            images, labels = arrays["images"], arrays["labels"]
    else:
        from torchvision.datasets import MNIST

        try:
            mnist = MNIST(data)
        except RuntimeError:
            sys.exit(
                f"no MNIST in {data}: download it with torchvision.datasets.MNIST({str(data)!r}, "
                "download=True), or pass --data with an .npz of `images` and `labels`"
            )
        images, labels = mnist.data.numpy(), mnist.targets.numpy()
    return torch.tensor(images[:, None] / 255, dtype=torch.float32), torch.tensor(labels).long()


def train(
    data: Path, *, epochs: int, tracking_uri: str, experiment: str, heatmaps: bool = False
) -> None:
    """Train, capture and analyze."""
    pl.seed_everything(0, workers=True)
    images, labels = load(data)
    order = torch.randperm(len(images))
    val, rest = order[: int(VAL_SHARE * len(order))], order[int(VAL_SHARE * len(order)) :]
    train_set = TensorDataset(images[rest], labels[rest])
    val_set = TensorDataset(images[val], labels[val])

    capture = LatentCapture(
        layer="embedding",
        logits="head",
        # Class, and the distances to the class centroids, the analyzer adds by itself.
        metadata=lambda batch: {"brightness": batch[0].mean((1, 2, 3))},
        class_names=[str(digit) for digit in range(10)],
        probes={"train": DataLoader(train_set, batch_size=512)},
        heatmaps=heatmaps,
    )
    trainer = pl.Trainer(
        max_epochs=epochs,
        logger=MLFlowLogger(experiment_name=experiment, tracking_uri=tracking_uri),
        callbacks=[capture],
        enable_checkpointing=False,
        enable_model_summary=False,
    )
    trainer.fit(
        MnistNet(),
        DataLoader(train_set, batch_size=128, shuffle=True),
        DataLoader(val_set, batch_size=512),
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("data"))
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--tracking-uri", default="sqlite:///mlflow.db")
    parser.add_argument("--experiment", default="mnist")
    parser.add_argument("--heatmaps", action="store_true", help="of what the insights name")
    options = parser.parse_args()
    train(
        options.data,
        epochs=options.epochs,
        tracking_uri=options.tracking_uri,
        experiment=options.experiment,
        heatmaps=options.heatmaps,
    )
