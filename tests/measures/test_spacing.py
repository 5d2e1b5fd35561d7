"""How far neighbors are, at the scale of their surroundings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from worlds import make_world

from mlflow_latent.measures import MeasureOptions, Measures
from mlflow_latent.snapshot import Snapshot

if TYPE_CHECKING:
    from mlflow_latent.measures.spacing import Spacing

OPTIONS = MeasureOptions(projection="none")


def spacing_of(embedding: np.ndarray) -> Spacing:
    ids = np.arange(len(embedding)).astype(str)
    snapshot = Snapshot.from_arrays(sample_id=ids, split="val", embedding=embedding)
    return Measures(snapshot, OPTIONS).spacing


@pytest.mark.parametrize("dimension", [1, 2, 5])
def test_the_dimension_is_that_of_the_sheet_not_of_the_columns(dimension: int) -> None:
    rng = np.random.default_rng(0)
    sheet = rng.random((3000, dimension)) @ rng.normal(size=(dimension, 20))

    found = float(np.median(spacing_of(sheet).dimension))

    assert found == pytest.approx(dimension, rel=0.15)


def test_the_scale_follows_the_density() -> None:
    rng = np.random.default_rng(0)
    narrow, wide = rng.normal(size=(500, 8)), 6 * rng.normal(size=(500, 8)) + 60

    spacing = spacing_of(np.concatenate([narrow, wide]))
    ratio = np.median(spacing.scale[500:]) / np.median(spacing.scale[:500])

    assert ratio == pytest.approx(6, rel=0.1)


@pytest.mark.parametrize("copies", [2, 5, 9])
def test_copies_do_not_change_the_scale(copies: int) -> None:
    world = make_world(0, train=600, val=300)
    before = spacing_of(world.embedding).scale
    rows = np.random.default_rng(0).choice(900, (5, copies), replace=False)
    noise = np.random.default_rng(1).normal(size=(5, copies, 16)) * 0.01
    world.embedding[rows] = world.embedding[rows[:, :1]] + noise

    after = spacing_of(world.embedding).scale

    assert np.all(after[rows] > before[rows[:, :1]] / 1.5)


def test_two_that_are_nearest_to_each_other_share_one_scale() -> None:
    spacing = spacing_of(make_world(1, train=300, val=300).embedding)
    nearest = spacing.indices[:, 0]
    mutual = np.flatnonzero(nearest[nearest] == np.arange(len(nearest)))

    assert len(mutual) > 50
    assert np.array_equal(spacing.scale[mutual], spacing.scale[nearest[mutual]])


@pytest.mark.parametrize("step", [0.1, 0.5])
def test_the_resolution_is_that_of_the_lattice(step: float) -> None:
    values = np.random.default_rng(0).normal(size=(2000, 3))
    lattice = np.round(values / step) * step

    spacing = spacing_of(lattice)
    places = Measures(
        Snapshot.from_arrays(sample_id=np.arange(2000).astype(str), split="v", embedding=lattice),
        OPTIONS,
    ).reduced
    scale = np.ptp(places, axis=0).max() / np.ptp(lattice, axis=0).max()

    assert spacing.lattice.resolution == pytest.approx(step * np.sqrt(3 / 6) * scale, rel=0.3)
    assert spacing_of(values).lattice.resolution == 0
    assert (
        spacing_of(np.repeat(values[:200], 5, axis=0)).lattice.resolution == 0
    )  # copies, no lattice
    assert (
        spacing_of(np.maximum(values - [[0, 1, 2.5]], 0)).lattice.resolution == 0
    )  # nearly dead units


def test_only_equal_rows_of_zeros_are_silent() -> None:
    embedding = np.random.default_rng(0).normal(size=(100, 4))
    embedding[:3] = 0
    embedding[3:6] = 1

    assert np.flatnonzero(spacing_of(embedding).is_silent).tolist() == [0, 1, 2]


@pytest.mark.parametrize("size", [1, 2, 3, 30])
def test_few_and_equal_samples_have_finite_numbers(size: int) -> None:
    for embedding in (np.ones((size, 3)), np.random.default_rng(0).normal(size=(size, 3))):
        spacing = spacing_of(embedding)

        assert len(spacing) == size
        assert np.isfinite(spacing.scale).all()
        assert np.isfinite(spacing.dimension).all()
