from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from PIL import Image

from lightning_callbacks import LatentCapture
from lightning_callbacks.notices import Notices
from lightning_callbacks.thumbnails import ThumbnailTap, find_images, letterboxed
from mlflow_latent.media import SpriteWriter, Thumbnails, media_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import SimpleNamespace

    from mlflow_latent.store import CaptureStore

SIZE = 16


def picture(root: Path, sample_id: str) -> np.ndarray[Any, Any]:
    content = Thumbnails(root)("val", sample_id)
    assert content is not None
    with Image.open(io.BytesIO(content)) as image:
        return np.asarray(image.convert("RGB"), dtype=float)


def tap(root: Path, source: Any = "auto") -> ThumbnailTap:
    return ThumbnailTap(SpriteWriter(media_folder(root, "val"), SIZE), source, Notices(), "val")


def everything(count: int) -> np.ndarray[Any, Any]:
    return np.ones(count, dtype=bool)


def test_wide_images_keep_their_shape_and_color() -> None:
    images = torch.ones(1, 3, 10, 40) * torch.tensor([1.0, 0.498, 0.0]).view(1, 3, 1, 1)
    (tile,) = letterboxed(images, SIZE)
    assert tile.shape == (SIZE, SIZE, 3)
    assert tile[SIZE // 2, SIZE // 2].tolist() == [255, 127, 0]
    assert (tile[:6] == 0).all()
    assert (tile[-6:] == 0).all()
    assert (tile[6:10] == tile[8, 8]).all()


def test_small_images_keep_their_pixels() -> None:
    image = torch.eye(8).view(1, 1, 8, 8)
    (tile,) = letterboxed(image, SIZE)
    assert (tile[..., 0] == np.kron(np.eye(8), np.ones((2, 2))) * 255).all()


def test_one_range_for_the_split_from_its_first_batch(tmp_path: Path) -> None:
    thumbnails = tap(tmp_path)
    flat = torch.ones(1, 1, 4, 4)
    thumbnails.take((torch.cat([flat * -2, flat * 2]), None), ["low", "high"], everything(2))
    odd = torch.cat([flat * 0, flat * torch.nan, flat * 99])
    thumbnails.take((odd, None), ["middle", "nan", "beyond"], everything(3))
    thumbnails.close()
    names = ("low", "middle", "high", "nan", "beyond")
    levels = [picture(tmp_path, name).mean() for name in names]
    np.testing.assert_allclose(levels, [0, 127.5, 255, 0, 255], atol=4)


def test_bytes_are_taken_as_they_are(tmp_path: Path) -> None:
    thumbnails = tap(tmp_path)
    images = torch.full((1, 3, 4, 4), 100, dtype=torch.uint8)
    thumbnails.take({"image": images}, ["a"], everything(1))
    thumbnails.close()
    np.testing.assert_allclose(picture(tmp_path, "a").mean(), 100, atol=3)


def test_images_are_found_in_nested_batches() -> None:
    images = torch.zeros(2, 3, 4, 4)
    assert find_images({"y": torch.zeros(2), "x": [(images,)]}, 2) is images
    assert find_images((torch.zeros(2, 5, 4, 4), torch.zeros(3, 3, 4, 4), "text"), 2) is None


@pytest.mark.parametrize(
    "source", ["auto", lambda _batch: torch.zeros(1), lambda _batch: 1 / 0, lambda _batch: "x"]
)
def test_failure_costs_the_thumbnails_only(
    tiny: SimpleNamespace,
    make_trainer: Callable[..., Any],
    captures: CaptureStore,
    caplog: pytest.LogCaptureFixture,
    source: Any,
) -> None:
    class Flat(tiny.Classifier):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return super().forward(images.reshape(-1, 1, 6, 6))

    data = tiny.data(20)
    flat = torch.utils.data.TensorDataset(data.tensors[0].flatten(1), data.tensors[1])
    loader = torch.utils.data.DataLoader(flat, batch_size=8)
    make_trainer(
        LatentCapture("backbone", logits="head", thumbnail=source, analyze=False, strict=True)
    ).fit(Flat(), loader, loader)
    assert len(captures.snapshot()) == 20
    assert caplog.text.count("no thumbnails: ") == 1
    assert Thumbnails(captures.root / "media")("val", "val-0") is None


def test_made_once_for_validation_and_probes(
    tiny: SimpleNamespace, make_trainer: Callable[..., Any], captures: CaptureStore
) -> None:
    asked: list[int] = []

    def source(batch: Any) -> torch.Tensor:
        asked.append(len(batch[0]))
        return batch[0].sigmoid()

    probes = {"train": tiny.loader(10)}
    callback = LatentCapture(
        "backbone", logits="head", thumbnail=source, probes=probes, analyze=False, strict=True
    )
    make_trainer(callback, max_epochs=3).fit(tiny.Classifier(), tiny.loader(), tiny.loader())
    assert sum(asked) == 50
    thumbnails = Thumbnails(captures.root / "media")
    assert all(thumbnails("val", f"val-{row}") for row in range(40))
    assert all(thumbnails("train", f"train-{row}") for row in range(10))
