"""A server with runs to explore, and a browser that opens its pages."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from exploring import Explored, digits, explore, hostile, of_three_origins, write_captures
from heating import make_heatmaps, of_insights
from mlflow import MlflowClient
from servers import MlflowServer

from mlflow_latent.api.compare import compare
from mlflow_latent.heatmaps import heatmaps_folder, write_heatmaps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).parents[2]
BUILT = ROOT / "mlflow_latent" / "server" / "static" / "app.js"
AXE = ROOT / "ui" / "node_modules" / "axe-core" / "axe.min.js"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
FLAGS = [
    "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
WAIT = 60_000  # milliseconds, on a busy machine
# Where the pictures of the docs go; the map is then one to look at, which takes a minute.
IMAGES = os.environ.get("MLFLOW_LATENT_IMAGES")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test of this folder needs the built page and a Chromium."""
    here = Path(__file__).parent
    missing = None if CHROMIUM else "no Chromium is installed"
    missing = missing or (None if BUILT.is_file() else "the page was not built")
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.slow)
            item.add_marker(pytest.mark.browser)
            if missing:
                item.add_marker(pytest.mark.skip(reason=missing))


@dataclass(frozen=True)
class World:
    """A server and the runs on it, by what they are called in the tests."""

    server: MlflowServer
    experiment: str
    runs: dict[str, Explored]

    @property
    def client(self) -> MlflowClient:
        return MlflowClient(self.server.uri)

    @property
    def main(self) -> Explored:
        return self.runs["digits"]

    def address(self, page: str) -> str:
        return f"{self.server.uri}/latent/{page}"


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A server with runs to explore, of which two are compared; nobody may change them."""
    folder = tmp_path_factory.mktemp("explorer")
    environment = {"MLFLOW_LATENT_SERVER_CACHE": str(folder / "cache")}
    server = MlflowServer(folder / "server", "--app-name", "latent", environment=environment)
    server.start()
    try:
        client = MlflowClient(server.uri)
        experiment = client.create_experiment("digits")
        yield World(server, experiment, _runs(client, experiment, folder))
    finally:
        server.kill()


def _runs(client: MlflowClient, experiment: str, folder: Path) -> dict[str, Explored]:
    plane = "umap" if IMAGES else "pca"
    first = write_captures(folder / "first", digits(), seed=0)
    second = write_captures(folder / "second", digits(), seed=1, width=8)
    markup = write_captures(folder / "markup", hostile(), seed=0, boxes=True)
    origins = write_captures(folder / "origins", of_three_origins(), seed=0)
    runs = {
        "digits": explore(client, experiment, "digits", first, plane),
        "narrow": explore(client, experiment, "narrow net", second, plane),
        "hostile": explore(client, experiment, "<img src=x onerror=alert(1)>", markup),
        "origins": explore(client, experiment, "three origins", origins),
    }
    _add_heatmaps(client, runs["digits"], folder)
    compare(runs["digits"].run_id, runs["narrow"].run_id, tracking_uri=client.tracking_uri)
    return runs


def _add_heatmaps(client: MlflowClient, explored: Explored, folder: Path) -> None:
    """Heat-maps of the first samples of each insight."""
    report = explored.report
    made = heatmaps_folder(folder / "latent", report.epoch)
    write_heatmaps(made, make_heatmaps(of_insights(report)), report.epoch)
    target = made.relative_to(folder).as_posix()
    client.log_artifacts(explored.run_id, str(made), target)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@dataclass
class Explorer:
    """A page of ours in the browser, and what tests do with it."""

    page: Page
    requests: list[str] = field(default_factory=list)

    def open(self, address: str) -> Explorer:
        self.page.goto(address)
        return self

    def ready(self) -> Explorer:
        """Wait until the points are drawn."""
        self.wait("window.latent?.stage?.settled === true")
        self.page.locator("#tab-panel section").first.wait_for(timeout=WAIT)
        return self

    def value(self, expression: str) -> Any:
        """Evaluate JavaScript in which `session`, `stage` and `dataset` are the page's own."""
        names = "const {session, stage} = window.latent; const {dataset} = session;"
        return self.page.evaluate(f"(() => {{ {names} return {expression}; }})()")

    def until(self, expression: str) -> None:
        """Wait until an expression is true, in words of `value`."""
        names = "const {session, stage} = window.latent; const {dataset} = session;"
        self.wait(f"(() => {{ {names} return {expression}; }})()")

    def wait(self, expression: str) -> None:
        """Wait until JavaScript is true; evaluated whole, as the page's policy refuses `eval`."""
        self.page.evaluate(
            f"""async () => {{
                const end = performance.now() + {WAIT};
                while (!({expression})) {{
                    if (performance.now() > end) throw new Error('it never came true');
                    await new Promise((next) => setTimeout(next, 15));
                }}
            }}"""
        )

    def kept(self) -> list[int]:
        """The rows that pass all filters."""
        return self.value(
            "Array.from({length: dataset.n}, (_, i) => i).filter((i) => session.passes(i))"
        )

    def shown_count(self) -> int:
        """The number of samples as the page says it."""
        return int(self.page.locator(".kept strong").inner_text().replace(",", ""))

    def tab(self, name: str) -> None:
        self.page.get_by_role("tab", name=name).click()

    def plane(self, projection: int = 0) -> list[list[float]]:
        """Coordinates of all samples, x and y; None where a sample is not projected."""
        return self.value(f"['x', 'y'].map((axis) => [...dataset.plane({projection})[axis]])")

    def pixels(self) -> list[list[float]]:
        """Where the samples are drawn, by row, in pixels of the window."""
        return self.value(
            """(() => {
                const box = document.querySelector('.map-overlay').getBoundingClientRect();
                const to = stage.projector, {rows, x, y} = stage.scene.points;
                const places = [];
                rows.forEach((row, k) => (places[row] = [
                    box.left + to.offsetX + x[k] * to.scale, box.top + to.offsetY - y[k] * to.scale,
                ]));
                return places;
            })()"""
        )


@contextmanager
def _opened(browser: Browser, **options: Any) -> Iterator[Explorer]:
    settings = {"viewport": {"width": 1280, "height": 800}, "accept_downloads": True}
    context = browser.new_context(**(settings | {"reduced_motion": "reduce"} | options))
    explorer = Explorer(context.new_page())
    errors: list[str] = []
    explorer.page.on("pageerror", lambda error: errors.append(str(error)))
    explorer.page.on("request", lambda request: explorer.requests.append(request.url))
    try:
        yield explorer
        assert errors == []
    finally:
        context.close()


@pytest.fixture
def new_page(browser: Browser) -> Iterator[Callable[..., Explorer]]:
    """Open pages in contexts of their own; an error on one of them fails the test."""
    from contextlib import ExitStack

    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(_opened(browser, **options))


@pytest.fixture
def explorer(new_page: Callable[..., Explorer], world: World) -> Explorer:
    """The explorer of the first run, ready."""
    return new_page().open(world.address(f"run/{world.main.run_id}")).ready()
