"""Planted in real digits: flipped labels, copies, strangers, weak regions; and nothing."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from _planted import oracle
from _planted.dataset import NOTHING, Case, Dataset, mask
from _planted.digits import (
    CLASSES,
    EPOCHS,
    Source,
    Trained,
    has_mnist,
    snapshot_of,
    split_rows,
    train,
)
from _planted.space import Space, cross_entropy

if TYPE_CHECKING:
    from collections.abc import Iterator

Noise = Literal["uniform", "pair", "boundary"]
Copy = Literal["exact", "noisy", "shifted"]
MODELS = 6  # trained models that share the data sets in which outcomes are exchanged
BESIDE_LABELS = frozenset(
    {"metadata_loss", "low_performance", "overfitting", "hard_to_learn", "outlier"}
)
BESIDE_REAL = frozenset(
    {"low_performance", "overfitting", "hard_to_learn", "label_error", "outlier"}
)


@cache
def clean_model(source: Source, seed: int) -> Trained:
    """Train on right labels."""
    images, labels, split = split_rows(source, seed)
    return train(images, labels, split == "train", seed)


@cache
def noisy_model(
    source: Source, noise: Noise, rate: float, seed: int
) -> tuple[Trained, np.ndarray, np.ndarray]:
    """Train on flipped labels: the model, the labels it was given, the mask of the flipped."""
    images, labels, split = split_rows(source, seed)
    given = flip(source, noise, rate, seed)
    return train(images, given, split == "train", seed), given, given != labels


def flip(source: Source, noise: Noise, rate: float, seed: int) -> np.ndarray:
    """(N,) labels of which a share is wrong, in train and in val.

    `uniform`: any other class; `pair`: always the next class; `boundary`: the class that a model
    trained on right labels finds second, more often the less sure it is.
    """
    _, labels, _ = split_rows(source, seed)
    random = np.random.default_rng([seed, 1])
    count, size = round(rate * len(labels)), len(labels)
    chances, other = np.full(size, 1 / size), (labels + 1) % CLASSES
    if noise == "uniform":
        other = (labels + random.integers(1, CLASSES, size)) % CLASSES
    if noise == "boundary":
        doubt = clean_model(source, seed).stages[2].copy()  # before it is sure of everything
        doubt[np.arange(size), labels] = 0
        other, weight = doubt.argmax(axis=1), doubt.max(axis=1)
        chances = (weight + 1e-4) / (weight + 1e-4).sum()
    chosen = random.choice(size, count, replace=False, p=chances)
    given = labels.copy()
    given[chosen] = other[chosen]
    return given


def label_error(seed: int, source: Source, noise: Noise, rate: float, epochs: int) -> Dataset:
    """Labels flipped before training."""
    model, given, wrong = noisy_model(source, noise, rate, seed)
    snapshot = snapshot_of(model, given, split_rows(source, seed)[2], epochs=epochs)
    stages = np.array(model.stages[-epochs:])
    return Dataset(snapshot, wrong, epochs=stages)


def copies(seed: int, source: Source, how: Copy, pairs: int, *, leaked: bool) -> Dataset:
    """Images of train that are there twice: within train, or in val."""
    images, labels, split = split_rows(source, seed)
    random = np.random.default_rng([seed, 2])
    chosen = random.choice(np.flatnonzero(split == "train"), 2 * pairs, replace=False)
    first = chosen[:pairs]
    second = random.choice(np.flatnonzero(split == "val"), pairs, replace=False)
    second = second if leaked else chosen[pairs:]
    twins = images[first]
    if how == "noisy":
        twins = np.clip(twins + random.normal(0, 0.03, twins.shape), 0, 1).astype(np.float32)
    if how == "shifted":
        twins = np.roll(twins, 1, axis=2)
    images, labels = images.copy(), labels.copy()
    images[second], labels[second] = twins, labels[first]
    model = train(images, labels, split == "train", seed)
    return Dataset(snapshot_of(model, labels, split), mask(len(labels), np.r_[first, second]))


def strangers(seed: int, source: Source, count: int) -> Dataset:
    """Images of val whose brightness is inverted: nothing like them is in train."""
    images, labels, split = split_rows(source, seed)
    random = np.random.default_rng([seed, 3])
    chosen = random.choice(np.flatnonzero(split == "val"), count, replace=False)
    images = images.copy()
    images[chosen] = 1 - images[chosen]
    model = train(images, labels, split == "train", seed)
    return Dataset(snapshot_of(model, labels, split), mask(len(labels), chosen))


def exchangeable(seed: int, source: Source) -> Dataset:
    """A trained model's embeddings, with nothing to find.

    Splits are drawn at random after training. What the model made of a sample (probabilities at
    each epoch, hence loss and prediction) is given to another sample, the classes turned so that
    its label keeps its probability: loss and split know nothing of class or place, yet losses keep
    their distribution and their course. Labels are the true ones.
    """
    model, target, split, donor = _exchange(seed, source)
    columns = (np.arange(CLASSES) + (target[donor] - target)[:, None]) % CLASSES
    stages = [np.take_along_axis(stage[donor], columns, axis=1) for stage in model.stages]
    moved = Trained(model.embedding, stages)
    return Dataset(snapshot_of(moved, target, split), np.zeros(len(target), dtype=bool))


def _exchange(seed: int, source: Source) -> tuple[Trained, np.ndarray, np.ndarray, np.ndarray]:
    """Return a model, the true labels, splits at random, and whose outcome each sample is given."""
    model = clean_model(source, seed % MODELS)
    _, labels, split = split_rows(source, seed % MODELS)
    random = np.random.default_rng([seed, 4])
    return model, labels, random.permutation(split), random.permutation(len(labels))


def _real_space(seed: int, source: Source) -> Space:
    """Return the same as a space: only losses, so that a plant may change them."""
    model, target, split, donor = _exchange(seed, source)
    loss = cross_entropy(model.stages[-1], target)[donor]
    return Space(np.random.default_rng([seed, 5]), target, split, model.embedding, loss)


def weak(seed: int, source: Source, ratio: float, share: float) -> Dataset:
    """The samples of one class that are nearest to one of them have `ratio` × the loss."""
    space = _real_space(seed, source)
    anchor = space.random.integers(len(space.blob))
    distance = np.linalg.norm(space.embedding - space.embedding[anchor], axis=1)
    distance[space.blob != space.blob[anchor]] = np.inf
    truth = distance <= np.sort(distance)[round(share * len(distance))]
    space.loss[truth] *= ratio
    possible = oracle.is_worse(space, truth)
    return Dataset(space.snapshot(), truth & space.val, possible=possible)


def misrepresented(seed: int, source: Source, odds: float, *, over: bool) -> Dataset:
    """A class that is `odds` times rarer in val (over-) or in train (under-represented)."""
    space = _real_space(seed, source)
    one = space.blob == space.random.integers(CLASSES)
    removed = one & (space.val == over) & (space.random.random(len(one)) < 1 - 1 / odds)
    space, truth = space.take(~removed), one[~removed]
    return Dataset(space.snapshot(), truth, possible=oracle.is_misrepresented(space, truth))


def cases() -> Iterator[Case]:
    """Give all cells of this module that the machine has data for."""
    yield from _digit_cases("digits", 12)
    if has_mnist():
        yield from _digit_cases("mnist", 1)


def _digit_cases(source: Source, seeds: int) -> Iterator[Case]:
    small = source == "digits"
    yield from _label_cases(source, seeds)
    yield from _region_cases(source)
    beside = BESIDE_REAL | {"near_duplicate"}
    hows: tuple[Copy, ...] = ("exact", "noisy") if small else ("exact", "noisy", "shifted")
    for how in hows:
        for kind in ("near_duplicate", "leakage"):
            make = partial(copies, source=source, how=how, pairs=20, leaked=kind == "leakage")
            quick = small and how == "noisy"
            asked = how != "shifted"
            other = beside - {kind}
            name = f"{source}, 20 pairs, {how}"
            yield Case(kind, name, make, seeds, asked=asked, beside=other, quick=quick)
    make_strange = partial(strangers, source=source, count=10)
    yield Case("outlier", f"{source}, 10 inverted images", make_strange, seeds, beside=BESIDE_REAL)
    make_null = partial(exchangeable, source=source)
    name = f"{source}, outcomes and splits exchanged"
    yield Case(NOTHING, name, make_null, 40 if small else 8, quick=small)


def _region_cases(source: Source) -> Iterator[Case]:
    """Give the cells in which regions of the real embedding are changed."""
    small, seeds = source == "digits", 18 if source == "digits" else 6
    for share, ratio in ((0.08, 10.0),) if small else ((0.05, 3.0), (0.05, 10.0)):
        make = partial(weak, source=source, ratio=ratio, share=share)
        name = f"{source}, part of a class, {share:.0%}, loss {ratio} ×"
        beside = frozenset({"overfitting"})
        yield Case("low_performance", name, make, seeds, beside=beside, quick=small)
    for over, kind in ((True, "over_representation"), (False, "under_representation")):
        make_thin = partial(misrepresented, source=source, odds=3.0, over=over)
        yield Case(kind, f"{source}, a class, odds 3.0 ×", make_thin, seeds, quick=small)


def _label_cases(source: Source, seeds: int) -> Iterator[Case]:
    for noise in ("uniform", "pair", "boundary"):
        for rate in (0.01, 0.05, 0.1):
            for epochs in (1, EPOCHS):
                cell: dict[str, Any] = {"noise": noise, "rate": rate, "epochs": epochs}
                make = partial(label_error, source=source, **cell)
                name = (
                    f"{source}, {noise}, {rate:.0%}, {'ten epochs' if epochs > 1 else 'one epoch'}"
                )
                quick = source == "digits" and noise == "uniform" and rate == 0.05  # noqa: PLR2004
                yield Case("label_error", name, make, seeds, beside=BESIDE_LABELS, quick=quick)
