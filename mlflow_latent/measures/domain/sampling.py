"""Rows of both samples, drawn so that the larger one does not drown the smaller."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def draw(size: int, most: int, random_state: int) -> NDArray[np.intp]:
    """Return at most `most` of `size` row numbers, ascending."""
    if size <= most:
        return np.arange(size)
    drawn = np.random.default_rng(random_state).choice(size, most, replace=False)
    return np.sort(drawn)


def draw_both(
    source: int, target: int, most: int, random_state: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return rows of each of two samples, at most `most` of either."""
    return draw(source, most, random_state), draw(target, most, random_state + 1)
