"""Servers that many tests ask: an open one, and a guarded one behind a prefix."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from guarding import admit, as_admin, guard
from mlflow import MlflowClient
from servers import MlflowServer
from serving import Served, log_run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def page_folder(folder: Path) -> Path:
    """Stand in for the built page: the real template, and next to no code."""
    folder.mkdir()
    (folder / "index.html").write_text(
        '<!doctype html><html lang="en"><head><title>Latent</title><!--latent:meta-->'
        '<link rel="stylesheet" href="app.css">'
        '</head><body><div id="app"></div><script src="app.js" defer></script></body></html>'
    )
    (folder / "app.js").write_text("document.title = 'built page';")
    (folder / "app.css").write_text("body { margin: 0; }")
    return folder


@pytest.fixture(scope="session")
def built_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return page_folder(tmp_path_factory.mktemp("page") / "static")


def latent_server(
    folder: Path, built_page: Path, *arguments: str, environment: dict[str, str] | None = None
) -> MlflowServer:
    settings = {
        "MLFLOW_LATENT_STATIC": str(built_page),
        "MLFLOW_LATENT_SERVER_CACHE": str(folder / "cache"),
    }
    return MlflowServer(
        folder, "--app-name", "latent", *arguments, environment=settings | (environment or {})
    )


@pytest.fixture(scope="session")
def open_server(tmp_path_factory: pytest.TempPathFactory, built_page: Path) -> Iterator[Served]:
    """One worker, no guard, artifacts through the server."""
    server = latent_server(tmp_path_factory.mktemp("open"), built_page)
    server.start()
    yield Served(server, log_run(server, tmp_path_factory.mktemp("logged")))
    server.kill()


def guarded(
    folder: Path, built_page: Path, logged: Path, *arguments: str, sidebar: str = "on"
) -> Iterator[Served]:
    """Start a server whose users MLflow's basic-auth tells apart."""
    environment = guard(folder) | {"MLFLOW_LATENT_SIDEBAR": sidebar}
    server = latent_server(folder, built_page, *arguments, environment=environment)
    try:
        server.start()
        yield Served(server, _with_users(server, logged))
    finally:
        server.kill()


def _with_users(server: MlflowServer, logged: Path) -> str:
    with as_admin():
        run_id = log_run(server, logged)
        experiment = MlflowClient(server.uri).get_run(run_id).info.experiment_id
    admit(server, experiment)
    return run_id


@pytest.fixture(scope="session")
def guarded_server(tmp_path_factory: pytest.TempPathFactory, built_page: Path) -> Iterator[Served]:
    """Under uvicorn, four workers, behind a prefix."""
    folder, logged = tmp_path_factory.mktemp("guarded"), tmp_path_factory.mktemp("logged")
    yield from guarded(folder, built_page, logged, "--static-prefix", "/ml/flow", "--workers", "4")


@pytest.fixture(scope="session")
def gunicorn_server(tmp_path_factory: pytest.TempPathFactory, built_page: Path) -> Iterator[Served]:
    """The same under gunicorn, with two workers, and no links in MLflow's own page."""
    folder, logged = tmp_path_factory.mktemp("gunicorn"), tmp_path_factory.mktemp("logged")
    options = ("--static-prefix", "/ml/flow", "--workers", "2", "--gunicorn-opts", "--timeout 120")
    yield from guarded(folder, built_page, logged, *options, sidebar="off")
