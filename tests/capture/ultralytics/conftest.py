"""A small data set with what real ones have wrong, and Ultralytics kept off the network."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from mlflow_latent.store import CaptureStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NAMES = ('car/"van"', "🚗", "person")
SIZES = {"train": 10, "val": 6}
EMPTY = 0  # number of the image without objects
OFF = ("sync", "clearml", "comet", "dvc", "mlflow", "raytune", "tensorboard", "wandb")


@pytest.fixture(scope="session", autouse=True)
def ultralytics(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The package, with settings of its own, fonts in place and no wish to call anybody."""
    pytest.importorskip("matplotlib")
    import matplotlib as mpl

    folder = tmp_path_factory.mktemp("ultralytics")
    os.environ |= {"YOLO_OFFLINE": "true", "YOLO_CONFIG_DIR": str(folder)}
    for name in ("Arial.ttf", "Arial.Unicode.ttf"):
        shutil.copyfile(Path(mpl.get_data_path(), "fonts/ttf/DejaVuSans.ttf"), folder / name)
    package = pytest.importorskip("ultralytics", reason="the extra `ultralytics` is missing")
    package.settings.update(dict.fromkeys(OFF, False))
    return package


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data file: polygons that are boxes, so that it serves detection and segmentation."""
    root = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    for split, size in SIZES.items():
        for number in range(size):
            _write_image(root, split, number, rng)
    (root / "images/train/broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 no picture")
    (root / "labels/train/broken.txt").write_text("0 0.5 0.5 0.2 0.2\n")
    (root / "images/train/outside.jpg").write_bytes((root / "images/train/1.jpg").read_bytes())
    (root / "labels/train/outside.txt").write_text("0 1.5 0.5 0.2 0.2\n")
    names = "\n".join(f"  {n}: '{name}'" for n, name in enumerate(NAMES))
    path = root / "data.yaml"
    path.write_text(f"path: {root}\ntrain: images/train\nval: images/val\nnames:\n{names}\n")
    return path


def _write_image(root: Path, split: str, number: int, rng: np.random.Generator) -> None:
    height, width = (int(side) for side in rng.integers(50, 120, 2))
    pixels = rng.integers(0, 90, (height, width, 3), dtype=np.uint8)
    lines = []
    for _ in range(0 if number == EMPTY else 1 + number % 3):
        (x, y), (w, h) = rng.uniform(0.3, 0.7, 2), rng.uniform(0.2, 0.5, 2)
        index = int(rng.integers(len(NAMES)))
        left, top, right, bottom = x - w / 2, y - h / 2, x + w / 2, y + h / 2
        rows, columns = (
            slice(int(top * height), int(bottom * height)),
            slice(int(left * width), int(right * width)),
        )
        pixels[rows, columns, index] = 255
        corners = (left, top, right, top, right, bottom, left, bottom)
        lines.append(" ".join(map(str, (index, *(round(c, 5) for c in corners)))))
    for kind in ("images", "labels"):
        (root / kind / split).mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(root / f"images/{split}/{number}.jpg")
    if lines or split == "train":  # nor is there a file for every image without objects
        (root / f"labels/{split}/{number}.txt").write_text("\n".join(lines))


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tracking database without runs: MLflow takes seconds to make one."""
    from mlflow import MlflowClient

    path = tmp_path_factory.mktemp("database") / "mlflow.db"
    MlflowClient(f"sqlite:///{path}").search_experiments()
    return path


@pytest.fixture
def tracking_uri(
    tmp_path: Path, empty_database: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """MLflow's own setting, over a database of this test; what is set there is forgotten."""
    import mlflow

    before = dict(os.environ)
    monkeypatch.setattr("mlflow.tracking.fluent._active_experiment_id", None)
    shutil.copyfile(empty_database, tmp_path / "mlflow.db")
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    mlflow.set_tracking_uri(uri)
    yield uri
    mlflow.end_run()
    for name in {name for name in os.environ if "MLFLOW" in name} - set(before):
        del os.environ[name]


@pytest.fixture
def arguments(data: Path, tmp_path: Path) -> dict[str, Any]:
    """What a short training is called with."""
    return {
        "data": str(data),
        "imgsz": 64,
        "epochs": 2,
        "batch": 4,
        "device": "cpu",
        "plots": False,
        "verbose": False,
        "project": str(tmp_path / "runs"),
        "name": "short",
        "exist_ok": True,
    }


@pytest.fixture
def spooled(tmp_path: Path) -> Callable[[], CaptureStore]:
    """The captures that a training has left on disk."""

    def read() -> CaptureStore:
        (folder,) = (tmp_path / "runs/short/.mlflow_latent").glob("*/latent")
        return CaptureStore(folder)

    return read
