"""The map driven by a mouse and by keys: lasso, colors, zoom, epochs, hover, undo, the address."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from browser.conftest import Explorer, World
    from numpy.typing import NDArray
    from playwright.sync_api import Page

EDGE = 1e-4  # of the plane: a pointer's place is in whole pixels, a float32 away from ours


def inside(polygon: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which points (N, 2) are in a polygon (K, 2), by the even-odd rule."""
    found = np.zeros(len(points), dtype=bool)
    for (ax, ay), (bx, by) in zip(polygon, np.roll(polygon, 1, axis=0), strict=True):
        crosses = (ay > points[:, 1]) != (by > points[:, 1])
        with np.errstate(divide="ignore", invalid="ignore"):
            at = (bx - ax) * (points[:, 1] - ay) / (by - ay) + ax
        found ^= crosses & (points[:, 0] < at)
    return found


def drag(page: Page, path: NDArray[np.float64]) -> None:
    page.mouse.move(*path[0])
    page.mouse.down()
    for place in path[1:]:
        page.mouse.move(*place)
    page.mouse.up()


def circle(middle: NDArray[np.float64], radius: float, corners: int = 24) -> NDArray[np.float64]:
    angles = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    ring = np.column_stack([np.cos(angles), np.sin(angles)])
    return np.round(middle + radius * ring)  # whole pixels, as a mouse has them


def map_box(explorer: Explorer) -> dict[str, float]:
    box = explorer.page.locator(".map-overlay").bounding_box()
    assert box
    return box  # type: ignore[return-value]


def test_a_lasso_keeps_exactly_the_samples_inside_it(explorer: Explorer) -> None:
    pixels = np.array(explorer.pixels())
    polygon = circle(np.median(pixels, axis=0), 90)
    wanted = np.flatnonzero(inside(polygon, pixels))

    explorer.page.get_by_role("button", name="Lasso").click()
    drag(explorer.page, polygon)
    explorer.until("session.state.value.filters.length === 1")

    assert 20 < len(wanted) < len(pixels) - 20
    assert explorer.kept() == wanted.tolist()
    assert explorer.shown_count() == len(wanted)
    chip = explorer.page.get_by_role("list", name="Active filters").get_by_role("listitem")
    assert chip.count() == 1
    chip.get_by_role("button").click()
    assert explorer.shown_count() == len(pixels)


def test_a_box_is_drawn_with_alt(explorer: Explorer) -> None:
    pixels = np.array(explorer.pixels())
    middle = np.round(np.median(pixels, axis=0))
    low, high = middle - 60.5, middle + 60.5  # between pixels no sample is on an edge
    wanted = np.flatnonzero(((pixels > low) & (pixels < high)).all(axis=1))

    explorer.page.keyboard.down("Alt")
    drag(explorer.page, np.array([low, middle, high]))
    explorer.page.keyboard.up("Alt")
    explorer.until("session.state.value.filters.length === 1")

    assert set(wanted) == set(explorer.kept())


def test_another_color_repaints_the_points(explorer: Explorer) -> None:
    before = painted(explorer)
    explorer.page.get_by_role("combobox", name="Color").select_option("split")
    explorer.until("session.state.value.color === 'split' && stage.settled")
    split = painted(explorer)
    swatches = explorer.page.locator(".legend .swatch")

    colors = {
        swatches.nth(place).evaluate("e => getComputedStyle(e).backgroundColor")
        for place in range(2)
    }
    assert before != split
    # A point that is drawn alone has the color that the legend says its split has.
    names = explorer.page.locator(".legend .clip").all_inner_texts()[1:]
    assert {"train", "val"} <= set(names)
    assert len(colors) == 2
    assert colors <= set(split)


def painted(explorer: Explorer) -> dict[str, int]:
    """Colors on the map, and of how many pixels each."""
    return explorer.page.evaluate(
        """() => {
            const canvas = document.querySelector('.map-points');
            const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
            const found = {};
            for (let i = 0; i < data.length; i += 4) {
                const color = `rgb(${data[i]}, ${data[i + 1]}, ${data[i + 2]})`;
                found[color] = (found[color] ?? 0) + 1;
            }
            return found;
        }"""
    )


