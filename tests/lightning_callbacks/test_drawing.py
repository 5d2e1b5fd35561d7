"""What is drawn over thumbnails, by a callback under a real trainer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest

from lightning_callbacks import LatentCapture
from mlflow_latent.errors import InputError
from mlflow_latent.media import media_folder
from mlflow_latent.overlays import SampleObject

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import SimpleNamespace

    from mlflow_latent.store import CaptureStore

BOX = (0.25, 0.25, 0.75, 0.75)


def boxes(_outputs: Any, batch: Any) -> list[list[SampleObject]]:
    return [[SampleObject("target", int(target), BOX)] for target in batch[1]]


def one_short(outputs: Any, batch: Any) -> list[list[SampleObject]]:
    return boxes(outputs, batch)[1:]


def overlays(store: CaptureStore, split: str) -> Path:
    return media_folder(store.root / "media", split) / "overlays-rank0.parquet"


def test_every_sample_gets_its_objects(
    tiny: SimpleNamespace, make_trainer: Callable[..., Any], captures: CaptureStore
) -> None:
    capture = LatentCapture(
        "backbone", logits="head", overlays=boxes, probes={"train": tiny.loader(20)}, analyze=False
    )
    make_trainer(capture).fit(tiny.Classifier(), tiny.loader(), tiny.loader(24))
    for split, rows in (("val", 24), ("train", 20)):
        table = pq.read_table(overlays(captures, split), partitioning=None).to_pandas()
        samples = captures.snapshot(layer="backbone").frame.query("split == @split")
        assert len(table) == rows
        found = dict(zip(table["sample_id"], table["category"], strict=True))
        assert found == dict(zip(samples["sample_id"], samples["target"], strict=True))


def test_a_failure_costs_the_overlays_only(
    tiny: SimpleNamespace,
    make_trainer: Callable[..., Any],
    captures: CaptureStore,
    caplog: pytest.LogCaptureFixture,
) -> None:
    capture = LatentCapture("backbone", logits="head", overlays=one_short, analyze=False)
    make_trainer(capture).fit(tiny.Classifier(), tiny.loader(), tiny.loader(24))
    assert captures.epochs() == [0, 1]
    assert not overlays(captures, "val").exists()
    assert (
        "no overlays: CaptureError: overlays must return the objects of each of 16" in caplog.text
    )


def test_overlays_must_be_a_function() -> None:
    with pytest.raises(InputError, match="overlays takes a function"):
        LatentCapture("backbone", overlays=[BOX])  # type: ignore[arg-type]
