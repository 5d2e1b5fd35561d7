"""Runs side by side: one selection in all maps."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.report.comparison.model import Comparison

if TYPE_CHECKING:
    from collections.abc import Callable

    from browser.conftest import Explorer, World


def compare_page(world: World) -> str:
    runs = "&".join(f"run={world.runs[name].run_id}" for name in ("digits", "narrow"))
    return world.address(f"compare?{runs}")


def open_comparison(new_page: Callable[..., Explorer], world: World) -> Explorer:
    explorer = new_page().open(compare_page(world))
    explorer.page.locator(".compare-map canvas.map-overlay").nth(1).wait_for(timeout=60_000)
    explorer.wait("window.latent?.stage?.settled === true")
    return explorer


def test_a_lasso_in_one_run_selects_the_samples_in_the_other(
    new_page: Callable[..., Explorer], world: World
) -> None:
    explorer = open_comparison(new_page, world)
    n = len(world.main.report.samples)
    assert explorer.shown_count() == n

    # `window.latent` is the map that was made last, that of run B: lasso in A, look in B.
    first = explorer.page.locator(".compare-map .map-overlay").first
    box = first.bounding_box()
    assert box
    middle = np.array([box["x"] + box["width"] / 2, box["y"] + box["height"] / 2])
    angles = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    path = middle + 0.2 * box["height"] * np.column_stack([np.cos(angles), np.sin(angles)])
    explorer.page.keyboard.down("Shift")
    explorer.page.mouse.move(*path[0])
    explorer.page.mouse.down()
    for place in path[1:]:
        explorer.page.mouse.move(*place)
    explorer.page.mouse.up()
    explorer.page.keyboard.up("Shift")

    explorer.until("session.keptCount.value < dataset.n")
    kept = explorer.kept()
    assert 0 < len(kept) < n
    # The same samples are in both runs, in the same order: both were captured alike.
    explorer.wait(
        f"document.querySelector('.kept strong').innerText.replace(',', '') === '{len(kept)}'"
    )
    splits, both = explorer.value("[dataset.split(0), dataset.n]")
    assert (splits, both) == (world.runs["narrow"].report.samples["split"].iloc[0], n)


def test_wins_and_losses_are_counted_by_class(
    new_page: Callable[..., Explorer], world: World
) -> None:
    explorer = open_comparison(new_page, world)
    panel = explorer.page.get_by_role("complementary", name="Differences")
    frames = [world.runs[name].report.samples for name in ("digits", "narrow")]
    shared = len(frames[0].merge(frames[1], on=["split", "sample_id"]))
    assert f"{shared:,} samples in both runs" in panel.inner_text().replace("\u202f", ",")
    right = [
        (frame["target"] == frame["prediction"])[frame["split"] == "val"].mean() for frame in frames
    ]
    said = panel.locator(".rights li", has_text="val").inner_text()
    assert all(f"{share * 100:.1f}" in said or f"{share * 100:.0f}" in said for share in right)


def test_all_maps_take_the_difference_as_their_color(
    new_page: Callable[..., Explorer], world: World
) -> None:
    explorer = open_comparison(new_page, world)
    chooser = explorer.page.locator(".top-bar select")
    labels = chooser.locator("option").all_inner_texts()
    (difference,) = [label for label in labels if "−" in label or "minus" in label][:1]
    chooser.select_option(label=difference)
    explorer.until("stage.settled")
    column = explorer.value("session.state.value.color")
    values = np.array(explorer.value(f"[...dataset.column('{column}').values]"), dtype=float)
    losses = [
        world.runs[name].report.samples["loss"].to_numpy(np.float32)
        for name in ("digits", "narrow")
    ]
    assert np.allclose(np.abs(values), np.abs(losses[0] - losses[1]), atol=1e-3)
    legends = explorer.page.get_by_role("group", name="Color: loss")
    assert legends.count() == 2


def test_what_the_analyzer_found_is_shown(new_page: Callable[..., Explorer], world: World) -> None:
    explorer = open_comparison(new_page, world)
    part = explorer.page.get_by_role("region", name="Logged comparison")
    runs = [world.runs[name].run_id for name in ("digits", "narrow")]
    path = world.client.download_artifacts(runs[0], f"latent/comparisons/{runs[1]}/comparison.json")
    found = Comparison.model_validate_json(Path(path).read_text())
    overall = found.overall()
    assert overall
    assert found.agreement
    text = part.inner_text().replace("−", "-")
    assert f"{overall.mean_a:.3g} → {overall.mean_b:.3g}" in text
    assert f"CKA {found.agreement.cka:.3g}" in text
    for status in ("appeared", "resolved", "persisted"):
        count = sum(one.status == status for one in found.insights)
        assert (f"{count} {status}" in text) == (count > 0)
    part.get_by_label("Grouped by").select_option("region_joint")
    rows = part.get_by_role("region", name="Change by group").get_by_role("row")
    regions = [one for one in found.changes if one.grouping == "region_joint"]
    assert rows.count() == 1 + 8  # of many the first; the largest change of them leads
    clear = {one.group for one in regions if one.verdict not in ("undecided", "too_few")}
    assert rows.nth(1).get_by_role("rowheader").inner_text() in clear
    link = part.get_by_role("link", name="whole comparison").get_attribute("href")
    assert link
    assert link.endswith(f"/artifacts/latent/comparisons/{runs[1]}/comparison.html")


def test_runs_that_were_not_compared_say_how(
    new_page: Callable[..., Explorer], world: World
) -> None:
    runs = [world.runs[name].run_id for name in ("digits", "origins")]
    page = new_page().open(world.address(f"compare?run={runs[0]}&run={runs[1]}")).page
    page.get_by_text(f"mlflow-latent compare {runs[0]} {runs[1]}").wait_for()


def test_one_run_cannot_be_compared(new_page: Callable[..., Explorer], world: World) -> None:
    page = new_page().open(world.address(f"compare?run={world.main.run_id}")).page
    page.get_by_role("alert").get_by_text("two to four runs").wait_for()
