"""The list of runs in a browser: found through MLflow's REST API, hostile names shown as text."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from mlflow import MlflowClient
from mlflow.entities import Metric

from mlflow_latent.tracking.run import CAPTURES_TAG

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page, Route
    from serving import Served

ROOT = Path(__file__).parents[2]
BUILT = ROOT / "mlflow_latent" / "server" / "static"
AXE = ROOT / "ui" / "node_modules" / "axe-core" / "axe.min.js"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
FLAGS = [
    "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
WAIT = 60_000  # milliseconds, on a busy machine
HOSTILE = "<img src=x onerror=\"document.title='pwned'\">" + "x" * 400

pytestmark = [
    pytest.mark.slow,
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="no Chromium is installed"),
    pytest.mark.skipif(not (BUILT / "app.js").is_file(), reason="the page was not built"),
]


@pytest.fixture(scope="module")
def runs(open_server: Served) -> dict[str, str]:
    """Runs of every sort, by what they are called here."""
    client = MlflowClient(open_server.uri)
    experiment = client.create_experiment("listed runs")
    ids = {}
    for place, (key, name, found) in enumerate(
        [("good", "run 9", 1), ("bad", "run 10", 7), ("hostile", HOSTILE, 3)]
    ):
        run_id = client.create_run(experiment, run_name=name, start_time=1000 + place).info.run_id
        values = {
            "insights_total": found,
            "insights_overfitting": found,
            "mean_loss_val": found / 9,
        }
        metrics = [Metric(f"latent/{metric}", value, 1, 3) for metric, value in values.items()]
        client.log_batch(run_id, metrics=metrics)
        ids[key] = run_id
    ids["captured"] = client.create_run(experiment, run_name="only captures").info.run_id
    client.set_tag(ids["captured"], CAPTURES_TAG, "yes")
    ids["other"] = client.create_run(experiment, run_name="nothing of ours").info.run_id
    return ids


@pytest.fixture(params=["light", "dark"])
def page(
    request: pytest.FixtureRequest, open_server: Served, runs: dict[str, str]
) -> Iterator[Page]:
    from playwright.sync_api import sync_playwright

    assert runs
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        context = browser.new_context(
            viewport={"width": 1280, "height": 800}, color_scheme=request.param
        )
        page = context.new_page()
        page.route(re.compile(r"/app\.(js|css)$"), _built)
        errors: list[str] = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{open_server.uri}/latent/")
        page.locator("tbody tr").first.wait_for(timeout=WAIT)
        yield page
        assert errors == []
        assert page.title() != "pwned"
        browser.close()


def _built(route: Route) -> None:
    """The page as it was built: the server has a stand-in for it."""
    route.fulfill(path=BUILT / route.request.url.rpartition("/")[2])


def names(page: Page) -> list[str]:
    return [text[:8] for text in page.locator("tbody .runs-name a").all_inner_texts()]


def test_the_list_can_be_searched_sorted_and_compared(
    page: Page, open_server: Served, runs: dict[str, str], tmp_path: Path
) -> None:
    assert sorted(names(page)) == sorted(["run 9", "run 10", HOSTILE[:8], "only cap"])
    page.get_by_role("button", name="Insights").click()
    assert names(page) == ["run 10", HOSTILE[:8], "run 9", "only cap"]
    page.get_by_role("button", name="Run", exact=True).click()
    assert names(page)[-2:] == ["run 9", "run 10"]  # as people count

    assert page.get_by_role("checkbox", name="Compare only captures").is_disabled()
    page.get_by_role("checkbox", name="Compare run 9").check()
    assert page.get_by_role("link", name="Compare 2 runs").count() == 0
    page.get_by_role("checkbox", name="Compare run 10").check()
    page.screenshot(path=tmp_path / "runs.png")
    link = page.get_by_role("link", name="Compare 2 runs").get_attribute("href")
    assert link == f"{open_server.uri}/latent/compare?run={runs['good']}&run={runs['bad']}"

    search = page.get_by_role("searchbox", name="Search runs")
    search.fill("nothing like this")
    page.get_by_text("No run matches").wait_for(timeout=WAIT)
    search.fill("img onerror")
    assert names(page) == [HOSTILE[:8]]
    assert page.locator("tbody img").count() == 0


def test_a_run_leads_to_its_explorer_and_to_mlflow(
    page: Page, open_server: Served, runs: dict[str, str]
) -> None:
    mlflow = page.get_by_role("link", name="run 9 in MLflow").get_attribute("href") or ""
    assert f"{open_server.uri}/#/experiments/" in mlflow
    assert f"/runs/{runs['good']}?" in mlflow

    page.get_by_role("link", name="only captures", exact=True).click()
    page.wait_for_url(f"{open_server.uri}/latent/run/{runs['captured']}")


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed: `npm ci` in ui/")
def test_everyone_can_use_it(page: Page) -> None:
    page.get_by_role("checkbox", name="Compare run 9").check()
    page.get_by_role("checkbox", name="Compare run 10").check()

    # Evaluated, not added as a script, which the page's policy would refuse.
    page.evaluate(AXE.read_text())
    violations = page.evaluate("axe.run().then(found => found.violations.map(one => one.id))")

    assert violations == []
