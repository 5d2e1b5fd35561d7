"""Pairs of runs with known truth: the same samples, seen by two models."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from mlflow_latent.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable

CLASSES = tuple(f"class {number}" for number in range(5))


@dataclass
class Pair:
    """Two runs over the same samples; a test changes the arrays and asks for a snapshot."""

    split: np.ndarray
    target: np.ndarray
    embedding: np.ndarray
    loss_a: np.ndarray
    loss_b: np.ndarray
    metadata: dict[str, np.ndarray] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.split)

    def snapshot(
        self, key: str, rows: slice | np.ndarray = slice(None), **changes: Any
    ) -> Snapshot:
        arrays: dict[str, Any] = {
            "sample_id": np.array([f"s{number}" for number in range(len(self))])[rows],
            "split": self.split[rows],
            "embedding": self.embedding[rows],
            "loss": {"a": self.loss_a, "b": self.loss_b}[key][rows],
            "target": self.target[rows],
            "metadata": pd.DataFrame(self.metadata, index=range(len(self))).iloc[rows],
            "class_names": CLASSES,
        }
        return Snapshot.from_arrays(**(arrays | changes))


def make_pair(seed: int = 0, size: int = 1200) -> Pair:
    """Make two runs that are interchangeable: skewed losses, differences by chance alone."""
    rng = np.random.default_rng(seed)
    target = rng.integers(0, len(CLASSES), size)
    centers = rng.normal(size=(len(CLASSES), 8)) * 4
    base = rng.lognormal(-0.5, 1.2, size)
    return Pair(
        split=rng.permutation(np.repeat(["train", "val"], [size // 2, size - size // 2])),
        target=target,
        embedding=(centers[target] + rng.normal(size=(size, 8))).astype(np.float32),
        loss_a=base * rng.lognormal(0, 0.3, size),
        loss_b=base * rng.lognormal(0, 0.3, size),
        metadata={"light": rng.normal(size=size), "weather": rng.choice(["sun", "rain"], size)},
    )


@pytest.fixture(name="make_pair")
def pair_maker() -> Callable[[int, int], Pair]:
    return make_pair


@pytest.fixture
def pair() -> Pair:
    return make_pair()
