"""A classifier, a segmenter and a detector each get their metadata with one line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import pytorch_lightning as pl
import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, Dataset

from lightning_callbacks import LatentCapture
from mlflow_latent.errors import CaptureError, InputError
from mlflow_latent.metadata import batch_metadata
from mlflow_latent.store import CaptureStore

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ["background", "person", "car"]


class Scenes(Dataset[Any]):
    """Twelve images; the car covers a share of the image that grows with the index."""

    def __init__(self, annotate: str) -> None:
        self.annotate = annotate

    def __len__(self) -> int:
        return 12

    def __getitem__(self, index: int) -> Any:
        image = torch.full((3, 8, 8), index / 12)
        if self.annotate == "class":
            return image, index % 3
        mask = torch.zeros((8, 8), dtype=torch.long)
        mask[: index % 8] = 2
        if self.annotate == "mask":
            return image, mask
        box = torch.tensor([[0.0, 0, 8, index % 8]])
        return image, {"boxes": box, "labels": torch.tensor([2])}


class Model(pl.LightningModule):
    def __init__(self) -> None:
        super().__init__()
        self.backbone = nn.Conv2d(3, 4, 3)
        self.head = nn.Linear(4, 3)

    def validation_step(self, batch: Any, _batch_idx: int) -> Any:
        features = self.backbone(torch.stack(list(batch[0])))
        target = torch.zeros(len(features), dtype=torch.long)
        return {"loss": cross_entropy(self.head(features.mean((2, 3))), target, reduction="none")}

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.1)

    def training_step(self, batch: Any, _batch_idx: int) -> torch.Tensor:
        return self.validation_step(batch, 0)["loss"].mean()


def collate(samples: list[Any]) -> Any:
    return [image for image, _ in samples], [target for _, target in samples]


def captured(annotate: str, folder: Path, **options: Any) -> pd.DataFrame:
    collating = {"collate_fn": collate} if annotate == "boxes" else {}
    loader = DataLoader(Scenes(annotate), batch_size=5, **collating)
    options = {"task": "other", "analyze": False, "strict": True, "spool": folder} | options
    trainer = pl.Trainer(
        callbacks=[LatentCapture("backbone", **options)],
        max_epochs=1,
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=folder,
    )
    trainer.fit(Model(), loader, loader)
    (latent,) = folder.rglob("latent")
    return CaptureStore(latent).snapshot().metadata


def test_a_classifier(tmp_path: Path) -> None:
    fields = captured("class", tmp_path, metadata=batch_metadata())
    assert fields["brightness"].tolist() == pytest.approx(np.arange(12) / 12)
    assert fields["hue_mean"].isna().all()
    assert not fields["is_colored"].any()


def test_a_segmenter(tmp_path: Path) -> None:
    fields = captured("mask", tmp_path, metadata=batch_metadata(NAMES))
    assert fields["percent_car"].tolist() == [12.5 * (index % 8) for index in range(12)]
    assert fields["brightness"].notna().all()


def test_a_detector(tmp_path: Path) -> None:
    fields = captured("boxes", tmp_path, metadata=batch_metadata(NAMES))
    assert fields["count_car"].tolist() == [int(index % 8 > 0) for index in range(12)]
    assert fields["n_invalid_boxes"].tolist() == [int(index % 8 == 0) for index in range(12)]
    assert fields["bbox_area_mean"].isna().tolist() == [index % 8 == 0 for index in range(12)]


def test_several_sources(tmp_path: Path) -> None:
    table = pd.DataFrame(
        {"weather": ["rain", "sun"] * 6}, index=[f"val-{place}" for place in range(12)]
    )
    described = [batch_metadata(), table, lambda batch: {"first": batch[1]}]
    fields = captured("class", tmp_path, metadata=described)
    assert {"brightness", "weather", "first"} <= set(fields)
    assert fields["weather"].tolist() == ["rain", "sun"] * 6


def test_two_sources_of_one_field_are_refused(tmp_path: Path) -> None:
    with pytest.raises(CaptureError, match="two parts of metadata= give the field 'meta_bright"):
        captured(
            "class",
            tmp_path,
            metadata=[batch_metadata(), lambda batch: {"brightness": batch[1]}],
        )


@pytest.mark.parametrize("metadata", ["brightness", ["brightness"], [None], 3])
def test_what_is_no_source_is_refused(metadata: Any) -> None:
    with pytest.raises(InputError, match="metadata takes a function of the batch"):
        LatentCapture("backbone", metadata=metadata)
