"""Real trainings and validations of Ultralytics, with capture attached."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import torch
import yaml

from mlflow_latent.api import analyze as analyzing
from mlflow_latent.capture.ultralytics import UltralyticsCaptureWarning, attach, session
from mlflow_latent.errors import InputError, LayerNotFoundError
from mlflow_latent.media import Thumbnails
from mlflow_latent.store import CaptureStore
from mlflow_latent.tracking import RunTracker

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TRAIN = {f"{number}.jpg" for number in range(10)}  # the broken and the impossible one are dropped
VAL = {f"{number}.jpg" for number in range(6)}
OBJECTS = {"train": 18, "val": 11}  # 1 + number % 3 of each image but the first, which is empty
PARENT = "mlflow.parentRunId"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:.*os.fork:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Glyph .* missing from font:UserWarning"),  # of an emoji
]


def use_workers(trainer: Any) -> None:
    """Ultralytics loads in its own process on a CPU; real trainings do not."""
    trainer.args.workers = 2


def only_run(uri: str) -> Any:
    from mlflow import MlflowClient

    client = MlflowClient(uri)
    found = client.search_runs([e.experiment_id for e in client.search_experiments()])
    (run,) = [run for run in found if PARENT not in run.data.tags]
    return run


def objects_of(run: Any, uri: str) -> Any:
    """The run of a run's objects."""
    from mlflow import MlflowClient

    found = MlflowClient(uri).get_run(run.data.tags["latent.objects"])
    assert found.data.tags[PARENT] == run.info.run_id
    return found


def test_mlflow_a_training_is_captured_in_the_run_that_ultralytics_logs_to(
    ultralytics: Any,
    arguments: dict[str, Any],
    tracking_uri: str,
    spooled: Callable[[], CaptureStore],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(ultralytics.settings, "mlflow", True)
    # Autologging, which Ultralytics switches on, would hook all imports of later tests.
    monkeypatch.setattr("mlflow.autolog", lambda: None)
    # A projection would compile for half a minute; other tests have it.
    unprojected = functools.partial(analyzing.analyze, projection="none")
    monkeypatch.setattr(analyzing, "analyze", unprojected)
    model = ultralytics.YOLO("yolo11n.yaml")
    attach(model, supercategories={"🚗": "vehicle"}, objects=True, strict=True)
    model.add_callback("on_pretrain_routine_start", use_workers)
    model.train(**arguments)

    run = only_run(tracking_uri)
    assert run.info.status == "FINISHED"
    assert run.data.params["imgsz"] == "64"  # Ultralytics' own
    assert run.data.tags["latent.captures"] == "yes"
    assert RunTracker(run.info.run_id, tracking_uri).analyzed_epochs() == [1]
    store = spooled()
    frame = check_images(store)
    check_objects(objects_of(run, tracking_uri), tracking_uri, store.root.parents[1], frame)


def check_images(store: CaptureStore) -> pd.DataFrame:
    """One row per image that can be read, in both epochs; returns those of the last."""
    assert store.epochs() == [0, 1]  # and no third one for the final validation
    snapshot = store.snapshot()
    frame = snapshot.frame
    assert set(frame.loc[frame["split"] == "val", "sample_id"]) == VAL
    assert set(frame.loc[frame["split"] == "train", "sample_id"]) == TRAIN
    parts = frame["loss_box"] + frame["loss_cls"] + frame["loss_dfl"]
    np.testing.assert_allclose(frame["loss"], parts, rtol=1e-5)
    empty = frame[frame["sample_id"] == "0.jpg"]
    assert (empty["loss_box"] == 0).all()
    assert empty["metric_recall"].isna().all()
    assert snapshot.embedding.shape == (16, 256)
    info = snapshot.info
    assert info.task == "detection"
    assert info.class_names == ('car/"van"', "🚗", "person")
    assert info.metrics["false_positives"] == "lower"
    assert frame["meta_count_automobile"].sum() > 0
    assert (frame["meta_supercategory_count_vehicle"] == frame["meta_count_automobile"]).all()
    assert Thumbnails(store.root / "media")("train", "3.jpg")
    return frame


def check_objects(run: Any, uri: str, folder: Path, images: pd.DataFrame) -> None:
    """One row per true object, in a run of its own, joined to its image."""
    assert (run.info.run_name, run.info.status) == ("short objects", "FINISHED")
    assert RunTracker(run.info.run_id, uri).analyzed_epochs() == [1]
    store = CaptureStore(folder / "objects" / run.info.run_id / "latent")
    snapshot = store.snapshot()
    frame = snapshot.frame
    assert frame["split"].value_counts().to_dict() == OBJECTS
    assert snapshot.embedding.shape[1] == 64
    assert snapshot.pred_probs is not None
    np.testing.assert_allclose(snapshot.pred_probs.sum(1), 1, rtol=1e-4)
    assert frame["target"].notna().all()
    assert (frame["sample_id"].str.rpartition("#")[0] == frame["meta_image"]).all()
    assert (frame["meta_supercategory"] == "vehicle").sum() == (frame["target"] == 1).sum() > 0
    joined = frame.merge(images, left_on=["split", "meta_image"], right_on=["split", "sample_id"])
    assert len(joined) == len(frame)
    found = joined.groupby(["split", "meta_image"]).agg(
        found=("metric_found", "sum"),
        hits=("metric_true_positives", "first"),
        added=("metric_loss_added", "sum"),
        loss=("loss_y", "first"),
        bright=("meta_brightness_x", "first"),
        brightness=("meta_brightness_y", "first"),
    )
    assert (found["found"] == found["hits"]).all()
    assert (found["added"] <= found["loss"] * (1 + 1e-4)).all()
    assert (found["bright"] == found["brightness"]).all()
    assert frame["meta_area"].between(0.03, 0.3).all()
    assert "meta_count_person" not in frame
    first = frame["sample_id"].iloc[0]
    assert Thumbnails(store.root / "media")(frame["split"].iloc[0], first)


def test_capture_changes_nothing_in_a_training(
    ultralytics: Any, arguments: dict[str, Any], tmp_path: Path, tracking_uri: str
) -> None:
    weights = []
    for captured in (False, True):
        torch.manual_seed(0)
        model = ultralytics.YOLO("yolo11n.yaml")
        if captured:
            attach(model, objects=True, analyze=False, strict=True)
        model.train(**{**arguments, "name": f"captured-{captured}"})
        last = torch.load(model.trainer.last, weights_only=False)
        weights.append(last["ema" if last["model"] is None else "model"].state_dict())
    assert weights[0].keys() == weights[1].keys()
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])
    assert list((tmp_path / "runs/captured-True/.mlflow_latent").glob("*/latent/captures/*"))
    run = only_run(tracking_uri)  # Ultralytics logs to none, so it is our own
    assert (run.info.run_name, run.info.status) == ("captured-True", "FINISHED")


