"""A small set of street scenes that the tests of examples share, and settings put back."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

import pytest

from mlflow_latent_examples.coco_segmentation import make_parser, train
from mlflow_latent_examples.street_scenes import make_scenes
from mlflow_latent_examples.streets.plan import Plan

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Pair(NamedTuple):
    """A category run and a super-category run, and where they are."""

    tracking_uri: str
    folder: Path
    categories: str
    supercategories: str


@pytest.fixture(scope="session")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """48 + 32 scenes, in which much is planted."""
    often = {"train": 0.25, "val": 0.25}
    plan = Plan(night=often, far=often, grayscale=often, relabeled=often)
    folder = tmp_path_factory.mktemp("scenes")
    return make_scenes(folder, train=48, val=32, plan=plan, processes=1)


@pytest.fixture(scope="session")
def pair(scenes: Path, tmp_path_factory: pytest.TempPathFactory) -> Pair:
    """The segmentation example, trained for an epoch on small images, and not analyzed."""
    folder = tmp_path_factory.mktemp("pair")
    uri = f"sqlite:///{folder}/mlflow.db"
    arguments = ["--data", str(scenes), "--size", "64", "--epochs", "1", "--val", "24"]
    arguments += ["--from-scratch", "--no-progress", "--out", str(folder), "--tracking-uri", uri]
    options = make_parser(None).parse_args(arguments)
    with pytest.MonkeyPatch.context() as patched:
        # It would compile for half a minute; other tests have it.
        patched.setattr("mlflow_latent.analyze", lambda *_, **__: None)
        patched.chdir(folder)
        runs = [train(options, supercategory=merged) for merged in (False, True)]
    return Pair(uri, folder, *runs)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """MLflow's and Ultralytics' settings, left as they were."""
    import mlflow

    before = dict(os.environ)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("mlflow.tracking.fluent._active_experiment_id", None)
    uri = mlflow.get_tracking_uri()
    yield
    mlflow.set_tracking_uri(uri)
    os.environ.clear()
    os.environ.update(before)
