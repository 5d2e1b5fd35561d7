"""Real images, where there are some."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def coco128() -> Path:
    """The folder of 256 images of COCO with annotations."""
    folder = Path(os.environ.get("MLFLOW_LATENT_TEST_DATA", "")) / "coco128"
    if not folder.is_dir():
        pytest.skip("MLFLOW_LATENT_TEST_DATA names no folder with coco128")
    return folder


@pytest.fixture(scope="session")
def photographs(coco128: Path) -> list[Path]:
    """Sixteen images, a few of them gray."""
    return sorted((coco128 / "images" / "val2017").glob("*.jpg"))[:16]
