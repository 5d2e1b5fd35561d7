"""A real `mlflow server` for the tests that need one, and a database for those that do not."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from servers import MlflowServer
from xdist.scheduler import LoadFileScheduling

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from mending import Mended

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
