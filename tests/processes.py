"""`mlflow-latent` as a user runs it: a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = [sys.executable, "-m", "mlflow_latent"]
SECONDS = 300  # training, analysis and MLflow's server, on a busy machine


@dataclass
class Demo:
    """A demo whose server is running."""

    tracking_uri: str
    run_id: str
    url: str
    folder: Path


def clean_environment() -> dict[str, str]:
    hidden = {"MLFLOW_TRACKING_URI", "MLFLOW_RUN_ID"}
    return {name: value for name, value in os.environ.items() if name not in hidden}


def call(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*PROGRAM, *arguments],
        cwd=cwd,
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS,
    )


def start_demo(folder: Path, log: Path, *options: str) -> subprocess.Popen[bytes]:
    with log.open("wb") as errors:
        return subprocess.Popen(
            [*PROGRAM, "demo", "--folder", str(folder), "--json", *options],
            cwd=folder.parent,
            env=clean_environment(),
            stdout=subprocess.PIPE,
            stderr=errors,
        )


def await_text(path: Path, text: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + SECONDS
    while text not in path.read_text():
        assert process.poll() is None, path.read_text()
        assert time.monotonic() < deadline, path.read_text()
        time.sleep(0.2)
