from __future__ import annotations

import http.server
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from mlflow_latent.errors import TrackingError
from mlflow_latent.tracking.connection import Connection

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def answering(status: int) -> Iterator[str]:
    """A server that gives every request the same answer."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(b'{"error_code": "PERMISSION_DENIED", "message": "not yours"}')

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("status", "reachable"), [(200, True), (401, True), (404, True), (502, False), (503, False)]
)
def test_a_proxy_that_answers_for_an_absent_server_does_not_count(
    status: int, *, reachable: bool
) -> None:
    with answering(status) as uri:
        assert Connection(uri).is_reachable() is reachable


def test_a_server_that_accepts_and_stays_silent_is_away_within_its_timeout() -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        started = time.monotonic()
        assert not Connection(f"http://127.0.0.1:{silent.getsockname()[1]}").is_reachable(0.3)
        assert time.monotonic() - started < 2


def test_missing_permission_says_what_to_set() -> None:
    with answering(403) as uri:
        connection = Connection(uri)
        with pytest.raises(TrackingError, match=r"no permission to read run 'a'.*USERNAME"):
            connection.call("read run 'a'", connection.client.get_run, "a")


def test_a_call_ends_soon_after_its_server_went_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlflow_latent.tracking.connection.PROBE_AFTER", 0.1)
    released = threading.Event()
    with answering(200) as uri:
        connection = Connection(uri)
        assert connection.call("wait", lambda: not released.wait(0.5)) is True
    started = time.monotonic()
    with pytest.raises(TrackingError, match=r"cannot wait: .* stopped answering"):
        connection.call("wait", released.wait, 60)
    assert time.monotonic() - started < 5
    released.set()


@pytest.mark.parametrize("error", [TimeoutError("slow"), RuntimeError(""), OSError("no route")])
def test_any_error_of_a_call_is_said_in_one_line(error: Exception) -> None:
    def fail() -> None:
        raise error

    with pytest.raises(TrackingError, match=r"cannot try it at sqlite:///:memory:: ."):
        Connection("sqlite:///:memory:").call("try it", fail)
