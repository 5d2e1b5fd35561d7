"""`report.html`: the explorer as one file, from disk and in MLflow's own artifact viewer."""

from __future__ import annotations

import base64
import gzip
from typing import TYPE_CHECKING

import pytest
from heating import make_heatmaps

from mlflow_latent.heatmaps import encode_heatmaps
from mlflow_latent.tracking import RunTracker

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from browser.conftest import Explorer, World

ANALYSIS = "latent/analysis/epoch=00002"


@pytest.fixture(scope="module")
def report(world: World) -> Path:
    tracker = RunTracker(world.main.run_id, world.server.uri)
    return tracker.download_analysis() / "report.html"


def with_heatmaps(page: str, samples: Sequence[tuple[str, str]]) -> str:
    """The file as it is where heat-maps of these samples were made before the analysis."""
    maps = [one for one in make_heatmaps(samples) if one.split == "val"]
    content = base64.b64encode(gzip.compress(encode_heatmaps("val", maps, 2))).decode()
    element = f'<script type="text/plain" id="latent-heatmaps-val">{content}</script>'
    return page.replace("</body>", f"{element}</body>")


def test_the_file_needs_nothing_but_itself(
    new_page: Callable[..., Explorer], report: Path, world: World, tmp_path: Path
) -> None:
    found = world.main.report.insights[0]
    elsewhere = tmp_path / "mailed.html"
    elsewhere.write_text(with_heatmaps(report.read_text(), found.samples))

    explorer = new_page(offline=True).open(elsewhere.as_uri()).ready()
    card = explorer.page.locator("article.insight").first
    card.locator("h3 button").click()
    explorer.tab("Samples")
    explorer.page.locator("[data-place='0']").click()
    explorer.page.locator(".detail .picture").first.wait_for()
    explorer.page.get_by_role("region", name="What the model looks at").wait_for()

    assert explorer.value("dataset.n") == len(world.main.report.samples)
    assert explorer.shown_count() == len(found.samples)
    others = [url for url in explorer.requests if not url.startswith(("data:", "blob:"))]
    assert others == [elsewhere.as_uri()]  # no request left
    assert explorer.page.get_by_role("button", name="Save a copy").is_visible()


def test_a_saved_copy_opens_with_the_view(
    new_page: Callable[..., Explorer], report: Path, tmp_path: Path
) -> None:
    explorer = new_page(offline=True).open(report.as_uri()).ready()
    explorer.page.locator(".bar-row", has_text="wrong").click()
    kept = explorer.kept()
    with explorer.page.expect_download() as download:
        explorer.page.get_by_role("button", name="Save a copy").click()
    download.value.save_as(tmp_path / "copy.html")

    again = new_page(offline=True).open((tmp_path / "copy.html").as_uri()).ready()

    assert 0 < len(kept) < explorer.value("dataset.n")
    assert again.kept() == kept


def test_a_file_says_that_it_keeps_no_reviews(
    new_page: Callable[..., Explorer], report: Path
) -> None:
    explorer = new_page(offline=True).open(report.as_uri()).ready()
    card = explorer.page.locator("article.insight").first
    card.get_by_role("button", name="More").click()
    card.get_by_text("A file cannot keep reviews").wait_for()
    assert card.get_by_role("button", name="Approve").count() == 0


def test_mlflows_artifact_viewer_opens_it(new_page: Callable[..., Explorer], world: World) -> None:
    explorer = new_page(viewport={"width": 1600, "height": 900})
    run = f"#/experiments/{world.experiment}/runs/{world.main.run_id}"
    explorer.open(f"{world.server.uri}/{run}/artifacts/{ANALYSIS}/report.html")
    frame = explorer.page.frame_locator("iframe").first
    frame.locator(".kept strong").wait_for(timeout=60_000)

    assert explorer.page.locator("iframe").first.get_attribute("sandbox") is not None
    panel = frame.get_by_role("button", name="Panel", exact=True)
    if panel.get_attribute("aria-pressed") == "false":  # folded, where MLflow leaves little room
        panel.click()
    frame.locator("article.insight h3 button").first.click()
    wanted = f"{len(world.main.report.insights[0].samples):,}"
    frame.locator(".kept strong", has_text=wanted).wait_for()
    inner = next(one for one in explorer.page.frames if one.url.startswith("blob:"))
    drawn = inner.evaluate(
        """() => {
            const canvas = document.querySelector('.map-points');
            const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
            return new Set(new Uint32Array(data.buffer)).size;
        }"""
    )
    assert drawn > 10  # colors: points are on the map
