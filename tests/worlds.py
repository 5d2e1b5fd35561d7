"""Data sets with known truth: a latent space of blobs, in which a test plants what it wants."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from mlflow_latent.snapshot import Snapshot


@dataclass
class World:
    """Samples in blobs; a test changes the arrays and calls `snapshot`."""

    blob: np.ndarray
    split: np.ndarray
    embedding: np.ndarray
    loss: np.ndarray
    metadata: dict[str, np.ndarray] = field(default_factory=dict)

    def snapshot(self, **changes: object) -> Snapshot:
        size = len(self.blob)
        arrays = {
            "sample_id": [f"s{number}" for number in range(size)],
            "split": self.split,
            "embedding": self.embedding,
            "loss": self.loss,
            "target": self.blob % 10,
            "metadata": pd.DataFrame(self.metadata, index=range(size)),
        }
        return Snapshot.from_arrays(**(arrays | changes))  # type: ignore[arg-type]


def make_world(
    seed: int,
    *,
    train: int = 3000,
    val: int = 1500,
    blobs: int = 10,
    dim: int = 16,
    loss: str = "exponential",
) -> World:
    """Make a world in which nothing is planted: loss and split know nothing of the blobs."""
    rng = np.random.default_rng(seed)
    size = train + val
    blob = rng.integers(0, blobs, size)
    centers = rng.normal(size=(blobs, dim)) * 4
    split = rng.permutation(np.repeat(["train", "val"], [train, val])).astype(object)
    draw = {
        "exponential": rng.exponential(1.0, size),
        "lognormal": rng.lognormal(0.0, 1.5, size),
        "normal": rng.normal(5.0, 1.0, size),
    }[loss]
    draw = np.where(split == "train", 0.7, 1.0) * draw  # every model knows its training set better
    metadata = {
        "brightness": rng.normal(size=size),
        "weather": rng.choice(["sun", "rain", "night"], size),
    }
    noise = rng.normal(size=(size, dim))
    return World(blob, split, (centers[blob] + noise).astype(np.float32), draw, metadata)
