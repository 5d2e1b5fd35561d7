from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import stats

from mlflow_latent.comparison.comparable import Paired
from mlflow_latent.comparison.groups import Groups
from mlflow_latent.comparison.paired import MIN_TESTED, find_changes, paired_tests, signed_rank
from mlflow_latent.report.comparison.model import ComparedMeasure

if TYPE_CHECKING:
    from mlflow_latent.report.comparison.model import Change


def changes(
    a: np.ndarray, b: np.ndarray, place: np.ndarray | None = None, direction: str = "lower"
) -> list[Change]:
    measure = ComparedMeasure(name="loss", direction=direction)
    place = np.zeros(len(a), dtype=np.int64) if place is None else place
    labels = tuple(f"g{number}" for number in range(int(place.max()) + 1))
    groups = Groups("category", place, labels, (None,) * len(labels))
    rows = np.ones(len(a), dtype=bool)
    paired = Paired(measure, a.astype(float), b.astype(float))
    found = find_changes(paired, [groups], "val", rows, confidence=0.9, error_rate=0.05)
    return list(found)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(MIN_TESTED, 200))
def test_every_number_of_a_group_agrees_with_scipy(seed: int, size: int) -> None:
    rng = np.random.default_rng(seed)
    a = rng.lognormal(0, 1, size)
    b = np.where(rng.random(size) < 0.2, a, a * rng.lognormal(-0.1, 0.4, size))
    one = changes(a, b)[0]

    reference = stats.ttest_rel(b, a)
    bounds = reference.confidence_interval(0.9)
    assert one.difference == pytest.approx((b - a).mean(), rel=1e-4)
    assert one.interval == pytest.approx((bounds.low, bounds.high), rel=1e-4)
    assert one.p_value == pytest.approx(reference.pvalue, rel=1e-4)
    assert one.signed_rank_p_value == pytest.approx(
        stats.wilcoxon((b - a)[b != a]).pvalue, rel=1e-4
    )
    assert (one.wins, one.losses, one.ties) == ((b < a).sum(), (b > a).sum(), (b == a).sum())


def test_q_values_are_those_of_benjamini_and_hochberg_over_the_family() -> None:
    rng = np.random.default_rng(0)
    place = np.repeat(np.arange(8), 50)
    a = rng.lognormal(0, 1, 400)
    b = a * rng.lognormal(0, 0.3, 400) * np.where(place == 2, 0.6, 1)
    found = changes(a, b, place)

    p_values = [one.p_value for one in found]
    expected = stats.false_discovery_control(p_values)
    assert [one.q_value for one in found] == pytest.approx(expected, rel=1e-4)
    assert [one.verdict for one in found][2] == "better"
    inside, outside = (b - a)[place == 2], (b - a)[place != 2]
    excess = stats.ttest_ind(inside, outside, equal_var=False)
    assert found[2].excess == pytest.approx(inside.mean() - outside.mean(), rel=1e-4)
    bounds = excess.confidence_interval(0.9)
    assert found[2].excess_interval == pytest.approx((bounds.low, bounds.high), rel=1e-3)
    assert found[2].excess_q_value <= 0.05


def test_a_metric_that_is_better_when_higher_wins_upwards() -> None:
    a = np.linspace(0.1, 0.8, 40)
    one = changes(a, a + 0.1, direction="higher")[0]
    assert (one.verdict, one.wins, one.losses) == ("better", 40, 0)
    assert changes(a, a + 0.1, direction="lower")[0].verdict == "worse"


def test_a_few_samples_that_fail_badly_do_not_hide_behind_many_small_gains() -> None:
    rng = np.random.default_rng(1)
    a = rng.exponential(1, 400)
    b = 0.8 * a
    b[:16] += 5 + rng.exponential(1, 16)
    one = changes(a, b)[0]
    assert one.difference == pytest.approx((b - a).mean(), rel=1e-4)
    assert one.wins > 350
    assert one.verdict in ("mostly_better", "mixed")


def test_equal_runs_are_undecided() -> None:
    a = np.arange(50.0)
    one = changes(a, a)[0]
    assert (one.p_value, one.signed_rank_p_value, one.ties) == (1.0, 1.0, 50)
    assert one.verdict == "undecided"
    shifted = changes(a, a - 1)[0]  # the same difference everywhere: no variance at all
    assert (shifted.p_value, shifted.verdict) == (0.0, "better")


@pytest.mark.parametrize("size", [1, 2, MIN_TESTED - 1])
def test_few_samples_are_shown_and_not_tested(size: int) -> None:
    rng = np.random.default_rng(0)
    a = rng.random(size)
    one = changes(a, a - 1 - rng.random(size))[0]
    assert one.verdict == "too_few"
    assert one.p_value is one.q_value is one.signed_rank_p_value is None
    assert one.n == size
    assert (one.interval == (None, None)) == (size == 1)


def test_samples_without_a_value_in_either_run_are_left_out() -> None:
    a, b = np.arange(40.0), np.arange(40.0) - 1
    a[3], b[5] = np.nan, np.nan
    assert changes(a, b)[0].n == 38


def test_both_tests_hold_their_level_where_the_runs_are_interchangeable() -> None:
    rng = np.random.default_rng(3)
    base = rng.lognormal(0, 1.5, (1500, 40))
    difference = base * (rng.lognormal(0, 0.4, base.shape) - rng.lognormal(0, 0.4, base.shape))
    place = np.repeat(np.arange(1500), 40)
    tests = paired_tests(difference.ravel(), place, 1500)
    assert (tests.t <= 0.05).mean() < 0.06
    assert 0.03 < (tests.signed_rank <= 0.05).mean() < 0.07


def test_the_signed_ranks_tell_the_side() -> None:
    assert signed_rank(np.array([1.0, 2, 3, -0.5]))[1] == 1
    assert signed_rank(np.array([-1.0, -2, 0, 0.5]))[1] == -1
    assert signed_rank(np.zeros(20)) == (1.0, 0.0)
