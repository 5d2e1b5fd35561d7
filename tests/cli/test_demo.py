"""The main job, from end to end: train, capture, analyze, log, serve, and look with a browser."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from mlflow_latent.api.analyze import analyze
from mlflow_latent.tracking import RunTracker

if TYPE_CHECKING:
    from pathlib import Path

    from processes import Demo

pytestmark = pytest.mark.slow
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
FLAGS = [
    "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


def test_the_demo_finds_insights_with_evidence(demo: Demo) -> None:
    report = RunTracker(demo.run_id, demo.tracking_uri).read_report()

    assert [split.split for split in report.splits] == ["train", "val"]
    assert sum(split.n for split in report.splits) == 1797
    assert report.splits[1].accuracy > 0.8
    assert report.insights
    for insight in report.insights:
        assert insight.q_value <= report.error_budget
        assert insight.interval[0] <= insight.effect <= insight.interval[1]
        assert sum(insight.counts.values()) == len(insight.samples) > 0
        assert insight.action
    curve = next(c for c in report.curves if c.field == "centroid_distance")
    first, *_, last = curve.series["val"]
    assert last.mean > first.mean  # far from its class's centroid, a digit is hard


def test_analyzing_twice_gives_the_same_bytes(demo: Demo) -> None:
    tracker = RunTracker(demo.run_id, demo.tracking_uri)

    def logged() -> bytes:
        return (tracker.download_analysis(None, ["report.json"]) / "report.json").read_bytes()

    analyze(demo.run_id, tracking_uri=demo.tracking_uri)
    first = logged()
    analyze(demo.run_id, tracking_uri=demo.tracking_uri)

    assert logged() == first


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM, reason="no Chromium is installed")
def test_the_run_in_mlflow_has_our_note_and_a_way_to_the_printed_address(
    demo: Demo, tmp_path: Path
) -> None:
    from playwright.sync_api import sync_playwright

    root = demo.url.partition("latent/")[0]
    run = RunTracker(demo.run_id, demo.tracking_uri).page().run
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 1600})
        page.goto(f"{root}{run}")
        page.get_by_text("insight").first.wait_for(timeout=60_000)
        picture = page.locator("img[src*='latent_overview.png']").first
        picture.wait_for(timeout=60_000)
        page.wait_for_function(
            "picture => picture.complete && picture.naturalWidth > 500",
            arg=picture.element_handle(),
        )
        page.screenshot(path=tmp_path / "run.png")
        page.get_by_role("link", name="Open in Latent").click()
        page.wait_for_url(demo.url)
        browser.close()
