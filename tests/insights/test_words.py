"""Where a region is, in the words of a title."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st

from mlflow_latent.insights import words
from mlflow_latent.report.model import SeparatingField
from mlflow_latent.snapshot import Snapshot


def snapshot_of(target: list[str] | None) -> Snapshot:
    names = sorted(set(target or ()))
    codes = [names.index(name) for name in target] if target else None
    return Snapshot.from_arrays(
        sample_id=range(4), split="val", embedding=np.eye(4), target=codes, class_names=names
    )


def separating(name: str, direction: str = "lower", category: str | None = None) -> SeparatingField:
    return SeparatingField(
        name=name,
        direction=direction,
        category=category,
        effect=-0.5,
        effect_name="Cliff's delta",
        interval=(-0.6, -0.4),
        q_value=0.01,
        inside=1.0,
        outside=2.0,
        similar_fields=(),
    )


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (["dog"] * 4, ", all 'dog'"),
        (["dog"] * 3 + ["cat"], ", mostly 'dog'"),
        (["dog", "dog", "cat", "cat"], ", mostly 'cat' and 'dog'"),
        (["dog", "cat", "cow", "hen"], ""),
        (None, ""),
    ],
)
def test_one_class_or_two_tell_a_region(target: list[str] | None, expected: str) -> None:
    assert words.mostly(snapshot_of(target), np.ones(4, dtype=bool)) == expected


def test_a_class_that_is_rare_here_and_has_most_of_the_loss_is_named() -> None:
    everyone = np.ones(4, dtype=bool)
    mixed = snapshot_of(["dog", "dog", "dog", "cat"])
    assert (
        words.failing(mixed, everyone, np.array([0, 0, 1, 9.0])) == ", most of its loss from 'cat'"
    )
    assert words.failing(mixed, everyone, np.array([3, 3, 3, 9.0])) == ""  # a half
    assert words.failing(mixed, everyone, np.array([9, 9, 9, 1.0])) == ""  # as the title says
    assert words.failing(snapshot_of(None), everyone, np.ones(4)) == ""


def test_a_field_tells_a_region_beside_the_class_or_in_its_place() -> None:
    everyone = np.ones(4, dtype=bool)
    fields = separating("class", "more_frequent", "dog"), separating("brightness")
    dogs, mixed = snapshot_of(["dog"] * 4), snapshot_of(["dog", "cat", "cow", "hen"])
    assert words.where(dogs, everyone, fields) == ", all 'dog', with lower brightness"
    assert words.where(mixed, everyone, fields) == ", with class 'dog'"
    assert words.where(mixed, everyone, ()) == ""


@given(st.text(), st.integers(0, 200))
def test_a_title_is_one_short_line(text: str, size: int) -> None:
    title = words.title(text + "x" * size)
    assert len(title) <= words.TITLE_LENGTH
    assert len(title.splitlines()) <= 1
    assert "  " not in title
    assert words.title(title) == title


def test_a_title_is_cut_between_words() -> None:
    assert words.title("word " * 40).endswith("word …")
    assert words.title("short") == "short"
