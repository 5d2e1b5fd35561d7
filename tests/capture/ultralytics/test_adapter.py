"""A trained YOLO and images without labels: sized as in its training, nothing made up."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import mlflow_latent as ml
from mlflow_latent.capture.ultralytics import attach
from mlflow_latent.errors import InputError
from mlflow_latent.media import Thumbnails
from mlflow_latent.store import CaptureStore

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def trained(ultralytics: Any, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A YOLO after one epoch, and the folder of its captures."""
    folder = tmp_path_factory.mktemp("training")
    model = ultralytics.YOLO("yolo11n.yaml")
    attach(model, probes=(), analyze=False, spool=folder / "spool", strict=True)
    model.train(
        data=str(data),
        epochs=1,
        imgsz=64,
        batch=4,
        workers=0,
        device="cpu",
        plots=False,
        project=str(folder),
        name="train",
    )
    (spool,) = (folder / "spool").iterdir()
    return model, spool


@pytest.mark.slow
def test_images_without_labels_have_embeddings_and_what_the_model_says(
    trained: Any, data: Path
) -> None:
    model, run = trained
    images = data.parent / "images" / "val"
    caches = set(data.parent.rglob("*.cache"))
    found = ml.capture(model, images, run_id=run, split="fisheye")
    assert found.n == len(list(images.iterdir()))
    assert set(data.parent.rglob("*.cache")) == caches  # nothing is left beside people's images
    snapshot = CaptureStore(run / "latent").snapshot()
    val, new = snapshot.rows("val"), snapshot.rows("fisheye")
    assert snapshot.sample_id[val].tolist() == snapshot.sample_id[new].tolist()
    assert np.abs(snapshot.embedding[val] - snapshot.embedding[new]).max() < 0.01
    frame = snapshot.frame[new]
    labels = [
        name for name in frame if name.startswith(("loss", "metric_", "meta_n_", "meta_count"))
    ]
    assert frame[labels].isna().all(axis=None)
    assert snapshot.frame.loc[val, "meta_n_objects"].notna().all()
    said = [name for name in frame if name.startswith("output_")]
    assert {"output_entropy", "output_highest_confidence"} <= set(said)
    assert frame[[*said, "meta_brightness"]].notna().all(axis=None)
    pictures = Thumbnails(run / "latent" / "media")
    assert pictures("fisheye", str(frame["sample_id"].iloc[0]))


@pytest.mark.slow
def test_labelled_images_have_losses_and_a_list_of_files_will_do(trained: Any, data: Path) -> None:
    model, run = trained
    images = sorted((data.parent / "images" / "val").iterdir())[:3]
    ml.capture(model, images, run_id=run, split="truth", labelled=True)
    snapshot = CaptureStore(run / "latent").snapshot()
    val = snapshot.frame[snapshot.rows("val")].set_index("sample_id")["loss"]
    truth = snapshot.frame[snapshot.rows("truth")].set_index("sample_id")["loss"]
    assert truth.to_numpy() == pytest.approx(val.loc[truth.index].to_numpy(), rel=0.02)


@pytest.mark.slow
def test_the_code_of_the_docs_runs(
    trained: Any, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (ROOT / "docs" / "domain-gap.md").read_text()
    (block,) = [b for b in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if "yolo," in b]
    model, captures = trained
    run = shutil.copytree(captures, tmp_path / "run")
    shutil.rmtree(run / "latent/captures/epoch=00000/split=fisheye", ignore_errors=True)
    shutil.copytree(data.parent / "images" / "val", tmp_path / "target" / "images")
    facts = pd.DataFrame({"field_of_view": 95.0}, index=["1.jpg", "2.jpg"])
    monkeypatch.chdir(tmp_path)
    names = {"ml": ml, "yolo": model, "run": run, "facts": facts}
    exec(compile(block, "domain-gap.md", "exec"), names)  # noqa: S102 - our own documentation
    snapshot = CaptureStore(run / "latent").snapshot()
    known = snapshot.frame[snapshot.rows("fisheye")].set_index("sample_id")["meta_field_of_view"]
    assert known.loc["1.jpg"] == 95
    assert known.isna().sum() == len(known) - 2


@pytest.mark.slow
def test_what_is_no_image_is_left_out_and_said(trained: Any, data: Path, tmp_path: Path) -> None:
    model, run = trained
    (tmp_path / "a.jpg").write_bytes((data.parent / "images/val/1.jpg").read_bytes())
    (tmp_path / "b.jpg").write_bytes(b"no picture")
    found = ml.capture(model, tmp_path, run_id=run, split="broken")
    assert found.n == 1
    assert "b.jpg" in found.notes[0]
    for bad, message in (
        (tmp_path / "nowhere", "there are no images at"),
        ([], "a folder of images"),
        (3, "got int"),
    ):
        with pytest.raises(InputError, match=message):
            ml.capture(model, bad, run_id=run, split="x")
