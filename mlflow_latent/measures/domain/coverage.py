"""Regions of both samples together, and which of them only one of the two visits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.evidence import odds_ratio, q_values
from mlflow_latent.measures.clusters import fit_centers, nearest_center
from mlflow_latent.measures.domain.sampling import draw_both

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlflow_latent.evidence import Evidence

REGION_ROWS = 2_000  # of each sample, on which regions are fitted
MOST_REGIONS = 24
ROWS_PER_REGION = 10  # of the smaller sample, on average
FEWEST_REGIONS = 2


@dataclass(frozen=True, eq=False)
class RegionCounts:
    """How many samples of each of two sets lie in each of G regions.

    Attributes:
        labels_source: (n,) region of each source sample.
        labels_target: (m,) region of each target sample.
        centers: (G, d).
        source: (G,) samples of the source.
        target: (G,) samples of the target.
        more_target: odds of the region in the target ÷ in the source; p-value that it is above 1.
        more_source: the inverse, likewise.
        q_target: (G,) q-values of `more_target`, over both directions.
        q_source: (G,) of `more_source`.
    """

    labels_source: NDArray[np.intp]
    labels_target: NDArray[np.intp]
    centers: NDArray[np.float32]
    source: NDArray[np.intp]
    target: NDArray[np.intp]
    more_target: Evidence
    more_source: Evidence
    q_target: NDArray[np.float64]
    q_source: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.centers)


def count_regions(
    source: NDArray[np.float32],
    target: NDArray[np.float32],
    *,
    confidence: float = 0.95,
    random_state: int = 0,
) -> RegionCounts:
    """Cut the space into regions where either sample is, and count both in each.

    Regions are k-means clusters of as many rows of one sample as of the other, where both have so
    many, so that a place which only a small sample visits has a region of its own. All samples are
    counted. The exact test of a region's counts does not mind the sizes of the samples: a region
    that 30 target samples miss by chance is not claimed.

    Args:
        source: (n, d) coordinates.
        target: (m, d) coordinates.
        confidence: of the intervals of the odds ratios.
        random_state: seed of the rows and of k-means.
    """
    rows = draw_both(len(source), len(target), REGION_ROWS, random_state)
    points = np.concatenate([source[rows[0]], target[rows[1]]])
    smaller = min(len(source), len(target))
    wanted = max(FEWEST_REGIONS, min(MOST_REGIONS, smaller // ROWS_PER_REGION))
    wanted = min(wanted, len(points))
    centers = fit_centers(points, "fine", wanted, random_state, method="kmeans", restarts=1)
    labels = [nearest_center(np.ascontiguousarray(part), centers) for part in (source, target)]
    counts = [np.bincount(of, minlength=len(centers)) for of in labels]
    sides = (counts[0], len(source)), (counts[1], len(target))
    more_target = odds_ratio(*sides[1], *sides[0], confidence)
    more_source = odds_ratio(*sides[0], *sides[1], confidence)
    q = q_values(np.concatenate([more_target.p_value, more_source.p_value]))
    half = len(centers)
    return RegionCounts(
        labels_source=labels[0],
        labels_target=labels[1],
        centers=centers,
        source=counts[0],
        target=counts[1],
        more_target=more_target,
        more_source=more_source,
        q_target=q[:half],
        q_source=q[half:],
    )
