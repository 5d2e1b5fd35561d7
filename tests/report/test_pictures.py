from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from mlflow_latent.report import pictures

if TYPE_CHECKING:
    from pathlib import Path


def encoded(kind: str, size: tuple[int, int] = (40, 20)) -> bytes:
    content = io.BytesIO()
    Image.new("RGB", size, "red").save(content, kind)
    return content.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "JPEG", "GIF"])
def test_thumbnails_are_kept_as_they_are(kind: str) -> None:
    content = encoded(kind)
    picture = pictures.thumbnail(content, "a cat")
    assert picture is not None
    head, _, data = picture.address.partition(",")
    assert head == f"data:image/{kind.lower()};base64"
    assert base64.b64decode(data) == content
    assert (picture.width, picture.height, picture.pixelated) == (40, 20, True)


@pytest.mark.parametrize(
    "content", [b"", b"<svg onload=alert(1)>", encoded("PNG")[:20], b"RIFF0000WAVEfmt "]
)
def test_what_is_no_picture_is_not_shown(content: bytes) -> None:
    assert pictures.thumbnail(content, "") is None


def test_figures_shrink(rendered: Path) -> None:
    path = rendered / "population_loss.png"
    picture = pictures.figure(path, "a map")
    assert picture.address.startswith("data:image/webp;base64,")
    assert len(picture.address) < path.stat().st_size
    with Image.open(path) as image:
        assert (picture.width, picture.height) == image.size


def test_a_budget_is_kept_and_what_it_refused_is_counted() -> None:
    small, large = (pictures.thumbnail(encoded("PNG", size), "") for size in [(9, 9), (900, 900)])
    assert small is not None
    assert large is not None
    budget = pictures.Budget(len(small.address) * 3)
    assert [budget.take(lambda one=one: one) for one in (small, None, small)] == [
        small,
        None,
        small,
    ]
    assert budget.take(lambda: large) is None
    assert budget.take(lambda: pytest.fail("loaded in vain")) is None
    assert budget.refused == 2
