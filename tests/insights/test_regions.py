"""Regions of all sizes: clusters, and the unions of fine ones that lie near each other."""

from __future__ import annotations

import numpy as np
import pytest

from mlflow_latent.evidence import moments, rest
from mlflow_latent.insights.regions import Regions, find_unions
from mlflow_latent.insights.scores import Scores

RNG = np.random.default_rng(0)


@pytest.fixture
def regions() -> Regions:
    """Six fine clusters on a line, in two coarse ones of three; the first two are a pair."""
    centers = np.array([[0.0], [0.5], [3.0], [100.0], [102.0], [106.0]])
    fine = RNG.integers(0, 6, 600).astype(np.int32)
    labels = {"coarse": fine // 3, "fine": fine}
    return Regions(labels, find_unions(centers, labels))


def test_unions_are_neighbors_and_no_coarse_cluster_again(regions: Regions) -> None:
    assert regions.ids[:8] == ["coarse/0", "coarse/1", *[f"fine/{n}" for n in range(6)]]
    assert regions.ids[8:] == ["fine/0+fine/1", "fine/3+fine/4"]
    assert len(regions) == 10


def test_a_union_is_tested_as_if_it_were_one_cluster(regions: Regions) -> None:
    rows = RNG.random(600) < 0.7
    loss = RNG.exponential(size=600) + 50
    inside, outside = regions.moments(loss, rows)
    tested, counts = regions.larger(loss, rows), regions.counts(rows)
    for place in range(len(regions)):
        members = regions.members(place)[rows].astype(int)
        both = moments(loss[rows], members, 2)
        others = rest(both)
        assert counts[place] == inside.n[place] == members.sum()
        for found, expected in ((inside, both), (outside, others)):
            assert found.mean[place] == pytest.approx(expected.mean[1])
            assert found.variance[place] == pytest.approx(expected.variance[1])
        assert tested[place] == pytest.approx(Scores.of(loss[rows]).larger(members, 2)[1])


@pytest.mark.parametrize("size", [1, 2])
def test_one_or_two_clusters_have_no_union(size: int) -> None:
    labels = {"coarse": np.zeros(9, np.int32), "fine": np.arange(9, dtype=np.int32) % size}
    regions = Regions(labels, find_unions(np.zeros((size, 3)), labels))
    assert len(regions) == (2 if size == 2 else 0)


def test_equal_centers_break_nothing() -> None:
    labels = {"fine": np.arange(40, dtype=np.int32) % 8}
    assert len(Regions(labels, find_unions(np.ones((8, 3)), labels))) >= 8
