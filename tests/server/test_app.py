"""The factory never raises: what cannot be served is explained, and nothing is left unguarded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from a2wsgi import ASGIMiddleware
from servers import MlflowServer
from serving import ask, await_reply
from werkzeug.test import Client
from werkzeug.wrappers import Response

from mlflow_latent.server import app as app_module
from mlflow_latent.server.app import create_app
from mlflow_latent.server.settings import DEFAULT_CACHE_MB, MEGABYTE, Settings

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("server", ["uvicorn", "gunicorn"])
@pytest.mark.parametrize("path", ["/latent/", "/", "/health", "/ajax-api/2.0/mlflow/runs/get"])
def test_a_guard_that_is_not_there_is_explained_and_mlflow_stays_shut(
    monkeypatch: pytest.MonkeyPatch, server: str, path: str
) -> None:
    monkeypatch.setenv("_MLFLOW_SGI_NAME", server)
    monkeypatch.setenv("MLFLOW_LATENT_BASE_APP", "basic-aut")
    app = create_app()

    answer = (
        Client(app).get(path) if server == "gunicorn" else Client(ASGIMiddleware(app)).get(path)
    )

    assert answer.status_code == 503
    assert "basic-aut" in answer.text
    assert "did you mean &#x27;basic-auth&#x27;" in answer.text


def test_an_application_unlike_mlflows_is_served_without_ours(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("_MLFLOW_SGI_NAME", "gunicorn")
    monkeypatch.setattr(app_module, "load_base_app", lambda _: Response("its own", 200))
    client = Client(create_app())

    assert client.get("/").text == "its own"
    assert client.get("/latent/run/x").status_code == 503
    assert "neither routes of Starlette nor of Flask" in client.get("/latent/").text


@pytest.mark.slow
def test_a_guard_that_cannot_start_is_explained_and_mlflow_stays_shut(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_FLASK_SERVER_SECRET_KEY", raising=False)
    environment = {"MLFLOW_LATENT_BASE_APP": "basic-auth"}
    server = MlflowServer(tmp_path, "--app-name", "latent", environment=environment)
    try:
        server.launch()
        reply = await_reply(server.uri, "latent/", 503)
        assert "MlflowException, see its log" in reply.text
        assert ask(server.uri, "").status == 503
        assert "MLFLOW_FLASK_SERVER_SECRET_KEY" in (tmp_path / "server.log").read_text()
    finally:
        server.kill()


def test_settings_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "_MLFLOW_STATIC_PREFIX": "/ml/",
        "_MLFLOW_SGI_NAME": "gunicorn",
        "MLFLOW_LATENT_BASE_APP": " basic-auth ",
        "MLFLOW_LATENT_SIDEBAR": "OFF",
        "MLFLOW_LATENT_SERVER_CACHE_MB": "7",
    }.items():
        monkeypatch.setenv(name, value)

    settings = Settings.from_environment()

    assert (settings.prefix, settings.root) == ("/ml", "/ml/latent")
    assert settings.base_app == "basic-auth"
    assert not settings.is_asgi
    assert not settings.sidebar
    assert settings.cache_bytes == 7 * MEGABYTE


def test_a_cache_size_that_is_no_number_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_LATENT_SERVER_CACHE_MB", "plenty")

    assert Settings.from_environment().cache_bytes == DEFAULT_CACHE_MB * MEGABYTE


def test_only_our_addresses_are_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_MLFLOW_STATIC_PREFIX", "/ml")
    settings = Settings.from_environment()

    assert settings.is_ours("/ml/latent")
    assert settings.is_ours("/ml/latent/run/x")
    assert not settings.is_ours("/ml/latentx")
    assert not settings.is_ours("/latent/")
