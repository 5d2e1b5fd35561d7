from __future__ import annotations

import json
import shutil
import time
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from mlflow_latent.errors import InputError, MissingCaptureError, TrackingError
from mlflow_latent.store import LATENT, CaptureStore
from mlflow_latent.tracking import RunTracker
from mlflow_latent.tracking.artifacts import RunArtifacts
from mlflow_latent.tracking.run import CAPTURES_TAG

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mlflow_latent.report.model import Insight, Report

    MakeTracker = Callable[..., RunTracker]

NOWHERE = "http://127.0.0.1:9"


@pytest.fixture(params=["mlflow_server", "mlflow_database"])
def uri(request: pytest.FixtureRequest) -> str:
    place = request.getfixturevalue(request.param)
    return place if isinstance(place, str) else str(place.uri)


@pytest.fixture
def tracker(uri: str, new_run: Callable[[str], str], tmp_path: Path) -> RunTracker:
    return RunTracker(new_run(uri), uri, cache=tmp_path / "cache")


@pytest.fixture
def database_tracker(
    mlflow_database: str, new_run: Callable[[str], str], tmp_path: Path
) -> RunTracker:
    return RunTracker(new_run(mlflow_database), mlflow_database, cache=tmp_path / "cache")


def upload_all(tracker: RunTracker, latent: Path) -> None:
    for path in sorted(latent.rglob("*.parquet")):
        tracker.upload(path, f"{LATENT}/{path.parent.relative_to(latent).as_posix()}")


def state(tracker: RunTracker) -> dict[str, Any]:
    """All that MLflow holds of the run, but for what it counts itself."""
    client = tracker.connection.client
    data = client.get_run(tracker.run_id).data
    files = RunArtifacts(tracker.connection, tracker.run_id).list_files("latent")
    history = {
        name: [
            (metric.step, metric.value)
            for metric in client.get_metric_history(tracker.run_id, name)
        ]
        for name in data.metrics
    }
    return {"tags": data.tags, "history": history, "files": files}


def test_a_capture_marks_the_run_so_that_it_can_be_found(
    database_tracker: RunTracker, tmp_path: Path
) -> None:
    path = tmp_path / "rank0.parquet"
    path.write_bytes(b"rows")
    client = database_tracker.connection.client

    database_tracker.upload(path, "latent/samples/split=val")
    assert CAPTURES_TAG not in client.get_run(database_tracker.run_id).data.tags

    database_tracker.upload(path, "latent/captures/epoch=00000/split=val")
    assert client.get_run(database_tracker.run_id).data.tags[CAPTURES_TAG] == "yes"


def test_captures_come_back_as_they_were(
    tracker: RunTracker, write_captures: Callable[..., list[Path]], tmp_path: Path
) -> None:
    latent = tmp_path / "latent"
    written = write_captures(latent, [0, 1, 2], embedded=[2])
    upload_all(tracker, latent)
    local = tracker.download_latent()
    store = CaptureStore(local)
    assert store.problems == ()
    assert store.epochs() == [0, 1, 2]
    assert len(store.snapshot()) == 60
    for path in written:
        assert (local / path.relative_to(latent)).read_bytes() == path.read_bytes()


def test_each_version_of_a_file_is_fetched_once(
    database_tracker: RunTracker, write_captures: Callable[..., list[Path]], tmp_path: Path
) -> None:
    latent = tmp_path / "latent"
    upload_all(database_tracker, write_captures(latent, [0, 1]) and latent)
    local = database_tracker.download_latent()
    before = {path: path.stat().st_ino for path in local.rglob("*.parquet")}
    assert database_tracker.download_latent() == local
    assert {path: path.stat().st_ino for path in local.rglob("*.parquet")} == before
    write_captures(latent, [0], embedded=[])  # the recorder drops embeddings not kept
    upload_all(database_tracker, latent)
    database_tracker.download_latent(1)
    changed = [p for p in local.rglob("*.parquet") if before.get(p) != p.stat().st_ino]
    assert {path.parent.parent.name for path in changed} == {"epoch=00000"}


