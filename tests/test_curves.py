from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from scipy import stats

from mlflow_latent.curves import CATEGORIES_SHOWN, find_curves, make_bins
from mlflow_latent.fields import Field, collect_fields
from mlflow_latent.snapshot import Snapshot

if TYPE_CHECKING:
    from mlflow_latent.report.model import Curve

SIZE = 1000


def curves_of(loss: np.ndarray, **metadata: np.ndarray) -> dict[tuple[str, str], Curve]:
    rng = np.random.default_rng(0)
    snapshot = Snapshot.from_arrays(
        sample_id=np.arange(SIZE),
        split=rng.permutation(np.repeat(["train", "val"], SIZE // 2)),
        embedding=np.ones((SIZE, 2)),
        loss=loss,
        metadata=metadata,
    )
    curves = find_curves(snapshot, collect_fields(snapshot), tested="val")
    return {(curve.field, curve.binning): curve for curve in curves}


def test_bins_hold_n_mean_and_interval_of_each_split() -> None:
    rng = np.random.default_rng(1)
    light = rng.random(SIZE)
    loss = light + rng.exponential(size=SIZE)
    curve = curves_of(loss, light=light)["light", "quantile"]

    assert list(curve.series) == ["train", "val"]
    assert [len(series) for series in curve.series.values()] == [10, 10]
    assert sum(b.n for series in curve.series.values() for b in series) == SIZE
    train, val = curve.series.values()
    assert [(b.lower, b.upper) for b in train] == [(b.lower, b.upper) for b in val]
    assert val[-1].mean - val[0].mean == pytest.approx(0.9, abs=0.5)
    assert val[0].interval[0] < val[0].mean < val[0].interval[1]


@given(st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=80))
@settings(max_examples=50, deadline=None)
def test_every_sample_is_in_the_bin_whose_range_holds_it(values: list[float]) -> None:
    field = Field("x", np.array(values))
    for bins in make_bins(field):
        for value, place in zip(values, bins.place, strict=True):
            lower, upper = bins.edges[place]
            slack = 1e-9 * max(1, abs(value))
            assert lower - slack <= value <= upper + slack


def test_an_interval_is_students_t() -> None:
    rng = np.random.default_rng(2)
    night, loss = rng.integers(0, 2, SIZE), rng.exponential(size=SIZE)
    curve = curves_of(loss, night=night)["night", "quantile"]
    parts = [b for series in curve.series.values() for b in series]

    assert [b.label for b in parts[:2]] == ["0", "1"]
    snapshot_rows = np.random.default_rng(0).permutation(np.repeat([0, 1], SIZE // 2))
    day_in_train = loss[(snapshot_rows == 0) & (night == 0)].astype(np.float32)
    expected = stats.ttest_1samp(day_in_train, 0).confidence_interval(0.95)
    assert parts[0].interval == pytest.approx(tuple(expected), rel=1e-4)


def test_the_strongest_curve_comes_first_and_weak_ones_stay() -> None:
    rng = np.random.default_rng(3)
    u_shaped, noise = rng.uniform(-1, 1, SIZE), rng.random(SIZE)
    curves = curves_of(u_shaped**2 + 0.05 * rng.random(SIZE), u=u_shaped, noise=noise)

    assert next(iter(curves))[0] == "u"
    assert curves["u", "quantile"].strength > 0.8
    assert curves["noise", "quantile"].strength < 0.1


def test_small_bins_are_there_without_an_interval_they_cannot_have() -> None:
    category = np.array(["common"] * (SIZE - 1) + ["rare"])
    curve = curves_of(np.linspace(0, 1, SIZE), weather=category)["weather", "categorical"]
    rare = [b for series in curve.series.values() for b in series if b.label == "rare"]

    assert sorted(b.n for b in rare) == [0, 1]
    assert all(b.interval == (None, None) for b in rare)
    assert {b.mean is None for b in rare if b.n == 0} == {True}


def test_many_categories_end_in_one_bin_for_the_others() -> None:
    category = np.array([f"c{i % 40:02d}" for i in range(SIZE)])
    curve = curves_of(np.linspace(0, 1, SIZE), kind=category)["kind", "categorical"]

    for series in curve.series.values():
        assert len(series) == CATEGORIES_SHOWN + 1
        assert series[-1].label == "(other)"
        assert sum(b.n for b in series) == SIZE // 2
