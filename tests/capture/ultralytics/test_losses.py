"""Losses of single images against Ultralytics' own loss of batches of one."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from mlflow_latent.capture.ultralytics.losses import criterion_of, image_losses

CLASSES, IMAGES, SIDE = 3, 3, 64
TOLERANCE = 1e-2  # a batch of one is convolved in another order: an anchor may change hands


def model_and_batch(ultralytics: Any, name: str) -> tuple[Any, dict[str, Any]]:
    """A model with random weights; three images, the second without objects."""
    torch.manual_seed(0)
    model = ultralytics.YOLO(name).model  # its 80 classes need no training to have losses
    model.eval()
    owners = torch.tensor([0, 0, 2])
    boxes = torch.tensor([[0.5, 0.5, 0.4, 0.6], [0.3, 0.4, 0.2, 0.2], [0.6, 0.5, 0.5, 0.5]])
    masks = torch.zeros(IMAGES, SIDE, SIDE)
    masks[0, 10:50, 20:40], masks[0, 20:30, 12:25], masks[2, 16:48, 20:50] = 1, 2, 1
    batch = {
        "img": torch.rand(IMAGES, 3, SIDE, SIDE),
        "batch_idx": owners.float(),
        "cls": torch.tensor([[0.0], [2.0], [1.0]]),
        "bboxes": boxes,
        "masks": masks,
        "sem_masks": torch.zeros(IMAGES, SIDE, SIDE),
    }
    return model, batch


@pytest.mark.slow
@pytest.mark.parametrize("name", ["yolo11n", "yolov8n", "yolo11n-seg", "yolov8n-seg"])
def test_each_image_has_the_loss_of_a_batch_of_one(ultralytics: Any, name: str) -> None:
    model, batch = model_and_batch(ultralytics, f"{name}.yaml")
    with torch.no_grad():
        raw = model(batch["img"])[1]
        criterion = criterion_of(model)
        found = image_losses(criterion, raw, batch, n_classes=80, overlap=True)
        for number in range(IMAGES):
            owned = batch["batch_idx"] == number
            alone = {
                "img": batch["img"][number : number + 1],
                "batch_idx": torch.zeros(int(owned.sum())),
                "cls": batch["cls"][owned],
                "bboxes": batch["bboxes"][owned],
                "masks": batch["masks"][number : number + 1],
            }
            total, parts = model.loss(alone, model(alone["img"]))
            assert found["loss"][number] == pytest.approx(float(total.sum()), rel=TOLERANCE)
            for part in set(parts) - {"sem_loss"}:
                name_here = f"loss_{part.removesuffix('_loss')}"
                expected = float(parts[part])
                assert found[name_here][number] == pytest.approx(expected, rel=TOLERANCE, abs=1e-5)
    wanted = {"loss", "loss_box", "loss_cls", "loss_dfl"}
    assert set(found) == (wanted | {"loss_seg"} if name.endswith("-seg") else wanted)
    assert found["loss_box"][1] == 0 < found["loss_cls"][1]  # no objects: only classes can err


def test_gains_are_the_model_s_own_and_its_arguments_stay(ultralytics: Any) -> None:
    model, batch = model_and_batch(ultralytics, "yolo11n.yaml")
    given = dict(model.args)
    with torch.no_grad():
        raw = model(batch["img"])[1]
        plain = image_losses(criterion_of(model), raw, batch, n_classes=80, overlap=True)
        model.criterion = None
        model.args = {**given, "cls": 2 * given.get("cls", 0.5)}
        doubled = image_losses(criterion_of(model), raw, batch, n_classes=80, overlap=True)
    assert model.args == {**given, "cls": 2 * given.get("cls", 0.5)}
    assert doubled["loss_cls"] == pytest.approx([2 * loss for loss in plain["loss_cls"]])
    assert doubled["loss_box"] == plain["loss_box"]


def test_an_image_with_a_class_that_the_model_does_not_know_has_no_loss(ultralytics: Any) -> None:
    model, batch = model_and_batch(ultralytics, "yolo11n.yaml")
    batch["cls"][2] = 80
    with torch.no_grad():
        raw = model(batch["img"])[1]
        found = image_losses(criterion_of(model), raw, batch, n_classes=80, overlap=True)
    assert found["loss"][2] is None
    assert None not in found["loss"][:2]