def test_expensive_epochs_stay_where_they_are(
    database_tracker: RunTracker,
    write_captures: Callable[..., list[Path]],
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    latent = tmp_path / "latent"
    write_captures(latent, [0, 1, 2], embedded=[0, 2])
    upload_all(database_tracker, latent)
    local = database_tracker.download_latent(2, history_bytes=8000)
    assert CaptureStore(local).epochs() == [1, 2]
    assert caplog.messages == ["losses of epochs 0 were not downloaded: too large"]


def test_says_what_a_run_without_captures_lacks(database_tracker: RunTracker) -> None:
    with pytest.raises(MissingCaptureError, match=r"no captures; add LatentCapture.*sync"):
        database_tracker.download_latent()


@pytest.mark.parametrize("run_id", ["0" * 32, "../../etc/passwd", "ü"])
def test_an_unknown_run_is_named(uri: str, run_id: str, tmp_path: Path) -> None:
    with pytest.raises(TrackingError, match=r"read run '") as caught:
        RunTracker(run_id, uri, cache=tmp_path).download_latent()
    assert run_id in str(caught.value)


def test_a_server_that_is_away_is_an_error_within_seconds(tmp_path: Path) -> None:
    tracker = RunTracker("abc", NOWHERE, cache=tmp_path)
    started = time.monotonic()
    assert not tracker.is_reachable()
    for call in (tracker.download_latent, tracker.read_report, tracker.analyzed_epochs):
        with pytest.raises(TrackingError, match=f"{NOWHERE} does not answer"):
            call()
    assert time.monotonic() - started < 5


def test_a_password_in_the_address_stays_out_of_messages(tmp_path: Path) -> None:
    tracker = RunTracker("abc", "http://me:secret@127.0.0.1:9", cache=tmp_path)
    with pytest.raises(TrackingError, match=r"http://me:…@127\.0\.0\.1:9") as caught:
        tracker.read()
    assert "secret" not in str(caught.value)


def test_the_file_store_is_refused_with_the_line_to_change(tmp_path: Path) -> None:
    tracker = RunTracker("abc", (tmp_path / "mlruns").as_uri())
    with pytest.raises(TrackingError, match=r"tracking_uri='sqlite:///mlflow\.db'"):
        tracker.read()


def test_a_missing_database_is_named_and_not_created(tmp_path: Path) -> None:
    with pytest.raises(TrackingError, match=r"no MLflow database at .*typo\.db"):
        RunTracker("abc", f"sqlite:///{tmp_path}/typo.db").read()
    assert not (tmp_path / "typo.db").exists()


def test_a_relative_database_means_the_same_from_everywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    tracker = RunTracker("abc", "sqlite:///mlflow.db")
    assert tracker.tracking_uri == f"sqlite:///{tmp_path}/mlflow.db"


def test_an_empty_run_id_is_refused() -> None:
    with pytest.raises(InputError, match="run_id is ' '"):
        RunTracker(" ")


@pytest.mark.parametrize("status", ["RUNNING", "FINISHED"])
def test_logging_an_analysis_twice_leaves_the_same_state(
    tracker: RunTracker,
    make_insight: Callable[..., Insight],
    make_report: Callable[..., Report],
    analysis: Callable[..., Path],
    status: str,
) -> None:
    client = tracker.connection.client
    client.set_tag(tracker.run_id, "mlflow.note.content", "My own words.")
    client.update_run(tracker.run_id, status)
    report = make_report(make_insight())
    folder = analysis(report)
    tracker.log_analysis(folder, report)
    once = state(tracker)
    tracker.log_analysis(folder, report)
    assert state(tracker) == once
    assert once["tags"]["mlflow.note.content"].startswith("My own words.\n\n<!-- mlflow-latent")
    assert once["history"]["latent/insights_total"] == [(7, 1.0)]
    assert [file.path for file in once["files"]] == [
        "latent/analysis/epoch=00007/figures/population.png",
        "latent/analysis/epoch=00007/manifest.json",
        "latent/analysis/epoch=00007/report.html",
        "latent/analysis/epoch=00007/report.json",
        "latent/analysis/epoch=00007/samples.parquet",
        "latent/insights.json",
    ]
    assert client.get_run(tracker.run_id).info.status == status
    assert "latent_overview.png" in {f.path for f in client.list_artifacts(tracker.run_id)}


def test_mlflow_loads_the_insights_as_a_table(
    database_tracker: RunTracker,
    make_insight: Callable[..., Insight],
    make_report: Callable[..., Report],
    analysis: Callable[..., Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    report = make_report(make_insight())
    database_tracker.log_analysis(analysis(report), report)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", database_tracker.tracking_uri)
    experiment_id = database_tracker.read().info.experiment_id
    client = database_tracker.connection.client
    table = client.load_table(experiment_id, "latent/insights.json", [database_tracker.run_id])
    assert list(table["kind"]) == ["low_performance"]


def test_a_report_comes_back_whole(
    tracker: RunTracker,
    make_insight: Callable[..., Insight],
    make_report: Callable[..., Report],
    analysis: Callable[..., Path],
) -> None:
    report = make_report(make_insight())
    tracker.log_analysis(analysis(report), report)
    back = tracker.read_report()
    assert back.to_json() == report.to_json()
    pd.testing.assert_frame_equal(back.samples, report.samples)
    assert tracker.analyzed_epochs() == [7]
    page = tracker.download_analysis(names=["report.html"]) / "report.html"
    assert "<h1>Epoch 7" in page.read_text()


def test_a_changed_analysis_replaces_the_old_one(
    database_tracker: RunTracker,
    make_insight: Callable[..., Insight],
    make_report: Callable[..., Report],
    analysis: Callable[..., Path],
) -> None:
    first = make_report(make_insight("overfitting"), make_insight(title="1"))
    second = make_report(make_insight(title="2"))
    for report in (first, second):
        database_tracker.log_analysis(analysis(report), report)
        assert database_tracker.read_report().to_json() == report.to_json()
    metrics = database_tracker.read().data.metrics
    assert metrics["latent/insights_total"] == 1
    assert metrics["latent/insights_overfitting"] == 0


def test_an_analysis_without_its_manifest_is_not_shown(
    database_tracker: RunTracker, make_report: Callable[..., Report], analysis: Callable[..., Path]
) -> None:
    old, new = make_report(epoch=3), make_report(epoch=7)
    database_tracker.log_analysis(analysis(old), old)
    database_tracker.upload(analysis(new) / "report.json", "latent/analysis/epoch=00007")
    assert database_tracker.read_report().epoch == 3
    with pytest.raises(TrackingError, match=r"epoch 7: its upload was interrupted.*analyze"):
        database_tracker.read_report(7)
    with pytest.raises(TrackingError, match="no analysis of epoch 5, only of 3, 7"):
        database_tracker.read_report(5)


def test_an_analysis_that_is_not_what_its_manifest_says_is_not_shown(
    database_tracker: RunTracker, make_report: Callable[..., Report], analysis: Callable[..., Path]
) -> None:
    report = make_report()
    folder = analysis(report)
    database_tracker.log_analysis(folder, report)
    assert database_tracker.read_report().epoch == 7
    text = (folder / "report.json").read_text()
    (folder / "report.json").write_text(text.replace("backbone", "backbonE"))  # the same size
    database_tracker.upload(folder / "report.json", "latent/analysis/epoch=00007")
    shutil.rmtree(database_tracker._artifacts.folder)
    with pytest.raises(TrackingError, match=r"report\.json is not what the manifest says"):
        database_tracker.read_report()


def test_a_run_without_an_analysis_says_how_to_make_one(database_tracker: RunTracker) -> None:
    with pytest.raises(TrackingError, match=r"has not been analyzed.*mlflow-latent analyze"):
        database_tracker.read_report()


def test_a_report_of_no_epoch_has_no_place(
    database_tracker: RunTracker, make_report: Callable[..., Report], analysis: Callable[..., Path]
) -> None:
    report = make_report(epoch=None)
    with pytest.raises(InputError, match="names no epoch"):
        database_tracker.log_analysis(analysis(report), report)


def test_a_full_note_is_left_alone(
    database_tracker: RunTracker,
    make_report: Callable[..., Report],
    analysis: Callable[..., Path],
    caplog: pytest.LogCaptureFixture,
) -> None:
    client = database_tracker.connection.client
    client.set_tag(database_tracker.run_id, "mlflow.note.content", "y" * 7990)
    report = make_report()
    database_tracker.log_analysis(analysis(report), report)
    assert database_tracker.read().data.tags["mlflow.note.content"] == "y" * 7990
    assert "too full" in caplog.text


def test_unfinished_files_and_links_are_not_logged(
    database_tracker: RunTracker, make_report: Callable[..., Report], analysis: Callable[..., Path]
) -> None:
    report = make_report()
    folder = analysis(report)
    (folder / "figures" / "half.png.tmp").write_bytes(b"half")
    (folder / "link.txt").symlink_to("/etc/hostname")
    database_tracker.log_analysis(folder, report)
    names = json.loads((database_tracker.download_analysis() / "manifest.json").read_text())
    assert {file["path"] for file in names["files"]} == {
        "figures/population.png",
        "report.html",
        "report.json",
        "samples.parquet",
    }