def test_the_wheel_zooms_where_the_pointer_is_and_a_drag_moves(explorer: Explorer) -> None:
    before = np.array(explorer.pixels())
    row = int(np.argsort(before[:, 0])[len(before) // 4])
    x, y = np.round(before[row])
    explorer.page.mouse.move(x, y)
    explorer.page.mouse.wheel(0, -400)
    explorer.until("session.camera.value.zoom > 1.5 && stage.settled")
    zoomed = np.array(explorer.pixels())

    assert np.abs(zoomed[row] - before[row]).max() < 2
    assert np.ptp(zoomed[:, 0]) > 1.5 * np.ptp(before[:, 0])

    drag(explorer.page, np.array([[x, y], [x + 30, y + 10], [x + 50, y + 20]]))
    moved = np.array(explorer.pixels())
    assert np.abs((moved - zoomed) - [50, 20]).max() < 1

    explorer.page.get_by_role("button", name="Show all").click()
    assert np.abs(np.array(explorer.pixels()) - before).max() < 1e-6


def test_the_map_obeys_the_keyboard(explorer: Explorer) -> None:
    n = explorer.value("dataset.n")
    explorer.page.locator(".map-overlay").focus()
    for _ in range(6):
        explorer.page.keyboard.press("+")
    explorer.page.keyboard.press("ArrowRight")
    camera = explorer.value("session.camera.value")
    assert camera["zoom"] > 4
    assert camera["x"] > 0

    explorer.until("stage.settled")
    box, pixels = map_box(explorer), np.array(explorer.pixels())
    corner = np.array([box["x"], box["y"]])
    size = np.array(explorer.value("stage.extent"))
    explorer.page.keyboard.press("v")  # what is in view
    assert explorer.value("stage.extent") == size.tolist()  # nothing jumps
    wanted = ((pixels >= corner) & (pixels <= corner + size)).all(axis=1)
    assert explorer.kept() == np.flatnonzero(wanted).tolist()
    assert 0 < explorer.shown_count() < n

    explorer.page.keyboard.press("0")
    assert explorer.value("session.camera.value.zoom") == 1
    explorer.page.keyboard.press("Control+z")
    assert explorer.shown_count() == n
    explorer.page.keyboard.press("Control+Shift+z")
    assert explorer.shown_count() == wanted.sum()


def test_points_move_with_the_epochs(explorer: Explorer) -> None:
    drawn = np.array(explorer.pixels())
    slider = explorer.page.get_by_role("slider", name="Epoch of the projection")
    last = int(slider.get_attribute("max") or 0)
    assert last == 2
    assert slider.input_value() == "2"
    slider.focus()
    explorer.page.keyboard.press("Home")
    explorer.until("session.state.value.projection > 0 && stage.settled")
    first = np.array(explorer.pixels())

    assert explorer.page.get_by_text("epoch 0").is_visible()
    assert np.isfinite(first).all()
    assert np.median(np.hypot(*(first - drawn).T)) > 3
    place = explorer.value("session.state.value.projection")
    plane = np.array(explorer.plane(place))
    across = np.polyfit(plane[0], first[:, 0], 1)
    assert np.abs(np.polyval(across, plane[0]) - first[:, 0]).max() < 1e-2

    explorer.page.keyboard.press("End")
    explorer.until("session.state.value.projection === 0 && stage.settled")
    assert np.abs(np.array(explorer.pixels()) - drawn).max() < 1e-6


def test_what_is_under_the_pointer_is_shown_and_a_click_pins_it(explorer: Explorer) -> None:
    pixels = np.array(explorer.pixels())
    alone = int(np.argmax(pixels[:, 0]))  # the rightmost point: nothing is over it
    explorer.page.mouse.move(*pixels[alone])
    explorer.until("session.hovered.value !== null")
    row = explorer.value("session.hovered.value")
    assert np.hypot(*(pixels[row] - pixels[alone])) <= 6
    name = explorer.value(f"dataset.sampleId({row})")
    card = explorer.page.locator(".hover-card")
    assert card.locator("strong").inner_text() == name
    assert card.locator("canvas").count() == 1

    explorer.page.mouse.down()
    explorer.page.mouse.up()
    explorer.page.get_by_role("region", name=f"Sample {name}").wait_for()


def test_a_reload_shows_the_same_view(explorer: Explorer) -> None:
    page = explorer.page
    page.get_by_role("combobox", name="Color").select_option("loss")
    drag_lasso(explorer)
    page.get_by_role("button", name="Zoom in").click()
    explorer.tab("Samples")
    page.get_by_role("button", name="Table").click()
    kept, camera = explorer.kept(), explorer.value("session.camera.value")
    explorer.wait("location.hash.includes('lasso') && location.hash.includes('table')")

    page.reload()
    explorer.ready()

    assert explorer.kept() == kept
    assert 0 < len(kept) < explorer.value("dataset.n")
    assert explorer.value("session.state.value.color") == "loss"
    again = explorer.value("session.camera.value")
    assert all(abs(again[key] - camera[key]) < 1e-3 for key in camera)
    assert page.get_by_role("tab", name="Samples").get_attribute("aria-selected") == "true"
    assert page.get_by_role("grid").is_visible()


def drag_lasso(explorer: Explorer) -> None:
    """Circle the middle with Shift held."""
    explorer.page.keyboard.down("Shift")
    drag(explorer.page, circle(np.median(np.array(explorer.pixels()), axis=0), 80))
    explorer.page.keyboard.up("Shift")
    explorer.until("session.state.value.filters.length === 1")


def test_dots_are_sized_by_loss_and_a_region_has_an_outline(
    explorer: Explorer, world: World
) -> None:
    legend = explorer.page.get_by_role("group", name="Size: loss")
    assert "size: loss" in legend.inner_text()
    sizes = np.array(explorer.value("[...stage.scene.points.size]"))
    rows = explorer.value("[...stage.scene.points.rows]")
    loss = world.main.report.samples["loss"].to_numpy()[rows]
    assert np.all(np.diff(sizes[np.argsort(loss)]) >= 0)
    assert sizes.max() > 2 * np.median(sizes)

    dark = """(() => {
        const canvas = document.querySelector('.map-overlay');
        const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
        return data.reduce((found, value, i) => found + (i % 4 === 3 && value > 128), 0);
    })()"""
    assert explorer.page.evaluate(dark) == 0
    regions = [one for one in world.main.report.insights if one.region]
    card = explorer.page.locator("article.insight", has_text=regions[0].title)
    card.locator("h3 button").click()
    explorer.until("stage.settled")
    assert explorer.page.evaluate(dark) > 100
    explorer.value("session.clearFilters()")
    explorer.until("stage.settled")
    assert explorer.page.evaluate(dark) == 0
