"""Metadata from batches: of a classifier, a segmenter, a detector."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from mlflow_latent.errors import InputError
from mlflow_latent.metadata import batch_metadata, image_statistics

if TYPE_CHECKING:
    from collections.abc import Callable

NAMES = ["background", "person", "car"]
SUPERS = {"car": "vehicle"}


def images(count: int = 3, channels: int = 3) -> torch.Tensor:
    return torch.rand((count, channels, 8, 12), generator=torch.Generator().manual_seed(0))


def test_a_classifier() -> None:
    batch = (images(), torch.tensor([0, 1, 2]))
    fields = batch_metadata()(batch)
    for number, image in enumerate(batch[0]):
        expected = image_statistics(image.permute(1, 2, 0).numpy())
        assert {name: values[number] for name, values in fields.items()} == expected


def test_a_normalization_is_undone() -> None:
    mean, std = torch.tensor([0.4, 0.5, 0.6]), torch.tensor([0.2, 0.3, 0.25])
    batch = images()
    normalized = (batch - mean.view(3, 1, 1)) / std.view(3, 1, 1)
    with pytest.raises(InputError, match="pass the mean= and std="):
        batch_metadata()(normalized)
    fields = batch_metadata(mean=mean.tolist(), std=std.tolist())(normalized)
    expected = batch_metadata()(batch)
    assert fields["hue_mean"] == pytest.approx(expected["hue_mean"], abs=1e-2)
    assert fields["is_colored"] == expected["is_colored"]


@pytest.mark.parametrize(
    "make",
    [
        lambda x: x,
        lambda x: [x, "y"],
        lambda x: {"image": x},
        lambda x: ({"inputs": (torch.zeros(3), x)}, 1),
        lambda x: x.to(torch.bfloat16),
        lambda x: (x * 255).round().to(torch.uint8),
        lambda x: x.requires_grad_(),
        list,
        lambda x: x.numpy(),
    ],
)
def test_images_are_found_and_read(make: Callable[[Any], Any]) -> None:
    expected = batch_metadata()(images())["brightness"]
    assert batch_metadata()(make(images()))["brightness"] == pytest.approx(expected, abs=0.01)


def test_gray_images() -> None:
    assert batch_metadata()((images(channels=1), 0))["is_colored"] == [False] * 3


@pytest.mark.parametrize("shape", [(2, 8, 12), (2, 1, 8, 12)])
def test_a_segmenter(shape: tuple[int, ...]) -> None:
    masks = torch.zeros(shape, dtype=torch.long)
    masks[0, ..., :2, :] = 2
    fields = batch_metadata(NAMES, supercategories=SUPERS)((images(2), masks))
    assert fields["percent_car"] == [25, 0]
    assert fields["supercategory_percent_vehicle"] == [25, 0]
    assert fields["background_percent"] == [75, 100]
    assert fields["instances_car"] == [None, None]
    assert len(fields["brightness"]) == 2
    by_key = batch_metadata(NAMES, images=False)({"image": images(2), "mask": masks})
    assert by_key["percent_car"] == [25, 0]
    assert "brightness" not in by_key


def test_a_detector_of_torchvision() -> None:
    mask = np.zeros((1, 8, 12), np.uint8)
    mask[0, 2:6, 3:9] = 1
    targets = [
        {"boxes": torch.tensor([[3.0, 2, 9, 6]]), "labels": torch.tensor([2]), "masks": mask},
        {"boxes": torch.zeros((0, 4)), "labels": torch.zeros(0, dtype=torch.long)},
    ]
    fields = batch_metadata(NAMES, supercategories=SUPERS)((list(images(2)), targets))
    assert fields["count_car"] == [1, 0]
    assert fields["bbox_area_mean"] == [pytest.approx(0.25), None]
    assert fields["percent_car"] == [25, None]
    assert fields["supercategory_count_vehicle"] == [1, 0]


def test_a_detector_of_ultralytics() -> None:
    batch = {
        "img": (images(3) * 255).to(torch.uint8),
        "batch_idx": torch.tensor([0.0, 0, 2]),
        "bboxes": torch.tensor([[0.5, 0.5, 0.5, 0.5], [0.5, 0.5, 1, 1], [0.1, 0.1, 0.2, 0.2]]),
        "cls": torch.tensor([[1.0], [2], [2]]),
    }
    fields = batch_metadata(NAMES)(batch)
    assert fields["n_objects"] == [2, 0, 1]
    assert fields["count_car"] == [1, 0, 1]
    assert fields["occlusion_max"] == [pytest.approx(0.25), None, 0]
    assert fields["bbox_aspect_ratio_max"] == [pytest.approx(1.5), None, pytest.approx(1.5)]


@pytest.mark.parametrize(
    ("options", "batch", "reason"),
    [
        ({}, (torch.zeros(3, 4), 1), "no image tensor"),
        ({}, "text", "no image tensor"),
        ({}, [], "no image tensor"),
        ({"class_names": NAMES}, images(), "neither maps of classes"),
        ({"class_names": NAMES}, (images(), torch.tensor([0, 1, 2])), "neither maps of classes"),
        ({"class_names": NAMES}, (images(2), torch.full((2, 8, 12), 9)), "class 9 has no name"),
        ({}, images() * 255, "divide it by its white"),
    ],
)
def test_what_is_not_there_is_named(options: dict[str, Any], batch: Any, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        batch_metadata(**options)(batch)


def test_it_can_be_sent_to_another_process() -> None:
    describe = batch_metadata(NAMES, supercategories=SUPERS, mean=0.0, std=1.0, images=False)
    again = pickle.loads(pickle.dumps(describe))  # noqa: S301 - our own
    masks = torch.ones((2, 8, 12), dtype=torch.long)
    assert again((images(2), masks)) == describe((images(2), masks))
