from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

import pytest

from mlflow_latent.capture import uploader as module
from mlflow_latent.capture.spool import Spool
from mlflow_latent.capture.uploader import Uploader

if TYPE_CHECKING:
    from pathlib import Path


class Server:
    """A server that remembers what arrives; it may be away, refuse, hang or take its time."""

    def __init__(self) -> None:
        self.arrived: dict[str, str] = {}
        self.calls = 0
        self.away = False
        self.refuses: set[str] = set()
        self.seconds = 0.0
        self.hangs = threading.Event()
        self.released = threading.Event()

    def upload(self, path: Path, artifact_folder: str) -> None:
        self.calls += 1
        if self.hangs.is_set():
            self.released.wait(60)
        if self.away:
            raise ConnectionError("connection refused")
        if path.name in self.refuses:
            raise PermissionError("403 for\nyou")
        time.sleep(self.seconds)
        self.arrived[f"{artifact_folder}/{path.name}"] = path.read_text()

    def is_reachable(self) -> bool:
        return not self.away


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool.create(tmp_path, run_id="abc", tracking_uri=None)


@pytest.fixture
def server() -> Server:
    return Server()


def write(spool: Spool, name: str, content: str = "rows") -> Path:
    path = spool.latent / name
    path.write_text(content)
    return path


def eventually(condition: object, seconds: float = 10.0) -> bool:
    assert callable(condition)
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    return bool(condition())


def test_uploads_while_training_goes_on(spool: Spool, server: Server) -> None:
    uploader = Uploader(spool, server.upload, server.is_reachable)
    uploader.submit(write(spool, "a"))
    assert eventually(lambda: server.arrived == {"latent/a": "rows"})
    assert uploader.close() == module.UploadSummary(uploaded=1, left=0)
    assert spool.pending() == []


def test_submit_returns_at_once_and_a_full_queue_is_caught_up_by_close(
    spool: Spool, server: Server
) -> None:
    server.seconds = 0.005
    uploader = Uploader(spool, server.upload, server.is_reachable, max_pending=3)
    paths = [write(spool, f"{number}") for number in range(50)]
    started = time.perf_counter()
    for path in paths:
        uploader.submit(path)
    assert time.perf_counter() - started < 0.1
    assert uploader.close().left == 0
    assert len(server.arrived) == 50


def test_the_latest_version_of_a_file_wins(spool: Spool, server: Server) -> None:
    server.hangs.set()
    uploader = Uploader(spool, server.upload, server.is_reachable)
    uploader.submit(write(spool, "first"))
    assert eventually(lambda: server.calls == 1)
    for content in ("old", "newer", "newest"):
        uploader.submit(write(spool, "shard", content))
    server.hangs.clear()
    server.released.set()
    assert uploader.close() == module.UploadSummary(uploaded=2, left=0)
    assert server.arrived["latent/shard"] == "newest"


def test_close_delivers_files_that_nobody_submitted(spool: Spool, server: Server) -> None:
    write(spool, "of-another-rank")
    assert Uploader(spool, server.upload, server.is_reachable).close().uploaded == 1


def test_a_server_that_comes_back_gets_what_it_missed(
    spool: Spool, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FIRST_PAUSE", 0.02)
    server.away = True
    uploader = Uploader(spool, server.upload, server.is_reachable)
    for name in "abc":
        uploader.submit(write(spool, name))
    time.sleep(0.2)
    assert server.calls == 0  # the breaker is open: no upload is tried while it is away
    server.away = False
    assert eventually(lambda: len(server.arrived) == 3)
    assert uploader.close().error is None


def test_close_gives_up_at_once_when_nobody_answers(
    spool: Spool, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    server.away = True
    uploader = Uploader(spool, server.upload, server.is_reachable)
    uploader.submit(write(spool, "a"))
    started = time.monotonic()
    with caplog.at_level(logging.WARNING):
        summary = uploader.close()
        assert uploader.close() == summary
    assert time.monotonic() - started < 3
    assert (summary.uploaded, summary.left) == (0, 1)
    (warning,) = caplog.messages
    assert warning == (
        "1 file(s) were not uploaded to MLflow (the tracking server does not answer). "
        f"Nothing is lost; upload them later with: mlflow-latent sync {spool.folder}"
    )


def test_close_is_not_held_by_an_upload_that_hangs(spool: Spool, server: Server) -> None:
    server.hangs.set()
    uploader = Uploader(spool, server.upload, server.is_reachable)
    uploader.submit(write(spool, "a"))
    assert eventually(lambda: server.calls == 1)
    server.away = True
    started = time.monotonic()
    assert uploader.close().left == 1
    assert time.monotonic() - started < 5
    server.released.set()


def test_close_is_not_held_by_a_probe_that_hangs(spool: Spool, server: Server) -> None:
    uploader = Uploader(spool, server.upload, lambda: not time.sleep(30))
    uploader.submit(write(spool, "a"))
    started = time.monotonic()
    assert uploader.close().left == 1
    assert time.monotonic() - started < 6


def test_close_waits_for_a_slow_server_that_answers(spool: Spool, server: Server) -> None:
    server.seconds = 0.3
    for number in range(5):
        write(spool, f"{number}")
    assert Uploader(spool, server.upload, server.is_reachable).close().left == 0


def test_close_ends_at_its_cap(spool: Spool, server: Server) -> None:
    server.hangs.set()
    write(spool, "a")
    uploader = Uploader(spool, server.upload, server.is_reachable)
    started = time.monotonic()
    assert uploader.close(timeout=0.5).left == 1
    assert time.monotonic() - started < 2
    server.released.set()


def test_a_refused_file_does_not_keep_the_others(
    spool: Spool, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FIRST_PAUSE", 0.02)
    server.refuses = {"b"}
    uploader = Uploader(spool, server.upload, server.is_reachable)
    for name in "abc":
        uploader.submit(write(spool, name))
    assert eventually(lambda: len(server.arrived) == 2)
    summary = uploader.close()
    assert summary == module.UploadSummary(uploaded=2, left=1, error="403 for")


def test_a_file_its_writer_took_away_is_no_failure(spool: Spool, server: Server) -> None:
    uploader = Uploader(spool, server.upload, server.is_reachable)
    uploader.submit(spool.latent / "gone")
    uploader.submit(write(spool, "a"))
    assert uploader.close() == module.UploadSummary(uploaded=1, left=0)


def test_a_folder_that_vanishes_never_raises(spool: Spool, server: Server) -> None:
    uploader = Uploader(spool, server.upload, server.is_reachable)
    spool.latent.rmdir()
    (spool.folder / "spool.json").unlink()
    spool.folder.rmdir()
    uploader.submit(spool.latent / "a")
    assert uploader.close().left == 0
