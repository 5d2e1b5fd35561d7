from __future__ import annotations

import io
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from PIL import Image, UnidentifiedImageError

from mlflow_latent.imaging import pillow_open

if TYPE_CHECKING:
    from pathlib import Path

PATCHED = """
import io, ultralytics
from PIL import Image, UnidentifiedImageError
from mlflow_latent.imaging import pillow_open

assert Image.open.__module__ == "ultralytics.utils.patches"
try:
    pillow_open(io.BytesIO(b"no image"))
except UnidentifiedImageError:
    print("refused")
"""


def test_an_image_is_opened(tmp_path: Path) -> None:
    Image.new("RGB", (3, 2)).save(tmp_path / "a.png")
    with pillow_open(tmp_path / "a.png") as image:
        assert image.size == (3, 2)


def test_what_is_none_is_refused() -> None:
    with pytest.raises(UnidentifiedImageError):
        pillow_open(io.BytesIO(b"no image"))


@pytest.mark.slow
def test_ultralytics_does_not_install_anything_for_a_corrupt_image(tmp_path: Path) -> None:
    pytest.importorskip("ultralytics", reason="the package ultralytics is not installed")
    done = subprocess.run(
        [sys.executable, "-c", PATCHED], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert done.stdout.splitlines()[-1:] == ["refused"], done.stderr
    assert "pi-heif" not in done.stdout + done.stderr
