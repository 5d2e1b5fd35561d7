"""The links in MLflow's own page: there when wanted, and silent about whatever they do not know."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from flask import Response
from serving import ADMIN, Served, ask

from mlflow_latent.server.sidebar import with_script

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Page

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
FLAGS = [
    "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
browser_only = pytest.mark.skipif(not CHROMIUM, reason="no Chromium is installed")
WAIT = 60_000  # milliseconds, on a busy machine


def html(text: str, status: int = 200, kind: str = "text/html") -> Response:
    response = Response(text, status, mimetype=kind)
    response.set_etag("of-the-file")
    return response


def test_the_page_gets_one_script() -> None:
    response = html("<html><body><div></div></body></html>")

    with_script(response)
    with_script(response)

    script = '<script defer src="latent/static/sidebar.js"></script>'
    assert response.get_data(as_text=True) == f"<html><body><div></div>{script}</body></html>"
    assert response.content_length == len(response.get_data())
    assert "ETag" not in response.headers  # it was that of the page without the script


@pytest.mark.parametrize(
    "response",
    [
        html("<html><div></div></html>"),  # no place for it
        html("<body></body><body></body>"),  # too many
        html("<body></body>", 404),
        html("<body></body>", kind="text/plain"),
        html(""),
    ],
)
def test_any_other_page_stays_as_it_is(response: Response) -> None:
    before = response.get_data()

    with_script(response)

    assert response.get_data() == before
    assert response.headers["ETag"] == '"of-the-file"'


@pytest.mark.slow
def test_mlflows_page_asks_for_our_script(open_server: Served) -> None:
    page = ask(open_server.uri, "")

    assert page.status == 200
    assert page.text.count('src="latent/static/sidebar.js"') == 1
    assert ask(open_server.uri, "", headers={"If-None-Match": "*"}).status == 200


@pytest.mark.slow
def test_it_can_be_switched_off(gunicorn_server: Served) -> None:
    page = ask(gunicorn_server.uri, "", ADMIN)

    assert page.status == 200
    assert "latent" not in page.text


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser.new_page(viewport={"width": 1280, "height": 900})
        browser.close()


@pytest.mark.slow
@pytest.mark.browser
@browser_only
def test_the_links_lead_to_the_explorer(open_server: Served, page: Page, tmp_path: Path) -> None:
    from mlflow import MlflowClient

    client = MlflowClient(open_server.uri)
    experiment = client.get_run(open_server.run_id).info.experiment_id
    empty = client.create_run(experiment).info.run_id
    runs = f"{open_server.uri}/#/experiments/{experiment}/runs"

    page.goto(f"{runs}/{open_server.run_id}?workflowType=machine_learning")
    button = page.get_by_role("link", name="Open in Latent")
    button.wait_for(timeout=WAIT)
    entry = page.get_by_role("link", name="Latent space")
    entry.wait_for(timeout=WAIT)
    page.screenshot(path=tmp_path / "mlflow.png")

    assert button.get_attribute("href") == f"latent/run/{open_server.run_id}"
    assert entry.get_attribute("href") == "latent/"
    assert entry.count() == 1

    page.goto(f"{runs}/{empty}?workflowType=machine_learning")  # only the part after the hash
    button.wait_for(state="detached", timeout=WAIT)  # nothing of ours is in that run

    entry.click()
    page.wait_for_url(f"{open_server.uri}/latent/")
    assert page.title() == "built page"


@pytest.mark.slow
@pytest.mark.browser
@browser_only
@pytest.mark.parametrize(
    "body",
    [
        "",
        "<nav></nav>",
        "<nav><li><a href='#/models'></a></li></nav>",
        "<nav><ul><li><a href='#/models'>Models</a></li></ul></nav><main></main>",
    ],
)
def test_a_page_that_changed_raises_nothing(open_server: Served, page: Page, body: str) -> None:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.route("**/another.html*", lambda route: route.fulfill(body=_with_script(body)))

    page.goto(f"{open_server.uri}/another.html#/experiments/0/runs/{open_server.run_id}")
    page.get_by_role("link", name="Open in Latent").wait_for(timeout=WAIT)

    assert errors == []


def _with_script(body: str) -> str:
    return f"<html><body>{body}<script defer src='latent/static/sidebar.js'></script></body></html>"
