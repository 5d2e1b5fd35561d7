"""The test of rank scores against brute force, scipy and simulation."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from mlflow_latent.insights.scores import Scores, permutation_test, savage_scores


def test_savage_scores_are_the_expected_order_of_an_exponential_sample() -> None:
    scores = savage_scores(np.array([3.0, 1.0, 2.0, 2.0]))
    ordered = np.cumsum([1 / 4, 1 / 3, 1 / 2, 1])
    assert scores == pytest.approx([ordered[3], ordered[0], *[ordered[1:3].mean()] * 2])
    assert scores.sum() == pytest.approx(4)


def test_it_has_the_moments_of_all_ways_to_draw_the_group() -> None:
    scores = np.array([0.0, 0.0, 0.0, 0.1, 0.4, 0.5, 2.0, 3.0, 9.0])
    sums = np.array([sum(chosen) for chosen in combinations(scores.tolist(), 3)])
    skewness = stats.skew(sums)
    for members in ([0, 1, 2], [3, 6, 7], [6, 7, 8]):
        inside = np.isin(np.arange(9), members).astype(int)
        above = (scores[members].sum() - sums.mean()) / sums.std()
        expected = stats.pearson3.sf(above, skewness)
        assert permutation_test(scores, inside, 2)[1] == pytest.approx(expected)


def test_without_ties_it_is_the_test_of_mann_and_whitney() -> None:
    rng = np.random.default_rng(0)
    values, inside = rng.normal(size=300), rng.integers(0, 2, 300)
    expected = stats.mannwhitneyu(
        values[inside == 1],
        values[inside == 0],
        alternative="greater",
        method="asymptotic",
        use_continuity=False,
    )
    found = permutation_test(stats.rankdata(values), inside, 2)
    assert found[1] == pytest.approx(expected.pvalue)
    assert found.sum() == pytest.approx(1)  # the other group's test is the other side's


@pytest.mark.parametrize("rate", [0.02, 0.15])
@pytest.mark.parametrize("size", [10, 100])
def test_errors_that_are_there_or_not_are_tested_exactly(rate: float, size: int) -> None:
    rng = np.random.default_rng(0)
    values, inside = (rng.random(1000) < rate).astype(float), np.zeros(1000, dtype=int)
    inside[:size] = 1
    values[: size // 5] = 1
    table = [[values[inside == side].sum(), (1 - values[inside == side]).sum()] for side in (1, 0)]
    found = Scores.of(values).larger(inside, 2)
    assert found[1] == pytest.approx(stats.fisher_exact(table, alternative="greater").pvalue)
    assert found[0] == pytest.approx(stats.fisher_exact(table, alternative="less").pvalue)


@pytest.mark.parametrize("size", [10, 100])
def test_a_few_rare_errors_of_several_sizes_are_not_overrated(size: int) -> None:
    total, errors, inside = 1000, 20, np.zeros(1000, dtype=int)
    inside[:size] = 1
    for hits in range(1, min(size, errors)):
        values = np.zeros(total)
        values[:hits], values[size : size + errors - hits] = 1, 1
        values[size] = 2  # no longer two values
        luck = stats.hypergeom.sf(hits - 1, total, errors, size)
        assert Scores.of(values).larger(inside, 2)[1] > luck / 2 or luck < 1e-9


@pytest.mark.slow
@pytest.mark.parametrize("draw", ["exponential", "heavy", "mostly zero"])
def test_p_values_are_true_far_out_in_the_tail(draw: str) -> None:
    rng = np.random.default_rng(0)
    worlds, size, groups = 300, 1000, 40  # of 25 samples each
    p_values = []
    for _ in range(worlds):
        values = {
            "exponential": rng.exponential(size=size),
            "heavy": rng.lognormal(0, 3, size),
            "mostly zero": np.where(rng.random(size) < 0.9, 0.0, rng.exponential(size=size)),
        }[draw]
        p_values.append(Scores.of(values).larger(np.arange(size) % groups, groups))
    fired = (np.concatenate(p_values) <= 1e-3).sum()  # 12 of 12,000 expected
    assert fired <= stats.binom.ppf(0.999, worlds * groups, 1e-3)
    assert fired > 0 or draw == "mostly zero"


def test_what_cannot_be_tested_is_nan() -> None:
    inside = np.array([0, 0, 1, 1])
    assert np.isnan(permutation_test(np.ones(4), inside, 2)).all()  # no variance
    assert np.isnan(permutation_test(np.arange(4.0), inside, 3)[2])  # nobody inside
    assert np.isnan(permutation_test(np.arange(4.0), np.zeros(4, int), 1)).all()  # nobody outside
    assert np.isnan(permutation_test(np.array([1.0, 2.0]), np.array([0, 1]), 2)).all()
