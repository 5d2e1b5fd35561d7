"""Filters and the panel beside the map: histograms, insights, samples, curves, the selection."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
import yaml
from heating import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from browser.conftest import Explorer, World
    from playwright.sync_api import Locator


def losses(world: World) -> np.ndarray:
    return world.main.report.samples["loss"].to_numpy(np.float32)


def box_of(locator: Locator) -> dict[str, float]:
    locator.scroll_into_view_if_needed()
    box = locator.bounding_box()
    assert box
    return box  # type: ignore[return-value]


def test_a_brushed_histogram_keeps_its_range(explorer: Explorer, world: World) -> None:
    box = box_of(explorer.page.locator(".histogram svg").first)
    y = box["y"] + box["height"] / 2
    explorer.page.mouse.move(box["x"] + 0.3 * box["width"], y)
    explorer.page.mouse.down()
    for share in (0.4, 0.6, 0.7):
        explorer.page.mouse.move(box["x"] + share * box["width"], y)
    explorer.page.mouse.up()

    chosen = explorer.value("session.state.value.filters[0]")
    loss = losses(world)
    wanted = (loss >= np.float32(chosen["low"])) & (loss <= np.float32(chosen["high"]))
    assert chosen["column"] == "loss"
    assert 0 < wanted.sum() < len(loss)
    assert explorer.kept() == np.flatnonzero(wanted).tolist()
    # Other columns count only what is left; the brushed one counts as before.
    right = explorer.value("[...session.counts('correct').value]")
    assert sum(right) == wanted.sum()
    assert sum(explorer.value("[...session.counts('loss').value]")) == len(loss)

    explorer.page.mouse.click(box["x"] + 0.9 * box["width"], y)  # elsewhere: no brush
    assert explorer.shown_count() == len(loss)


def test_a_range_can_be_typed(explorer: Explorer, world: World) -> None:
    fields = explorer.page.locator(".number-filter").first.locator("input")
    fields.first.fill("0.5")
    fields.first.press("Enter")
    wanted = int((losses(world) >= 0.5).sum())
    explorer.until("session.state.value.filters.length === 1")
    assert 0 < wanted == explorer.shown_count()

    explorer.page.locator(".map-overlay").focus()
    explorer.page.keyboard.press("Control+z")
    assert explorer.shown_count() == len(losses(world))


def test_a_category_is_chosen_by_keyboard(explorer: Explorer, world: World) -> None:
    wrong = explorer.page.locator(".bar-row", has_text="wrong")
    wrong.focus()
    explorer.page.keyboard.press("Enter")
    samples = world.main.report.samples
    count = int((samples["target"] != samples["prediction"]).sum())
    assert 0 < count == explorer.shown_count()
    assert wrong.get_attribute("aria-pressed") == "true"


def test_an_insight_shows_its_samples(explorer: Explorer, world: World) -> None:
    found = world.main.report.insights[0]
    card = explorer.page.locator("article.insight").first
    card.locator("h3 button").click()
    keys = set(found.samples)
    frame = world.main.report.samples
    rows = [
        row
        for row, key in enumerate(zip(frame["split"], frame["sample_id"], strict=True))
        if key in keys
    ]
    assert card.locator("h3").inner_text() == found.title
    assert 0 < len(rows) == len(found.samples)
    assert explorer.kept() == rows
    assert explorer.shown_count() == len(rows)
    assert explorer.page.locator(".chip").count() == 1

    card.locator("h3 button").click()
    assert explorer.shown_count() == len(frame)


def test_similars_lead_from_sample_to_sample(explorer: Explorer) -> None:
    page = explorer.page
    explorer.tab("Samples")
    page.locator(".grid-cell button").first.click()
    for _ in range(2):
        row = explorer.value("session.state.value.pinned")
        near = explorer.value(f"dataset.neighbors({row})")
        detail = page.get_by_role(
            "region", name=f"Sample {explorer.value(f'dataset.sampleId({row})')}"
        )
        similars = detail.get_by_role("region", name="Similar samples")
        assert similars.locator("li").count() == len(near) > 0
        similars.locator("li button").nth(1).click()
        assert explorer.value("session.state.value.pinned") == near[1] != row
    page.get_by_role("button", name="Back to the sample before").click()
    assert explorer.value("session.state.value.pinned") == row

    page.get_by_role("button", name="Select them").click()
    assert set(explorer.kept()) == {row, *near}
    page.get_by_role("button", name="Close the sample").click()
    assert page.locator(".detail").count() == 0


def test_the_detail_has_everything_of_a_sample(explorer: Explorer, world: World) -> None:
    explorer.value("session.update({pinned: 7})")
    detail = explorer.page.locator(".detail")
    frame = world.main.report.samples
    sample = frame.iloc[7]
    assert detail.get_by_role("heading", name=sample["sample_id"]).is_visible()
    loss = detail.get_by_role("img", name="Loss")
    assert loss.count() + detail.locator("svg").count() > 0
    history = explorer.value("dataset.lossHistory(7)")
    assert [epoch for epoch, _ in history] == [0, 1, 2]
    assert abs(history[-1][1] - sample["loss"]) < 1e-2
    text = detail.inner_text()
    assert "brightness" in text.lower()
    assert detail.locator("canvas.picture").first.is_visible()


def test_heatmaps_lie_over_the_picture(explorer: Explorer, world: World) -> None:
    split, name = world.main.report.insights[0].samples[0]
    frame = world.main.report.samples
    row = int(np.flatnonzero((frame["split"] == split) & (frame["sample_id"] == name))[0])
    explorer.value(f"session.update({{pinned: {row}}})")
    part = explorer.page.get_by_role("region", name="What the model looks at")
    part.wait_for()
    maps = part.get_by_role("list", name="All heat-maps").get_by_role("button")
    assert maps.count() == len(KINDS)
    # The bump of the first map is in one corner, that of the second in another.
    large = part.locator(".heat-top canvas").nth(1)
    strongest = """(canvas) => {
        const {width, height} = canvas;
        const {data} = canvas.getContext('2d').getImageData(0, 0, width, height);
        const alpha = data.filter((_, i) => i % 4 === 3);
        const best = alpha.indexOf(Math.max(...alpha));
        return [best % width / width, Math.floor(best / width) / height];
    }"""
    assert np.allclose(large.evaluate(strongest), [0.3, 0.3], atol=0.05)
    maps.nth(1).click()
    assert np.allclose(large.evaluate(strongest), [0.7, 0.3], atol=0.05)
    assert "No better than random." in part.inner_text()  # its interval holds zero
    part.get_by_role("combobox", name="Heat-map").select_option(index=0)
    assert "No better than random." not in part.locator(".heat-top").inner_text()

    part.get_by_label("Opacity").focus()
    explorer.page.keyboard.press("Home")
    assert large.evaluate("(canvas) => getComputedStyle(canvas).opacity") == "0"


def test_a_sample_says_why_it_is_in_an_insight(explorer: Explorer, world: World) -> None:
    found = world.main.report.insights[0]
    explorer.page.locator("article.insight .strip button").first.click()
    row = explorer.value("session.state.value.pinned")
    part = explorer.page.get_by_role("region", name="Insights with this sample")
    card = part.get_by_role("button").first
    loss = world.main.report.samples["loss"].iloc[row]
    assert found.title[:60] in card.inner_text()
    assert f"loss {loss:.3g}" in card.inner_text()
    card.click()
    assert explorer.page.locator(".detail").count() == 0
    assert explorer.shown_count() == len(found.samples)


def test_an_insight_offers_the_test_that_guards_against_it(
    explorer: Explorer, world: World
) -> None:
    guarded = [one for one in world.main.report.insights if one.expectation]
    card = explorer.page.locator("article.insight", has_text=guarded[0].title)
    card.get_by_role("button", name="More").click()
    card.get_by_text("A test that guards against it").click()
    (entry,) = yaml.safe_load(card.locator("pre").inner_text())
    expectation = guarded[0].expectation
    assert expectation
    assert (entry["filter"], entry["metric"]) == (expectation.filter, expectation.metric)
    assert entry["threshold"] == expectation.threshold


def test_fields_are_shown_by_origin(new_page: Callable[..., Explorer], world: World) -> None:
    """Three of them, the last without labels: shares of its own, whatever its size."""
    origins = world.runs["origins"]
    explorer = new_page().open(world.address(f"run/{origins.run_id}")).ready()
    page = explorer.page
    explorer.tab("Curves")
    page.get_by_label("Measure").select_option("share of samples")
    curve = page.get_by_role("article", name="share of samples by brightness")
    curve.get_by_role("button", name="Table").click()
    cells = curve.get_by_role("row").nth(1).get_by_role("cell").all_inner_texts()
    brightness = origins.report.samples["meta_brightness"].groupby(origins.report.samples["split"])
    ends = np.linspace(*origins.report.samples["meta_brightness"].agg(["min", "max"]), 11)
    for place, split in enumerate(("train", "val", "unlabeled")):
        values = brightness.get_group(split).to_numpy()
        count = int((values < ends[1]).sum())
        assert cells[2 * place] == str(count)
        assert float(cells[2 * place + 1].split(" ")[0]) == pytest.approx(count / len(values), 1e-2)

    page.get_by_label("every split for itself").check()
    assert page.locator(".bars-split").count() == 2  # of the loss: train and val have one
    sizes = page.get_by_label("Size").locator("option").all_inner_texts()
    assert "predicted loss" in sizes


def test_objects_are_drawn_on_the_picture(new_page: Callable[..., Explorer], world: World) -> None:
    explorer = new_page().open(world.address(f"run/{world.runs['hostile'].run_id}")).ready()
    explorer.value("session.update({pinned: 5})")
    explorer.until("session.thumbnails.tile(5)")
    picture = explorer.page.locator(".large-picture canvas")
    explorer.page.get_by_text("1 target").wait_for()
    greens = picture.evaluate(
        """(canvas) => {
            const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
            let found = 0;
            for (let i = 0; i < data.length; i += 4) found += data[i + 1] > data[i] + 60;
            return found;
        }"""
    )
    assert greens > 100  # the digits are grey: only the box is green


def test_the_table_sorts_by_any_column(explorer: Explorer, world: World) -> None:
    page, frame = explorer.page, world.main.report.samples
    explorer.tab("Samples")
    page.get_by_role("button", name="Table").click()
    grid = page.get_by_role("grid")

    def first() -> str:
        return grid.locator("[data-place='0']").inner_text()

    worst = frame.loc[frame["loss"].idxmax(), "sample_id"]
    assert worst in first()
    grid.get_by_role("columnheader", name="Loss").get_by_role("button").click()
    best = set(frame.loc[frame["loss"] == frame["loss"].min(), "sample_id"])
    assert grid.get_by_role("columnheader", name="Loss").get_attribute("aria-sort") == "ascending"
    explorer.until("session.keptRows.value.length === dataset.n")
    assert any(name in first() for name in best)
    values = explorer.value(
        "[...session.keptRows.value].map((row) => dataset.column('loss').values[row])"
    )
    assert np.all(np.diff(values) >= 0)
    assert grid.get_attribute("aria-rowcount") == str(len(frame) + 1)
    assert grid.locator("[data-place]").count() < 80  # only what is on screen is in the page


def test_the_tables_head_stands_over_its_columns(explorer: Explorer) -> None:
    explorer.tab("Samples")
    explorer.page.get_by_role("button", name="Table").click()
    grid = explorer.page.get_by_role("grid")
    grid.locator("[data-place='0']").wait_for()
    places = "cells => cells.map((cell) => Math.round(cell.getBoundingClientRect().left))"
    head = grid.get_by_role("columnheader").evaluate_all(places)
    assert len(head) > 3
    for place in range(3):  # whose texts differ in length
        row = grid.locator(f"[data-place='{place}']").get_by_role("gridcell")
        assert row.evaluate_all(places) == head


def test_the_grid_walks_by_keyboard(explorer: Explorer) -> None:
    explorer.tab("Samples")
    page = explorer.page
    page.locator("[data-place='0']").focus()
    page.keyboard.press("ArrowRight")
    explorer.wait("document.activeElement.dataset.place === '1'")
    page.keyboard.press("Enter")
    rows = explorer.value("[...session.keptRows.value].slice(0, 2)")
    assert explorer.value("session.state.value.pinned") == rows[1]
    page.keyboard.press("Escape")
    assert explorer.value("session.state.value.pinned") is None
    assert page.evaluate("document.activeElement.dataset.place") == "1"  # where one came from


def test_a_curves_bin_filters(explorer: Explorer) -> None:
    explorer.tab("Curves")
    curve = explorer.page.locator("article.curve").first
    bins = curve.get_by_role("option")
    n = explorer.value("dataset.n")
    bins.nth(1).click()
    explorer.until("session.state.value.filters.length === 1")
    kept = explorer.kept()
    chosen = explorer.value("session.state.value.filters[0]")
    assert 0 < len(kept) < n
    assert chosen["type"] in {"range", "categories"}
    assert bins.nth(1).get_attribute("aria-selected") == "true"
    assert curve.locator("[role=option][aria-selected=true]").count() == 1

    curve.get_by_role("button", name="Table").click()
    assert curve.get_by_role("table").is_visible()


def test_a_selection_is_compared_with_the_rest(explorer: Explorer) -> None:
    explorer.page.locator(".bar-row", has_text="wrong").click()
    explorer.tab("Selection")
    panel = explorer.page.get_by_role("region", name="Selection")
    mean = panel.get_by_role("region", name="Mean loss")
    mean.wait_for()
    selection, rest = (
        float(text.replace(",", "")) for text in mean.locator(".rate-value").all_inner_texts()
    )
    loss = np.array(explorer.value("[...dataset.column('loss').values]"))
    kept = np.zeros(len(loss), dtype=bool)
    kept[explorer.kept()] = True
    assert abs(selection - loss[kept].mean()) < 0.01 * selection + 0.005
    assert abs(rest - loss[~kept].mean()) < 0.01 * rest + 0.005
    apart = panel.get_by_role("region", name="What the model made of them")
    apart.get_by_text("Loss", exact=True).wait_for()


def test_the_selection_is_exported_whole(explorer: Explorer, world: World, tmp_path: Path) -> None:
    explorer.page.locator(".bar-row", has_text="wrong").click()
    explorer.tab("Selection")
    explorer.page.get_by_role("region", name="Mean loss").wait_for()
    with explorer.page.expect_download() as download:
        explorer.page.get_by_role("button", name="Export CSV").click()
    download.value.save_as(tmp_path / "selection.csv")
    with (tmp_path / "selection.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))

    frame = world.main.report.samples
    wrong = frame[frame["target"] != frame["prediction"]]
    by_key = {(row["split"], row["sample_id"].lstrip("'")): row for row in rows}
    assert len(rows) == len(wrong) == len(by_key)
    for sample in wrong.itertuples():
        row = by_key[sample.split, sample.sample_id]
        assert np.float32(row["loss"]) == np.float32(sample.loss)
        assert row["target"] == str(sample.target)


def test_a_review_is_kept_as_a_tag_of_the_run(explorer: Explorer, world: World) -> None:
    page = explorer.page
    card = page.locator("article.insight").nth(1)
    title = card.locator("h3").inner_text()
    card.get_by_role("button", name="More").click()
    card.get_by_role("textbox", name="Comment for the review").fill("seen by a test")
    card.get_by_role("button", name="Archive", exact=True).click()
    page.locator("article.insight", has_text=title).wait_for(state="detached")

    tags = world.client.get_run(world.main.run_id).data.tags
    reviews = {
        key: json.loads(text) for key, text in tags.items() if key.startswith("latent.insight.")
    }
    assert [review["status"] for review in reviews.values()] == ["archived"]
    assert [review["comment"] for review in reviews.values()] == ["seen by a test"]

    page.reload()
    explorer.ready()
    explorer.wait(
        "!document.querySelector('#tab-panel').innerText.includes(" + json.dumps(title) + ")"
    )
    page.get_by_role("button", name="archived", exact=True).click()
    page.locator("article.insight", has_text=title).wait_for()
    for key in reviews:
        world.client.delete_tag(world.main.run_id, key)


def test_a_named_set_is_kept_with_the_run(
    explorer: Explorer, new_page: Callable[..., Explorer], world: World
) -> None:
    explorer.page.locator(".bar-row", has_text="wrong").click()
    wanted = explorer.kept()
    explorer.tab("Selection")
    explorer.page.get_by_role("textbox", name="Name of the set").fill("wrong <b>ones</b>")
    explorer.page.get_by_role("button", name="Save", exact=True).click()
    explorer.page.get_by_role("region", name="Saved sets").get_by_role("listitem").wait_for()

    again = new_page().open(world.address(f"run/{world.main.run_id}")).ready()
    again.tab("Selection")
    again.page.get_by_role("button", name="wrong <b>ones</b>", exact=True).click()
    assert again.kept() == wanted
    tags = world.client.get_run(world.main.run_id).data.tags
    (name,) = (key for key in tags if key.startswith("latent.set."))
    world.client.delete_tag(world.main.run_id, name)
