"""Synthetic latent spaces in which nothing is wrong yet; a plant then changes the arrays."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd

from mlflow_latent.snapshot import Snapshot

Shape = Literal["blobs", "uneven", "curved", "continuous", "correlated"]
Loss = Literal["exponential", "lognormal", "normal", "rounded", "zero_one"]
CLASSES, EPOCHS = 10, 10
TRAIN_LOSS = 0.7  # every model knows its training set better
CATEGORIES = ("sun", "rain", "night", "snow")


@dataclass(eq=False)
class Space:
    """N samples; loss and split know nothing of where a sample lies.

    Attributes:
        random: the data set's own generator.
        blob: (N,) number of the blob; blob 0 has the share that was asked for.
        split: (N,) `train` or `val`.
        embedding: (N, D).
        loss: (N,).
        metadata: fields of N values, independent of all else.
        more: other arguments of `Snapshot.from_arrays`, e.g. `pred_probs`.
    """

    random: np.random.Generator
    blob: np.ndarray
    split: np.ndarray
    embedding: np.ndarray
    loss: np.ndarray
    metadata: dict[str, np.ndarray] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def val(self) -> np.ndarray:
        """(N,) mask of val."""
        return np.asarray(self.split == "val")

    def take(self, keep: np.ndarray) -> Space:
        """Return the samples of a mask; for spaces without per-class arrays."""
        fields = {name: values[keep] for name, values in self.metadata.items()}
        rows = (self.blob[keep], self.split[keep], self.embedding[keep], self.loss[keep])
        return Space(self.random, *rows, fields)

    def snapshot(self) -> Snapshot:
        """Return what is analyzed."""
        arrays = {
            "sample_id": np.arange(len(self.blob)).astype(str),
            "split": self.split,
            "embedding": self.embedding,
            "loss": self.loss,
            "target": self.blob % CLASSES,
            "metadata": pd.DataFrame(self.metadata, index=range(len(self.blob))),
        }
        return Snapshot.from_arrays(**(arrays | self.more))  # type: ignore[arg-type]


def make_space(
    seed: int,
    *,
    train: int = 2000,
    val: int = 1000,
    share: float | None = None,
    blobs: int = 14,
    dim: int = 32,
    shape: Shape = "blobs",
    loss: Loss = "exponential",
) -> Space:
    """Make a space.

    Args:
        seed: of everything.
        train: samples of train.
        val: samples of val.
        share: share of the samples in blob 0; None makes all blobs equal.
        blobs: how many.
        dim: columns of the embedding.
        shape: `blobs`; `uneven`, of widths 0.3 to 3; `curved`, through a random layer with ReLU;
            `continuous`, one curved sheet without any gap; `correlated`, few directions that all
            columns share.
        loss: distribution of the losses.
    """
    random = np.random.default_rng([seed, train, val, dim])
    size = train + val
    weights = np.full(blobs, 1 / blobs)
    if share is not None:
        weights = np.r_[share, np.full(blobs - 1, (1 - share) / (blobs - 1))]
    blob = random.choice(blobs, size, p=weights)
    split = random.permutation(np.repeat(["train", "val"], [train, val])).astype(object)
    embedding = _place(random, blob, blobs, dim, shape).astype(np.float32)
    losses = _draw(random, loss, size) * np.where(split == "train", TRAIN_LOSS, 1.0)
    return Space(random, blob, split, embedding, losses, _fields(random, size))


def _place(
    random: np.random.Generator, blob: np.ndarray, blobs: int, dim: int, shape: Shape
) -> np.ndarray:
    size = len(blob)
    if shape == "continuous":
        hidden = np.tanh(random.normal(size=(size, 4)) @ random.normal(size=(4, 64)) / 2)
        return hidden @ random.normal(size=(64, dim)) / 8 + 0.05 * random.normal(size=(size, dim))
    if shape == "correlated":
        flat = random.normal(size=(blobs, 5))[blob] * 2 + random.normal(size=(size, 5))
        return flat @ random.normal(size=(5, dim)) + 0.1 * random.normal(size=(size, dim))
    width = random.uniform(0.3, 3.0, blobs)[blob, None] if shape == "uneven" else 1.0
    points = random.normal(size=(blobs, dim))[blob] * 4 + width * random.normal(size=(size, dim))
    if shape == "curved":
        return np.maximum(points @ random.normal(size=(dim, 2 * dim)) / np.sqrt(dim), 0)
    return points


def _draw(random: np.random.Generator, loss: Loss, size: int) -> np.ndarray:
    exponential = random.exponential(1.0, size)
    return {
        "exponential": exponential,
        "lognormal": random.lognormal(0.0, 1.0, size),
        "normal": np.abs(random.normal(3.0, 1.0, size)),
        "rounded": np.round(exponential, 1),
        "zero_one": (random.random(size) < 0.15).astype(float),  # noqa: PLR2004 - error rate
    }[loss]


def _fields(random: np.random.Generator, size: int) -> dict[str, np.ndarray]:
    """Metadata as people have it: skewed, tied, with gaps, two that say the same; all unrelated."""
    brightness = random.normal(size=size)
    return {
        "brightness": brightness,
        "brightness_median": brightness + 0.05 * random.normal(size=size),
        "contrast": random.gamma(2.0, size=size),
        "width": random.integers(200, 640, size).astype(float),
        "objects": random.poisson(2.0, size).astype(float),
        "altitude": np.where(random.random(size) < 0.3, np.nan, random.normal(size=size)),  # noqa: PLR2004
        "weather": random.choice(CATEGORIES, size),
        "camera": random.choice([f"camera {n}" for n in range(12)], size),
        "is_indoor": random.random(size) < 0.2,  # noqa: PLR2004
    }


def add_scores(space: Space, *, skill: float = 4.0, epochs: int = EPOCHS) -> None:
    """Give probabilities, losses and a history that are the same in every class and place.

    Each sample has an ease of its own, N(skill, 2), which the logit of its class approaches over
    the epochs; the other logits are noise. So the model errs now and then, anywhere, and labels
    are right.
    """
    random, size = space.random, len(space.blob)
    target = space.blob % CLASSES
    ease = random.normal(skill, 2.0, size) + (space.split == "train")
    noise = random.normal(size=(size, CLASSES))
    stages = []
    for epoch in range(epochs):
        logits = noise + 0.5 * random.normal(size=(size, CLASSES))
        logits[np.arange(size), target] += ease * (1 - np.exp(-(epoch + 1) / 3))
        stages.append(softmax(logits))
    space.more |= {
        "pred_probs": stages[-1],
        "prediction": stages[-1].argmax(axis=1),
        "epoch": epochs - 1,
        "history": history_of(space.split, np.arange(size).astype(str), target, stages),
    }
    space.loss = cross_entropy(stages[-1], target)


def history_of(
    split: np.ndarray, sample_id: np.ndarray, target: np.ndarray, stages: list[np.ndarray]
) -> pd.DataFrame:
    """One row per sample and epoch, from the class probabilities at each epoch."""
    parts = []
    for epoch, probabilities in enumerate(stages):
        rest = probabilities.copy()
        rest[np.arange(len(target)), target] = -1
        columns = {
            "split": split,
            "sample_id": sample_id,
            "epoch": epoch,
            "loss": cross_entropy(probabilities, target),
            "margin": probabilities[np.arange(len(target)), target] - rest.max(axis=1),
            "prediction": probabilities.argmax(axis=1),
        }
        parts.append(pd.DataFrame(columns))
    return pd.concat(parts, ignore_index=True)


def softmax(logits: np.ndarray) -> np.ndarray:
    """(N, C) probabilities."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def cross_entropy(probabilities: np.ndarray, target: np.ndarray) -> np.ndarray:
    """(N,) loss of each sample, in nats."""
    return -np.log(np.clip(probabilities[np.arange(len(target)), target], 1e-12, 1))
