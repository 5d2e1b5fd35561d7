"""Planted in regions and slices: weak, overfitted, over- and under-represented, hard to learn."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from _planted import oracle
from _planted.dataset import Case, Dataset
from _planted.space import CLASSES, EPOCHS, Space, cross_entropy, history_of, make_space, softmax

if TYPE_CHECKING:
    from collections.abc import Iterator

BESIDE_WEAK = frozenset({"overfitting", "metadata_loss", "hard_to_learn"})


def weak(seed: int, ratio: float, share: float, *, ball: bool = False, **world: Any) -> Dataset:
    """A region whose loss is `ratio` × the rest's, in both splits."""
    space = make_space(seed, share=None if ball else share, **world)
    truth = nearest_to_one(space, share) if ball else space.blob == 0
    space.loss[truth] *= ratio
    possible = oracle.is_worse(space, truth)
    return Dataset(space.snapshot(), truth & space.val, possible=possible)


def nearest_to_one(space: Space, share: float) -> np.ndarray:
    """(N,) mask of the share of samples nearest to a random one: a region without an edge."""
    anchor = space.embedding[space.random.integers(len(space.blob))]
    distance = np.linalg.norm(space.embedding - anchor, axis=1)
    return distance <= np.quantile(distance, share)


def two_modes(seed: int, ratio: float, share: float, **world: Any) -> Dataset:
    """A class with two modes far apart, the rarer of which is weak."""
    space = make_space(seed, share=share, **world)
    truth = space.blob == 0
    space.loss[truth] *= ratio
    dataset = Dataset(space.snapshot(), truth & space.val, possible=oracle.is_worse(space, truth))
    same_class = space.blob % CLASSES == 0
    if not (same_class & ~truth).any():
        raise SystemExit("the class of the weak mode needs a second mode: more blobs than classes")
    return dataset


def intersection(seed: int, ratio: float, share: float, **world: Any) -> Dataset:
    """A conjunction of two fields is weak; neither is by itself."""
    space = make_space(seed, **world)
    night = space.metadata["weather"] == "night"
    bound = np.quantile(space.metadata["contrast"], 1 - share / night.mean())
    truth = night & (space.metadata["contrast"] >= bound)
    space.loss[truth] *= ratio
    possible = oracle.is_worse(space, truth)
    return Dataset(space.snapshot(), truth & space.val, possible=possible)


def field(seed: int, ratio: float, *, u_shaped: bool, **world: Any) -> Dataset:
    """Loss follows one field; the worst tenth has about `ratio` × the mean loss of the rest."""
    space = make_space(seed, **world)
    values = space.metadata["contrast"]
    place = np.argsort(np.argsort(values)) / len(values)
    place = np.abs(2 * place - 1) if u_shaped else place
    space.loss *= np.exp(np.log(ratio) * 2 * (place - 0.5))
    truth = space.val & (place >= 0.9)  # noqa: PLR2004 - the worst tenth
    possible = oracle.is_worse(space, truth)
    return Dataset(space.snapshot(), truth, field="contrast", possible=possible)


def overfitted(seed: int, ratio: float, share: float, **world: Any) -> Dataset:
    """A region whose val loss is `ratio` × what it is elsewhere, and whose train loss is not."""
    space = make_space(seed, share=share, **world)
    truth = space.blob == 0
    space.loss[truth & space.val] *= ratio
    return Dataset(space.snapshot(), truth, possible=oracle.is_overfitted(space, truth))


def misrepresented(seed: int, odds: float, share: float, *, over: bool, **world: Any) -> Dataset:
    """A region with `odds` times fewer samples in val (over-) or train (under-represented)."""
    space = make_space(seed, share=share, **world)
    thinned = (space.blob == 0) & (space.val == over)
    removed = thinned & (space.random.random(len(thinned)) < 1 - 1 / odds)
    space = space.take(~removed)
    truth = space.blob == 0
    return Dataset(space.snapshot(), truth, possible=oracle.is_misrepresented(space, truth))


def hard_to_learn(seed: int, speed: float, share: float, **world: Any) -> Dataset:
    """A region that is learned `speed` × as fast as the rest, with right labels."""
    space = make_space(seed, share=share, **world)
    random, size, target = space.random, len(space.blob), space.blob % CLASSES
    truth = space.blob == 0
    ease = random.normal(4.0, 1.0, size) + (space.split == "train")
    noise = random.normal(size=(size, CLASSES))
    stages = []
    for epoch in range(EPOCHS):
        logits = noise + 0.5 * random.normal(size=(size, CLASSES))
        pace = np.where(truth, speed, 1.0) * (epoch + 1) / 3
        logits[np.arange(size), target] += ease * (1 - np.exp(-pace))
        stages.append(softmax(logits))
    space.loss = cross_entropy(stages[-1], target)
    history = history_of(space.split, np.arange(size).astype(str), target, stages)
    space.more = {"pred_probs": stages[-1], "prediction": stages[-1].argmax(1), "history": history}
    return Dataset(space.snapshot(), truth, possible=oracle.is_worse(space, truth))


