"""Sets of samples with known gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from mlflow_latent.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable

DIM = 12


def make_sets(
    seed: int = 0, dim: int = DIM, layer: str | None = "backbone", **sets: Any
) -> Snapshot:
    """Make a snapshot; each set is (size, shift of all columns in standard deviations)."""
    random = np.random.default_rng(seed)
    centers = random.normal(size=(6, dim)) * 4
    parts, splits, dark, lens = [], [], [], []
    for name, (size, shift) in sets.items():
        parts.append(centers[random.integers(0, 6, size)] + random.normal(size=(size, dim)) + shift)
        splits += [name] * size
        dark.append(random.normal(size=size) - 2 * shift)
        lens += ["fisheye" if shift else "plain"] * size
    return Snapshot.from_arrays(
        sample_id=np.arange(len(splits)),
        split=splits,
        embedding=np.concatenate(parts),
        metadata={
            "brightness": np.concatenate(dark),
            "lens": lens,
            "noise": random.normal(size=len(splits)),
        },
        layer=layer,
        epoch=3,
    )


@pytest.fixture(name="make_sets")
def sets_maker() -> Callable[..., Snapshot]:
    return make_sets
