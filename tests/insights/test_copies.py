"""Copies of one sort do not make a finding of the chance pairs of another."""

from __future__ import annotations

import numpy as np
import pytest
from worlds import make_world

from mlflow_latent.insights import Context, InsightOptions
from mlflow_latent.insights.copies import are_beyond_chance
from mlflow_latent.measures import MeasureOptions, Measures
from mlflow_latent.measures.duplicates import Duplicates, group_pairs


def context_with(within: int, across: int, *, exact: bool = False) -> Context:
    """A context whose copies are so many pairs within train and across the splits."""
    world = make_world(0)
    measures = Measures(world.snapshot(), MeasureOptions(projection="none"))
    train, val = (np.flatnonzero(world.split == split) for split in ("train", "val"))
    pairs = [train[: 2 * within].reshape(-1, 2)]
    pairs.append(np.stack([train[2 * within :][:across], val[:across]], axis=1))
    rows = np.concatenate(pairs).astype(np.int32)
    size = len(world.split)
    measures.__dict__["duplicates"] = Duplicates(
        group_pairs(rows, size), np.full(size, exact), np.full(size, 1e-4), rows
    )
    return Context(measures, InsightOptions(), "val", "train", 0.005)


@pytest.mark.parametrize(
    ("within", "across", "beyond"), [(20, 1, False), (20, 8, True), (0, 1, True), (0, 0, False)]
)
def test_pairs_across_are_a_leak_if_more_than_the_share_of_chance(
    within: int, across: int, *, beyond: bool
) -> None:
    context = context_with(within, across)
    train, val = context.snapshot.rows("train"), context.snapshot.rows("val")
    found = are_beyond_chance(context, lambda a, b: (train[a] & val[b]) | (val[a] & train[b]))
    assert found == beyond


def test_exact_copies_are_never_chance() -> None:
    context = context_with(20, 1, exact=True)
    train, val = context.snapshot.rows("train"), context.snapshot.rows("val")
    assert are_beyond_chance(context, lambda a, b: (train[a] & val[b]) | (val[a] & train[b]))
