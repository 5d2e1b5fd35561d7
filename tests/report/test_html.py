from __future__ import annotations

import io
import re
import shutil
from html.parser import HTMLParser
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from mlflow_latent.report import html, words
from mlflow_latent.report.model import Report, SplitSummary

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Page

HOSTILE = "<img src=x onerror=\"document.title='broken'\">"
LEAST_CONTRAST = 4.5  # WCAG 2.2 AA for text
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


class Elements(HTMLParser):
    """All elements of a page with their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def of_class(self, name: str) -> list[dict[str, str | None]]:
        return [attrs for _, attrs in self.found if name in (attrs.get("class") or "").split()]


def thumbnail(split: str, sample_id: str) -> bytes | None:
    if sample_id.endswith("7"):
        return None
    content = io.BytesIO()
    shade = (len(split) * 40, sum(map(ord, sample_id)) % 256, 90)
    Image.new("RGB", (64, 64), shade).save(content, "PNG")
    return content.getvalue()


def noise(_split: str, sample_id: str) -> bytes:
    rng = np.random.default_rng(sum(map(ord, sample_id)))
    content = io.BytesIO()
    Image.fromarray(rng.integers(0, 255, (128, 128, 3), dtype=np.uint8)).save(content, "PNG")
    return content.getvalue()


@pytest.fixture(scope="module")
def path(digits: Report, rendered: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("page") / "deep" / "report.html"
    return html.write_html(digits, target, thumbnail, figures=rendered)


@pytest.fixture(scope="module")
def page(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def test_every_insight_is_a_card_with_effect_interval_and_figure(digits: Report, page: str) -> None:
    elements = Elements(page)
    assert len(elements.of_class("card")) == len(digits.insights)
    for insight in digits.insights:
        for part in (insight.title, insight.description, insight.action):
            assert part in elements.text
        assert words.effect(insight, 0.95) in elements.text
        assert words.q_value(insight.q_value) in elements.text
    assert page.count("data:image/webp") == 14  # every figure once


def test_cards_are_in_order_of_severity(digits: Report, path: Path, tmp_path: Path) -> None:
    turned = digits.model_copy(update={"insights": digits.insights[::-1]})
    turned = turned.with_samples(digits.samples)
    text = Elements(html.write_html(turned, tmp_path / "a.html", figures=path.parent).read_text())
    places = [text.text.index(f"region {insight.region} ") for insight in digits.insights]
    assert places == sorted(places)


def test_samples_are_tiles_with_thumbnail_classes_and_loss(digits: Report, page: str) -> None:
    elements = Elements(page)
    tiles = elements.of_class("tile")
    assert len(tiles) == sum(min(12, len(i.samples)) for i in digits.insights[:2]) + 24
    assert len(elements.of_class("wrong")) > 0
    assert page.count("data:image/png") > len(tiles) / 2
    worst = max(
        (row for row in digits.samples.itertuples() if row.cluster_fine == _number(digits)),
        key=lambda row: row.loss if row.split == "val" else -1,
    )
    assert worst.sample_id in elements.text
    assert f"loss {words.number(float(worst.loss))}, val" in elements.text


def _number(digits: Report) -> int:
    return int(str(digits.insights[0].region).split("/")[1])


def test_everything_the_document_holds_is_on_the_page(digits: Report, page: str) -> None:
    text = Elements(page).text
    assert "domain gap" in text
    assert "no unlabeled split" in text
    assert "3 rows of train" in text
    assert "rank0.parquet is truncated" in text
    assert "1 overlapping insight merged" in text
    assert "brightness: bold" not in text
    assert "stroke: bold is more frequent: 72 % against 41 %" in text
    for region in digits.regions:
        assert f"{region.id} " in text


def test_the_page_needs_nothing_else(page: str) -> None:
    elements = Elements(page)
    for tag, attributes in elements.found:
        for name in ("src", "href", "action", "poster", "srcset"):
            address = attributes.get(name)
            assert address is None or address.startswith(("data:image/", "#")), (tag, address)
        assert not any(name.startswith("on") for name in attributes), (tag, attributes)
        assert tag not in {"link", "iframe", "object", "embed", "base"}
    style = page[page.index("<style>") : page.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style
    assert "default-src 'none'" in page


def test_anchors_lead_somewhere(page: str) -> None:
    elements = Elements(page)
    ids = [attributes["id"] for _, attributes in elements.found if "id" in attributes]
    assert len(ids) == len(set(ids))
    targets = {a["href"] for tag, a in elements.found if tag == "a"}
    assert {str(target)[1:] for target in targets} <= set(ids)


def hostile(digits: Report) -> Report:
    frame = digits.samples.assign(sample_id=digits.samples["sample_id"] + HOSTILE)
    samples = tuple(zip(frame["split"], frame["sample_id"], strict=True))[:20]
    long = HOSTILE * 250
    field = (
        digits.insights[0]
        .metadata[1]
        .model_copy(update={"name": long, "category": HOSTILE, "similar_fields": (HOSTILE,)})
    )
    insight = digits.insights[0].model_copy(
        update={
            "kind": HOSTILE,
            "title": long,
            "description": long,
            "action": HOSTILE,
            "samples": samples,
            "effect_name": HOSTILE,
            "base_rates": {HOSTILE: 1.0},
            "metadata": (field,),
        }
    )
    report = digits.model_copy(
        update={
            "insights": (insight,),
            "class_names": (long,) * 10,
            "run_id": HOSTILE,
            "layer": HOSTILE,
            "notes": (long,),
            "parameters": {HOSTILE: HOSTILE},
            "splits": (SplitSummary(split=HOSTILE, n=1, n_labelled=0),),
        }
    )
    return report.with_samples(frame)


def test_hostile_labels_are_text(digits: Report, rendered: Path, tmp_path: Path) -> None:
    path = html.write_html(hostile(digits), tmp_path / "a.html", thumbnail, figures=rendered)
    elements = Elements(path.read_text(encoding="utf-8"))
    assert not [a for tag, a in elements.found if tag == "img" and a.get("src") == "x"]
    assert not [a for _, a in elements.found if "onerror" in a]
    assert HOSTILE in elements.text
    titles = [a["title"] for _, a in elements.found if a.get("title")]
    assert HOSTILE * 250 in titles
    longest = max(len(data) for data in elements.words if "document.title" in data)
    assert longest < 1000


def test_no_insight_is_said_with_its_error_budget(digits: Report, tmp_path: Path) -> None:
    changes = {"insights": (), "tests": {"low_performance": 40, "overfitting": 38}}
    quiet = digits.model_copy(update=changes).with_samples(digits.samples)
    path = html.write_html(quiet, tmp_path / "a.html", figures=tmp_path)
    text = Elements(path.read_text()).text
    assert "No insights about this latent space" in text
    assert "Nothing passed the 78 tests at an error budget of 5 %" in text
    assert "1 kind of insight could not be computed" in text


def test_an_empty_report_is_a_page(digits: Report, tmp_path: Path) -> None:
    nothing: dict[str, Any] = dict.fromkeys(("insights", "regions", "curves", "splits"), ())
    content = digits.model_dump() | nothing | {"run_id": None, "epoch": None, "layer": None}
    bare = Report.model_validate(content | {"tested_split": None, "reference_split": None})
    text = Elements(html.write_html(bare, tmp_path / "a.html").read_text()).text
    for reason in ("No split has samples", "so there is no map", "no metadata field", "no regions"):
        assert reason in text


def test_one_sample_is_a_page(digits: Report, tmp_path: Path) -> None:
    one = {"insights": (), "regions": (), "curves": ()}
    one["splits"] = (SplitSummary(split="val", n=1, n_labelled=0),)
    report = digits.model_copy(update=one)
    frame = digits.samples.head(1).drop(columns=["loss"])
    text = Elements(html.write_html(report.with_samples(frame), tmp_path / "a.html").read_text())
    assert "mean loss" not in text.text
    assert len(text.of_class("figure")) == 5


def test_the_size_is_kept_with_many_large_thumbnails(
    digits: Report, rendered: Path, tmp_path: Path
) -> None:
    many = digits.model_copy(update={"insights": digits.insights * 12})
    report = many.with_samples(digits.samples)
    path = html.write_html(report, tmp_path / "a.html", noise, figures=rendered)
    page = path.read_text(encoding="utf-8")
    assert path.stat().st_size < 10_000_000
    assert len(Elements(page).of_class("card")) == 48
    assert "more thumbnails left out" in page


@pytest.mark.slow
def test_122_000_samples_fit_the_budget(
    large: Report, rendered_large: tuple[Path, float], tmp_path: Path
) -> None:
    path = html.write_html(large, tmp_path / "a.html", noise, figures=rendered_large[0])
    assert path.stat().st_size < 10_000_000


def colors(dark: bool) -> dict[str, str]:
    style = files("mlflow_latent.report").joinpath("templates/report.css").read_text()
    blocks = re.findall(r":root \{(.*?)\}", style, flags=re.DOTALL)
    return dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", blocks[int(dark)]))


def luminance(color: str) -> float:
    parts = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize(
    ("ink", "paper"),
    [
        *((ink, paper) for ink in ("ink", "muted", "alert") for paper in ("paper", "card", "soft")),
        ("link", "paper"),
        ("link", "card"),
        ("alert-ink", "alert"),
        ("ink", "action"),
    ],
)
def test_text_has_contrast(ink: str, paper: str, dark: bool) -> None:
    named = colors(dark)
    assert contrast(named[ink], named[paper]) >= LEAST_CONTRAST


@pytest.fixture(scope="module")
def browser_page() -> Iterator[Page]:
    if CHROMIUM is None:
        pytest.skip("no Chromium is installed")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser.new_page()
        browser.close()


@pytest.mark.browser
@pytest.mark.parametrize("width", [400, 1280, 1920])
def test_the_page_fits_every_width(browser_page: Page, path: Path, width: int) -> None:
    browser_page.set_viewport_size({"width": width, "height": 900})
    browser_page.goto(path.as_uri())
    assert browser_page.evaluate("document.documentElement.scrollWidth") == width


@pytest.mark.browser
def test_hostile_labels_do_nothing_in_a_browser(
    browser_page: Page, digits: Report, rendered: Path, tmp_path: Path
) -> None:
    path = html.write_html(hostile(digits), tmp_path / "a.html", thumbnail, figures=rendered)
    complaints: list[str] = []
    browser_page.on("console", lambda message: complaints.append(message.text))
    browser_page.on("pageerror", lambda error: complaints.append(str(error)))
    requests: list[str] = []
    browser_page.on("request", lambda request: requests.append(request.url))
    browser_page.set_viewport_size({"width": 1280, "height": 900})
    browser_page.goto(path.as_uri())
    browser_page.wait_for_load_state("load")
    assert browser_page.title().startswith("Latent space report")
    assert complaints == []
    assert [url for url in requests if not url.startswith(("data:", "file:"))] == []
    assert browser_page.evaluate("document.documentElement.scrollWidth") == 1280


@pytest.mark.browser
def test_figures_enlarge_by_keyboard_in_a_sandboxed_frame(browser_page: Page, path: Path) -> None:
    browser_page.goto("about:blank")  # away from a page whose policy allows no frames
    browser_page.set_content('<iframe sandbox="allow-scripts" style="width:1200px;height:800px">')
    browser_page.evaluate(
        "text => { document.querySelector('iframe').src ="
        " URL.createObjectURL(new Blob([text], {type: 'text/html'})) }",
        path.read_text(encoding="utf-8"),
    )
    frame = browser_page.frame_locator("iframe")
    figure = frame.locator("button.zoom").first
    figure.focus()
    browser_page.keyboard.press("Enter")
    assert frame.locator("dialog[open] img").is_visible()
    browser_page.keyboard.press("Escape")
    assert not frame.locator("#zoom").is_visible()


def test_figures_of_another_analysis_are_not_shown(
    digits: Report, rendered: Path, tmp_path: Path
) -> None:
    fewer = digits.model_copy(update={"insights": digits.insights[1:2]})
    fewer = fewer.with_samples(digits.samples)
    page = html.write_html(fewer, tmp_path / "a.html", figures=rendered).read_text()
    assert page.count("data:image/webp") == 14 - len(digits.insights)
