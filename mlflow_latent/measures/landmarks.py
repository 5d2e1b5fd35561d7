"""Landmarks: the samples on which slow methods are fitted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MIN_SPLIT_SHARE = 0.05  # of the landmarks, for every split that has as many rows


def choose_landmarks(
    split_codes: NDArray[np.intp], n_landmarks: int, random_state: int
) -> NDArray[np.intp]:
    """Draw rows in proportion to the splits, with a floor for small ones.

    In proportion, so that where splits do not differ, regions fitted on the landmarks hold each
    split by chance; with a floor, because a small split must not drown.

    Args:
        split_codes: (N,) number of the split of each row, from 0.
        n_landmarks: about how many to draw; all rows if there are no more.
        random_state: seed.

    Returns:
        (L,) row numbers, ascending.
    """
    total = len(split_codes)
    if total <= n_landmarks:
        return np.arange(total)
    generator = np.random.default_rng(random_state)
    floor = int(MIN_SPLIT_SHARE * n_landmarks)
    drawn = []
    for code in range(int(split_codes.max()) + 1):
        rows = np.flatnonzero(split_codes == code)
        wanted = max(floor, round(n_landmarks * len(rows) / total))
        drawn.append(generator.choice(rows, min(wanted, len(rows)), replace=False))
    return np.sort(np.concatenate(drawn))
