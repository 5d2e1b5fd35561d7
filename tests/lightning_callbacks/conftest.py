"""A tiny classifier, its data, and a Trainer that is quiet."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, Dataset, TensorDataset

from mlflow_latent.store import CaptureStore

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CLASSES = 3


class Classifier(pl.LightningModule):
    """A plain classifier that logs a mean and returns nothing per sample."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = nn.Sequential(nn.Conv2d(1, 8, 3), nn.BatchNorm2d(8), nn.ReLU(inplace=True))
        self.head = nn.Linear(8, CLASSES)
        self.drop = nn.Dropout(0.2)

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.drop(self.backbone(images).mean((2, 3))))

    def training_step(self, batch: Any, _batch_idx: int) -> Tensor:
        loss = cross_entropy(self(batch[0]), batch[1])
        self.log("train_loss", loss)
        return loss

    def validation_step(self, batch: Any, _batch_idx: int) -> Any:
        loss = cross_entropy(self(batch[0]), batch[1])
        self.log("val_loss", loss)
        return loss

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.1)


class PerSample(Classifier):
    """Returns a loss per sample, and metadata."""

    def validation_step(self, batch: Any, _batch_idx: int, dataloader_idx: int = 0) -> Any:
        images, target = batch[0], batch[1]
        logits = self(images)
        loss = cross_entropy(logits, target, reduction="none")
        self.log(f"val_loss_{dataloader_idx}", loss.mean(), add_dataloader_idx=False)
        return {
            "loss": loss,
            "loss_half": loss / 2,
            "target": target,
            "prediction": logits.argmax(1),
            "metric_confidence": logits.softmax(1).amax(1),
            "meta_brightness": images.mean((1, 2, 3)),
        }


def make_data(rows: int, seed: int = 0) -> TensorDataset:
    generator = torch.Generator().manual_seed(seed)
    target = torch.randint(0, CLASSES, (rows,), generator=generator)
    images = torch.randn(rows, 1, 6, 6, generator=generator) + target.view(-1, 1, 1, 1)
    return TensorDataset(images, target)


def make_loader(rows: int = 40, *, batch_size: int = 16, seed: int = 0, **options: Any) -> Any:
    data: Dataset[Any] = make_data(rows, seed)
    return DataLoader(data, batch_size=batch_size, **options)


@pytest.fixture
def tiny() -> SimpleNamespace:
    """The classes and functions above: test modules cannot import from each other."""
    return SimpleNamespace(
        Classifier=Classifier, PerSample=PerSample, loader=make_loader, data=make_data
    )


@pytest.fixture
def captures(tmp_path: Path) -> CaptureStore:
    """The captures of a training without an MLflow run, once it has run."""
    return CaptureStore(tmp_path / ".mlflow_latent" / "no-run" / "latent")


@pytest.fixture
def make_trainer(tmp_path: Path) -> Callable[..., pl.Trainer]:
    def make(*callbacks: Any, package: Any = pl, **options: Any) -> pl.Trainer:
        pl.seed_everything(7, verbose=False)
        defaults: dict[str, Any] = {
            "accelerator": "cpu",
            "max_epochs": 2,
            "logger": False,
            "enable_checkpointing": False,
            "enable_progress_bar": False,
            "enable_model_summary": False,
            "num_sanity_val_steps": 1,
            "log_every_n_steps": 1,
            "default_root_dir": tmp_path,
        }
        return package.Trainer(callbacks=list(callbacks), **{**defaults, **options})

    return make
