"""Images of all kinds are read as the same planes, or refused with a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from mlflow_latent.errors import InputError
from mlflow_latent.metadata import Pixels, image_statistics

if TYPE_CHECKING:
    from pathlib import Path

RGB = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255]], [[51, 102, 153], [0, 0, 0], [255] * 3]])
RGB8 = RGB.astype(np.uint8)
SHARES = RGB / 255
ALPHA = np.dstack([RGB8, np.full((2, 3), 7, np.uint8)])

SAME = {
    "uint8": RGB8,
    "uint16": (RGB * 257).astype(np.uint16),
    "float64": SHARES,
    "float16": SHARES.astype(np.float16),
    "alpha": ALPHA,
    "transposed": np.asfortranarray(RGB8),
    "pillow": Image.fromarray(RGB8),
    "pillow with alpha": Image.fromarray(ALPHA),
}


@pytest.mark.parametrize("image", SAME.values(), ids=SAME.keys())
def test_the_same_image_in_many_forms_is_the_same(image: Any) -> None:
    np.testing.assert_allclose(Pixels.of(image).rgb, SHARES.transpose(2, 0, 1), atol=1e-3)


def test_channels_first_and_a_normalization_that_is_undone() -> None:
    mean, std = np.array([0.4, 0.5, 0.6]), np.array([0.2, 0.25, 0.3])
    image = ((SHARES - mean) / std).transpose(2, 0, 1)
    found = Pixels.of(image, mean=mean, std=std, channels_first=True).rgb
    np.testing.assert_allclose(found, SHARES.transpose(2, 0, 1), atol=1e-6)


@pytest.mark.parametrize(
    "gray",
    [
        np.array([[0, 128], [255, 64]], np.uint8),
        np.array([[0, 128], [255, 64]], np.uint8)[..., None],
        Image.fromarray(np.array([[0, 128], [255, 64]], np.uint8)),
        Image.fromarray((np.array([[0, 128], [255, 64]]) * 257).astype(np.uint16)),
        Image.fromarray((np.array([[0, 128], [255, 64]]) * 257).astype(np.int32)),
        Image.fromarray((np.array([[0, 128], [255, 64]]) / 255).astype(np.float32)),
    ],
    ids=["(H, W)", "(H, W, 1)", "L", "I;16", "I", "F"],
)
def test_gray_is_three_equal_channels(gray: Any) -> None:
    rgb = Pixels.of(gray).rgb
    np.testing.assert_allclose(rgb[0] * 255, [[0, 128], [255, 64]], atol=1e-4)
    np.testing.assert_array_equal(rgb[0], rgb[1])
    np.testing.assert_array_equal(rgb[0], rgb[2])


def test_black_and_white() -> None:
    fields = image_statistics(np.array([[True, False]]))
    assert fields["brightness"] == pytest.approx(0.5)
    assert fields["contrast"] == pytest.approx(0.5)


@pytest.mark.parametrize(
    "mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "HSV", "LAB"]
)
def test_every_mode_of_pillow(mode: str) -> None:
    middle = Image.new("RGB", (5, 4), (200, 200, 200))
    source = middle if mode != "LAB" else None  # Pillow makes none of RGB
    image = Image.new(mode, (5, 4)) if source is None else source.convert(mode)
    fields = image_statistics(image)
    assert (fields["width"], fields["height"]) == (5, 4)
    if source is not None and mode != "1":
        assert fields["brightness"] == pytest.approx(200 / 255, abs=0.02)


def test_16_bits_are_not_cut_to_8() -> None:
    fine = np.array([[1000, 1001], [1002, 1003]], np.uint16)
    assert image_statistics(fine)["contrast"] == pytest.approx(fine.std() / 65535, rel=1e-3)


def test_missing_pixels_make_missing_fields_and_never_a_number() -> None:
    image = np.full((5, 5, 3), 0.5)
    image[2, 2] = np.nan
    image[3, 3] = np.inf
    fields = image_statistics(image)
    for name, value in fields.items():
        assert value is None or name in {"width", "height", "aspect_ratio"}, (name, value)


def test_everything_missing() -> None:
    fields = image_statistics(np.full((4, 4), np.nan))
    assert fields["brightness"] is None
    assert fields["noise"] is None


@pytest.mark.parametrize(
    ("image", "options", "reason"),
    [
        (np.zeros((3, 8, 8)), {}, r"shape \(H, W\) or \(H, W, 1, 3 or 4\), got \(3, 8, 8\)"),
        (np.zeros((8, 8, 3)), {"channels_first": True}, r"got \(8, 8, 3\)"),
        (np.zeros((8, 8, 2)), {}, r"got \(8, 8, 2\)"),
        (np.zeros((0, 8, 3)), {}, r"got \(0, 8, 3\)"),
        (np.zeros(8), {}, r"got \(8,\)"),
        (np.zeros((2, 8, 8, 3)), {}, r"got \(2, 8, 8, 3\)"),
        (np.zeros((8, 8), np.int64), {}, "what is white"),
        (np.array([["a"]]), {}, "what is white"),
        (np.full((8, 8, 3), 200.0), {}, "got 200…200.*mean= and std="),
        (np.array([[-2.1, 0.5]]), {}, r"got -2\.1…0\.5"),
        (np.zeros((8, 8, 3)), {"mean": [0.1, 0.2]}, "mean has 2 numbers.*3 channels"),
        (Image.fromarray(np.array([[70_000]], np.int32)), {}, "70000"),
    ],
)
def test_what_is_no_image_is_refused(image: Any, options: dict[str, Any], reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        Pixels.of(image, **options)


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "image.png"
    Image.fromarray(RGB8).save(path)
    assert image_statistics(path) == image_statistics(str(path)) == image_statistics(RGB8)

    big = tmp_path / "big.jpg"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)).save(big)
    big.write_bytes(big.read_bytes()[:1000])
    text = tmp_path / "text.jpg"
    text.write_text("no image")
    for path, reason in [
        (big, "truncated"),
        (text, "identify"),
        (tmp_path / "none.jpg", "No such"),
    ]:
        with pytest.raises(InputError, match=f"{path.name}.*{reason}"):
            image_statistics(path)
