"""Comparing MLflow runs: read from them, logged to them, on the command line and in the docs."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from mlflow import MlflowClient
from processes import call

import mlflow_latent as ml
from mlflow_latent.capture.recorder import Recorder
from mlflow_latent.errors import InputError
from mlflow_latent.report.comparison.model import Comparison
from mlflow_latent.schema import CaptureInfo
from mlflow_latent.store import LATENT
from mlflow_latent.tracking import RunTracker
from mlflow_latent.tracking.comparisons import COMPARISON_TAG

if TYPE_CHECKING:
    from collections.abc import Callable

    Pair = Any

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
CLASSES = tuple(f"class {number}" for number in range(5))


@pytest.fixture
def runs(
    mlflow_database: str,
    new_run: Callable[[str], str],
    make_pair: Callable[[int, int], Pair],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> tuple[str, str]:
    """Two captured runs; the second one was not captured at the same epoch."""
    monkeypatch.setenv("MLFLOW_LATENT_CACHE", str(tmp_path / "cache"))
    pair = make_pair(0, 240)
    pair.loss_b[pair.target == 2] *= 0.2
    made = []
    for key, epoch in (("a", 3), ("b", 5)):
        latent = tmp_path / key
        capture(pair, key, epoch, latent)
        tracker = RunTracker(new_run(mlflow_database), mlflow_database)
        for path in sorted(latent.rglob("*.parquet")):
            tracker.upload(path, f"{LATENT}/{path.parent.relative_to(latent).as_posix()}")
        made.append(tracker.run_id)
    return made[0], made[1]


def capture(pair: Pair, key: str, epoch: int, latent: Path) -> None:
    recorder = Recorder(latent, CaptureInfo(class_names=CLASSES, layers=("backbone",)))
    for split in ("train", "val"):
        rows = pair.split == split
        writer = recorder.begin(epoch=epoch, split=split)
        writer.add(
            {
                "sample_id": [f"s{row}" for row in rows.nonzero()[0]],
                "embedding_backbone": pair.embedding[rows],
                "loss": (pair.loss_a if key == "a" else pair.loss_b)[rows],
                "target": pair.target[rows],
                "meta_light": pair.metadata["light"][rows],
            }
        )
        writer.close()


def logged(uri: str, run_id: str, folder: str) -> Path:
    client = MlflowClient(uri)
    return Path(client.download_artifacts(run_id, folder))


def test_the_comparison_is_logged_to_both_runs_and_to_one_of_its_own(
    runs: tuple[str, str], mlflow_database: str
) -> None:
    a, b = runs
    found = ml.compare(a, b, tracking_uri=mlflow_database, comparison_run=True)

    assert (found.a.run_id, found.a.epoch, found.b.epoch) == (a, 3, 5)
    assert any("different epochs" in note for note in found.notes)
    reasons = {one.kind: one.reason for one in found.not_applicable}
    assert "was not analyzed" in reasons["insights"]
    for run_id, other in ((a, b), (b, a)):
        place = logged(mlflow_database, run_id, f"latent/comparisons/{other}")
        assert Comparison.load(place) == found
        assert "Content-Security-Policy" in (place / "comparison.html").read_text()
        assert (place / "figures" / "change_category_loss.png").exists()
    client = MlflowClient(mlflow_database)
    experiment = client.get_run(a).info.experiment_id
    own = client.search_runs([experiment], f"tags.`{COMPARISON_TAG}` = '{a},{b}'")
    assert len(own) == 1
    assert own[0].info.status == "FINISHED"
    assert own[0].data.metrics["latent/change_loss_val"] == pytest.approx(
        found.overall().difference
    )


def test_analyzed_runs_are_compared_by_their_insights_and_regions(
    runs: tuple[str, str], mlflow_database: str
) -> None:
    for run_id in runs:
        ml.analyze(run_id, tracking_uri=mlflow_database, projection="none")
    found = ml.compare(*runs, tracking_uri=mlflow_database)
    assert not {"insights", "region_a", "region_b"} & {one.kind for one in found.not_applicable}
    assert {one.grouping for one in found.changes} >= {"region_a", "region_b", "region_joint"}
    assert found.homogeneity[0].categories == "category"


def test_the_command_prints_words_or_one_json_object(
    runs: tuple[str, str], mlflow_database: str, tmp_path: Path
) -> None:
    where = ("--tracking-uri", mlflow_database)
    spoken = call("compare", *runs, *where, cwd=tmp_path)
    assert spoken.returncode == 0, spoken.stderr
    assert "shared: " in spoken.stdout
    assert "category class 2" in spoken.stdout

    done = call("compare", *runs, *where, "--json", "--output", "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["b"]["run_id"] == runs[1]
    assert (tmp_path / "out" / "comparison.html").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["x", "x"], "'x' is given twice; compare it with another run"),
        (["x"], "a comparison takes at least 2 runs, got 1"),
        (["x", "y", "--tracking-uri", "sqlite:///no.db"], "no MLflow database"),
        (["x", "y", "--epoch", "1", "--epoch", "2", "--epoch", "3"], "one for each of the 2 runs"),
    ],
)
def test_a_users_mistake_is_one_line(arguments: list[str], message: str, tmp_path: Path) -> None:
    done = call("compare", *arguments, cwd=tmp_path)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_docs(
    runs: tuple[str, str], mlflow_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", mlflow_database)
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "docs" / "compare.md").read_text()
    names: dict[str, Any] = {"run_a": runs[0], "run_b": runs[1], "InputError": InputError}
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(blocks) > 2
    for block in blocks:
        exec(compile(block, "compare.md", "exec"), names)  # noqa: S102 - our own documentation
    assert names["change"].n == 120
    assert len(names["comparison"].samples) == 240