SMALL: dict[str, Any] = {"train": 2000, "val": 1000}
MEDIUM: dict[str, Any] = {"train": 8000, "val": 5000}
LARGE: dict[str, Any] = {"train": 30_000, "val": 20_000}
LOPSIDED: dict[str, Any] = {"train": 20_000, "val": 1000}


def cases() -> Iterator[Case]:
    """Give all cells of this module."""
    yield from _weak_cases()
    yield from _field_cases()
    yield from _split_cases()
    for speed in (0.1, 0.3):
        name = f"learned {speed} × as fast, 5 %, val 1,000"
        make = partial(hard_to_learn, speed=speed, share=0.05, **SMALL)
        beside = frozenset({"low_performance", "overfitting", "metadata_loss"})
        yield Case("hard_to_learn", name, make, 20, beside=beside, quick=speed < 0.2)  # noqa: PLR2004


def _weak_cases() -> Iterator[Case]:
    case = partial(Case, "low_performance", beside=BESIDE_WEAK)
    for share, ratio, quick in ((0.1, 1.5, False), (0.05, 2.0, True), (0.05, 3.0, False)):
        name = f"blob of {share:.0%}, loss {ratio} ×, val 1,000"
        yield case(name, partial(weak, ratio=ratio, share=share, **SMALL), 20, quick=quick)
    for share, ratio, quick in ((0.02, 1.5, False), (0.05, 1.5, False), (0.02, 2.0, True)):
        name = f"blob of {share:.0%}, loss {ratio} ×, val 5,000"
        yield case(name, partial(weak, ratio=ratio, share=share, **MEDIUM), 10, quick=quick)
    yield case(
        "blob of 2%, loss 1.5 ×, val 20,000", partial(weak, ratio=1.5, share=0.02, **LARGE), 6
    )
    for shape in ("uneven", "curved", "correlated"):
        make = partial(weak, ratio=2.0, share=0.05, shape=shape, **MEDIUM)
        yield case(f"blob of 5%, loss 2.0 ×, val 5,000, {shape}", make, 10, quick=False)
    for loss in ("lognormal", "normal", "zero_one"):
        make = partial(weak, ratio=2.0, share=0.05, loss=loss, **MEDIUM)
        yield case(f"blob of 5%, loss 2.0 ×, val 5,000, {loss}", make, 10)
    make = partial(weak, ratio=2.0, share=0.05, **LOPSIDED)
    yield case("blob of 5%, loss 2.0 ×, val 1,000 of 21,000", make, 10)
    for share in (0.05, 0.1):
        make = partial(weak, ratio=2.0, share=share, ball=True, shape="continuous", **MEDIUM)
        name = f"ball of {share:.0%} in a space without gaps, loss 2.0 ×, val 5,000"
        yield case(name, make, 10, asked=False)
    make = partial(two_modes, ratio=2.0, share=0.03, **MEDIUM)
    yield case("rarer mode of a class, 3%, loss 2.0 ×, val 5,000", make, 10)


def _field_cases() -> Iterator[Case]:
    for ratio, share, quick in ((2.0, 0.05, True), (3.0, 0.03, False), (1.5, 0.1, False)):
        name = f"slice of two conditions, {share:.0%}, loss {ratio} ×, val 5,000"
        make = partial(intersection, ratio=ratio, share=share, **MEDIUM)
        yield Case("low_performance", name, make, 10, beside=BESIDE_WEAK, quick=quick)
    beside = frozenset({"low_performance", "overfitting"})
    for u_shaped in (False, True):
        word = "U-shaped" if u_shaped else "monotone"
        for ratio, size in ((1.5, SMALL), (2.0, SMALL), (1.5, MEDIUM)):
            make = partial(field, ratio=ratio, u_shaped=u_shaped, **size)
            name = f"{word}, worst tenth about {ratio} × the mean, val {size['val']:,}"
            quick = size is SMALL and ratio > 1.5  # noqa: PLR2004
            yield Case("metadata_loss", name, make, 10, beside=beside, quick=quick)


def _split_cases() -> Iterator[Case]:
    beside = frozenset({"low_performance"})
    cells = ((2.0, 0.05, SMALL), (2.0, 0.05, MEDIUM), (1.5, 0.05, MEDIUM), (2.0, 0.02, MEDIUM))
    for ratio, share, size in cells:
        make = partial(overfitted, ratio=ratio, share=share, **size)
        name = f"blob of {share:.0%}, val loss {ratio} ×, val {size['val']:,}"
        yield Case("overfitting", name, make, 10, beside=beside, quick=size is SMALL)
    for over, kind in ((True, "over_representation"), (False, "under_representation")):
        for odds, size in ((3.0, SMALL), (2.0, MEDIUM), (3.0, MEDIUM)):
            make = partial(misrepresented, odds=odds, share=0.06, over=over, **size)
            name = f"blob of 6%, odds {odds} ×, val {size['val']:,}"
            yield Case(kind, name, make, 10, quick=size is SMALL)
    make = partial(misrepresented, odds=1e9, share=0.03, over=False, **SMALL)
    yield Case("under_representation", "blob of 3% absent from train, val 1,000", make, 15)
