"""How far two samples are from each other, with intervals, and 0 on average where they are not.

Distances of samples are too large by about c ÷ size, even between two halves of one data set. They
are measured on all rows and on halves, from which the value at infinite size follows; how much the
halves differ among themselves gives the interval.

They are measured where every direction varies by 1 within the sets (as Mahalanobis' distance is):
otherwise the few directions in which classes differ, and how many of each class were drawn, would
hide a shift in all others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from mlflow_latent.measures.domain.sampling import draw, draw_both

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Squared = Callable[[NDArray[np.float64], NDArray[np.float64]], float]

DISTANCE_ROWS = 2_000  # of each sample
HALVES = 30  # draws of half of each sample: their spread is known to an eighth
VARIANCE_FLOOR = 0.05  # of the mean variance: directions that hardly vary are not blown up
ROWS_PER_COMPONENT = 4  # of the smaller sample: a covariance of fewer rows is noise
DIRECTIONS = 48  # of the sliced distance, at least
QUANTILES = 100
MIN_ROWS = 10  # halves of five: of fewer, what a distance says is noise


@dataclass(frozen=True, eq=False)
class Distance:
    """A distance between two samples, in units of the target's own spread.

    It is 0 on average where both are of one distribution, and 1 where they are as far apart as the
    root mean square distance of a target sample from the target's mean.

    Attributes:
        name: `frechet` or `sliced_wasserstein`.
        squared: at infinite size, in the units of the axes; may be below 0 by chance.
        halves: (HALVES,) deviations of the halves' estimates from their mean: as spread out as the
            error of `squared` (delete-half jackknife; Shao & Wu 1989).
        spread: the target's, in the units of the axes.
        confidence: of the interval.
        components: axes that it was measured in.
        n_source: rows of the source that were used.
        n_target: rows of the target that were used.
    """

    name: str
    squared: float
    halves: NDArray[np.float64]
    spread: float
    confidence: float
    components: int
    n_source: int
    n_target: int

    @property
    def value(self) -> float:
        """The distance."""
        return float(max(0.0, self.squared) ** 0.5 / self.spread)

    @property
    def interval(self) -> tuple[float, float]:
        """Its lower and upper end."""
        reach = _reach(self.halves, self.confidence)
        ends = (self.squared - reach, self.squared + reach)
        low, high = (max(0.0, end) ** 0.5 / self.spread for end in ends)
        return low, high

    def beyond(self, other: Distance) -> tuple[float, float, float]:
        """How much farther this is than another, with the interval of the difference.

        Paired where both were measured to the same target with the same seed: their halves of the
        target are the same.
        """
        total = self.value + other.value
        if not total > 0:
            return 0.0, 0.0, 0.0
        units = self.spread**2, other.spread**2
        difference = self.squared / units[0] - other.squared / units[1]
        reach = _reach(self.halves / units[0] - other.halves / units[1], self.confidence)
        return difference / total, (difference - reach) / total, (difference + reach) / total


def measure_distance(
    name: str,
    source: NDArray[np.float32],
    target: NDArray[np.float32],
    *,
    components: int | None = None,
    confidence: float = 0.95,
    random_state: int = 0,
) -> Distance:
    """Measure one of `DISTANCES`.

    Source of the extrapolation: Chong & Forsyth 2020, Effectively unbiased FID: the distance of
    samples is linear in 1 ÷ size.

    Args:
        name: of the distance.
        source: (n, d) coordinates, the most telling components first; at least `MIN_ROWS` rows.
        target: (m, d) coordinates, likewise.
        components: how many coordinates to use; default as many as the smaller one can bear.
        confidence: of the interval.
        random_state: seed of the drawn rows and directions.
    """
    rows = draw_both(len(source), len(target), DISTANCE_ROWS, random_state)
    if components is None:
        components = usable_components(source.shape[1], len(source), len(target))
    components = min(components, source.shape[1])  # of embeddings that are all equal, there is one
    axes = common_axes((source, target), components, random_state)
    first, second = (
        points[chosen].astype(np.float64) @ axes
        for points, chosen in zip((source, target), rows, strict=True)
    )
    squared = DISTANCES[name](components, random_state)
    draws = [np.random.default_rng([random_state, place]) for place in (2, 3)]
    halves = np.array(
        [squared(_half(first, draws[0]), _half(second, draws[1])) for _ in range(HALVES)]
    )
    return Distance(
        name=name,
        squared=2 * squared(first, second) - float(halves.mean()),
        halves=halves - halves.mean(),
        spread=spread(second) or spread(first) or 1.0,
        confidence=confidence,
        components=components,
        n_source=len(first),
        n_target=len(second),
    )


def usable_components(available: int, *sizes: int) -> int:
    """How many coordinates sets of these sizes can bear."""
    smallest = min(*sizes, DISTANCE_ROWS)
    return max(1, min(available, smallest // ROWS_PER_COMPONENT))


def common_axes(
    parts: Sequence[NDArray[np.float32]], k: int, random_state: int = 0
) -> NDArray[np.float64]:
    """Return (d, k) axes along which all samples vary by about 1 within themselves.

    The larger a sample, the more it counts: the covariance is the pooled one of linear
    discriminants.

    Args:
        parts: samples of (n, d) coordinates each, the most telling components first.
        k: how many of these to use.
        random_state: seed of the drawn rows.
    """
    from scipy.linalg import eigh

    drawn = [part[draw(len(part), DISTANCE_ROWS, random_state)] for part in parts]
    centered = np.concatenate([part[:, :k] - part[:, :k].mean(axis=0) for part in drawn])
    values, directions = eigh(np.cov(centered.astype(np.float64), rowvar=False).reshape(k, k))
    values = np.maximum(values, 0) + VARIANCE_FLOOR * max(float(values.mean()), 0)
    axes = np.zeros((parts[0].shape[1], k))
    inverse = np.divide(1.0, np.sqrt(values), out=np.zeros(k), where=values > 0)
    axes[:k] = (directions * inverse) @ directions.T  # the root that no sign of an axis changes
    return axes


def spread(points: NDArray[np.float64]) -> float:
    """Root mean square distance of (N, d) rows from their mean."""
    return float(np.sqrt(points.var(axis=0).sum()))


def frechet_squared(source: NDArray[np.float64], target: NDArray[np.float64]) -> float:
    """Squared Fréchet distance of the Gaussians that fit two samples.

    Source: Dowson & Landau 1982; Heusel et al. 2017.
    """
    from scipy.linalg import eigh, eigvalsh

    first, second = (np.atleast_2d(np.cov(part, rowvar=False)) for part in (source, target))
    values, axes = eigh(first)
    root = (axes * np.sqrt(np.maximum(values, 0))) @ axes.T
    product = np.sqrt(np.maximum(eigvalsh(root @ second @ root), 0)).sum()
    shift = source.mean(axis=0) - target.mean(axis=0)
    return float(shift @ shift + np.trace(first) + np.trace(second) - 2 * product)


def sliced(components: int, random_state: int) -> Squared:
    """Squared 2-Wasserstein distance along random directions, mean × number of components.

    So that a shift of the mean counts as it does in the Fréchet distance: the directions are frames
    of orthogonal ones. Source: Rabin et al. 2011; Bonneel et al. 2015; Rowland et al. 2019.
    """
    generator = np.random.default_rng([random_state, 4])
    frames = -(-DIRECTIONS // components)
    directions = np.hstack(
        [np.linalg.qr(generator.normal(size=(components, components)))[0] for _ in range(frames)]
    )

    def squared(source: NDArray[np.float64], target: NDArray[np.float64]) -> float:
        count = min(QUANTILES, len(source), len(target))
        levels = (np.arange(count) + 0.5) / count
        first, second = (np.quantile(p @ directions, levels, axis=0) for p in (source, target))
        return float(np.square(first - second).mean() * components)

    return squared


DISTANCES: dict[str, Callable[[int, int], Squared]] = {
    "frechet": lambda _components, _random_state: frechet_squared,
    "sliced_wasserstein": sliced,
}


def _reach(deviations: NDArray[np.float64], confidence: float) -> float:
    quantile = float(stats.norm.ppf((1 + confidence) / 2))
    return quantile * float(np.sqrt(np.square(deviations).sum() / (len(deviations) - 1)))


def _half(points: NDArray[np.float64], generator: np.random.Generator) -> NDArray[np.float64]:
    return points[generator.choice(len(points), len(points) // 2, replace=False)]
