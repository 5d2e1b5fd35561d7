"""Behind MLflow's basic-auth and a static prefix: the reader sees the explorer, others do not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from exploring import log_captures
from guarding import admit, as_admin, guard
from mlflow import MlflowClient
from servers import MlflowServer
from serving import READER, STRANGER, ask

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from browser.conftest import Explorer, World
    from serving import User

PREFIX = "/ml/flow"


@pytest.fixture(scope="module")
def guarded(
    world: World, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[MlflowServer, str]]:
    """A guarded server with a copy of the analyzed run."""
    folder = tmp_path_factory.mktemp("guarded")
    environment = guard(folder) | {"MLFLOW_LATENT_SERVER_CACHE": str(folder / "cache")}
    options = ("--app-name", "latent", "--static-prefix", PREFIX)
    server = MlflowServer(folder / "server", *options, environment=environment)
    server.start()
    try:
        yield server, _fill(server, world)
    finally:
        server.kill()


def _fill(server: MlflowServer, world: World) -> str:
    """Copy the run, and let the reader read it."""
    with as_admin():
        client = MlflowClient(server.uri)
        experiment = client.create_experiment("guarded")
        run_id = log_captures(client, experiment, "guarded digits", world.main.captures)
        copied = world.server.folder / "artifacts" / world.experiment / world.main.run_id
        analysis = copied / "artifacts" / "latent" / "analysis"
        client.log_artifacts(run_id, str(analysis), "latent/analysis")
    admit(server, experiment)
    return run_id


def visit(
    new_page: Callable[..., Explorer], guarded: tuple[MlflowServer, str], user: User | None
) -> Explorer:
    server, run_id = guarded
    signed = {"http_credentials": {"username": user[0], "password": user[1]}} if user else {}
    return new_page(**signed).open(f"{server.uri}/latent/run/{run_id}")


def test_a_reader_explores_behind_the_prefix(
    new_page: Callable[..., Explorer], guarded: tuple[MlflowServer, str], world: World
) -> None:
    server, run_id = guarded
    explorer = visit(new_page, guarded, READER).ready()
    explorer.tab("Samples")
    explorer.until("session.thumbnails.tile(session.keptRows.value[0]) != null")

    assert explorer.shown_count() == len(world.main.report.samples)
    ours = [url for url in explorer.requests if url.startswith("http")]
    assert all(url.startswith(f"{server.uri}/") for url in ours)  # never beside the prefix
    assert PREFIX in server.uri
    assert any(f"/latent/files/{run_id}/latent/media/" in url for url in ours)

    explorer.page.get_by_role("link", name="Latent").click()
    explorer.page.get_by_role("link", name="guarded digits", exact=True).click()
    explorer.ready()


def test_a_reader_cannot_keep_a_review(
    new_page: Callable[..., Explorer], guarded: tuple[MlflowServer, str]
) -> None:
    explorer = visit(new_page, guarded, READER).ready()
    card = explorer.page.locator("article.insight").first
    card.get_by_role("button", name="More").click()
    card.get_by_role("button", name="Approve").click()
    card.get_by_role("alert").wait_for()
    assert card.locator(".tag").count() == 0


def test_a_stranger_sees_nothing_of_the_run(
    new_page: Callable[..., Explorer], guarded: tuple[MlflowServer, str]
) -> None:
    explorer = visit(new_page, guarded, STRANGER)
    assert explorer.page.locator(".map").count() == 0
    text = explorer.page.locator("body").inner_text()
    assert "guarded digits" not in text
    assert "permission" in text.lower() or "may not" in text.lower()

    explorer.open(f"{guarded[0].uri}/latent/")
    explorer.page.get_by_text("No run has captures yet").wait_for()
    assert "guarded digits" not in explorer.page.locator("body").inner_text()


def test_the_anonymous_are_asked_to_sign_in(guarded: tuple[MlflowServer, str]) -> None:
    server, run_id = guarded
    assert ask(server.uri, f"latent/run/{run_id}").status == 401