def test_a_resumed_training_goes_on_with_its_epochs_and_its_run(
    ultralytics: Any,
    arguments: dict[str, Any],
    tracking_uri: str,
    spooled: Callable[[], CaptureStore],
) -> None:
    class PowerCutError(Exception):
        pass

    def cut(trainer: Any) -> None:
        if trainer.epoch == 1:
            raise PowerCutError

    model = ultralytics.YOLO("yolo11n.yaml")
    attach(model, objects=("val",), analyze=False, strict=True)
    model.add_callback("on_train_epoch_start", cut)
    with pytest.raises(PowerCutError):
        model.train(**arguments)
    assert only_run(tracking_uri).info.status == "FAILED"
    assert spooled().epochs() == [0]

    before = objects_of(only_run(tracking_uri), tracking_uri)
    again = ultralytics.YOLO(str(model.trainer.last))
    attach(again, objects=("val",), analyze=False, strict=True)
    again.train(resume=True)
    assert spooled().epochs() == [0, 1]
    assert only_run(tracking_uri).info.status == "FINISHED"
    after = objects_of(only_run(tracking_uri), tracking_uri)
    assert (after.info.run_id, after.info.status) == (before.info.run_id, "FINISHED")
    captured = CaptureStore(RunTracker(after.info.run_id, tracking_uri).download_latent())
    assert captured.epochs() == [0, 1]
    assert set(captured.snapshot().splits) == {"val"}


