from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from mlflow_latent.capture.spool import Spool
from mlflow_latent.capture.uploader import Uploader
from mlflow_latent.errors import StoreError, TrackingError
from mlflow_latent.tracking import RunTracker, sync
from mlflow_latent.tracking.artifacts import RunArtifacts

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Protocol

    class Server(Protocol):
        uri: str

        def start(self) -> None: ...
        def kill(self) -> None: ...


NOWHERE = "http://127.0.0.1:9"


def arrived(run_id: str, uri: str) -> dict[str, int | None]:
    files = RunArtifacts(RunTracker(run_id, uri).connection, run_id).list_files("latent")
    return {file.path: file.size for file in files}


def on_disk(spool: Spool) -> dict[str, int | None]:
    files = [path for path in spool.latent.rglob("*") if path.is_file()]
    return {path.relative_to(spool.folder).as_posix(): path.stat().st_size for path in files}


@pytest.fixture
def spool(mlflow_database: str, new_run: Callable[[str], str], tmp_path: Path) -> Spool:
    run_id = new_run(mlflow_database)
    return Spool.create(tmp_path / "spools", run_id=run_id, tracking_uri=mlflow_database)


def test_uploads_what_was_left_and_says_so(
    spool: Spool, mlflow_database: str, write_captures: Callable[..., list[Path]]
) -> None:
    written = write_captures(spool.latent, [0, 1])
    spool.mark_uploaded(written[0])
    result = sync(spool.folder.parent)
    (run,) = result.runs
    assert (run.run_id, run.uploaded, run.left, run.error) == (spool.run_id, 5, 0, None)
    assert result.complete
    assert len(arrived(str(spool.run_id), mlflow_database)) == 5
    assert sync(spool.folder).uploaded == 0


def test_splits_with_odd_names_arrive(
    mlflow_server: Server,
    new_run: Callable[[str], str],
    write_captures: Callable[..., list[Path]],
    tmp_path: Path,
) -> None:
    from mlflow_latent.store import CaptureStore

    run_id = new_run(mlflow_server.uri)
    spool = Spool.create(tmp_path / "spools", run_id=run_id, tracking_uri=mlflow_server.uri)
    names = ["night drive", "ü", "50 %"]
    write_captures(spool.latent, [0], splits=names)
    assert sync(spool.folder).complete
    local = RunTracker(run_id, mlflow_server.uri, cache=tmp_path / "cache").download_latent()
    assert sorted(CaptureStore(local).snapshot().splits) == sorted(names)


def test_broken_and_runless_spools_are_named_and_the_others_go_on(
    spool: Spool, write_captures: Callable[..., list[Path]]
) -> None:
    root = spool.folder.parent
    write_captures(spool.latent, [0])
    broken = Spool.create(root, run_id="broken", tracking_uri=None)
    (broken.folder / "spool.json").write_text('{"run_id": "b')
    write_captures(Spool.create(root, run_id=None, tracking_uri=None).latent, [0])
    unknown = Spool.create(root, run_id="0" * 32, tracking_uri=spool.tracking_uri)
    write_captures(unknown.latent, [0])
    away = Spool.create(root, run_id="away", tracking_uri=NOWHERE)
    write_captures(away.latent, [0])
    runs = {run.folder.name: run for run in sync(root).runs}
    assert runs[spool.folder.name].uploaded == 4
    assert "spool.json" in str(runs["broken"].error)
    assert "no MLflow run" in str(runs["no-run"].error)
    assert runs["no-run"].left == 4
    assert "0" * 32 in str(runs["0" * 32].error)
    assert "does not answer" in str(runs["away"].error)


def test_a_server_that_is_away_is_an_error_within_seconds(
    tmp_path: Path, write_captures: Callable[..., list[Path]]
) -> None:
    spool = Spool.create(tmp_path, run_id="abc", tracking_uri=NOWHERE)
    write_captures(spool.latent, [0])
    started = time.monotonic()
    with pytest.raises(TrackingError, match=r"does not answer.*4 files wait on disk"):
        sync(tmp_path)
    assert time.monotonic() - started < 5


def test_the_runs_may_have_moved_to_another_address(
    mlflow_database: str,
    new_run: Callable[[str], str],
    tmp_path: Path,
    write_captures: Callable[..., list[Path]],
) -> None:
    spool = Spool.create(tmp_path, run_id=new_run(mlflow_database), tracking_uri=NOWHERE)
    write_captures(spool.latent, [0])
    assert sync(tmp_path, tracking_uri=mlflow_database).uploaded == 4


def test_a_folder_without_spools_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"no captures to upload in .*spool\.json"):
        sync(tmp_path)


@pytest.mark.slow
def test_nothing_is_lost_when_the_server_dies_during_training(
    new_server: Callable[[], Server],
    new_run: Callable[[str], str],
    tmp_path: Path,
    write_captures: Callable[..., list[Path]],
) -> None:
    server = new_server()
    server.start()
    run_id = new_run(server.uri)
    spool = Spool.create(tmp_path / "spools", run_id=run_id, tracking_uri=server.uri)
    tracker = RunTracker(run_id, server.uri)
    uploading = threading.Event()

    def upload(path: Path, artifact_folder: str) -> None:
        uploading.set()
        tracker.upload(path, artifact_folder)

    uploader = Uploader(spool, upload, tracker.is_reachable)
    for epoch in range(6):
        for path in write_captures(spool.latent, [epoch]):
            uploader.submit(path)
        if epoch == 2:
            assert uploading.wait(30)
            server.kill()
    started = time.monotonic()
    summary = uploader.close()
    assert time.monotonic() - started < 5
    assert summary.left > 0
    with pytest.raises(TrackingError, match="does not answer"):
        sync(spool.folder)

    server.start()
    result = sync(spool.folder)
    assert result.complete
    assert result.uploaded == summary.left
    assert arrived(run_id, server.uri) == on_disk(spool)
