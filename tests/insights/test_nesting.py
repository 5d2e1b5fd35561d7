"""Which of nested regions leads: not the widest, not the luckiest, the one that stands out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from mlflow_latent.insights.losses import worse_within
from mlflow_latent.insights.nesting import OVERLAP, Nest, nest, overlap
from mlflow_latent.insights.scores import Scores

SIZE = 2000


def mask(start: int, stop: int) -> np.ndarray:
    place = np.arange(SIZE)
    return (place >= start) & (place < stop)


def nests_of(loss: np.ndarray, members: list[np.ndarray]) -> list[Nest]:
    scores = Scores.of(loss)
    p_values = [float(scores.larger(one.astype(int), 2)[1]) for one in members]
    within = worse_within(loss, min_samples=10, least=1.25, confidence=0.95)
    return nest(members, p_values, within)


def test_a_core_that_is_much_worse_leads_and_what_is_around_it_is_its_child() -> None:
    fired = 0
    for seed in range(20):
        loss = np.random.default_rng(seed).exponential(size=SIZE)
        loss[:300] *= 2.5  # the clearest: it holds the core and much else
        loss[:60] *= 4
        wide, core, beside = mask(0, 300), mask(0, 60), mask(200, 300)
        nests = nests_of(loss, [wide, core, beside])
        fired += nests == [Nest(1, (0,)), Nest(2, ())]
    assert fired >= 19


def test_a_part_of_what_is_equally_bad_does_not_lead() -> None:
    moved = 0
    for seed in range(100):
        loss = np.random.default_rng(seed).exponential(size=SIZE)
        loss[:200] *= 4
        parts = [mask(start, start + 25) for start in range(0, 200, 25)]
        nests = nests_of(loss, [mask(0, 200), *parts])
        moved += len(nests) > 1 or nests[0].lead != 0
    assert moved <= 3  # at 0.5 % each, four of 100 in one of 600


def test_a_wider_region_does_not_lead_where_only_its_core_is_worse() -> None:
    loss = np.random.default_rng(0).exponential(size=SIZE)
    loss[:50] *= 6
    (one,) = nests_of(loss, [mask(0, 150), mask(0, 50), mask(0, 400)])
    assert one.lead == 1


def test_two_bad_places_in_a_wide_region_are_two_findings() -> None:
    loss = np.random.default_rng(1).exponential(size=SIZE)
    loss[:40] *= 8
    loss[100:140] *= 8
    nests = nests_of(loss, [mask(0, 140), mask(0, 40), mask(100, 140)])
    assert sorted(one.lead for one in nests) == [1, 2]


@settings(max_examples=60, deadline=None)
@given(
    spans=st.lists(st.tuples(st.integers(0, 90), st.integers(1, 60)), max_size=12),
    seed=st.integers(0, 1000),
)
def test_each_region_is_there_once_and_leads_do_not_overlap(
    spans: list[tuple[int, int]], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    members = [mask(start, start + size)[:100] for start, size in spans]
    loss = rng.exponential(size=100)
    within = worse_within(loss, min_samples=3, least=1.0, confidence=0.95)
    nests = nest(members, rng.random(len(spans)).round(1).tolist(), within)

    places = [place for one in nests for place in (one.lead, *one.children)]
    assert sorted(places) == list(range(len(spans)))
    for number, one in enumerate(nests):
        for other in nests[:number]:
            a, b = members[one.lead], members[other.lead]
            assert overlap(int((a & b).sum()), (int(a.sum()), int(b.sum())), 100) < OVERLAP


def test_overlap_is_what_lies_in_the_larger_beyond_chance() -> None:
    assert overlap(10, (10, 50), 100) == 1
    assert overlap(5, (10, 50), 100) == 0  # half of it: just what half of all would hold
    assert overlap(30, (50, 40), 100) == pytest.approx(0.5)
    assert overlap(0, (0, 40), 100) == 0
    assert overlap(7, (7, 100), 100) == 0  # all samples: nothing to be inside of
