from __future__ import annotations

import shutil
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import numpy as np
import pytest

import mlflow_latent as ml
from mlflow_latent.errors import CorruptFileError, NewerSchemaError
from mlflow_latent.report.comparison.bundle import write_comparison
from mlflow_latent.report.comparison.page import render_page
from mlflow_latent.report.comparison.words import headline, tally

if TYPE_CHECKING:
    from pathlib import Path

HOSTILE = "<img src=x onerror=\"document.title='broken'\"> $x$ _\n"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""


def compared(size: int = 120, name: str = HOSTILE, **changes: object) -> ml.Comparison:
    rng = np.random.default_rng(0)
    target = rng.integers(0, 3, size)
    loss = rng.exponential(size=size)
    common = {
        "sample_id": [f"{name}{number}" for number in range(size)],
        "split": np.where(rng.random(size) < 0.5, "train", "val"),
        "embedding": rng.normal(size=(size, 4)),
        "target": target,
        "class_names": [name, "b", "c"],
        "metadata": {name: rng.normal(size=size), "kind": rng.choice([name, "x"], size)},
    } | changes
    first = ml.Snapshot.from_arrays(**common, loss=loss)
    return ml.compare(first, ml.Snapshot.from_arrays(**common, loss=loss * rng.random(size)))


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))


def test_names_from_outside_are_text() -> None:
    tags = Tags()
    tags.feed(render_page(compared(), {}))
    assert not [attributes for tag, attributes in tags.seen if "onerror" in attributes]
    assert not [attributes for tag, attributes in tags.seen if tag == "img" and "src" in attributes]
    ids = [attributes["id"] for _, attributes in tags.seen if "id" in attributes]
    assert len(ids) == len(set(ids))
    links = {a["href"][1:] for tag, a in tags.seen if tag == "a"}
    assert links <= set(ids)


def test_every_figure_is_drawn_and_the_page_holds_them(tmp_path: Path) -> None:
    comparison = compared(60)
    write_comparison(comparison, tmp_path)
    figures = sorted(tmp_path.glob("figures/*.png"))
    assert {"change_category_loss.png", "change_metadata_loss.png"} <= {f.name for f in figures}
    page = (tmp_path / "comparison.html").read_text()
    assert page.count("data:image/webp") == len(figures)
    assert "better" in headline(comparison)
    overall = comparison.overall()
    assert tally(overall) == f"b better on {overall.n}, worse on 0, equal on 0"


def test_nothing_to_compare_has_a_page_too() -> None:
    page = render_page(compared(12, "a", metadata=None, target=None), {})
    assert "neither run has targets" in page


def test_a_document_of_a_later_version_or_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "comparison.json").write_text('{"schema_version": 99}')
    with pytest.raises(NewerSchemaError, match="version 99"):
        ml.Comparison.load(tmp_path)
    (tmp_path / "comparison.json").write_text('{"schema_version": 1}')
    with pytest.raises(CorruptFileError, match="is not a comparison"):
        ml.Comparison.load(tmp_path)


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM, reason="no Chromium is installed")
@pytest.mark.parametrize("width", [390, 1400])
def test_the_page_shows_in_a_browser_without_errors(tmp_path: Path, width: int) -> None:
    from playwright.sync_api import sync_playwright

    write_comparison(compared(60), tmp_path)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": width, "height": 900})
        errors: list[str] = []
        page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
        page.goto((tmp_path / "comparison.html").as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.title() != "broken"
        page.locator("button.zoom").first.click()
        assert page.locator("dialog[open]").count() == 1
        assert not errors
        browser.close()
