"""Losses of single objects: what they add up to, and what they do not depend on."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from mlflow_latent.capture.ultralytics.levels import CELLS, LevelTap, level_name, pool
from mlflow_latent.capture.ultralytics.losses import criterion_of, image_labels, image_losses
from mlflow_latent.capture.ultralytics.object_terms import CriterionTap, ObjectTerms
from mlflow_latent.errors import CaptureError

CLASSES, SIDE = 80, 96


def model_and_batch(ultralytics: Any, name: str) -> tuple[Any, dict[str, Any]]:
    """Random weights; images with three objects, none and one that is too small for any anchor."""
    torch.manual_seed(1)
    model = ultralytics.YOLO(name).model
    model.eval()
    boxes = [[0.5, 0.5, 0.5, 0.6], [0.3, 0.4, 0.3, 0.3], [0.6, 0.6, 0.4, 0.2], [0.5, 0.5, 0.0, 0.0]]
    masks = torch.zeros(3, SIDE, SIDE)
    masks[0, 20:76, 24:72], masks[0, 24:52, 15:43], masks[0, 48:67, 39:76] = 1, 2, 3
    batch = {
        "img": torch.rand(3, 3, SIDE, SIDE),
        "batch_idx": torch.tensor([0.0, 0, 0, 2]),
        "cls": torch.tensor([[0.0], [2.0], [1.0], [1.0]]),
        "bboxes": torch.tensor(boxes),
        "masks": masks,
        "sem_masks": torch.zeros(3, SIDE, SIDE),
    }
    return model, batch


def terms_of(
    model: Any, raw: Any, batch: dict[str, Any]
) -> tuple[dict[str, Any], list[ObjectTerms | None], list[float]]:
    """Losses of the images, terms of their objects, and the class loss that belongs to none."""
    criterion = criterion_of(model)
    terms: list[ObjectTerms | None] = []
    background: list[float] = []

    def listen(labels: Any) -> None:
        assigned, bce = tap._heard["assigned"], tap._heard["bce"]
        norm = assigned[2].sum().clamp(min=1)
        background.append(float(bce[~assigned[3].bool()].sum() / norm * criterion.hyp.cls))
        terms.append(tap.take(labels))

    with CriterionTap(criterion) as tap:
        losses = image_losses(
            criterion, raw, batch, n_classes=CLASSES, overlap=True, on_image=listen
        )
    return losses, terms, background


@pytest.mark.slow
@pytest.mark.parametrize("name", ["yolo11n", "yolov8n", "yolo11n-seg", "yolov8n-seg"])
def test_objects_and_the_background_add_up_to_the_image(ultralytics: Any, name: str) -> None:
    model, batch = model_and_batch(ultralytics, f"{name}.yaml")
    with torch.no_grad():
        raw = model(batch["img"])[1]
        losses, terms, background = terms_of(model, raw, batch)
        plain = image_losses(criterion_of(model), raw, batch, n_classes=CLASSES, overlap=True)
    assert losses == plain  # listening changes nothing
    first, nothing, flat = terms
    assert nothing is None
    assert first is not None
    assert flat is not None
    assert float(first.added.sum()) + background[0] == pytest.approx(losses["loss"][0], rel=1e-4)
    assert float(flat.added.sum()) + background[2] == pytest.approx(losses["loss"][2], rel=1e-4)
    assert set(first.losses) == set(losses)
    parts = sum(values for column, values in first.losses.items() if column != "loss")
    torch.testing.assert_close(first.losses["loss"], parts)
    assert (first.losses["loss_box"] > 0).all()
    assert first.losses["loss_box"].max() <= 2 * criterion_of(model).hyp.box  # 1 − CIoU is 0…2
    torch.testing.assert_close(first.probabilities.sum(1), torch.ones(3))
    assert float(flat.added.sum()) == 0  # no anchor is in a box without area
    assert flat.losses["loss_box"] >= 0.99 * criterion_of(model).hyp.box  # as bad as can be
    assert flat.probabilities.shape == (1, CLASSES)


def test_an_object_alone_has_its_image_s_box_loss(ultralytics: Any) -> None:
    """But for what the criterion divides by: never by less than 1."""
    model, batch = model_and_batch(ultralytics, "yolo11n.yaml")
    with torch.no_grad():
        raw = model(batch["img"])[1]
        tap = CriterionTap(criterion_of(model))
        alone = image_labels(batch, 0, overlap=True)
        alone = {key: value[:1] for key, value in alone.items()}
        one = {key: value[:1] for key, value in raw.items() if key != "feats"}
        one["feats"] = [level[:1] for level in raw["feats"]]
        with tap:
            criterion = tap._criterion
            _, parts = criterion(one, alone)
            norm = float(tap._heard["boxes"]["target_scores_sum"])
            total = float(tap._heard["assigned"][2].sum())
            terms = tap.take(alone)
    assert terms is not None
    expected = float(parts["box_loss"]) * norm / total
    assert float(terms.losses["loss_box"][0]) == pytest.approx(expected, rel=1e-4)


def test_a_criterion_of_other_parts_is_refused() -> None:
    with pytest.raises(CaptureError, match="YOLO11 or YOLOv8 model; object has no 'assigner'"):
        CriterionTap(object())


def test_levels_are_as_wide_as_one_another_and_left_as_they_were(ultralytics: Any) -> None:
    model = ultralytics.YOLO("yolo11n.yaml").model
    model.eval()
    tap = LevelTap()
    tap.attach(model)
    with torch.no_grad():
        model(torch.rand(2, 3, 64, 64))
    maps = tap.take()
    assert [tuple(level.shape) for level in maps] == [(2, 80, 8, 8), (2, 80, 4, 4), (2, 80, 2, 2)]
    assert level_name(model) in dict(model.named_modules())
    with pytest.raises(CaptureError, match="did not run"):
        tap.take()
    tap.detach()
    branches = [branch[-2] for branch in model.model[-1].cv3]
    assert not any(layer._forward_hooks for layer in branches)
    with pytest.raises(CaptureError, match="has no 'cv3'"):
        tap.attach(ultralytics.YOLO("yolo11n-cls.yaml").model)


def test_an_object_is_seen_on_the_level_that_fits_its_size() -> None:
    maps = [torch.full((1, 640 // s, 640 // s), float(s)) for s in (8, 16, 32)]
    sides = [3.0, CELLS * 16.0 - 1, CELLS * 16.0, CELLS * 32.0, 700.0]
    boxes = torch.tensor([[0.0, 0.0, side, side] for side in sides])
    assert pool(maps, boxes, 640).flatten().tolist() == [8, 8, 16, 32, 32]
    assert pool(maps, torch.zeros(0, 4), 640).shape == (0, 1)


def test_an_embedding_is_the_mean_of_a_box() -> None:
    level = torch.arange(16.0).reshape(1, 4, 4)
    boxes = torch.tensor([[8.0, 8, 24, 16], [31.9, 31.9, 31.9, 31.9], [12, 12, 12, 12]])
    first, corner, center = pool([level], boxes, 32).flatten().tolist()
    assert first == pytest.approx(5.5)
    assert corner == pytest.approx(15)
    assert center == pytest.approx(5)  # the center of the cell in row 1 and column 1
    near, other = pool([level], torch.tensor([[9.0, 9, 11, 11], [13, 13, 15, 15]]), 32).tolist()
    assert near != other  # in the same cell
