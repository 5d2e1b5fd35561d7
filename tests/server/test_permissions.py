"""Who may see what: MLflow's own permissions, on every address of ours, under both servers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from serving import ADMIN, ANALYSIS, COLUMNS, READER, RUN_NAME, SHEET, STRANGER, Served, ask

from mlflow_latent.server.routes import latent_mount
from mlflow_latent.server.settings import Settings
from mlflow_latent.server.upstream import Upstream

if TYPE_CHECKING:
    from serving import User

pytestmark = pytest.mark.slow

WRONG = ("reader", "not-the-password")

# Addresses by route; those in OF_A_RUN concern the run.
OF_A_RUN = {
    "/run/{run_id}": ["latent/run/RUN"],
    "/compare": ["latent/compare?run=RUN&run=RUN"],
    "/files/{run_id}/{path:path}": [
        f"latent/files/RUN/{ANALYSIS}/explorer.bin",
        f"latent/files/RUN/{ANALYSIS}/manifest.json",
        f"latent/files/RUN/{SHEET}",
        "latent/files/RUN/latent_overview.png",
    ],
}
OF_NO_RUN = {"/": ["latent/"], "/static/{name}": ["latent/static/app.js"], "/{rest:path}": []}
ABOUT_A_RUN = [address for addresses in OF_A_RUN.values() for address in addresses]


@pytest.fixture(scope="session", params=["guarded_server", "gunicorn_server"])
def served(request: pytest.FixtureRequest) -> Served:
    return request.getfixturevalue(request.param)


def test_every_route_is_asked_for_here() -> None:
    settings = Settings("", "", True, True, Path(), Path(), 1)  # type: ignore[call-arg]
    routes = latent_mount(settings, Upstream(None, "")).routes  # type: ignore[arg-type]
    assert {route.path for route in routes} == OF_A_RUN.keys() | OF_NO_RUN.keys()  # type: ignore[attr-defined]


@pytest.mark.parametrize("address", ABOUT_A_RUN)
def test_a_run_is_shown_to_whom_mlflow_shows_it(served: Served, address: str) -> None:
    path = address.replace("RUN", served.run_id)

    statuses = {user: ask(served.uri, path, user).status for user in (ADMIN, READER, STRANGER)}
    anonymous, wrong = ask(served.uri, path), ask(served.uri, path, WRONG)

    assert statuses == {ADMIN: 200, READER: 200, STRANGER: 403}
    assert anonymous.status == wrong.status == 401
    assert anonymous.headers["www-authenticate"].startswith("Basic")  # the browser asks to sign in


@pytest.mark.parametrize("user", [STRANGER, None])
@pytest.mark.parametrize("address", ABOUT_A_RUN)
def test_a_refusal_tells_nothing_of_the_run(
    served: Served, address: str, user: User | None
) -> None:
    body = ask(served.uri, address.replace("RUN", served.run_id), user).text

    assert RUN_NAME not in body
    assert served.run_id not in body


def test_what_the_reader_fetched_is_still_refused_to_others(served: Served) -> None:
    path = f"{served.files}/{ANALYSIS}/explorer.bin"
    fetched = ask(served.uri, path, READER)  # now it is in the cache, and its tag is known
    tag = {"If-None-Match": fetched.headers["etag"]}

    assert fetched.body == COLUMNS
    assert ask(served.uri, path, READER, tag).status == 304
    assert ask(served.uri, path, STRANGER, tag).status == 403
    assert ask(served.uri, path, None, tag).status == 401
    assert ask(served.uri, path, STRANGER, {"Range": "bytes=0-9"}).status == 403


def test_the_list_is_for_those_who_signed_in(served: Served) -> None:
    assert ask(served.uri, "latent/", STRANGER).status == 200
    assert ask(served.uri, "latent/").status == 401


def test_an_unknown_run_is_not_found(served: Served) -> None:
    for address in ABOUT_A_RUN:
        path = address.replace("RUN", "0" * 32)
        assert ask(served.uri, path, ADMIN).status == 404
        assert ask(served.uri, path).status == 401


def test_the_page_finds_its_files_behind_the_prefix(served: Served) -> None:
    page = ask(served.uri, f"latent/run/{served.run_id}", READER).text

    assert '<meta name="latent-root" content="../..">' in page
    assert 'src="../../latent/static/app.js"' in page
    assert ask(served.uri, "latent/static/app.js", READER).text.startswith("document.title")
    redirect = ask(served.uri, "latent", READER)
    assert (redirect.status, redirect.headers["location"]) in {(307, "latent/"), (308, "latent/")}


def test_another_host_name_is_refused_before_anything_else(served: Served) -> None:
    evil = {"Host": "evil.example"}

    for path in ("latent/", f"latent/run/{served.run_id}", "latent/static/app.js"):
        reply = ask(served.uri, path, READER, evil)
        assert reply.status == 403
        assert "Invalid Host header" in reply.text


def test_every_worker_answers(served: Served) -> None:
    path = f"latent/run/{served.run_id}"

    assert {ask(served.uri, path, READER).status for _ in range(12)} == {200}


def test_mlflow_itself_is_guarded_as_before(served: Served) -> None:
    path = f"ajax-api/2.0/mlflow/runs/get?run_id={served.run_id}"

    assert ask(served.uri, path).status == 401
    assert ask(served.uri, path, STRANGER).status == 403
    assert ask(served.uri, path, READER).status == 200
