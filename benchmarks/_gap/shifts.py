"""Two sets of one latent space, and six ways in which the target may differ from the source."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.linalg import expm

CLASSES, LATENT, HIDDEN, COLUMNS = 15, 12, 48, 64
FEW = 3  # columns that a change of color alone moves
FAR = 3.0  # spreads of the source that a new region is away


@dataclass(frozen=True, eq=False)
class Sets:
    """A source and a target.

    Attributes:
        source: (n, COLUMNS) float32.
        target: (m, COLUMNS) float32.
        classes: (n,) of the source.
    """

    source: np.ndarray
    target: np.ndarray
    classes: np.ndarray


def make_sets(seed: int, n: int, m: int, shift: str | None = None, size: float = 0.0) -> Sets:
    """Draw both sets from clustered, curved embeddings, and shift the target.

    Args:
        seed: of everything.
        n: samples of the source.
        m: samples of the target; a missing region leaves fewer.
        shift: name of one of `SHIFTS`, or None.
        size: how strongly.
    """
    random = np.random.default_rng([seed, n, m])
    classes = random.integers(0, CLASSES, n + m)
    latent = random.normal(size=(CLASSES, LATENT))[classes]
    latent += 0.45 * random.normal(size=latent.shape)
    inner = random.normal(size=(LATENT, HIDDEN)) / np.sqrt(LATENT)
    outer = random.normal(size=(HIDDEN, COLUMNS)) / np.sqrt(HIDDEN)
    hidden = np.maximum(latent @ inner + random.normal(size=HIDDEN) / 2, 0)
    points = np.maximum(hidden @ outer, 0) + 0.05 * random.normal(size=(n + m, COLUMNS))
    source, target = points[:n], points[n:]
    if shift is not None and size > 0:
        target = SHIFTS[shift](target, classes[n:], size, random)
    return Sets(source.astype(np.float32), target.astype(np.float32), classes[:n])


def move_mean(x: np.ndarray, _: np.ndarray, size: float, random: np.random.Generator) -> np.ndarray:
    """Move all samples in one random direction, by a share of their spread."""
    direction = random.normal(size=x.shape[1])
    return x + size * spread(x) * direction / np.linalg.norm(direction)


def move_few(x: np.ndarray, _: np.ndarray, size: float, random: np.random.Generator) -> np.ndarray:
    """Move three columns by so many of their standard deviations: color alone."""
    moved, columns = x.copy(), random.choice(x.shape[1], FEW, replace=False)
    moved[:, columns] += size * x[:, columns].std(axis=0)
    return moved


def scale(x: np.ndarray, _: np.ndarray, size: float, __: np.random.Generator) -> np.ndarray:
    """Widen the set around its mean."""
    return (x - x.mean(axis=0)) * (1 + size) + x.mean(axis=0)


def rotate(x: np.ndarray, _: np.ndarray, size: float, random: np.random.Generator) -> np.ndarray:
    """Turn the set around its mean, by `size` radians at most."""
    turn = random.normal(size=(x.shape[1], x.shape[1]))
    turn -= turn.T
    return (x - x.mean(axis=0)) @ expm(size * turn / np.linalg.norm(turn, 2)) + x.mean(axis=0)


def add_region(
    x: np.ndarray, _: np.ndarray, size: float, random: np.random.Generator
) -> np.ndarray:
    """Put a share of the samples into a tight region where the source never is."""
    chosen = random.random(len(x)) < size
    direction = random.normal(size=x.shape[1])
    moved = x.copy()
    away = x.mean(axis=0) + FAR * spread(x) * direction / np.linalg.norm(direction)
    moved[chosen] = away + 0.3 * (x[chosen] - x.mean(axis=0))
    return moved


def drop_classes(
    x: np.ndarray, classes: np.ndarray, size: float, _: np.random.Generator
) -> np.ndarray:
    """Leave out whole classes, about this share of the samples."""
    return x[classes >= max(1, round(size * CLASSES))]


def spread(x: np.ndarray) -> float:
    """Root mean square distance from the mean."""
    return float(np.sqrt(x.var(axis=0).sum()))


SHIFTS = {
    "mean": move_mean,
    "color only": move_few,
    "scale": scale,
    "rotation": rotate,
    "new region": add_region,
    "missing region": drop_classes,
}
POWER_SIZES = {  # weak, middle, strong
    "mean": (0.05, 0.1, 0.2),
    "color only": (0.25, 0.5, 1.0),
    "scale": (0.05, 0.1, 0.2),
    "rotation": (0.1, 0.2, 0.4),
    "new region": (0.02, 0.05, 0.1),
    "missing region": (0.07, 0.14, 0.2),
}
DISTANCE_SIZES = {
    "mean": (0, 0.05, 0.1, 0.2, 0.4, 0.8),
    "color only": (0, 0.25, 0.5, 1, 2, 3),
    "scale": (0, 0.05, 0.1, 0.2, 0.4, 0.8),
    "rotation": (0, 0.1, 0.2, 0.4, 0.8, 1.6),
    "new region": (0, 0.02, 0.05, 0.1, 0.3, 0.6),
    "missing region": (0, 0.07, 0.14, 0.27, 0.4, 0.6),
}
