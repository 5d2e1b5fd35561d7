"""A real `mlflow server`, in a process group of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

STARTUP_SECONDS = 120  # a busy machine migrates the database for a while


class MlflowServer:
    """`mlflow server` over a SQLite file in `folder`; may be killed and started again."""

    def __init__(
        self, folder: Path, *arguments: str, environment: dict[str, str] | None = None
    ) -> None:
        self.folder = folder
        self.arguments = arguments
        self.environment = environment or {}
        self.port = free_port()
        prefix = dict(pairwise(arguments)).get("--static-prefix", "")
        self.uri = f"http://127.0.0.1:{self.port}{prefix}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.launch()
        try:
            self._await()
        except BaseException:
            self.kill()  # else it is there for all tests that follow
            raise

    def launch(self) -> None:
        """Start it without waiting until it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "mlflow", "server", "--workers", "1"]
        command += ["--host", "127.0.0.1", "--port", str(self.port)]
        command += ["--backend-store-uri", f"sqlite:///{self.folder}/mlflow.db"]
        command += ["--artifacts-destination", str(self.folder / "artifacts"), *self.arguments]
        hidden = {"MLFLOW_TRACKING_URI", "MLFLOW_RUN_ID", "PYTHONWARNINGS"}
        environment = {name: value for name, value in os.environ.items() if name not in hidden}
        # Else MLflow starts nine more processes, for jobs that no test has.
        environment["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] = "false"
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                command,
                cwd=self.folder,
                env=environment | {"MLFLOW_DISABLE_TELEMETRY": "true"} | self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self) -> None:
        """End it and its workers at once, as a crash would."""
        if self.process:
            with suppress(ProcessLookupError):  # it ended by itself
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def _await(self) -> None:
        deadline = time.monotonic() + STARTUP_SECONDS
        while time.monotonic() < deadline:
            assert self.process
            assert self.process.poll() is None, (self.folder / "server.log").read_text()
            try:
                with urllib.request.urlopen(f"{self.uri}/health", timeout=5):  # noqa: S310 - ours
                    return
            except OSError:
                time.sleep(0.2)
        raise AssertionError((self.folder / "server.log").read_text())


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
