"""The statistics agree with scipy and with simulation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import stats

from mlflow_latent import evidence

CONFIDENCE = 0.95


def draw_groups(seed: int, size: int = 400, groups: int = 5) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.exponential(size=size), rng.integers(0, groups, size)


@given(seed=st.integers(0, 10_000), groups=st.integers(1, 7))
@settings(max_examples=25, deadline=None)
def test_moments_and_rest_agree_with_numpy(seed: int, groups: int) -> None:
    values, group = draw_groups(seed, 60, groups)
    inside = evidence.moments(values, group, groups)
    outside = evidence.rest(inside)
    for number in range(groups):
        for of, mask in ((inside, group == number), (outside, group != number)):
            part = values[mask]
            assert of.n[number] == len(part)
            if len(part) > 1:
                assert of.mean[number] == pytest.approx(part.mean())
                assert of.variance[number] == pytest.approx(part.var(ddof=1))


def test_tests_agree_with_scipy() -> None:
    values, group = draw_groups(0)
    inside = evidence.moments(values, group, 5)
    welch = evidence.welch(inside, evidence.rest(inside), CONFIDENCE)
    for number in range(5):
        a, b = values[group == number], values[group != number]
        expected = stats.ttest_ind(a, b, equal_var=False, alternative="greater")
        assert welch.p_value[number] == pytest.approx(expected.pvalue)
        interval = stats.ttest_ind(a, b, equal_var=False).confidence_interval(CONFIDENCE)
        assert (welch.lower[number], welch.upper[number]) == pytest.approx(tuple(interval))


@given(counts=st.tuples(*[st.integers(0, 60)] * 4).filter(lambda c: c[0] + c[1] and c[2] + c[3]))
@settings(max_examples=50, deadline=None)
def test_odds_ratio_is_fishers_test_with_a_finite_interval(counts: tuple[int, ...]) -> None:
    a, b, c, d = counts
    found = evidence.odds_ratio(np.array([a]), a + b, np.array([c]), c + d, CONFIDENCE)
    expected = stats.fisher_exact([[a, b], [c, d]], alternative="greater").pvalue
    assert found.p_value[0] == pytest.approx(expected)
    mid_p = evidence.odds_ratio(np.array([a]), a + b, np.array([c]), c + d, 0.95, mid_p=True)
    beyond = stats.hypergeom.sf(a, a + b + c + d, a + c, a + b)
    assert mid_p.p_value[0] == pytest.approx((expected + beyond) / 2)
    assert 0 < found.lower[0] <= found.effect[0] <= found.upper[0] < np.inf


def test_superiority_agrees_with_mann_whitney() -> None:
    rng = np.random.default_rng(0)
    values = np.round(rng.normal(size=300), 1)
    inside = rng.random(300) < 0.2
    values[inside] += 0.5
    delta, lower, upper, p_value = evidence.superiority(stats.rankdata(values), inside, CONFIDENCE)
    expected = stats.mannwhitneyu(values[inside], values[~inside], use_continuity=False)
    u = expected.statistic / (inside.sum() * (~inside).sum())
    assert delta == pytest.approx(2 * u - 1)
    assert lower < delta < upper
    assert p_value == pytest.approx(expected.pvalue, rel=0.2)  # ours has no correction for ties


def test_share_difference_is_newcombes_interval_and_fishers_test() -> None:
    # Newcombe 1998, table II, example (a): 56/70 against 48/80, method 10.
    difference, lower, upper, p_value = evidence.share_difference((56, 70), (48, 80), CONFIDENCE)
    assert difference == pytest.approx(0.2)
    assert (lower, upper) == pytest.approx((0.0524, 0.3339), abs=5e-4)
    tail = stats.fisher_exact([[56, 14], [48, 32]], alternative="greater").pvalue
    assert p_value == pytest.approx(2 * tail)


def coverage(interval: object, truth: float, draws: int = 400) -> float:
    hits = 0
    for seed in range(draws):
        found = interval(np.random.default_rng(seed))  # type: ignore[operator]
        hits += bool(found.lower[0] < truth < found.upper[0])
    return hits / draws


def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    zeros = np.zeros(300, dtype=int)
    sizes = {"a": 60, "b": 300}

    def summary(rng: np.random.Generator, mean: float, size: int) -> evidence.Moments:
        return evidence.moments(rng.exponential(mean, size), zeros[:size], 1)

    def ratio(rng: np.random.Generator) -> evidence.Evidence:
        return evidence.mean_ratio(
            summary(rng, 3.0, sizes["a"]), summary(rng, 1.5, sizes["b"]), CONFIDENCE
        )

    def gap(rng: np.random.Generator) -> evidence.Evidence:
        parts = [summary(rng, mean, 150) for mean in (3.0, 1.0, 0.5, 0.4)]
        return evidence.gap_excess(*parts, CONFIDENCE)

    def odds(rng: np.random.Generator) -> evidence.Evidence:
        hits = rng.binomial([300, 200], [0.1, 0.04])
        return evidence.odds_ratio(hits[:1], 300, hits[1:], 200, CONFIDENCE)

    # 400 draws at 95 %: a standard error of 1.1 %.
    assert 0.91 < coverage(ratio, 2.0) <= 0.99
    assert 0.91 < coverage(gap, (3.0 - 0.5) - (1.0 - 0.4)) <= 0.99
    assert 0.91 < coverage(odds, (0.1 / 0.9) / (0.04 / 0.96)) <= 0.99


def test_q_values_leave_out_what_was_not_tested() -> None:
    q = evidence.q_values(np.array([0.01, np.nan, 0.02, 0.5]))
    assert np.isnan(q[1])
    assert q[[0, 2, 3]] == pytest.approx([0.03, 0.03, 0.5])
    assert evidence.q_values(np.array([np.nan])).tolist() == pytest.approx([np.nan], nan_ok=True)


def test_groups_without_members_and_without_variance_have_no_false_certainty() -> None:
    inside = evidence.moments(np.array([1.0, 1.0, 2.0]), np.array([0, 0, 1]), 3)
    found = evidence.mean_ratio(inside, evidence.rest(inside), CONFIDENCE)
    assert np.isnan(found.effect[2])  # empty
    assert np.isnan(found.p_value[1])  # one member has no variance
    lower, upper = evidence.mean_interval(inside, CONFIDENCE)
    assert (lower[0], upper[0]) == (1.0, 1.0)
    assert np.isnan([lower[1], lower[2]]).all()
