"""How much a sample looks like the source is judged by models that have not seen it."""

from __future__ import annotations

import numpy as np
import pytest

from mlflow_latent.measures.domain import DomainPair, Separator


def sets(shift: float, n: int = 400, m: int = 100) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    source, target = random.normal(size=(n, 40)), random.normal(size=(m, 40))
    return source.astype(np.float32), (target + shift / np.sqrt(40)).astype(np.float32)


def test_what_cannot_be_told_apart_is_at_one_half() -> None:
    pair = DomainPair(*sets(0.0))
    area, low, high = pair.area()
    assert low < 0.5 < high  # 40 columns: a model judged on its own samples would claim 0.8
    both = np.concatenate(pair.belonging)
    assert np.abs(both - 0.5).max() < 0.35
    assert area < 0.6


@pytest.mark.parametrize("sizes", [(400, 100), (5000, 30)])
def test_what_is_apart_is_told_apart_at_equal_priors(sizes: tuple[int, int]) -> None:
    pair = DomainPair(*sets(4.0, *sizes))
    source, target = pair.belonging
    assert np.median(source) > 0.9
    assert np.median(target) < 0.1
    assert len(source), len(target) == sizes
    # Rows that were not drawn are judged as the others are.
    assert pair.area()[0] > 0.95
    assert np.mean(source > 0.5) > 0.9


def test_other_samples_are_judged_too() -> None:
    source, target = sets(4.0)
    separator = Separator.fit(source, target)
    between = separator.belonging(np.stack([source.mean(axis=0), target.mean(axis=0)]))
    assert between[0] > 0.8
    assert between[1] < 0.2
    assert separator.belonging(source[:0]).shape == (0,)


def test_equal_rows_are_at_one_half() -> None:
    equal = np.ones((30, 2), dtype=np.float32)
    pair = DomainPair(equal, equal[:7])
    assert set(np.concatenate(pair.belonging).tolist()) == {0.5}
