"""Nothing is planted: any insight is false."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from _planted.dataset import NOTHING, Case, Dataset
from _planted.space import CLASSES, add_scores, make_space

if TYPE_CHECKING:
    from collections.abc import Iterator


def null(
    seed: int, *, scores: bool = False, skill: float = 4.0, unlabeled: int = 0, **world: Any
) -> Dataset:
    """Loss, split and metadata know nothing of where a sample lies, nor of each other.

    Args:
        seed: of the data set.
        scores: whether there are probabilities and a history.
        skill: of the model that they are of.
        unlabeled: samples of train that become a split without labels.
        world: as `make_space` takes it.
    """
    space = make_space(seed, **world)
    if unlabeled:
        rows = np.flatnonzero(space.split == "train")[:unlabeled]
        space.split[rows], space.loss[rows] = "unlabeled", np.nan
        target = (space.blob % CLASSES).astype(object)
        target[rows] = None
        space.more["target"] = target.tolist()
    if scores:
        add_scores(space, skill=skill)
    return Dataset(space.snapshot(), np.zeros(len(space.blob), dtype=bool))


def cases() -> Iterator[Case]:
    """Give all cells of this module."""
    case = partial(Case, NOTHING)
    for loss in ("exponential", "lognormal", "normal"):
        make = partial(null, loss=loss)
        yield case(f"3,000 samples, {loss} loss", make, 40, quick=True)
    yield case("heavy ties: losses rounded to tenths", partial(null, loss="rounded"), 20)
    yield case("heavy ties: losses 0 or 1", partial(null, loss="zero_one"), 20)
    yield case("300 samples", partial(null, train=200, val=100), 40)
    yield case("val of 15", partial(null, train=1000, val=15), 20)
    yield case("val of 60 beside 6,000", partial(null, train=6000, val=60), 20)
    yield case("train of 100 beside 2,000", partial(null, train=100, val=2000), 20)
    for shape in ("uneven", "curved", "continuous", "correlated"):
        yield case(f"3,000 samples, {shape} space", partial(null, shape=shape), 20, quick=True)
    for size in (30, 500):
        name = f"{size} unlabeled samples of the same origin"
        yield case(name, partial(null, unlabeled=size), 40)
    yield case("3 columns", partial(null, dim=3), 20)
    yield case("13,000 samples", partial(null, train=8000, val=5000), 10)
    for skill, word in ((4.0, "skilled"), (2.0, "poor")):
        make = partial(null, scores=True, skill=skill)
        name = f"probabilities and ten epochs of a {word} model"
        yield case(name, make, 20, quick=skill > 3)  # noqa: PLR2004
    make = partial(null, scores=True, shape="uneven", train=400, val=200)
    yield case("probabilities and ten epochs, 600 samples, uneven space", make, 20)
