from __future__ import annotations

from typing import Any

import pytest

from mlflow_latent.capture.keep import KeepEmbeddings
from mlflow_latent.errors import InputError


@pytest.mark.parametrize(
    ("keep", "dropped"),
    [
        (("last", "best"), [0, 2, 3]),
        ("last", [0, 1, 2, 3]),
        ("best", [0, 2, 3, 4]),
        ("all", []),
        ([0, 2, "last"], [1, 3]),
        (3, [0, 1, 2, 4]),
        ((), [0, 1, 2, 3, 4]),
    ],
)
def test_superseded_epochs(keep: Any, dropped: list[int]) -> None:
    assert KeepEmbeddings.parse(keep).superseded(range(5), last=4, best=1) == dropped


def test_without_a_best_epoch_only_the_last_stays() -> None:
    assert KeepEmbeddings.parse(("last", "best")).superseded([0, 1], 1, None) == [0]


@pytest.mark.parametrize("keep", ["lasst", -1, True, 0.5, [None]])
def test_bad_wishes_are_refused(keep: Any) -> None:
    with pytest.raises((InputError, TypeError), match=r"'all', 'last', 'best'|iterable"):
        KeepEmbeddings.parse(keep)
