"""Heat-maps over pictures: in colors, on the page, in a figure."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from heating import make_heatmaps, of_insights
from PIL import Image

from mlflow_latent.report import heat
from mlflow_latent.report.cards import EXPLAINED_SAMPLES, Gallery
from mlflow_latent.report.figures.heatmaps import draw_heatmaps
from mlflow_latent.report.html import render_page
from mlflow_latent.report.pictures import Budget
from mlflow_latent.report.table import SampleTable

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow_latent.report.heatmaps import Heatmap
    from mlflow_latent.report.model import Report

SIDE = 32
SORTS = ["class", "loss", "region"]
HOSTILE = "<img src=x onerror=\"document.title='broken'\">"


def webp(value: int = 200) -> bytes:
    packed = io.BytesIO()
    Image.fromarray(np.full((SIDE, SIDE, 3), value, dtype=np.uint8)).save(packed, "WEBP")
    return packed.getvalue()


def maps_of(report: Report, target: str | None = None) -> Callable[[str, str], list[Heatmap]]:
    made = make_heatmaps(of_insights(report))
    if target is not None:
        made = [replace(one, target=target) for one in made]
    return lambda split, sample_id: [
        one for one in made if (one.split, one.sample_id) == (split, sample_id)
    ]


def test_what_is_strong_is_the_lightest_and_nothing_leaves_the_picture() -> None:
    picture = np.full((8, 8, 3), 100, dtype=np.uint8)
    values = np.zeros((8, 8), dtype=np.float32)
    values[:, 4:] = 3
    shown = heat.overlaid(picture, values).astype(int)
    assert (shown[:, :3] == 85).all()  # gray, a little darker
    strongest = [int(heat.COLORS[-1][at : at + 2], 16) for at in (1, 3, 5)]
    np.testing.assert_allclose(shown[4, 7], 0.2 * 85 + 0.8 * np.array(strongest), atol=1)


def test_lightness_of_the_colors_grows_evenly() -> None:
    shades = heat.colors_of(np.linspace(0, 1, 50, dtype=np.float32))
    lightness = shades @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(lightness) > 0).all()


@pytest.mark.parametrize("values", [np.zeros((4, 4)), np.full((4, 4), np.nan), -np.ones((4, 4))])
def test_a_map_of_nothing_is_the_picture(values: np.ndarray) -> None:
    picture = np.full((8, 8, 3), 100, dtype=np.uint8)
    assert (heat.overlaid(picture, values.astype(np.float32)) == 85).all()


def test_what_is_no_picture_gives_none() -> None:
    (one, *_) = make_heatmaps([("val", "a")])
    assert heat.overlay(b"no picture", one, 64) is None
    drawn = heat.overlay(webp(), one, 64)
    assert drawn is not None
    assert Image.open(io.BytesIO(drawn)).size == (64, 64)


def test_cards_hold_the_most_faithful_map_of_each_sort(digits: Report) -> None:
    thumbnail = webp()
    gallery = Gallery(
        SampleTable.of(digits), lambda *_: thumbnail, Budget(10_000_000), maps_of(digits)
    )
    card = gallery.cards({})[0]
    assert 0 < len(card.explained) <= EXPLAINED_SAMPLES
    for one in card.explained:
        assert [overlay.heatmap.kind.what for overlay in one.overlays] == [
            "class",
            "loss",
            "region",
        ]
        assert one.overlays[0].heatmap.is_faithful


def test_without_maps_or_pictures_a_card_is_as_before(digits: Report) -> None:
    table = SampleTable.of(digits)
    assert not Gallery(table, None, Budget(1000), maps_of(digits)).cards({})[0].explained
    assert not Gallery(table, lambda *_: webp(), Budget(10**7)).cards({})[0].explained


def test_the_page_says_how_far_to_believe_each_map(digits: Report) -> None:
    page = render_page(digits, [], lambda *_: webp(), maps_of(digits))
    assert "What the model looks at" in page
    assert "Masking its strongest tenth lowers the log-odds" not in page
    assert "Masking its strongest tenth lowers the log-probability of the class by 1.8" in page
    assert "No better than random" in page
    assert 'class="overlay doubtful"' in page


def test_names_of_targets_are_escaped(digits: Report) -> None:
    page = render_page(digits, [], lambda *_: webp(), maps_of(digits, HOSTILE))
    assert "<img src=x" not in page


def test_a_figure_has_the_sample_and_each_map() -> None:
    maps = make_heatmaps([("val", "a")])
    picture = np.full((SIDE, SIDE, 3), 90, dtype=np.uint8)
    figure = draw_heatmaps(picture, maps, "Sample a", "two lines")
    assert len(figure.axes) == len(maps) + 2  # the sample, and what the colors mean
    texts = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert any("No better than random" in text.replace("\n", " ") for text in texts)
    figure.savefig(io.BytesIO(), format="png")


def test_a_figure_without_a_picture_shows_the_maps_alone() -> None:
    maps = make_heatmaps([("val", "a")])[:1]
    figure = draw_heatmaps(None, maps)
    figure.savefig(io.BytesIO(), format="png")
    drawn = np.asarray(figure.axes[1].images[0].get_array())
    row, column = np.unravel_index(drawn.astype(int).sum(2).argmax(), drawn.shape[:2])
    assert (row < drawn.shape[0] / 2, column < drawn.shape[1] / 2) == (True, True)
    assert len(draw_heatmaps(None, []).axes) == 1
