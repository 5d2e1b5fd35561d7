"""`mlflow-latent demo`: the main job on real digits, from training to the explorer in MLflow."""

from __future__ import annotations

import importlib.util
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import urlopen

import click

from mlflow_latent.cli.output import json_option, one_line_errors, print_json, print_report
from mlflow_latent.errors import InputError, TrackingError

if TYPE_CHECKING:
    from mlflow_latent.report.model import Report
    from mlflow_latent.tracking import RunPage

EXAMPLE = "mlflow_latent_examples.digits"
EXPERIMENT = "mlflow-latent demo"
HOST = "127.0.0.1"
START_SECONDS = 90  # MLflow's server imports for a while on a slow machine
STOP_SECONDS = 10
_LIGHT = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}  # nine processes for jobs it has not


@click.command("demo")
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("mlflow-latent-demo"),
    show_default=True,
    help="Where the database and the artifacts go.",
)
@click.option("--epochs", type=click.IntRange(min=1), default=15, show_default=True)
@click.option("--serve/--no-serve", default=True, help="Start MLflow's server at the end.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Default: a free one.")
@json_option
@one_line_errors
def command(*, folder: Path, epochs: int, serve: bool, port: int, as_json: bool) -> None:
    """Train on real digits with the callback, analyze, and serve the explorer on the result."""
    _require_lightning()
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    tracking_uri = f"sqlite:///{folder / 'mlflow.db'}"
    click.echo(f"Training {epochs} epochs on scikit-learn's digits, in {folder}", err=True)
    _train(folder, tracking_uri, epochs)
    page, report = _read(tracking_uri)
    port = port or _free_port()
    root = f"http://{HOST}:{port}/"
    if as_json:
        address = f"{root}{page.explorer}" if serve else None
        print_json({"tracking_uri": tracking_uri, "run_id": page.run_id, "url": address})
    else:
        print_report(report)
    if serve:
        _serve(folder, tracking_uri, port, page)
    else:
        server = f"mlflow server --app-name latent --backend-store-uri {tracking_uri}"
        click.echo(f"\nTo look at it: {server} --host {HOST}", err=True)
        click.echo(f"and open http://{HOST}:5000/{page.explorer}", err=True)


def _require_lightning() -> None:
    for package in ("torch", "pytorch_lightning"):
        if importlib.util.find_spec(package) is None:
            raise InputError(
                f"the demo trains with {package}, which is not installed: "
                'pip install "mlflow-latent[demo]"'
            )


def _train(folder: Path, tracking_uri: str, epochs: int) -> None:
    options = ["--epochs", str(epochs), "--tracking-uri", tracking_uri, "--experiment", EXPERIMENT]
    # The training's own progress goes to standard error: standard output is for the result.
    training = subprocess.run(  # noqa: S603 - our own example
        [sys.executable, "-m", EXAMPLE, *options], cwd=folder, stdout=sys.stderr, check=False
    )
    if training.returncode:
        raise InputError(f"the training ended with status {training.returncode}; see above")


def _read(tracking_uri: str) -> tuple[RunPage, Report]:
    from mlflow_latent.tracking import RunTracker, newest_run

    tracker = RunTracker(newest_run(tracking_uri, EXPERIMENT), tracking_uri)
    return tracker.page(), tracker.read_report()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _serve(folder: Path, tracking_uri: str, port: int, page: RunPage) -> None:
    # Also where a shell that starts us in the background has Ctrl-C ignored; and a plain `kill`
    # shall not leave the server behind.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    log = folder / "server.log"
    click.echo(f"\nStarting MLflow (its log: {log})", err=True)
    with log.open("wb") as output:
        server = subprocess.Popen(  # noqa: S603 - MLflow's own server
            [
                *(sys.executable, "-m", "mlflow", "server", "--app-name", "latent"),
                *("--backend-store-uri", tracking_uri, "--host", HOST, "--port", str(port)),
                *("--workers", "1"),
            ],
            cwd=folder,
            env=os.environ | _LIGHT,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C comes to us, and we end the server with its workers
        )
    try:
        _wait(server, port, log)
        root = f"http://{HOST}:{port}/"
        click.secho(f"\nOpen {root}{page.explorer}", bold=True, err=True)
        click.echo(f"The run in MLflow: {root}{page.run}\nCtrl-C ends the server.", err=True)
        server.wait()
    except KeyboardInterrupt:
        click.echo("\nEnding the server.", err=True)
    finally:
        _end(server)


def _wait(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if server.poll() is not None:
            raise TrackingError(f"MLflow's server did not start; see {log}")
        try:
            with urlopen(f"http://{HOST}:{port}/health", timeout=1):
                return
        except (URLError, OSError):
            time.sleep(0.2)
    raise TrackingError(f"MLflow's server did not answer in {START_SECONDS} s; see {log}")


def _end(server: subprocess.Popen[bytes]) -> None:
    if server.poll() is not None:
        return
    os.killpg(server.pid, signal.SIGTERM)
    try:
        server.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()
