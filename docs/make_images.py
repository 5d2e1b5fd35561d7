"""Make the pictures of the README: run the demo, open MLflow in Chromium, save what it shows.

    python docs/make_images.py

Needs an installed Chromium and the `test` extra.
"""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image
from playwright.sync_api import sync_playwright

import mlflow_latent as ml
from mlflow_latent.tracking import RunTracker

if TYPE_CHECKING:
    from playwright.sync_api import Browser

IMAGES = Path(__file__).parent / "images"
FIGURES = ("population_loss", "train_vs_val", "curve_centroid_distance")
FLAGS = [
    "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
COLORS = 256  # a palette: a third of the bytes, and no difference that a reader sees


def save(path: Path) -> None:
    """Make a picture small enough for a repository."""
    with Image.open(path) as picture:
        picture.convert("RGB").quantize(COLORS, dither=Image.Dither.NONE).save(path, optimize=True)
    print(f"{path.name}: {path.stat().st_size / 1e3:.0f} kB")


def photograph_mlflow(browser: Browser, url: str) -> None:
    """Save the run's page and its artifact view."""
    page = browser.new_page(viewport={"width": 1280, "height": 1500})
    page.goto(url)
    page.get_by_text("Show more").first.click(timeout=60_000)
    assistant = page.get_by_role("button", name="Close").first
    if assistant.is_visible():
        assistant.click()
    page.locator("img[src*='latent_overview.png']").first.wait_for(timeout=60_000)
    page.wait_for_timeout(2_000)
    page.screenshot(path=IMAGES / "mlflow_run.png")
    save(IMAGES / "mlflow_run.png")
    page.close()


def photograph_report(browser: Browser, report: Path) -> None:
    """Save the top of the summary, by day and by night."""
    for scheme in ("light", "dark"):
        context = browser.new_context(
            viewport={"width": 1280, "height": 1340},
            color_scheme=scheme,  # type: ignore[arg-type]
        )
        page = context.new_page()
        page.goto(report.as_uri())
        page.wait_for_timeout(500)
        page.screenshot(path=IMAGES / f"report_{scheme}.png")
        save(IMAGES / f"report_{scheme}.png")
        context.close()


def draw_worst(run_id: str, tracking_uri: str) -> None:
    """Save the sheet of the sample with the largest loss."""
    samples = RunTracker(run_id, tracking_uri).read_report().samples
    worst = samples.nlargest(1, "loss").iloc[0]
    key = (worst["split"], worst["sample_id"])
    ml.show_sample(run_id, key, tracking_uri=tracking_uri).savefig(IMAGES / "sample_light.png")
    save(IMAGES / "sample_light.png")


def main() -> None:
    """Run the demo and photograph it."""
    IMAGES.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="mlflow-latent-docs-"))
    command = [sys.executable, "-m", "mlflow_latent", "demo", "--json", "--folder", str(folder)]
    demo = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if demo.stdout is None or demo.stderr is None:
        raise RuntimeError("the demo was started with pipes")
    try:
        run = json.loads(demo.stdout.readline())
        while "Open http" not in demo.stderr.readline():
            pass
        analysis = RunTracker(run["run_id"], run["tracking_uri"]).download_analysis()
        draw_worst(run["run_id"], run["tracking_uri"])
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=FLAGS
            )
            root = run["url"].partition("latent/")[0]
            page = RunTracker(run["run_id"], run["tracking_uri"]).page()
            photograph_mlflow(browser, f"{root}{page.run}")
            photograph_report(browser, analysis / "summary.html")
            browser.close()
        for name in FIGURES:
            shutil.copy(analysis / "figures" / f"{name}.png", IMAGES / f"{name}.png")
            save(IMAGES / f"{name}.png")
    finally:
        demo.send_signal(signal.SIGINT)
        demo.wait(30)
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
