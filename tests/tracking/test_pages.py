"""What a user sees of us in MLflow's own pages."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from mlflow_latent.tracking import RunPage, RunTracker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import Protocol

    from playwright.sync_api import Page

    from mlflow_latent.report.model import Insight, Report

    class Server(Protocol):
        uri: str


CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
PATIENCE = 60_000  # milliseconds; MLflow's page is large and the machine may be busy
HOSTILE = (
    "<img src=x onerror=\"document.title='broken'\"> [a](javascript:alert(1)) http://evil.example"
)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="no Chromium is installed"),
]


@pytest.fixture
def page() -> Iterator[Page]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1900, "height": 1400})
        page.set_default_timeout(PATIENCE)
        yield page
        browser.close()


@pytest.fixture
def runs(
    mlflow_server: Server,
    new_run: Callable[[str], str],
    make_insight: Callable[..., Insight],
    make_report: Callable[..., Report],
    analysis: Callable[..., Path],
) -> list[RunPage]:
    report = make_report(make_insight(), make_insight(title=HOSTILE))
    trackers = [RunTracker(new_run(mlflow_server.uri), mlflow_server.uri) for _ in range(2)]
    for tracker in trackers:
        tracker.log_analysis(analysis(report), report)
    return [tracker.page() for tracker in trackers]


def test_the_note_leads_to_the_report(
    page: Page, runs: list[RunPage], mlflow_server: Server
) -> None:
    page.goto(f"{mlflow_server.uri}/{runs[0].run}?workflowType=machine_learning")
    page.get_by_text("2 insights").first.wait_for()
    overview = page.locator("img[src*='latent_overview.png']").first
    page.wait_for_function("image => image.naturalWidth == 640", arg=overview.element_handle())
    assert page.get_by_text("onerror=").count() == 1
    assert page.locator("a[href*='evil'], a[href*='javascript:']").count() == 0
    assert page.title() != "broken"
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Explore", exact=True).click()
    opened.value.set_default_timeout(PATIENCE)
    frame = opened.value.frame_locator("iframe").first
    frame.get_by_role("heading", name="Epoch 7").wait_for()


def test_the_insights_are_a_table(page: Page, runs: list[RunPage], mlflow_server: Server) -> None:
    page.goto(f"{mlflow_server.uri}/{runs[0].artifact('latent/insights.json')}")
    page.get_by_text("View as table").wait_for()
    page.get_by_role("columnheader", name="title").wait_for()
    page.get_by_text(re.compile("^Loss 3.1")).first.wait_for()


def test_runs_are_compared_by_their_overviews(
    page: Page, runs: list[RunPage], mlflow_server: Server
) -> None:
    ids = quote(json.dumps([run.run_id for run in runs]))
    experiments = quote(json.dumps([runs[0].experiment_id]))
    page.goto(f"{mlflow_server.uri}/#/compare-runs?runs={ids}&experiments={experiments}")
    page.get_by_text("Artifacts", exact=True).last.scroll_into_view_if_needed()
    page.get_by_text("latent_overview.png").first.click()
    page.wait_for_function(
        "() => new Set([...document.images].filter(image => image.naturalWidth == 640)"
        ".map(image => image.src)).size == 2"
    )
