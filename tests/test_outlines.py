from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from mlflow_latent.errors import CaptureError
from mlflow_latent.outlines import MOST_POINTS, outline_map


def drawn(polygon: tuple[float, ...], side: int) -> np.ndarray:
    """The pixels within an outline."""
    picture = Image.new("1", (side * 8, side * 8))
    ImageDraw.Draw(picture).polygon([value * side * 8 for value in polygon], fill=1)
    return np.asarray(picture).reshape(side, 8, side, 8).mean((1, 3)) > 0.5


def test_outlines_hold_the_pixels_of_their_class() -> None:
    rows, columns = np.mgrid[:64, :64]
    disc = (rows - 20) ** 2 + (columns - 30) ** 2 < 15**2
    bar = (rows > 45) & (columns > 5) & (columns < 60)
    found = outline_map(np.where(disc, 3, np.where(bar, 7, 0)), "prediction")
    assert [one.category for one in found] == [3, 7]
    for one, mask in zip(found, (disc, bar), strict=True):
        inside = drawn(one.polygon or (), 64)
        assert (inside & mask).sum() / (inside | mask).sum() > 0.95
        assert one.role == "prediction"
        assert one.score is None
        assert len(one.polygon or ()) <= 2 * MOST_POINTS


def test_pieces_apart_are_objects_apart_and_specks_are_none() -> None:
    pixels = np.zeros((128, 128), dtype=np.uint8)
    pixels[10:20, 10:20] = pixels[40:60, 40:60] = 1
    pixels[100, 100] = 1
    assert len(outline_map(pixels, "target")) == 2


def test_wide_pictures_lie_in_the_middle_of_their_square() -> None:
    (one,) = outline_map(np.ones((10, 40), dtype=int), "target")
    assert one.box == (0, 0.375, 1, 0.625)


def test_background_and_unknown_pixels_are_not_drawn() -> None:
    pixels = np.array([[0, 255], [1, 1]])
    assert [one.category for one in outline_map(pixels, "target")] == [1]
    assert [one.category for one in outline_map(pixels, "target", background=None)] == [0, 1]
    assert outline_map(np.zeros((4, 4), dtype=bool), "target") == []


@pytest.mark.parametrize("pixels", [np.zeros((2, 2, 2), dtype=int), np.zeros((2, 2)), 3])
def test_what_is_no_map_of_classes(pixels: object) -> None:
    with pytest.raises(CaptureError, match="a map of classes is"):
        outline_map(pixels, "target")  # type: ignore[arg-type]
