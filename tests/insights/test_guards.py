"""The test that an insight proposes: it fails where the insight was found, and passes elsewhere."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from expecting import make_insight
from hypothesis import given, strategies as st
from worlds import World, make_world

from mlflow_latent.analysis import AnalysisOptions, analyze
from mlflow_latent.expectations import Population, evaluate, proposals
from mlflow_latent.insights.guards import _rounded_down, guard
from mlflow_latent.insights.registry import insight_kinds
from mlflow_latent.measures import MeasureOptions
from mlflow_latent.report.expectations.filters import parse_filter
from mlflow_latent.report.expectations.model import Expectation

SIZES = {"train": 1000, "val": 500, "unlabeled": 100}
OPTIONS = AnalysisOptions(measures=MeasureOptions(projection="none"))


def guarded(kind: str, **changes: Any) -> Expectation:
    samples = tuple(("val", f"s{number}") for number in range(50))
    insight = guard(make_insight(kind, samples, **({"split": "val"} | changes)), SIZES)
    assert insight.expectation is not None
    return insight.expectation


@pytest.mark.parametrize(
    ("kind", "changes", "text"),
    [
        ("low_performance", {"effect": 4.0}, "loss / rest <= 1.5 where in samples"),
        (
            "low_performance",
            {"effect": 4.0, "interval": (3.0, 5.0)},
            "loss / rest <= 2 where in samples",
        ),
        (
            "metadata_loss",
            {"effect": 0.8, "effect_name": "mean loss − rest", "interval": (0.5, 1.1)},
            "loss - rest <= 0.4 where in samples",
        ),
        ("overfitting", {"effect": 1.0}, "gap - rest <= 0.5 where in samples"),
        ("over_representation", {"effect": 4.0}, "odds_ratio <= 1.5 where in region"),
        ("under_representation", {"effect": 4.0}, "odds_ratio >= 0.667 where in region"),
        ("leakage", {}, 'share_leakage <= 0 where split == "val"'),
        ("near_duplicate", {}, 'share_near_duplicate <= 0 where split == "val"'),
        ("label_error", {}, 'share_label_error <= 0.02 where split == "val"'),
        ("outlier", {"split": None}, "share_outlier <= 0.2 where in samples"),
        (
            "hard_to_learn",
            {"region": "fine/3"},
            'share_hard_to_learn <= 0.2 where split == "val" and in samples',
        ),
        ("somebody_elses", {}, 'share_somebody_elses <= 0.02 where split == "val"'),
    ],
)
def test_each_kind_has_its_guard(kind: str, changes: dict[str, Any], text: str) -> None:
    found = guarded(kind, **changes)
    assert found.text == text
    assert found.name.startswith("not again: ")


def test_every_kind_proposes_something_that_can_be_read() -> None:
    for kind in insight_kinds():
        expectation = guarded(kind.name)
        parse_filter(expectation.filter)
        assert np.isfinite(expectation.threshold)


def test_what_a_kind_has_written_stays() -> None:
    own = Expectation("all", "loss", "<=", 3)
    assert guarded("low_performance", expectation=own) == own


@given(st.floats(-1e6, 1e6, allow_subnormal=False))
def test_rounding_never_makes_a_bound_looser(value: float) -> None:
    rounded = _rounded_down(value)
    assert rounded <= value + 1e-9 * abs(value)
    assert rounded == pytest.approx(value, rel=0.011, abs=1e-300)


def spoiled(seed: int) -> tuple[World, World]:
    """A world in which nothing is wrong, and one in which the samples of a blob, and bright ones,
    have more loss."""
    good, bad = make_world(seed, train=800, val=800), make_world(seed, train=800, val=800)
    bad.loss[(bad.blob == 5) & (bad.split == "val")] *= 5
    bad.loss[bad.metadata["brightness"] > 1] *= 4
    bad.loss[(bad.metadata["weather"] == "night") & (bad.blob == 2)] *= 4
    return good, bad


@pytest.mark.parametrize("seed", [1, 2])
def test_the_guards_fail_where_they_come_from_and_pass_where_nothing_is_wrong(seed: int) -> None:
    good, bad = (analyze(world.snapshot(), OPTIONS) for world in spoiled(seed))
    kinds = {insight.kind for insight in bad.insights}
    assert {"low_performance", "metadata_loss", "overfitting"} <= kinds

    proposed = proposals(bad)
    assert len(proposed) == len(bad.insights)
    assert any(one.filter != "in samples" for one in proposed)  # a slice is its own rule
    failed = [evaluate(one, Population(bad)).status for one in proposed]
    mended = [evaluate(one, Population(good)).status for one in proposed]
    assert failed == ["failed"] * len(proposed)
    assert "failed" not in mended
    assert mended.count("passed") >= 0.7 * len(proposed)  # of small slices some are undecided


def test_a_slices_filter_selects_the_very_samples_of_its_insight() -> None:
    bad = analyze(spoiled(3)[1].snapshot(), OPTIONS)
    population = Population(bad)
    rules = [one for one in bad.insights if one.expectation and one.region is None]
    slices = [one for one in rules if "in samples" not in str(one.expectation)]
    assert slices
    for insight in slices:
        assert insight.expectation is not None
        result = evaluate(insight.expectation, population)
        assert result.n == len(insight.samples)
