"""The demo, run once as a user runs it: everything else looks at its run."""

from __future__ import annotations

import json
import signal
import urllib.request
from typing import TYPE_CHECKING

import pytest
from processes import Demo, await_text, start_demo

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    folder = tmp_path_factory.mktemp("demo") / "here"
    log = folder.parent / "demo.log"
    process = start_demo(folder, log, "--epochs", "6")
    assert process.stdout
    with process.stdout as output:
        line = output.readline()
    assert line, log.read_text()
    await_text(log, "Ctrl-C ends the server", process)
    started = Demo(**json.loads(line), folder=folder)
    yield started
    process.send_signal(signal.SIGINT)  # Ctrl-C ends it cleanly, and its server with it
    assert process.wait(30) == 0
    assert "Traceback" not in log.read_text()
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(started.url.split("/latent/")[0], timeout=5)  # noqa: S310 - ours
