"""Planted in pairs, and far from all: duplicates, leakage, outliers, in synthetic spaces."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.neighbors import NearestNeighbors

from _planted.dataset import Case, Dataset, mask
from _planted.space import Space, make_space

if TYPE_CHECKING:
    from collections.abc import Iterator


def nearest_distance(embedding: np.ndarray) -> float:
    """Median distance to the nearest other sample."""
    distance, _ = NearestNeighbors(n_neighbors=2).fit(embedding).kneighbors(embedding)
    return float(np.median(distance[:, 1]))


def copy_rows(space: Space, source: np.ndarray, place: np.ndarray, noise: float) -> None:
    """Overwrite rows by noisy copies of others; noise in nearest-neighbor distances."""
    shape = (len(source), space.embedding.shape[1])
    step = space.random.normal(size=shape) / np.sqrt(shape[1])
    step *= noise * nearest_distance(space.embedding)
    space.embedding[place] = space.embedding[source] + step
    space.blob[place] = space.blob[source]


def near_duplicate(seed: int, pairs: int, noise: float, **world: Any) -> Dataset:
    """Pairs within train."""
    space = make_space(seed, **world)
    chosen = space.random.choice(np.flatnonzero(~space.val), 2 * pairs, replace=False)
    copy_rows(space, chosen[:pairs], chosen[pairs:], noise)
    return Dataset(space.snapshot(), mask(len(space.blob), chosen))


def leakage(seed: int, pairs: int, noise: float, **world: Any) -> Dataset:
    """Samples of train that val holds too."""
    space = make_space(seed, **world)
    source = space.random.choice(np.flatnonzero(~space.val), pairs, replace=False)
    place = space.random.choice(np.flatnonzero(space.val), pairs, replace=False)
    copy_rows(space, source, place, noise)
    return Dataset(space.snapshot(), mask(len(space.blob), np.r_[source, place]))


def outlier(seed: int, count: int, reach: float, **world: Any) -> Dataset:
    """Samples of val far from all, each alone; reach in standard deviations of the embedding."""
    space = make_space(seed, **world)
    chosen = space.random.choice(np.flatnonzero(space.val), count, replace=False)
    away = space.random.normal(size=(count, space.embedding.shape[1]))
    away /= np.linalg.norm(away, axis=1, keepdims=True)
    size = np.sqrt(space.embedding.var(axis=0).sum())
    space.embedding[chosen] = space.embedding.mean(axis=0) + reach * size * away
    return Dataset(space.snapshot(), mask(len(space.blob), chosen))


def cases() -> Iterator[Case]:
    """Give all cells of this module."""
    small: dict[str, Any] = {"train": 2000, "val": 1000}
    medium: dict[str, Any] = {"train": 8000, "val": 5000}
    for make, kind in ((near_duplicate, "near_duplicate"), (leakage, "leakage")):
        for noise, word in ((0.0, "exact"), (0.02, "noise 0.02"), (0.1, "noise 0.1")):
            quick = noise == 0.02  # noqa: PLR2004
            planted = partial(make, pairs=20, noise=noise, **small)
            yield Case(kind, f"20 pairs, {word}, 3,000 samples", planted, 15, quick=quick)
        for shape in ("blobs", "uneven", "curved", "continuous"):
            planted = partial(make, pairs=50, noise=0.02, shape=shape, **medium)
            yield Case(kind, f"50 pairs, noise 0.02, 13,000 samples, {shape}", planted, 5)
    for reach in (1.5, 2.5, 4.0):
        planted = partial(outlier, count=10, reach=reach, **small)
        name = f"10 at {reach} standard deviations, 3,000 samples"
        yield Case("outlier", name, planted, 15, asked=reach > 2, quick=reach > 3)  # noqa: PLR2004
    planted = partial(outlier, count=50, reach=2.5, shape="uneven", **medium)
    name = "50 at 2.5 standard deviations, 13,000 samples, uneven"
    yield Case("outlier", name, planted, 5, asked=False)
