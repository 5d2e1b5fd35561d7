"""Each view by day and by night, narrow and wide: everyone can use it, and how it looks.

`MLFLOW_LATENT_IMAGES=FOLDER pytest tests/browser/test_views.py` makes the pictures of the docs.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from browser.conftest import AXE, IMAGES
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from browser.conftest import Explorer, World

VIEWS = (
    "population",
    "insight",
    "samples",
    "table",
    "detail",
    "curves",
    "origins",
    "selection",
    "compare",
    "runs",
)
SIZES = {1280: 800, 1920: 1080}
FEWEST_COLORS = 40  # of a picture in which something is drawn
CHECK = "axe.run().then((found) => found.violations.map((one) => [one.id, one.nodes[0].html]))"


@pytest.fixture(scope="module", params=["light", "dark"])
def scheme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def show(explorer: Explorer, world: World, view: str) -> None:
    """Open a view as somebody comes to it."""
    runs = [world.runs[name].run_id for name in ("digits", "narrow", "origins")]
    address = {
        "compare": f"compare?run={runs[0]}&run={runs[1]}",
        "runs": "",
        "origins": f"run/{runs[2]}",
    }
    explorer.open(world.address(address.get(view, f"run/{runs[0]}")))
    page = explorer.page
    if view == "runs":
        page.get_by_role("table").wait_for()
        return
    if view == "compare":
        page.locator(".compare-map .map-overlay").nth(1).wait_for()
        explorer.wait("window.latent?.stage?.settled === true")
        page.get_by_role("region", name="Logged comparison").wait_for()
        return
    explorer.ready()
    STEPS[view](explorer)
    explorer.until("stage.settled")


def _insight(explorer: Explorer) -> None:
    explorer.page.locator("article.insight h3 button").first.click()
    explorer.page.locator("article.insight .card-body").wait_for()


def _samples(explorer: Explorer) -> None:
    explorer.page.locator(".bar-row", has_text="wrong").click()
    explorer.tab("Samples")
    _pictures(explorer)


def _pictures(explorer: Explorer) -> None:
    """Wait for the sheets: a thumbnail is on its canvas when its tile has come."""
    explorer.page.locator(".grid-cell .picture").first.wait_for()
    explorer.until(
        "[...session.keptRows.value].slice(0, 30).every((r) => session.thumbnails.tile(r))"
    )


def _table(explorer: Explorer) -> None:
    explorer.tab("Samples")
    explorer.page.get_by_role("button", name="Table").click()
    explorer.page.get_by_role("grid").wait_for()


def _detail(explorer: Explorer) -> None:
    _samples(explorer)
    explorer.value("session.update({pinned: dataset.insightRows(dataset.header.insights[0])[0]})")
    explorer.page.get_by_role("region", name="What the model looks at").wait_for()
    explorer.page.get_by_role("region", name="Metadata of the sample").wait_for()


def _origins(explorer: Explorer) -> None:
    explorer.value("session.update({color: 'split', size: 'predicted_loss', bySplit: true})")
    explorer.tab("Curves")
    explorer.page.get_by_label("Measure").select_option("share of samples")
    explorer.page.locator("article.curve").nth(1).wait_for()


def _curves(explorer: Explorer) -> None:
    explorer.value("session.update({color: 'loss'})")
    explorer.tab("Curves")
    explorer.page.locator("article.curve").nth(1).wait_for()


def _selection(explorer: Explorer) -> None:
    explorer.page.locator(".bar-row", has_text="wrong").click()
    explorer.tab("Selection")
    explorer.page.locator(".field-table li").nth(3).wait_for()


STEPS: dict[str, Callable[[Explorer], object]] = {
    "population": lambda explorer: explorer.page.locator("article.insight").first.wait_for(),
    "insight": _insight,
    "samples": _samples,
    "table": _table,
    "detail": _detail,
    "curves": _curves,
    "origins": _origins,
    "selection": _selection,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(IMAGES) if IMAGES else tmp_path_factory.mktemp("images")


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not installed: `npm ci` in ui/")
def test_every_view_can_be_used_by_everyone_and_looks_its_part(
    new_page: Callable[..., Explorer], world: World, scheme: str, folder: Path
) -> None:
    explorer = new_page(color_scheme=scheme, viewport={"width": 1280, "height": 800})
    violations = {}
    for view in VIEWS:
        show(explorer, world, view)
        # Evaluated, not added as a script, which the page's policy would refuse.
        explorer.page.evaluate(AXE.read_text())
        if found := explorer.page.evaluate(CHECK):
            violations[view] = found
        for path in photograph(explorer, folder / f"explorer-{view}-{scheme}.png"):
            with Image.open(path) as picture:
                colors = picture.convert("RGB").getcolors(1 << 24)
                assert colors
                assert len(colors) > FEWEST_COLORS, path
                brightness = picture.convert("L").resize((1, 1)).getpixel((0, 0))
                assert (brightness < 128) == (scheme == "dark"), path
    assert violations == {}


def photograph(explorer: Explorer, path: Path) -> Iterator[Path]:
    """Save a view in both widths, the wider one with its width in its name."""
    for width, height in SIZES.items():
        if width != 1280 and IMAGES is None:
            continue  # only to be looked at
        target = path if width == 1280 else path.with_stem(f"{path.stem}-{width}")
        explorer.page.set_viewport_size({"width": width, "height": height})
        explorer.wait("!window.latent?.stage || window.latent.stage.settled")
        explorer.page.evaluate(
            "() => new Promise((next) => requestAnimationFrame(() => setTimeout(next)))"
        )
        explorer.page.screenshot(path=target)
        with Image.open(target) as picture:
            picture.convert("RGB").save(target, optimize=True)
        yield target
    explorer.page.set_viewport_size({"width": 1280, "height": 800})


def test_the_theme_can_be_chosen(explorer: Explorer) -> None:
    paper = "getComputedStyle(document.body).backgroundColor"
    light = explorer.page.evaluate(paper)
    explorer.page.get_by_role("button", name="Dark theme").click()
    assert explorer.page.evaluate(paper) != light
    explorer.page.reload()
    explorer.ready()
    assert explorer.page.evaluate(paper) != light  # it is remembered
    explorer.page.get_by_role("button", name="Light theme").click()
    assert explorer.page.evaluate(paper) == light


@pytest.mark.parametrize("width", [480, 800])
def test_a_narrow_window_folds_the_panels(
    new_page: Callable[..., Explorer], world: World, width: int
) -> None:
    explorer = new_page(viewport={"width": width, "height": 900})
    explorer.open(world.address(f"run/{world.main.run_id}"))
    explorer.wait("window.latent?.stage?.settled === true")
    page = explorer.page
    assert page.locator(".panel").count() == 0
    box = page.locator(".map").bounding_box()
    assert box
    assert box["width"] > 0.9 * width
    assert page.evaluate("document.documentElement.scrollWidth") <= width

    page.get_by_role("button", name="Panel", exact=True).click()
    card = page.locator("article.insight h3 button").first
    card.click()
    assert explorer.shown_count() == len(world.main.report.insights[0].samples)
    page.get_by_role("button", name="Filters", exact=True).click()
    assert page.locator(".rail").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
