"""Copies are found where there are copies, and chance, density and lattices make none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from worlds import make_world

from mlflow_latent.measures import MeasureOptions, Measures
from mlflow_latent.measures.duplicates import Duplicates, group_pairs
from mlflow_latent.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable

    Maker = Callable[[np.random.Generator], np.ndarray]

OPTIONS = MeasureOptions(projection="none")


def duplicates_of(embedding: np.ndarray) -> Duplicates:
    ids = np.arange(len(embedding)).astype(str)
    snapshot = Snapshot.from_arrays(sample_id=ids, split="val", embedding=embedding)
    return Measures(snapshot, OPTIONS).duplicates


def sheet(rng: np.random.Generator, size: int) -> np.ndarray:
    """Noisy copies are hard to tell where the dimension is low: here it is 5."""
    return np.tanh(rng.normal(size=(size, 5)) @ rng.normal(size=(5, 48)))


def test_many_pairs_are_found_none_of_which_would_be_alone() -> None:
    rng = np.random.default_rng(0)
    hits = planted = wrong = 0
    for _ in range(4):
        embedding = sheet(rng, 1800)
        source, place = np.split(rng.choice(1800, 40, replace=False), 2)
        usual = np.median(
            np.linalg.norm(embedding[:300, None] - embedding[None, 300:], axis=2).min(1)
        )
        noise = rng.normal(size=(20, 48)) / np.sqrt(48) * usual * 0.12
        embedding[place] = embedding[source] + noise

        pairs = {tuple(pair) for pair in duplicates_of(embedding).pairs.tolist()}
        truth = {tuple(sorted(pair)) for pair in zip(source.tolist(), place.tolist(), strict=True)}
        hits += len(pairs & truth)
        wrong += len(pairs - truth)
        planted += 20

    assert hits / planted >= 0.95
    assert wrong / (wrong + hits) <= 0.15  # 0.1 expected; of 80 pairs


def test_copies_on_a_coarse_lattice_of_which_none_stands_out() -> None:
    rng = np.random.default_rng(0)
    embedding = rng.integers(0, 10, (2000, 6)).astype(float)
    embedding[:30] = embedding[30:60]
    assert len(duplicates_of(embedding).pairs) == 0  # chance makes such pairs here


@pytest.mark.parametrize("copies", [2, 5])
@pytest.mark.parametrize("share", [0.1, 0.2, 0.6, 1.0])
def test_copies_are_found_however_many_they_are(share: float, copies: int) -> None:
    rng = np.random.default_rng(0)
    embedding = uneven(rng)
    rows = rng.permutation(1500)[: round(1500 * share)].reshape(-1, copies)
    embedding[rows] = embedding[rows[:, :1]] + 0.01 * rng.normal(size=(*rows.shape, 16))

    found = duplicates_of(embedding).group >= 0

    assert found[rows].mean() > 0.98
    assert found.sum() <= 1.03 * rows.size


@pytest.mark.parametrize("size", [2, 3, 5])
def test_classes_of_few_samples_are_no_copies(size: int) -> None:
    rng = np.random.default_rng(0)
    identity = np.repeat(np.arange(400), size)
    embedding = rng.normal(size=(400, 16))[identity] + 0.03 * rng.normal(size=(400 * size, 16))
    embedding[-size:] = embedding[-size]

    def measures(target: np.ndarray) -> Measures:
        snapshot = Snapshot.from_arrays(
            sample_id=np.arange(len(target)), split="val", embedding=embedding, target=target
        )
        return Measures(snapshot, OPTIONS)

    assert (measures(identity % 10).duplicates.group >= 0).mean() > 0.98
    small = measures(identity)
    assert np.flatnonzero(small.duplicates.group >= 0).tolist() == [
        *range(400 * size - size, 400 * size)
    ]
    assert any("not for copies" in note for note in small.notes)


def bits(rng: np.random.Generator) -> np.ndarray:
    return (rng.normal(size=(1500, 64)) > 0).astype(float)


def mostly_empty(rng: np.random.Generator) -> np.ndarray:
    """Counts with columns that are nearly always 0: standardized, those weigh much."""
    return rng.poisson(np.geomspace(0.01, 8, 40), (1500, 40)).astype(float)


@pytest.mark.parametrize("make", [bits, mostly_empty])
def test_exact_copies_of_few_valued_embeddings(make: Maker) -> None:
    rng = np.random.default_rng(0)
    embedding = make(rng)
    assert len(duplicates_of(embedding).pairs) == 0
    source, place = np.split(rng.choice(1500, 60, replace=False), 2)
    embedding[place] = embedding[source]

    found = duplicates_of(embedding)

    assert set(np.flatnonzero(found.exact)) == {*source, *place}
    assert len(found.pairs) == 30


def test_where_there_is_little_room_near_is_not_exact() -> None:
    rng = np.random.default_rng(0)
    share = 1 / (1 + np.exp(-rng.logistic(0, 3, 3000)))
    circle = rng.normal(size=(3000, 2))
    circle /= np.linalg.norm(circle, axis=1, keepdims=True)
    collapsed = rng.normal(size=(5, 64))[rng.integers(0, 5, 3000)] * 5
    collapsed += 1e-3 * rng.normal(size=(3000, 8)) @ rng.normal(size=(8, 64))

    for embedding in (np.stack([share, 1 - share], axis=1), circle, collapsed):
        assert len(duplicates_of(embedding).pairs) == 0


def uneven(rng: np.random.Generator) -> np.ndarray:
    blob = rng.integers(0, 12, 1500)
    width = np.exp(rng.normal(size=12))[blob, None]
    return rng.normal(size=(12, 16))[blob] * 5 + width * rng.normal(size=(1500, 16))


def heavy(rng: np.random.Generator) -> np.ndarray:
    return rng.normal(size=(1500, 16)) / np.sqrt(rng.chisquare(3, (1500, 1)) / 3)


def lattice(rng: np.random.Generator) -> np.ndarray:
    return np.round(rng.normal(size=(1500, 3)), 1)


def few_places(rng: np.random.Generator) -> np.ndarray:
    return rng.integers(0, 30, (1500, 2)).astype(float)


def seldom_active(rng: np.random.Generator) -> np.ndarray:
    return np.maximum(rng.normal(size=(1500, 64)) - 1.8, 0)


def curves_in_a_crowd(rng: np.random.Generator) -> np.ndarray:
    """More than half on a curve: their neighbors are nearer than the crowd's, by chance."""
    place = rng.random(1000) * 6
    curve = np.stack([np.sin(place), np.cos(place)], axis=1) @ rng.normal(size=(2, 40)) * 3 + 20
    return np.concatenate([curve, rng.normal(size=(500, 30)) @ rng.normal(size=(30, 40)) / 5])


