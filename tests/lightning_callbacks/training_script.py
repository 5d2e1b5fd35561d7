"""A training in a process of its own, that may die, be distributed, or lose its server."""

from __future__ import annotations

import argparse
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset

from lightning_callbacks import LatentCapture

ROWS, CLASSES = 41, 3


class Model(pl.LightningModule):
    def __init__(self, die_in: str) -> None:
        super().__init__()
        self.backbone = nn.Sequential(nn.Linear(6, 4), nn.BatchNorm1d(4))
        self.head = nn.Linear(4, CLASSES)
        self.die_in = die_in

    def forward(self, inputs: Tensor) -> Tensor:
        return self.head(self.backbone(inputs))

    def training_step(self, batch: Any, batch_idx: int) -> Tensor:
        self.maybe_die("training", batch_idx)
        return cross_entropy(self(batch[0]), batch[1])

    def validation_step(self, batch: Any, batch_idx: int) -> Tensor:
        self.maybe_die("validation", batch_idx)
        loss = cross_entropy(self(batch[0]), batch[1])
        self.log("val_loss", loss, sync_dist=True)
        return loss

    def maybe_die(self, where: str, batch_idx: int) -> None:
        if self.die_in == where and self.current_epoch == 2 and batch_idx == 1:
            os.kill(os.getpid(), signal.SIGKILL)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.1)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--devices", type=int, default=1)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--die-in", default="")
    parser.add_argument("--fail-in-rank", type=int, default=-1)
    parser.add_argument("--run-id")
    parser.add_argument("--tracking-uri")
    parser.add_argument("--without-capture", action="store_true")
    arguments = parser.parse_args()

    def pool(output: Tensor) -> Tensor:
        if trainer.global_rank == arguments.fail_in_rank and trainer.current_epoch == 1:
            raise RuntimeError("this process is out of luck")
        return output

    torch.manual_seed(0)
    target = torch.arange(ROWS) % CLASSES
    data = TensorDataset(torch.randn(ROWS, 6) + target[:, None], target)
    loader = DataLoader(data, batch_size=9)
    capture = LatentCapture(
        "backbone",
        logits="head",
        pool=pool,
        probes={"train": loader},
        run_id=arguments.run_id,
        tracking_uri=arguments.tracking_uri,
        analyze=False,
    )
    trainer = pl.Trainer(
        accelerator="cpu",
        devices=arguments.devices,
        strategy="ddp" if arguments.devices > 1 else "auto",
        max_epochs=arguments.epochs,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=arguments.folder,
        callbacks=[] if arguments.without_capture else [capture],
    )
    started = time.monotonic()
    trainer.fit(Model(arguments.die_in), loader, loader)
    if trainer.is_global_zero:
        (arguments.folder / "seconds.txt").write_text(str(time.monotonic() - started))
        weights = torch.cat([weight.flatten() for weight in trainer.lightning_module.parameters()])
        torch.save(weights.detach(), arguments.folder / "weights.pt")


if __name__ == "__main__":
    main()
