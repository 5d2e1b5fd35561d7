"""A real `mlflow server` for the tests that need one, and a database for those that do not."""

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

import pytest
from xdist.scheduler import LoadFileScheduling

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from mending import Mended

STARTUP_SECONDS = 120  # a busy machine migrates the database for a while
SHARING = {"tests/browser", "tests/server"}  # folders whose files share servers that start slowly


class SharingTogether(LoadFileScheduling):
    """Keep what shares fixtures in one process: a file, and all files of some folders."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        folder = file.rpartition("/")[0]
        return folder if folder in SHARING else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> SharingTogether:
    return SharingTogether(config, log)


@pytest.fixture(autouse=True)
def own_tracking_uri() -> Iterator[None]:
    """What a test (or a logger in it) sets MLflow to is forgotten before the next."""
    yield
    if mlflow := sys.modules.get("mlflow"):
        mlflow.set_tracking_uri(None)


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


@pytest.fixture(scope="session")
def mlflow_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MlflowServer]:
    """A tracking server that all tests share; none of them may kill it."""
    server = MlflowServer(tmp_path_factory.mktemp("server"))
    server.start()
    yield server
    server.kill()


@pytest.fixture
def new_server(tmp_path: Path) -> Iterator[Callable[[], MlflowServer]]:
    """Make tracking servers of the test's own, not started yet."""
    servers: list[MlflowServer] = []

    def create(*arguments: str) -> MlflowServer:
        servers.append(MlflowServer(tmp_path / f"server-{len(servers)}", *arguments))
        return servers[-1]

    yield create
    for server in servers:
        server.kill()


@pytest.fixture(scope="session")
def mlflow_database(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a SQLite tracking database that needs no server."""
    return f"sqlite:///{tmp_path_factory.mktemp('database')}/mlflow.db"


@pytest.fixture(scope="session")
def mended_runs(mlflow_database: str, tmp_path_factory: pytest.TempPathFactory) -> Mended:
    """A run whose data are bad, and one in which they are mended; real, analyzed, in a database."""
    from mending import make_runs
    from mlflow import MlflowClient

    folder = tmp_path_factory.mktemp("mended")
    client = MlflowClient(mlflow_database)
    place = (folder / "artifacts").as_uri()
    return make_runs(client, client.create_experiment("mended", artifact_location=place), folder)


@pytest.fixture
def new_run(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[str], str]:
    """Create a run at a tracking address, in an experiment of the test's own."""
    from mlflow import MlflowClient

    def create(tracking_uri: str) -> str:
        client = MlflowClient(tracking_uri)
        name = f"{request.node.name}-{tmp_path.name}"
        experiment = client.get_experiment_by_name(name)
        if experiment:
            experiment_id = experiment.experiment_id
        else:
            local = tracking_uri.startswith("sqlite")
            location = (tmp_path / "artifacts").as_uri() if local else None
            experiment_id = client.create_experiment(name, artifact_location=location)
        return str(client.create_run(experiment_id).info.run_id)

    return create
