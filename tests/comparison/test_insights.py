from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from mlflow_latent.analysis import AnalysisOptions, analyze
from mlflow_latent.comparison import compare_sides, side_of_snapshot
from mlflow_latent.comparison.insights import jaccard_table
from mlflow_latent.measures import MeasureOptions
from mlflow_latent.report.comparison.page import render_page
from mlflow_latent.report.model import Insight, NotApplicable, Report

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mlflow_latent.report.comparison.model import Comparison

    Pair = Any

OPTIONS = AnalysisOptions(measures=MeasureOptions(projection="none", n_resamples=1))


def insight(kind: str, rows: Sequence[int], pair: Pair, severity: float = 0.5) -> Insight:
    return Insight(
        kind=kind,
        title=f"{kind} in {len(rows)} samples",
        description="",
        action="",
        samples=tuple((str(pair.split[row]), f"s{row}") for row in rows),
        effect=2.0,
        effect_name="loss_ratio",
        interval=(1.5, 2.5),
        p_value=0.001,
        q_value=0.001,
        severity=severity,
        counts={},
        base_rates={},
    )


def compared(pair: Pair, of_a: list[Insight], of_b: list[Insight], **changes: Any) -> Comparison:
    reports: list[Report] = []
    for key, found in (("a", of_a), ("b", of_b)):
        report = analyze(pair.snapshot(key), OPTIONS)
        table = report.samples
        report = report.model_copy(
            update={"insights": tuple(found)} | (changes if key == "b" else {})
        )
        reports.append(report.with_samples(table))
    sides = [side_of_snapshot(pair.snapshot(k), k, r) for k, r in zip("ab", reports, strict=True)]
    return compare_sides(*sides)


def test_insights_are_matched_by_members_within_a_kind(pair: Pair) -> None:
    first = [
        insight("low_performance", range(100), pair, 0.9),
        insight("low_performance", range(500, 560), pair),
        insight("outlier", range(100), pair),
    ]
    second = [
        insight("low_performance", range(20, 120), pair),
        insight("leakage", range(100), pair),
    ]
    found = compared(pair, first, second).insights

    status = {(one.kind, one.status): one for one in found}
    assert len(found) == 4
    persisted = status["low_performance", "persisted"]
    assert persisted.jaccard == round(80 / 120, 6)
    assert (persisted.a.number, persisted.b.number, persisted.n) == (1, 1, 120)
    assert persisted.mean_a == pytest.approx(pair.loss_a[:120].mean(), rel=1e-4)
    assert status["low_performance", "resolved"].a.number == 2
    assert status["outlier", "resolved"].b is None
    assert status["leakage", "appeared"].a is None
    page = render_page(compared(pair, first, second), {})
    assert page.count('class="status resolved"') == 2
    assert "low_performance in 60 samples" in page


def test_what_the_other_run_could_not_look_for_is_not_called_resolved(pair: Pair) -> None:
    reason = NotApplicable(kind="low_performance", reason="no per-sample loss was captured")
    found = compared(
        pair, [insight("low_performance", range(50), pair)], [], not_applicable=(reason,)
    ).insights
    assert [one.status for one in found] == ["untested"]
    assert found[0].reason == reason.reason


def test_an_overlap_under_one_half_is_another_insight(pair: Pair) -> None:
    first = [insight("outlier", range(100), pair)]
    found = compared(pair, first, [insight("outlier", range(34, 134), pair)]).insights
    assert sorted(one.status for one in found) == ["appeared", "resolved"]


def test_the_jaccard_table_agrees_with_sets() -> None:
    rng = np.random.default_rng(0)
    sets = [np.unique(rng.integers(0, 50, size)) for size in (5, 20, 0, 40)]
    others = [np.unique(rng.integers(0, 50, size)) for size in (30, 3, 0)]
    table = jaccard_table(sets, others)
    for i, one in enumerate(sets):
        for j, other in enumerate(others):
            union = set(one) | set(other)
            expected = len(set(one) & set(other)) / len(union) if union else 0
            assert table[i, j] == expected
    assert jaccard_table([], others).shape == (0, 3)
