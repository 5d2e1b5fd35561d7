"""The detection example from beginning to end, small: its own data, a training, and the truth."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from mlflow_latent.api import analyze as analyzing
from mlflow_latent_examples.coco_detection import main, parse, supercategories

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("ultralytics", reason="the extra `ultralytics` is missing")


@pytest.mark.slow
@pytest.mark.usefixtures("settings")
@pytest.mark.filterwarnings("ignore:.*os.fork:DeprecationWarning")
def test_drawn_scenes_are_trained_on_and_held_to_their_truth(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # A projection would compile for half a minute; other tests have it.
    unprojected = functools.partial(analyzing.analyze, projection="none")
    monkeypatch.setattr(analyzing, "analyze", unprojected)
    uri = f"sqlite:///{tmp_path}/mlflow.db"
    arguments: list[Any] = ["--scenes", 10, 8, "--epochs", 1, "--imgsz", 64, "--batch", 4]
    arguments += ["--width", 0.125, "--device", "cpu", "--out", tmp_path, "--tracking-uri", uri]
    main(parse([str(argument) for argument in arguments]))
    told = [line for line in capsys.readouterr().out.splitlines() if " objects of val" in line]
    assert [line.split(":")[0] for line in told] == ["small", "grayscale", "mislabeled"]
    assert all("loss" in line and "found by the detector" in line for line in told)


def test_vehicles_of_coco(tmp_path: Path) -> None:
    path = tmp_path / "data.yaml"
    path.write_text(yaml.safe_dump({"names": {0: "person", 1: "car", 2: "traffic light"}}))
    assert supercategories(path) == {"car": "vehicle"}
    path.write_text(yaml.safe_dump({"names": ["boat", "dog"]}))
    assert supercategories(path) == {"boat": "vehicle"}
