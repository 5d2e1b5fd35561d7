"""Samples far from all others are found, and samples in the tail are not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from worlds import make_world

from mlflow_latent.analysis import AnalysisOptions, analyze
from mlflow_latent.evidence import q_values
from mlflow_latent.measures import MeasureOptions, Measures

if TYPE_CHECKING:
    from mlflow_latent.report.model import Insight, Report

OPTIONS = AnalysisOptions(measures=MeasureOptions(projection="none"))
KIND = "outlier"
ALPHA = 0.05 / 7  # no kind may spend more


def found(report: Report) -> dict[str | None, Insight]:
    return {insight.split: insight for insight in report.insights if insight.kind == KIND}


@pytest.mark.parametrize("spread", [6.0, 100.0, 1e5])
@pytest.mark.parametrize(("train", "val"), [(300, 200), (3000, 1500)])
def test_far_samples_are_found(spread: float, train: int, val: int) -> None:
    world = make_world(0, train=train, val=val)
    rng = np.random.default_rng(0)
    planted = {s: np.flatnonzero(world.split == s)[:3] for s in ("train", "val")}
    for rows in planted.values():
        world.embedding[rows] = rng.normal(size=(3, 16)) * spread

    insights = found(analyze(world.snapshot(), OPTIONS))

    assert set(insights) == {"train", "val"}
    for split, rows in planted.items():
        insight = insights[split]
        assert set(insight.samples) == {(split, f"s{row}") for row in rows}
        assert insight.q_value <= ALPHA
        assert insight.interval[0] < insight.effect < insight.interval[1]
        assert insight.base_rates["median_distance_ratio"] > 1.5


def test_strangers_of_val_in_the_midst_of_a_tail_are_found() -> None:
    world = make_world(4, train=2000, val=1000)
    rng = np.random.default_rng(4)
    world.embedding = np.hstack([world.embedding, 0.3 * rng.normal(size=(3000, 16))])
    rows = np.flatnonzero(world.split == "val")[:12]
    world.embedding[rows, 16:] += rng.normal(size=(12, 16)) * 2  # where nobody differs much
    world.embedding *= rng.lognormal(0, 0.2, (3000, 1))  # others are far in usual directions

    insights = found(analyze(world.snapshot(), OPTIONS))

    assert set(insights) == {"val"}
    hits = {f"s{row}" for row in rows} & set(insights["val"].sample_ids)
    assert len(hits) >= 8
    assert len(insights["val"].samples) <= len(hits) + 2
    assert "hardly any of train" in insights["val"].description


def test_the_farthest_is_listed_first_and_the_table_has_the_score() -> None:
    world = make_world(1)
    rows = np.flatnonzero(world.split == "val")[:3]
    directions = np.eye(16)[:3]
    world.embedding[rows] = directions * [[40], [160], [80]]

    report = analyze(world.snapshot(), OPTIONS)

    assert found(report)["val"].sample_ids == tuple(f"s{row}" for row in rows[[1, 2, 0]])
    score = report.samples["outlier_score"]
    assert score.dtype == np.float32
    assert score.nlargest(3).index.tolist() == rows[[1, 2, 0]].tolist()
    assert 0.9 < score.median() < 1.1


def test_severity_is_the_loss_that_they_carry() -> None:
    world = make_world(2)
    rows = np.flatnonzero(world.split == "val")[:10]
    world.embedding[rows] = np.random.default_rng(0).normal(size=(10, 16)) * 50
    world.loss[rows] = 60.0

    insight = found(analyze(world.snapshot(), OPTIONS))["val"]

    val = world.loss[world.split == "val"]
    rest = np.delete(world.loss, rows)[np.delete(world.split, rows) == "val"].mean()
    assert insight.severity == pytest.approx((600 - 10 * rest) / val.sum(), rel=0.01)


@pytest.mark.parametrize("dim", [2, 16, 64])
@pytest.mark.parametrize(("train", "val"), [(150, 50), (600, 300), (1500, 700)])
def test_the_tail_of_a_population_is_silent(dim: int, train: int, val: int) -> None:
    fired = 0
    for seed in range(14):
        world = make_world(seed, train=train, val=val, dim=dim)
        p_value = Measures(world.snapshot(), OPTIONS.measures).outliers.p_value
        fired += bool((q_values(p_value) <= ALPHA).any())

    assert fired <= 1


def test_a_small_group_does_not_hide_itself_but_a_small_class_does() -> None:
    for size, fires in ((12, True), (40, False)):
        world = make_world(3)
        rows = np.flatnonzero(world.split == "val")[:size]
        world.embedding[rows] = 30 + np.random.default_rng(0).normal(size=(size, 16))

        assert bool(found(analyze(world.snapshot(), OPTIONS))) is fires


@pytest.mark.parametrize("size", [2, 5, 12])
def test_a_rare_class_is_no_outlier_and_what_is_far_from_its_own_is(size: int) -> None:
    world = make_world(3)
    rows = np.flatnonzero(world.split == "val")[:size]
    rng = np.random.default_rng(0)
    target = np.where(np.isin(np.arange(len(world.blob)), rows), 10, world.blob)
    world.embedding[rows] = 15 + rng.normal(size=(size, 16))
    assert not found(analyze(world.snapshot(target=target), OPTIONS))

    world.embedding[rows] = 30 * rng.normal(size=(size, 16))  # far from one another, too
    assert found(analyze(world.snapshot(target=target), OPTIONS))


def test_populations_of_uneven_width_are_silent() -> None:
    fired = 0
    for seed in range(15):
        world = make_world(seed, train=1200, val=600, blobs=14, dim=32)
        width = np.random.default_rng([seed, 1]).uniform(0.3, 3.0, 14)[world.blob]
        noise = np.random.default_rng([seed, 2]).normal(size=world.embedding.shape)
        world.embedding += (width[:, None] * noise).astype(np.float32)
        q = q_values(Measures(world.snapshot(), OPTIONS.measures).outliers.p_value)
        fired += bool((q <= ALPHA).any())

    assert fired == 0


def test_a_column_that_hardly_varies_makes_no_outliers() -> None:
    world = make_world(6)
    rare = np.zeros((len(world.split), 1), np.float32)
    rare[:30, 0] = np.random.default_rng(0).exponential(0.01, 30)  # a unit that is nearly dead
    world.embedding = np.concatenate([world.embedding, rare], axis=1)

    report = analyze(world.snapshot(), OPTIONS)

    assert report.samples["outlier_score"].max() > 3
    assert found(report) == {}


def test_too_few_samples_are_named() -> None:
    world = make_world(4, train=30, val=12)

    reasons = {n.kind: n.reason for n in analyze(world.snapshot(), OPTIONS).not_applicable}

    assert reasons[KIND] == "42 samples are too few to tell what distance is usual"


@pytest.mark.parametrize("size", [1, 2, 3, 60])
def test_equal_embeddings_and_tiny_sets_break_nothing(size: int) -> None:
    world = make_world(5, train=0, val=size)
    world.embedding[:] = 1.0

    assert found(analyze(world.snapshot(), OPTIONS)) == {}
