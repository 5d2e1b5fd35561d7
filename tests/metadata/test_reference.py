"""Agreement with libraries that many use, on real photographs."""

from __future__ import annotations

import colorsys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from mlflow_latent.metadata import Pixels, image_statistics
from mlflow_latent.metadata.functions.noise import noise
from mlflow_latent.metadata.functions.sharpness import sharpness

if TYPE_CHECKING:
    from pathlib import Path

color = pytest.importorskip("skimage.color")


def each(photographs: list[Path]) -> list[tuple[np.ndarray, dict[str, Any]]]:
    images = [np.asarray(Image.open(path).convert("RGB")) for path in photographs]
    return [(image, image_statistics(image)) for image in images]


def test_lab_as_scikit_image_has_it(photographs: list[Path]) -> None:
    for image, fields in each(photographs):
        lab = color.rgb2lab(image)
        assert fields["lab_a_mean"] == pytest.approx(lab[..., 1].mean(), abs=0.01)
        assert fields["lab_b_mean"] == pytest.approx(lab[..., 2].mean(), abs=0.02)
        share = (np.hypot(lab[..., 1], lab[..., 2]) >= 8).mean()
        assert fields["is_colored"] == (share >= 0.005)


def test_hsv_as_scikit_image_has_it(photographs: list[Path]) -> None:
    for image, fields in each(photographs):
        hue, saturation, value = color.rgb2hsv(image).transpose(2, 0, 1)
        assert fields["saturation_mean"] == pytest.approx(saturation.mean(), abs=1e-5)
        assert fields["saturation_std"] == pytest.approx(saturation.std(), abs=1e-5)
        assert fields["value_mean"] == pytest.approx(value.mean(), abs=1e-5)
        assert fields["value_std"] == pytest.approx(value.std(), abs=1e-5)
        direction = (saturation * value * np.exp(2j * np.pi * hue)).sum()
        if not direction:
            assert fields["hue_mean"] is None
            continue
        length = abs(direction) / (saturation * value).sum()
        assert fields["hue_mean"] == pytest.approx(np.degrees(np.angle(direction)) % 360, abs=0.05)
        assert fields["hue_std"] == pytest.approx(
            np.degrees(np.sqrt(-2 * np.log(length))), abs=0.05
        )


def test_hsv_as_colorsys_has_it() -> None:
    for red, green, blue in np.random.default_rng(0).integers(0, 256, (200, 3)):
        hue, saturation, value = colorsys.rgb_to_hsv(red / 255, green / 255, blue / 255)
        fields = image_statistics(np.array([[[red, green, blue]]], np.uint8))
        assert fields["saturation_mean"] == pytest.approx(saturation, abs=1e-6)
        assert fields["value_mean"] == pytest.approx(value, abs=1e-6)
        if saturation:
            apart = (fields["hue_mean"] - 360 * hue + 180) % 360 - 180
            assert apart == pytest.approx(0, abs=1e-3)


def test_gray_as_pillow_has_it(photographs: list[Path]) -> None:
    for image, fields in each(photographs):
        gray = np.asarray(Image.fromarray(image).convert("L")) / 255
        assert fields["brightness"] == pytest.approx(gray.mean(), abs=0.003)  # L is rounded
        assert fields["contrast"] == pytest.approx(gray.std(), abs=0.003)


def test_sharpness_as_opencv_has_it(photographs: list[Path]) -> None:
    cv2 = pytest.importorskip("cv2")
    for path in photographs:
        pixels = Pixels.of(path)
        laplacian = cv2.Laplacian(pixels.luma.astype(np.float64) * 255, cv2.CV_64F)
        inner = laplacian[1:-1, 1:-1]  # OpenCV mirrors the image at its border
        assert sharpness(pixels) == pytest.approx(inner.var(), rel=1e-4)
        assert sharpness(pixels) == pytest.approx(laplacian.var(), rel=0.02)


def test_noise_that_is_added_to_a_photograph_is_seen(photographs: list[Path]) -> None:
    rng = np.random.default_rng(0)
    for path in photographs:
        clean = Pixels.of(path)
        noisy = np.clip(clean.luma * 0.5 + 0.25 + rng.normal(0, 0.04, clean.luma.shape), 0, 1)
        texture = noise(clean) * 0.5
        found = noise(Pixels.of(noisy))
        assert 0.038 < found < np.hypot(0.04, texture) + 0.01


def test_noise_as_scikit_image_has_it(photographs: list[Path]) -> None:
    pytest.importorskip("pywt")
    from skimage.restoration import estimate_sigma

    ours = [noise(Pixels.of(path)) for path in photographs]
    theirs = [estimate_sigma(Pixels.of(path).luma) for path in photographs]
    assert np.corrcoef(np.argsort(np.argsort(ours)), np.argsort(np.argsort(theirs)))[0, 1] > 0.9
