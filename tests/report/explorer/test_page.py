from __future__ import annotations

import base64
import gzip
import hashlib
import html
import logging
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from mlflow_latent.errors import InputError
from mlflow_latent.report.bundle import write_bundle
from mlflow_latent.report.explorer import page as pages
from mlflow_latent.report.explorer.arrays import ExplorerFile
from mlflow_latent.report.explorer.encode import encode_explorer
from mlflow_latent.report.explorer.extras import Extras, History, Sheets
from mlflow_latent.report.explorer.header import SheetHeader
from mlflow_latent.report.explorer.page import LEFT_OUT, PAGE_BYTES, BuiltPage, render_page

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pandas as pd

    from mlflow_latent.report.model import Report

HOSTILE = "</script><script>alert(1)</script><!-- \" ' & <img src=x onerror=alert(2)>"


def data_of(text: str) -> ExplorerFile:
    """As the page does: the text of the elements, base64, gzip."""
    pattern = r'<script type="text/plain" id="latent-explorer(?:-rest)?">([^<]*)</script>'
    first, rest = (gzip.decompress(base64.b64decode(data)) for data in re.findall(pattern, text))
    return ExplorerFile(first + rest)


def packed(rows: np.ndarray, most: int, size: int) -> Sheets:
    """A picture of `most` bytes that gzip cannot make smaller."""
    content = base64.b64encode(np.random.default_rng(0).bytes(most * 3 // 4)).decode()
    tile = np.full(size, 0xFFFFFFFF, dtype=np.uint32)
    tile[rows[:1]] = 0
    path = f"data:image/webp;base64,{content}"
    return Sheets(tile, (SheetHeader(path=path, first=0, count=1, tile_size=8, columns=32),))


def test_the_file_holds_the_page_and_the_data(page: BuiltPage, digits: Report) -> None:
    text = render_page(page, digits, Extras(run_name="bold-owl"))
    assert "<title>bold-owl · Latent</title>" in text
    assert "<style>p{}</style>" in text
    assert 'id="app"' in text
    assert "app.js" not in text
    assert "app.css" not in text
    assert (
        data_of(text).header
        == ExplorerFile(encode_explorer(digits, Extras(run_name="bold-owl"))).header
    )


def test_no_text_of_the_run_can_leave_its_place(page: BuiltPage, digits: Report) -> None:
    report = digits.model_copy(update={"class_names": (HOSTILE,) * 80, "layer": HOSTILE})
    frame = digits.samples
    report = report.with_samples(frame.assign(sample_id=HOSTILE + frame["sample_id"]))
    text = render_page(page, report, Extras(run_name=HOSTILE))
    assert "<script>alert" not in text
    assert "<img" not in text
    assert text.lower().count("</script") == text.lower().count("<script") == 3
    assert data_of(text).header.layer == HOSTILE


def test_what_is_drawn_first_comes_before_the_script(page: BuiltPage, digits: Report) -> None:
    text = render_page(page, digits, Extras())
    places = [text.index(part) for part in ('id="latent-explorer"', "<script>", "explorer-rest")]
    assert places == sorted(places)
    file = data_of(text)
    columns = {column.name: column.data for column in file.header.columns}
    first = [columns[name] for name in ("split", "loss", "target", "prediction", "correct")]
    first += [file.header.projections[0].x, file.header.projections[0].y]
    ends = [one.offset + file.array(one).nbytes for one in first]
    assert max(ends) <= file.header.first_bytes < min(8 * max(ends), file.header.data_bytes)


def test_only_its_own_script_runs_and_nothing_is_fetched(page: BuiltPage, digits: Report) -> None:
    text = render_page(page, digits, Extras())
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy
    rules = dict(rule.split(" ", 1) for rule in policy[1].split("; "))
    assert rules["default-src"] == "'none'"
    assert "unsafe" not in rules["script-src"]
    assert "http" not in policy[1]
    assert "*" not in policy[1]
    (script,) = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert rules["script-src"] == f"'sha256-{digest}'"
    assert script == r'window.ran = "<\/script><\!-- x";'
    assert text.index("Content-Security-Policy") < text.index("<script")


def test_the_same_report_gives_the_same_file(page: BuiltPage, digits: Report) -> None:
    assert render_page(page, digits, Extras()) == render_page(page, digits, Extras())


def test_a_small_run_is_there_whole(page: BuiltPage, digits: Report) -> None:
    header = data_of(render_page(page, digits, Extras())).header
    assert LEFT_OUT not in header.notes


@pytest.mark.slow
def test_122000_samples_fit_into_ten_megabytes(page: BuiltPage, large: Report) -> None:
    noise = np.random.default_rng(0)
    n = len(large.samples)
    columns = {f"meta_field_{place}": noise.normal(size=n) for place in range(40)}
    neighbors = list(noise.integers(0, n, (n, 15)))
    report = large.with_samples(large.samples.assign(neighbors=neighbors, **columns))
    probabilities = noise.random((n, 80), dtype=np.float32)
    history = History(tuple(range(20)), noise.lognormal(size=(20, n)).astype(np.float32))
    extras = Extras(
        pred_probs=probabilities,
        history=history,
        pack=lambda rows, most: packed(rows, most, n),
    )
    text = render_page(page, report, extras)
    assert PAGE_BYTES * 0.5 < len(text) <= PAGE_BYTES
    header = data_of(text).header
    assert header.n == n
    assert LEFT_OUT in header.notes
    assert header.neighbors is not None
    assert header.neighbors.k >= 3
    assert len(header.projections) >= 1
    assert {f"meta_field_{place}" for place in range(40)} <= {c.name for c in header.columns}


def test_pictures_are_those_that_matter(page: BuiltPage, digits: Report) -> None:
    asked: list[np.ndarray] = []

    def pack(rows: np.ndarray, most: int) -> Sheets:
        asked.append(rows)
        return packed(rows, min(most, 100), len(digits.samples))

    header = data_of(render_page(page, digits, Extras(pack=pack))).header
    assert header.thumbnails is not None
    assert header.thumbnails.sheets[0].path.startswith("data:image/webp;base64,")
    (rows,) = asked
    assert sorted(rows.tolist()) == list(range(len(digits.samples)))
    ids = digits.samples["sample_id"].to_numpy()
    typical = {region.typical[0][1] for region in digits.regions}
    assert set(ids[rows[: len(typical)]]) == typical


def test_heatmaps_stand_beside_the_data(page: BuiltPage, digits: Report) -> None:
    large = np.random.default_rng(0).bytes(2 * pages.HEATMAPS_BYTES)
    heatmaps = {"val": b"maps of val", HOSTILE: b"others", "train": large}
    text = render_page(page, digits, Extras(heatmaps=heatmaps))
    found = dict(re.findall(r'<script type="text/plain" id="latent-heatmaps-(.*?)">([^<]*)<', text))
    assert {html.unescape(split) for split in found} == {"val", HOSTILE}
    assert gzip.decompress(base64.b64decode(found["val"])) == b"maps of val"
    (note,) = [note for note in data_of(text).header.notes if "heat-maps" in note]
    assert "train" in note


def test_sheets_of_the_run_are_not_named_in_a_file(page: BuiltPage, digits: Report) -> None:
    size = len(digits.samples)
    sheets = packed(np.arange(1), 100, size)
    text = render_page(page, digits, Extras(thumbnails=sheets))
    assert data_of(text).header.thumbnails is None


@pytest.mark.parametrize("n", [0, 1, 2])
def test_hardly_any_samples(
    page: BuiltPage,
    n: int,
    make_report: Callable[..., Report],
    make_table: Callable[..., pd.DataFrame],
) -> None:
    report = make_report(make_table(n, loss=[np.nan] * n))
    asked = []
    text = render_page(page, report, Extras(pack=lambda rows, _: asked.append(rows)))
    assert data_of(text).header.n == n
    assert asked[0].tolist() == list(range(n))


def test_a_page_of_another_shape_is_refused(tmp_path: Path, page: BuiltPage) -> None:
    for name, content in {"app.js": "", "app.css": "", "index.html": page.template}.items():
        (tmp_path / name).write_text(content)
    assert BuiltPage.find(tmp_path) == replace(page, style="", script="")
    (tmp_path / "index.html").write_text(page.template.replace("<!--latent:data-->", ""))
    with pytest.raises(InputError, match="must hold '<!--latent:data-->' once"):
        BuiltPage.find(tmp_path)


def test_without_the_built_page_the_report_is_the_summary(
    tmp_path: Path,
    digits: Report,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(pages, "files", lambda _: tmp_path / "nothing")
    monkeypatch.setattr(pages, "_told", set())
    small = digits.model_copy(update={"curves": (), "insights": ()}).with_samples(digits.samples)
    with caplog.at_level(logging.WARNING):
        write_bundle(small, tmp_path / "first")
        assert not pages.write_page(small, tmp_path / "second.html")
    assert [record.message for record in caplog.records] == [pages.MEND]
    page = (tmp_path / "first" / "report.html").read_bytes()
    assert page == (tmp_path / "first" / "summary.html").read_bytes()
    assert not (tmp_path / "second.html").exists()
    read = ExplorerFile((tmp_path / "first" / "explorer.bin").read_bytes())
    assert read.header.n == len(digits.samples)
