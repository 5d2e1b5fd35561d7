"""A YOLO explained: small, as it was drawn, on pictures made here."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from PIL import Image
from ultralytics import YOLO

from mlflow_latent.capture.ultralytics.adapter import explain
from mlflow_latent.errors import InputError
from mlflow_latent.explain import ExplainOptions, RegionProfile, Wanted

if TYPE_CHECKING:
    from pathlib import Path

    from mlflow_latent.explain import Explained

pytestmark = pytest.mark.slow
OPTIONS = ExplainOptions(size=16, tenths=3, occlusion=False)
WIDE = (96, 48)


@pytest.fixture(scope="module")
def model() -> Any:
    torch.manual_seed(0)
    return YOLO("yolo11n.yaml")


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    for name, label in (("a", "2 0.5 0.5 0.4 0.8\n"), ("b", ""), ("c", "99 0.5 0.5 0.2 0.2\n")):
        pixels = rng.integers(0, 255, (*WIDE[::-1], 3), dtype=np.uint8)
        for folder in ("images", "labels"):
            (root / folder).mkdir(exist_ok=True)
        Image.fromarray(pixels).save(root / "images" / f"{name}.png")
        (root / "labels" / f"{name}.txt").write_text(label)
    return root / "images"


@pytest.fixture(scope="module")
def explained(model: Any, images: Path) -> Explained:
    embedding = np.random.default_rng(1).normal(size=(20, 256)).astype(np.float32)
    region = RegionProfile.of("region 1", embedding, np.arange(20) < 5)
    names = ("a.png", "b.png", "c.png", "gone.png")
    wanted = [Wanted("val", name, region) for name in names]
    report = SimpleNamespace(layer="model.10")
    return explain(model, {"val": images}, wanted, report, OPTIONS, imgsz=96)


def test_objects_pictures_losses_and_regions_have_maps(explained: Explained) -> None:
    of_a = [one for one in explained.heatmaps if one.sample_id == "a.png"]
    targets = list(dict.fromkeys(one.target for one in of_a))
    assert targets[:4] == ["missed 2", "the whole picture", "loss", "region 1"]
    layers = {one.kind.layer for one in of_a if one.kind.method == "hirescam"}
    assert layers == {"model.10", "model.16"}


def test_a_picture_without_objects_has_a_loss_of_its_own(explained: Explained) -> None:
    targets = {one.target for one in explained.heatmaps if one.sample_id == "b.png"}
    assert {"the whole picture", "loss"} <= targets
    assert not any("missed" in target for target in targets)


def test_a_class_beyond_the_models_costs_the_loss_alone(explained: Explained) -> None:
    targets = {one.target for one in explained.heatmaps if one.sample_id == "c.png"}
    assert "the whole picture" in targets
    assert "loss" not in targets


def test_maps_are_letterboxed_as_thumbnails_are(explained: Explained) -> None:
    for one in explained.heatmaps:
        assert one.values.shape == (16, 16)
        assert not one.values[:4].any()
        assert not one.values[12:].any()


def test_a_file_that_is_gone_is_a_note(explained: Explained) -> None:
    assert any("'gone.png' cannot be read" in note for note in explained.notes)


def test_the_model_stays_as_it_was(model: Any, explained: Explained) -> None:
    assert explained.heatmaps
    assert not any(layer._forward_hooks for layer in model.model.modules())
    assert all(parameter.grad is None for parameter in model.model.parameters())


def test_a_folder_that_is_not_there_is_named(model: Any, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there are no images at"):
        explain(model, {"val": tmp_path / "no"}, [], SimpleNamespace(layer=None), OPTIONS)
