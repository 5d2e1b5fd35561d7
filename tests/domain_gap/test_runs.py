"""Gaps of MLflow runs: read from them, logged to them, on the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from mlflow import MlflowClient
from processes import call

import mlflow_latent as ml
from mlflow_latent.capture.recorder import Recorder
from mlflow_latent.schema import CaptureInfo
from mlflow_latent.store import LATENT
from mlflow_latent.tracking import RunTracker

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.slow


@pytest.fixture
def run(
    mlflow_database: str,
    new_run: Callable[[str], str],
    make_sets: Callable[..., ml.Snapshot],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> str:
    """A captured run with val, two synthetic sets and an unlabeled target."""
    monkeypatch.setenv("MLFLOW_LATENT_CACHE", str(tmp_path / "cache"))
    sets = make_sets(1, val=(200, 0.0), far=(150, 0.2), near=(150, 0.9), unlabeled=(80, 1.0))
    recorder = Recorder(tmp_path / "captured", CaptureInfo(layers=("backbone",)))
    for split in sets.splits:
        rows = sets.rows(split)
        writer = recorder.begin(epoch=3, split=split)
        columns: dict[str, Any] = {
            "sample_id": sets.sample_id[rows].tolist(),
            "embedding_backbone": sets.embedding[rows],
            "meta_brightness": sets.metadata["brightness"].to_numpy(np.float32)[rows],
        }
        if split != "unlabeled":
            columns["loss"] = np.random.default_rng(0).exponential(size=int(rows.sum()))
        writer.add(columns)
        writer.close()
    tracker = RunTracker(new_run(mlflow_database), mlflow_database)
    for path in sorted((tmp_path / "captured").rglob("*.parquet")):
        folder = path.parent.relative_to(tmp_path / "captured").as_posix()
        tracker.upload(path, f"{LATENT}/{folder}")
    return tracker.run_id


def logged(uri: str, run_id: str, folder: str) -> Path:
    return Path(MlflowClient(uri).download_artifacts(run_id, folder))


def test_a_gap_and_a_trend_are_logged_to_the_run(
    run: str, mlflow_database: str, tmp_path: Path
) -> None:
    gap = ml.gap(
        run, source="val", target="unlabeled", tracking_uri=mlflow_database, folder=tmp_path / "own"
    )
    assert gap.verdict == "gap"
    assert (gap.source.run_id, gap.target.epoch, gap.target.layer) == (run, 3, "backbone")
    place = logged(mlflow_database, run, "latent/gaps/val-unlabeled")
    assert ml.DomainGap.load(place) == gap == ml.DomainGap.load(tmp_path / "own")
    page = (place / "gap.html").read_text()
    assert page.startswith("<!doctype html>")
    assert "Content-Security-Policy" in page
    drawn = {path.stem for path in (place / "figures").iterdir()}
    assert drawn == {"population", "belonging", "fields", "coverage"}

    trend = ml.gap_trend(["far", "near"], target="unlabeled", run=run, tracking_uri=mlflow_database)
    assert [one.origin.name for one in trend.candidates] == ["near", "far"]
    place = logged(mlflow_database, run, "latent/gaps/trend-near-far-unlabeled")
    assert ml.GapTrend.load(place) == trend
    assert (place / "trend.html").exists()
    assert ml.DomainGap.load(place / "near") == trend.gaps[0]


def test_the_command_prints_words_or_one_json_object(
    run: str, mlflow_database: str, tmp_path: Path
) -> None:
    where = ("--tracking-uri", mlflow_database)
    spoken = call("gap", run, "--source", "val", "--target", "unlabeled", *where, cwd=tmp_path)
    assert spoken.returncode == 0, spoken.stderr
    assert "unlabeled against val: they differ" in spoken.stdout
    assert "differs: brightness: lower" in spoken.stdout

    several = ("--source", "far", "--source", "near", "--target", "unlabeled")
    done = call("gap", run, *several, *where, "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    names = [one["origin"]["name"] for one in json.loads(done.stdout)["candidates"]]
    assert names == ["near", "far"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["x", "--source", "a", "--source", "b"], "--target must be named"),
        (["x", "--tracking-uri", "sqlite:///no.db"], "no MLflow database"),
    ],
)
def test_a_users_mistake_is_one_line(arguments: list[str], message: str, tmp_path: Path) -> None:
    done = call("gap", *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
