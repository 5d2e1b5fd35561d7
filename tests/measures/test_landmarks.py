from __future__ import annotations

import numpy as np

from mlflow_latent.measures.landmarks import choose_landmarks


def test_all_rows_if_there_are_few() -> None:
    assert choose_landmarks(np.zeros(50, np.intp), 100, 0).tolist() == list(range(50))


def test_in_proportion_with_a_floor_for_small_splits() -> None:
    codes = np.repeat([0, 1, 2, 3], [80_000, 20_000, 300, 4])
    rows = choose_landmarks(codes, 1000, 0)
    counts = np.bincount(codes[rows])
    assert counts[0] == 798
    assert counts[1] == 199
    assert counts[2] == 50  # 5 %; in proportion it would be 3
    assert counts[3] == 4
    assert (np.diff(rows) > 0).all()


def test_the_seed_decides() -> None:
    codes = np.zeros(5000, np.intp)
    one, same, other = (choose_landmarks(codes, 200, seed) for seed in (1, 1, 2))
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)
