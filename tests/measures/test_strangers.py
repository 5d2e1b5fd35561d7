"""What is strange in one split only is found without knowing how far a tail reaches."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from mlflow_latent.measures.strangers import find_strangers, unlikeliness


@pytest.mark.parametrize(("mine", "control"), [(300, 600), (600, 300), (40, 3000)])
@pytest.mark.parametrize("tail", ["normal", "cauchy", "ties"])
def test_splits_drawn_alike_have_no_strangers(mine: int, control: int, tail: str) -> None:
    rng = np.random.default_rng(0)
    is_mine, level, fired = np.arange(mine + control) < mine, 0.01, 0
    for _ in range(400):
        values = rng.normal(size=mine + control)
        if tail == "cauchy":
            values = rng.standard_cauchy(mine + control)
        if tail == "ties":
            values = rng.permutation(np.round(values, 1))
        scores = [values, values + rng.normal(size=len(values))]
        fired += find_strangers(scores, is_mine, ~is_mine).p_value <= level
    assert fired <= stats.binom.ppf(0.999, 400, level)


def test_strangers_among_a_heavy_tail_are_found() -> None:
    rng = np.random.default_rng(0)
    score = np.abs(rng.standard_t(3, 3000))
    mine = np.arange(3000) < 1000
    score[:30] = np.quantile(score, 0.999) * rng.uniform(1.0, 1.6, 30)
    found = find_strangers([rng.normal(size=3000), score], mine, ~mine)
    assert found.p_value < 2e-3
    assert len(set(found.rows.tolist()) & set(range(30))) >= 24
    assert len(found.rows) <= 34
    assert (np.diff(score[found.rows]) <= 0).all()
    assert mine[found.rows].all()


def test_as_many_in_the_control_are_a_tail() -> None:
    rng = np.random.default_rng(1)
    score = np.abs(rng.normal(size=3000))
    mine = np.arange(3000) < 1000
    score[:10] += 9
    score[1000:1020] += 9
    assert find_strangers([score], mine, ~mine).p_value > 0.05


def test_a_third_split_is_neither() -> None:
    score = np.arange(300.0)
    mine, control = np.arange(300) < 100, (np.arange(300) >= 100) & (np.arange(300) < 200)
    assert not len(find_strangers([score], mine, control).rows)
    assert len(find_strangers([-score], mine, control).rows)


def test_a_handful_of_samples_breaks_nothing() -> None:
    mine = np.array([True, False, False])
    assert 0 < find_strangers([np.arange(3.0)], mine, ~mine).p_value <= 1


def test_unlikely_is_what_is_off_the_directions_in_which_samples_differ() -> None:
    rng = np.random.default_rng(2)
    points = rng.normal(size=(500, 3)) * [10.0, 1.0, 0.1]
    points[0] = [0.0, 0.0, 1.0]
    points[1] = [20.0, 0.0, 0.0]
    distance = unlikeliness(points)
    assert distance.argmax() == 0
    assert distance[1] == pytest.approx(2, abs=0.2)
    assert np.isfinite(unlikeliness(np.ones((9, 2)))).all()
