"""Groups that are apart from all others are seen; a crowd has none, and a class is none."""

from __future__ import annotations

import numpy as np
import pytest

from mlflow_latent.measures import MeasureOptions, Measures
from mlflow_latent.measures.islands import find_islands
from mlflow_latent.measures.neighbors import find_neighbors
from mlflow_latent.snapshot import Snapshot


def bursts(count: int, length: int) -> np.ndarray:
    """A crowd of 1,000 samples, the first of them bursts of frames that are alike, not equal."""
    rng = np.random.default_rng(0)
    embedding = rng.normal(size=(1000, 12)).astype(np.float32)
    rows = np.arange(count * length).reshape(count, length)
    embedding[rows] = embedding[rows[:, :1]] + 0.03 * rng.normal(size=(count, length, 12))
    return embedding


@pytest.mark.parametrize("length", [17, 25, 60])
def test_long_bursts_are_islands(length: int) -> None:
    island = find_islands(find_neighbors(bursts(6, length), 15))

    for number, rows in enumerate(np.arange(6 * length).reshape(6, length)):
        assert (island[rows] == number).mean() > 0.9  # one that is near to none is not linked back
    assert (island[6 * length :] == -1).all()


def test_a_crowd_and_short_bursts_are_none() -> None:
    for embedding in (bursts(0, 1), bursts(40, 5), bursts(0, 1)[:3], bursts(1, 500)):
        assert (find_islands(find_neighbors(embedding, 15)) == -1).all()


def test_an_island_that_is_a_class_is_none() -> None:
    target = np.zeros(1000, dtype=np.int32)
    target[:25] = 1

    island = find_islands(find_neighbors(bursts(2, 25), 15), target)

    assert (island[:25] == -1).all()
    assert (island[25:50] == 0).all()


def test_islands_in_two_splits_are_said() -> None:
    split = np.where(np.arange(1000) % 3 == 0, "val", "train")
    for names, said in ((split, True), (np.where(np.arange(1000) < 500, "train", "val"), False)):
        snapshot = Snapshot.from_arrays(
            sample_id=np.arange(1000), split=names, embedding=bursts(6, 20)
        )
        measures = Measures(snapshot, MeasureOptions(projection="none"))
        assert measures.duplicates is not None

        notes = [note for note in measures.notes if "lie apart from all others" in note]

        assert len(notes) == said
        if said:
            assert notes[0].startswith("120 samples are in 6 groups of up to 20")
