"""What a classifier of two samples looks at: the coordinates, and bumps all over the space.

Nothing here knows which sample a row is of, so that a permutation test stays exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from sklearn.kernel_approximation import Nystroem

BUMPS = 100  # Nyström features of a Gaussian kernel: scale, rotation and new regions show there
BANDWIDTH_ROWS = 500  # rows whose pairs give the median distance
TEMPER = 0.5  # exponent on the deviations: 1 trusts the large components, 0 takes all as equal


@dataclass(frozen=True, eq=False)
class FeatureMap:
    """A fitted map from (N, d) coordinates to (N, p) features whose squared norm is about 2.

    Attributes:
        center: (d,) mean.
        scale: (d,) factors.
        bumps: Gaussian bumps; None where all rows are equal.
    """

    center: NDArray[np.float32]
    scale: NDArray[np.float32]
    bumps: Nystroem | None

    @classmethod
    def fit(cls, points: NDArray[np.float32], random_state: int) -> FeatureMap:
        """Fit on the rows of both samples together."""
        from sklearn.kernel_approximation import Nystroem

        deviation = points.std(axis=0, dtype=np.float64)
        scale = np.divide(1.0, deviation, out=np.zeros_like(deviation), where=deviation > 0)
        scale = scale**TEMPER
        length = float(np.sqrt(np.square(scale * deviation).sum())) or 1.0
        bandwidth = median_distance(points, random_state)
        bumps = None
        if bandwidth > 0:
            bumps = Nystroem(
                gamma=1 / (2 * bandwidth**2),
                n_components=min(BUMPS, len(points)),
                random_state=random_state,
            ).fit(points)
        center = points.mean(axis=0, dtype=np.float64)
        return cls(center.astype(np.float32), (scale / length).astype(np.float32), bumps)

    def __call__(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return (N, p) features."""
        linear = (points - self.center) * self.scale
        if self.bumps is None:
            return np.ascontiguousarray(linear)
        return np.hstack([linear, self.bumps.transform(points)]).astype(np.float32)


def median_distance(points: NDArray[np.float32], random_state: int) -> float:
    """Median distance of two different rows, 0 where all are equal.

    The bandwidth of a kernel. Source: Gretton et al. 2012, section 8.
    """
    from scipy.spatial.distance import pdist

    if len(points) > BANDWIDTH_ROWS:
        generator = np.random.default_rng(random_state)
        points = points[generator.choice(len(points), BANDWIDTH_ROWS, replace=False)]
    distances = pdist(points.astype(np.float64))
    distances = distances[distances > 0]
    return float(np.median(distances)) if len(distances) else 0.0
