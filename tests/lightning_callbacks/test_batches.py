from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from lightning_callbacks import LatentCapture
from lightning_callbacks.batches import read_step, unread_keys
from lightning_callbacks.rows import RowBuffer
from mlflow_latent.capture.recorder import Recorder
from mlflow_latent.errors import CaptureError
from mlflow_latent.schema import CaptureInfo
from mlflow_latent.store import CaptureStore

LOGITS = torch.tensor([[2.0, 0.0, -1.0], [0.0, 1.0, 3.0]])
TARGET = torch.tensor([0, 1])
BATCH = (torch.zeros(2, 1, 4, 4), TARGET)


def read(outputs: Any, batch: Any = BATCH, logits: Any = None, **options: Any) -> dict[str, Any]:
    labelled = options.pop("labelled", True)
    settings = LatentCapture("layer", **options).settings
    return read_step(settings, outputs, batch, logits, labelled=labelled)


def test_losses_alone() -> None:
    columns = read(torch.tensor([0.5, 1.5]))
    assert columns["loss"].tolist() == [0.5, 1.5]
    assert columns["target"].tolist() == [0, 1]


def test_logits_make_loss_prediction_and_probabilities() -> None:
    columns = read(torch.tensor(0.7), logits=LOGITS)
    torch.testing.assert_close(columns["loss"], cross_entropy(LOGITS, TARGET, reduction="none"))
    assert columns["prediction"].tolist() == [0, 2]
    torch.testing.assert_close(columns["pred_probs"], LOGITS.softmax(1))


@pytest.mark.parametrize("shape", [(2,), (2, 1)])
def test_binary_logits(shape: tuple[int, ...]) -> None:
    score = torch.tensor([-1.0, 2.0]).reshape(shape)
    columns = read(None, logits=score)
    wanted = binary_cross_entropy_with_logits(score.reshape(-1), TARGET.float(), reduction="none")
    torch.testing.assert_close(columns["loss"], wanted)
    assert columns["prediction"].tolist() == [0, 1]
    assert columns["pred_probs"].shape == (2, 2)


def test_what_the_step_says_comes_before_the_logits() -> None:
    columns = read({"loss": torch.tensor([9.0, 9.0]), "logits": LOGITS, "prediction": TARGET})
    assert columns["loss"].tolist() == [9, 9]
    assert columns["prediction"].tolist() == [0, 1]
    assert columns["pred_probs"].shape == (2, 3)


def test_loss_function_and_target_places() -> None:
    batch = {"x": BATCH[0], "label": TARGET}
    columns = read(
        {"scores": LOGITS},
        batch,
        loss=lambda outputs, given: outputs["scores"].amax(1) + given["label"],
        target="label",
    )
    assert columns["loss"].tolist() == [2.0, 4.0]
    assert columns["target"] is TARGET
    assert read(LOGITS[:, 0], batch, target=lambda given: given["label"])["target"] is TARGET


def test_unlabeled_split_has_neither_loss_nor_target() -> None:
    outputs = {"loss": TARGET, "metric_iou": TARGET, "meta_x": TARGET}
    assert set(read(outputs, logits=LOGITS, labelled=False)) == {
        "meta_x",
        "prediction",
        "pred_probs",
    }


def test_masks_are_no_classes() -> None:
    assert "target" not in read(TARGET.float(), (BATCH[0], torch.zeros(2, 4, 4).long()))
    assert "target" not in read(TARGET.float(), BATCH, task="detection")
    assert "target" not in read(TARGET.float(), (BATCH[0], torch.rand(2)))


@pytest.mark.parametrize(
    ("outputs", "options", "match"),
    [
        (torch.tensor(0.5), {}, "single number for the whole batch.*reduction='none'"),
        (0.5, {"loss": lambda outputs, _: outputs}, "single number"),
        ({"loss": torch.tensor(0.5)}, {}, "single number"),
        ({"loss": TARGET, "metric_iou": 0.5}, {}, "metric_iou is a single number"),
        (torch.ones(2, 4, 4), {}, r"shape \(2, 4, 4\)"),
        (None, {"logits": torch.ones(2, 3, 4)}, r"\(N, C\)"),
        (None, {"logits": LOGITS, "batch": (0, torch.tensor([0]))}, "logits have 2 rows"),
        (TARGET, {"target": "label"}, "target='label' is not in the batch"),
    ],
)
def test_what_cannot_be_read(outputs: Any, options: dict[str, Any], match: str) -> None:
    batch, logits = options.pop("batch", BATCH), options.pop("logits", None)
    with pytest.raises(CaptureError, match=match):
        read(outputs, batch, logits, **options)


def test_keys_that_are_left_alone_are_told() -> None:
    outputs = {"loss": 1, "loss_box": 1, "preds": 1, 3: 1, "sample_id": 1}
    assert unread_keys(outputs) == ["3", "preds"]
    assert unread_keys(None) == []


def test_negative_target_is_no_label_and_has_no_loss(tmp_path: Any) -> None:
    split = Recorder(tmp_path, CaptureInfo(layers=("a",))).begin(0, "val")
    rows = RowBuffer(split, "float16")
    columns = read(None, (0, torch.tensor([-100, 2])), LOGITS)
    rows.add({**columns, "sample_id": ["a", "b"], "embedding_a": torch.ones(2, 3)}, 2)
    rows.flush()
    split.close()
    snapshot = CaptureStore(tmp_path).snapshot()
    assert snapshot.frame["target"].isna().tolist() == [True, False]
    assert snapshot.frame["loss"].isna().tolist() == [True, False]
    assert rows.loss_count == 1
    assert snapshot.dropped == ()


def test_target_out_of_range_is_named(tmp_path: Any) -> None:
    rows = RowBuffer(Recorder(tmp_path, CaptureInfo()).begin(0, "val"), "float16")
    columns = read(None, (0, torch.tensor([0, 7])), LOGITS)
    rows.add({**columns, "sample_id": ["a", "b"]}, 2)
    with pytest.raises(CaptureError, match="target 7 is out of range: there are 3"):
        rows.flush()


def test_single_sample_may_have_lost_its_dimension() -> None:
    settings = LatentCapture("layer").settings
    outputs = {"loss": torch.tensor(0.5), "metric_iou": torch.tensor(0.1)}
    columns = read_step(settings, outputs, (0,), None, rows=1)
    assert columns["loss"].tolist() == [0.5]
    assert columns["metric_iou"].tolist() == pytest.approx([0.1])
    with pytest.raises(CaptureError, match="single number"):
        read_step(settings, outputs, (0,), None, rows=2)


def test_rows_may_change_after_they_were_added(tmp_path: Any) -> None:
    split = Recorder(tmp_path, CaptureInfo(layers=("a",))).begin(0, "val")
    rows = RowBuffer(split, "float32")
    reused = torch.zeros(2)
    for number in range(3):
        reused.fill_(number)
        ids = [f"{number}a", f"{number}b"]
        rows.add({"sample_id": ids, "loss": reused, "embedding_a": torch.ones(2, 1)}, 2)
    rows.flush()
    split.close()
    assert CaptureStore(tmp_path).snapshot().frame["loss"].tolist() == [0, 0, 1, 1, 2, 2]