def binary(rng: np.random.Generator) -> np.ndarray:
    return (rng.random((1500, 12)) < 0.3).astype(float)


@pytest.mark.parametrize(
    "make",
    [
        uneven,
        heavy,
        lattice,
        few_places,
        seldom_active,
        curves_in_a_crowd,
        binary,
        lambda r: sheet(r, 1500),
    ],
)
def test_chance_makes_no_copies(make: Maker) -> None:
    fired = sum(
        len(duplicates_of(make(np.random.default_rng(seed))).pairs) > 0 for seed in range(12)
    )

    assert fired <= 1


def test_a_dead_output_is_no_copy_of_another() -> None:
    embedding = np.maximum(make_world(0, train=600, val=300).embedding, 0)
    embedding[:20] = 0

    assert not (duplicates_of(embedding).group[:20] >= 0).any()


def test_exact_copies_need_no_crowd() -> None:
    for size in (2, 4, 12, 40):
        embedding = np.random.default_rng(size).normal(size=(size, 5))
        embedding[1] = embedding[0]

        found = duplicates_of(embedding)

        assert found.pairs.tolist() == [[0, 1]]
        assert np.flatnonzero(found.exact).tolist() == [0, 1]


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=40))
@settings(max_examples=60, deadline=None)
def test_groups_are_the_connected_components(ends: list[tuple[int, int]]) -> None:
    pairs = np.array(ends, dtype=np.int32).reshape(-1, 2)

    group = group_pairs(pairs, 31)

    graph = nx.Graph(ends)
    expected = {frozenset(part) for part in nx.connected_components(graph)}
    found = {frozenset(np.flatnonzero(group == number)) for number in set(group[group >= 0])}
    assert found == expected