@pytest.mark.usefixtures("tracking_uri")
def test_a_segmenter_has_masks_outlines_and_a_validation_can_be_captured_alone(
    ultralytics: Any,
    arguments: dict[str, Any],
    tmp_path: Path,
    spooled: Callable[[], CaptureStore],
) -> None:
    model = ultralytics.YOLO("yolo11n-seg.yaml")
    attach(model, layers=[4, "model.9"], analyze=False, strict=True)
    model.train(**{**arguments, "epochs": 1})
    snapshot = spooled().snapshot()
    assert {"loss_seg", "metric_mask_iou"} <= set(snapshot.frame.columns)
    assert "loss_sem" not in snapshot.frame.columns
    overlays = pd.read_parquet(
        spooled().root / "media/split=val/overlays-rank0.parquet", partitioning=None
    )
    true = overlays[overlays["role"] == "target"]
    assert len(true) == sum(1 + number % 3 for number in range(1, 6))
    assert true["polygon"].map(len).min() >= 6

    model.val(data=arguments["data"], imgsz=64, project=str(tmp_path), name="after")
    assert not (tmp_path / "after/.mlflow_latent").exists()  # a training's was captured already
    best = ultralytics.YOLO(str(model.trainer.best))
    attach(best, layers=[4, "model.9"], analyze=False, strict=True)
    best.val(data=arguments["data"], split="train", imgsz=64, project=str(tmp_path), name="alone")
    folders = list((tmp_path / "alone/.mlflow_latent").glob("*/latent"))
    alone = type(spooled())(folders[0]).snapshot().frame.set_index("sample_id")
    trained = snapshot.frame[snapshot.frame["split"] == "train"].set_index("sample_id")
    assert set(alone["split"]) == {"train"}
    # The same weights, in half precision on disk and with their layers fused.
    expected = trained["loss"].loc[alone.index]
    np.testing.assert_allclose(alone["loss"], expected, rtol=0.02)


def test_what_fails_in_capture_is_one_warning_and_the_training_goes_on(
    ultralytics: Any,
    arguments: dict[str, Any],
    tracking_uri: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(session.SplitCapture, "record", fail)
    model = ultralytics.YOLO("yolo11n.yaml")
    attach(model, probes=())
    with pytest.warns(UltralyticsCaptureWarning, match="disk is full") as caught:
        model.train(**arguments)
    ours = [each for each in caught if each.category is UltralyticsCaptureWarning]
    assert len(ours) == 1
    assert model.trainer.last.exists()
    assert only_run(tracking_uri).info.status == "FINISHED"


@pytest.mark.usefixtures("tracking_uri")
def test_a_model_of_fewer_classes_than_the_data_is_validated_and_captured(
    ultralytics: Any, arguments: dict[str, Any], tmp_path: Path
) -> None:
    layers = {**ultralytics.YOLO("yolo11n.yaml").model.yaml, "nc": 2}
    path = tmp_path / "yolo11n-few.yaml"
    path.write_text(yaml.safe_dump({name: layers[name] for name in ("nc", "backbone", "head")}))
    few = ultralytics.YOLO(str(path), task="detect")
    attach(few, analyze=False, strict=True)
    few.val(data=arguments["data"], imgsz=64, project=str(tmp_path), name="few")
    (folder,) = (tmp_path / "few/.mlflow_latent").glob("*/latent/captures")
    frame = pd.read_parquet(folder, partitioning=None)
    assert set(frame["sample_id"]) == VAL
    assert frame["loss"].notna().all()  # Ultralytics leaves the labels out that it cannot know


def test_attach_says_what_it_cannot_do(ultralytics: Any) -> None:
    model = ultralytics.YOLO("yolo11n.yaml")
    before = {event: len(found) for event, found in model.callbacks.items()}
    with pytest.raises(LayerNotFoundError, match=r"model\.99"):
        attach(model, layers=99)
    with pytest.raises(InputError, match="several different"):
        attach(model, layers=[3, "model.3"])
    with pytest.raises(InputError, match="YOLO"):
        attach(model.model)
    with pytest.raises(InputError, match="between 0 and 1"):
        attach(model, confidence=25)
    with pytest.raises(InputError, match="'detect' and 'segment'"):
        attach(ultralytics.YOLO("yolo11n-cls.yaml"))
    with pytest.raises(InputError, match=r"True, False or names of splits, got \(\)"):
        attach(model, objects=())
    with pytest.raises(InputError, match="takes a YOLO11 or YOLOv8 model"):
        attach(ultralytics.YOLO("yolov10n.yaml"), objects=True)
    attach(model)
    attached = attach(model)  # replaces the first
    assert attached.settings.layers == ("model.10",)
    events = {event: len(found) for event, found in model.callbacks.items()}
    assert events["on_val_end"] == before["on_val_end"] + 1
    attached.detach()
    assert {event: len(found) for event, found in model.callbacks.items()} == before
