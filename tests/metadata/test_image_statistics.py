"""Image statistics on images whose figures can be worked out by hand."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from PIL import Image

from mlflow_latent.metadata import Pixels, image_statistics, metadata_functions
from mlflow_latent.metadata.color import linear_from_srgb, temperature_of

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)
YELLOW, CYAN, BLACK, WHITE, GRAY = (255, 255, 0), (0, 255, 255), (0,) * 3, (255,) * 3, (128,) * 3


def stats(*pixels: tuple[int, int, int]) -> dict[str, Any]:
    """Of an image of one row of pixels."""
    return image_statistics(np.array([pixels], dtype=np.uint8))


def test_red_is_the_red_channel() -> None:
    fields = stats(RED, BLACK)
    assert (fields["red_mean"], fields["green_mean"], fields["blue_mean"]) == (0.5, 0, 0)
    assert (fields["red_std"], fields["green_std"], fields["blue_std"]) == (0.5, 0, 0)
    assert stats(BLUE)["blue_mean"] == 1


@pytest.mark.parametrize(
    ("color", "luma"), [(RED, 0.299), (GREEN, 0.587), (BLUE, 0.114), (WHITE, 1), (BLACK, 0)]
)
def test_brightness_is_luma(color: Any, luma: float) -> None:
    assert stats(color)["brightness"] == pytest.approx(luma, abs=1e-6)
    assert stats(color)["contrast"] == pytest.approx(0, abs=1e-6)


def test_contrast() -> None:
    assert stats(BLACK, WHITE)["contrast"] == pytest.approx(0.5)
    assert stats(BLACK, BLACK, BLACK, WHITE)["contrast"] == pytest.approx(math.sqrt(3) / 4)


@pytest.mark.parametrize(
    ("pixels", "mean"),
    [
        ([RED], 0),
        ([GREEN], 120),
        ([BLUE], 240),
        ([RED, GREEN], 60),
        ([RED, BLUE], 300),  # and not the 120 that a plain mean of 0 and 240 is
        ([RED, GRAY, WHITE, BLACK], 0),  # gray has no hue, and is not taken for red
        ([GREEN, GRAY, GRAY, GRAY], 120),
        ([GREEN, GREEN, BLUE, BLUE], 180),
    ],
)
def test_hue_is_circular(pixels: Any, mean: float) -> None:
    assert stats(*pixels)["hue_mean"] == pytest.approx(mean, abs=1e-3)


def test_hue_around_zero() -> None:
    nearly_red = stats((255, 0, 4), (255, 4, 0))  # 359.06 and 0.94 degrees
    assert min(nearly_red["hue_mean"], 360 - nearly_red["hue_mean"]) == pytest.approx(0, abs=1e-3)
    assert nearly_red["hue_std"] == pytest.approx(240 / 255, abs=0.01)


def test_spread_of_hue() -> None:
    assert stats(RED, RED)["hue_std"] == pytest.approx(0, abs=0.05)
    length = math.cos(math.radians(60))  # of the mean of two directions 120 degrees apart
    expected = math.degrees(math.sqrt(-2 * math.log(length)))
    assert stats(RED, GREEN)["hue_std"] == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("pixels", [[GRAY], [BLACK, WHITE], [RED, GREEN, BLUE], [RED, CYAN]])
def test_no_hue_is_none(pixels: Any) -> None:
    assert stats(*pixels)["hue_mean"] is None
    assert stats(*pixels)["hue_std"] is None


def test_saturation_and_value() -> None:
    fields = stats((255, 127, 127), GRAY, BLACK, RED)
    saturations = [128 / 255, 0, 0, 1]
    values = [1, 128 / 255, 0, 1]
    assert fields["saturation_mean"] == pytest.approx(np.mean(saturations), abs=1e-6)
    assert fields["saturation_std"] == pytest.approx(np.std(saturations), abs=1e-6)
    assert fields["value_mean"] == pytest.approx(np.mean(values), abs=1e-6)
    assert fields["value_std"] == pytest.approx(np.std(values), abs=1e-6)


@pytest.mark.parametrize(
    ("color", "a", "b"),
    [  # Lindbloom's CIE color calculator, sRGB, D65
        (RED, 80.11, 67.22),
        (GREEN, -86.18, 83.18),
        (BLUE, 79.20, -107.86),
        (YELLOW, -21.56, 94.48),
        (GRAY, 0, 0),
        (BLACK, 0, 0),
    ],
)
def test_lab(color: Any, a: float, b: float) -> None:
    fields = stats(color)
    assert fields["lab_a_mean"] == pytest.approx(a, abs=0.06)
    assert fields["lab_b_mean"] == pytest.approx(b, abs=0.06)


def test_is_colored_is_read_from_the_pixels() -> None:
    gray = np.random.default_rng(0).integers(0, 256, (50, 50), np.uint8)
    three = np.dstack([gray] * 3)
    assert image_statistics(gray)["is_colored"] is False
    assert image_statistics(three)["is_colored"] is False
    assert image_statistics(np.clip(three + np.uint8(0), 2, 250))["is_colored"] is False
    tinted = three.copy()
    tinted[:5, :5] = RED  # one percent
    assert image_statistics(tinted)["is_colored"] is True
    tinted = three.copy()
    tinted[:2, :2] = RED  # a speck
    assert image_statistics(tinted)["is_colored"] is False


def test_a_gray_jpeg_with_three_channels_is_not_colored(tmp_path: Any) -> None:
    gray = np.random.default_rng(0).integers(0, 256, (64, 64), np.uint8)
    Image.fromarray(np.dstack([gray] * 3)).save(tmp_path / "gray.jpg", quality=30)
    assert image_statistics(tmp_path / "gray.jpg")["is_colored"] is False


@pytest.mark.parametrize(
    ("x", "y", "kelvin"),
    [  # chromaticities of standard illuminants and their temperature, CIE 15; then black bodies
        (0.44758, 0.40745, 2856),
        (0.34567, 0.35850, 5003),
        (0.33242, 0.34743, 5503),
        (0.31271, 0.32902, 6504),
        (0.29902, 0.31485, 7504),
        (1 / 3, 1 / 3, 5455),
        (0.5267, 0.4133, 2000),
        (0.4369, 0.4041, 3000),
        (0.2807, 0.2884, 10_000),
    ],
)
def test_color_temperature_of_standard_illuminants(x: float, y: float, kelvin: float) -> None:
    from mlflow_latent.metadata.color import XYZ_OF_LINEAR

    light = np.linalg.solve(np.array(XYZ_OF_LINEAR), [x / y, 1, (1 - x - y) / y])
    assert temperature_of(light) == pytest.approx(kelvin, rel=0.005)


def test_color_temperature() -> None:
    assert stats(WHITE)["color_temperature"] == pytest.approx(6504, rel=0.005)
    assert stats(GRAY, BLACK)["color_temperature"] == pytest.approx(6504, rel=0.005)
    assert 2500 < stats((255, 180, 107))["color_temperature"] < 3500
    assert stats((180, 200, 255))["color_temperature"] > 10_000
    for color in (BLACK, GREEN, BLUE, (255, 0, 255), RED):
        assert stats(color)["color_temperature"] is None


def test_sharpness_of_one_white_pixel() -> None:
    image = np.zeros((5, 5), np.uint8)
    image[2, 2] = 255
    responses = np.array([-4, 1, 1, 1, 1, 0, 0, 0, 0]) * 255.0
    assert image_statistics(image)["sharpness"] == pytest.approx(responses.var(), rel=1e-5)


def test_blur_lowers_sharpness() -> None:
    sharp = np.random.default_rng(0).random((40, 40))
    blurred = (sharp + np.roll(sharp, 1, 0) + np.roll(sharp, 1, 1)) / 3
    assert image_statistics(blurred)["sharpness"] < 0.6 * image_statistics(sharp)["sharpness"]


@pytest.mark.parametrize("sigma", [0.01, 0.05])
def test_noise_is_that_which_was_added(sigma: float) -> None:
    rng = np.random.default_rng(0)
    row = np.linspace(0.3, 0.7, 200)
    scene = np.add.outer(row, row) / 2  # shading
    scene[50:120, 60:150] = 0.35  # an object with straight edges
    noisy = scene + rng.normal(0, sigma, scene.shape)
    assert image_statistics(noisy)["noise"] == pytest.approx(sigma, rel=0.03)
    assert image_statistics(scene)["noise"] == pytest.approx(0, abs=1e-6)


def test_size() -> None:
    fields = image_statistics(np.zeros((20, 50), np.uint8))
    assert (fields["width"], fields["height"], fields["aspect_ratio"]) == (50, 20, 2.5)


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (2, 2)])
def test_what_an_image_is_too_small_for_is_none(shape: tuple[int, int]) -> None:
    fields = image_statistics(np.full(shape, 100, np.uint8))
    assert fields["sharpness"] is None
    assert fields["noise"] is None
    assert fields["brightness"] == pytest.approx(100 / 255)
    assert fields["contrast"] == pytest.approx(0, abs=1e-7)


IMAGES = arrays(np.uint8, array_shapes(min_dims=2, max_dims=2, max_side=9).map(lambda s: (*s, 3)))


@settings(max_examples=80, deadline=None)
@given(IMAGES)
def test_values_are_in_the_ranges_that_are_stated(image: np.ndarray) -> None:
    slack = 1e-5
    for function in metadata_functions("image"):
        fields = function(Pixels.of(image))
        assert set(fields) == set(function.fields)
        for name, value in fields.items():
            quantity = function.fields[name]
            assert value is None or (
                quantity.least - slack <= value <= quantity.greatest + slack
            ), name


@settings(max_examples=60, deadline=None)
@given(IMAGES, st.sampled_from(["flip", "mirror", "turn"]))
def test_color_does_not_depend_on_where_it_is(image: np.ndarray, how: str) -> None:
    moved = {"flip": image[::-1], "mirror": image[:, ::-1], "turn": image.transpose(1, 0, 2)}[how]
    before, after = image_statistics(image), image_statistics(moved)
    for name in set(before) - {"width", "height", "aspect_ratio", "hue_mean", "hue_std"}:
        if isinstance(before[name], float):
            assert after[name] == pytest.approx(before[name], rel=1e-4, abs=1e-4), name
        else:
            assert after[name] == before[name], name


@settings(max_examples=60, deadline=None)
@given(IMAGES)
def test_8_bits_are_looked_up_as_they_are_computed(image: np.ndarray) -> None:
    looked_up, computed = image_statistics(image), image_statistics(image / 255)
    for name, value in looked_up.items():
        if isinstance(value, float) and not name.startswith("hue"):
            assert computed[name] == pytest.approx(value, rel=1e-3, abs=1e-4), name


def test_gamma_and_its_knee() -> None:
    np.testing.assert_allclose(
        linear_from_srgb(np.array([0, 0.04045, 0.5, 1])), [0, 0.0031308, 0.2140411, 1], rtol=1e-4
    )


def test_same_image_same_figures() -> None:
    image = np.random.default_rng(1).integers(0, 256, (30, 40, 3), np.uint8)
    kept = image.copy()
    assert image_statistics(image) == image_statistics(image)
    np.testing.assert_array_equal(image, kept)
