"""The regions of two origins together, and whose places they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.report.domain_gap.model import GapRegion
from mlflow_latent.schema import SAMPLE_ID

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlflow_latent.domain_gap.origins import Both
    from mlflow_latent.measures.domain import RegionCounts
    from mlflow_latent.report.domain_gap.model import RegionVerdict

TYPICAL = 6  # ids that stand for a region
SURE = 0.05  # false discovery rate over all regions and both directions
ALONE = 0.1  # share of one set ÷ of the other up to which a place is the other's alone
ORDER: tuple[RegionVerdict, ...] = (
    "target_only",
    "more_target",
    "source_only",
    "more_source",
    "both",
)


def find_regions(both: Both) -> tuple[GapRegion, ...]:
    """Describe every region: those of the target first, by the share of its set that they hold."""
    pair = both.pair
    found = pair.regions
    ids = both.snapshot.frame[SAMPLE_ID].to_numpy(dtype=object)
    sides = (pair.source, found.labels_source), (pair.target, found.labels_target)
    typical = [
        _typical(ids[both.rows(number)], points, labels, found.centers)
        for number, (points, labels) in enumerate(sides)
    ]
    regions = [
        _describe(number, found, (len(pair.source), len(pair.target)), (typical[0], typical[1]))
        for number in range(len(found))
    ]
    key = lambda r: (ORDER.index(r.verdict), -max(r.share_source, r.share_target))  # noqa: E731 - one line
    return tuple(sorted(regions, key=key))


def _describe(
    number: int,
    found: RegionCounts,
    sizes: tuple[int, int],
    typical: tuple[list[tuple[str, ...]], list[tuple[str, ...]]],
) -> GapRegion:
    shares = found.source[number] / sizes[0], found.target[number] / sizes[1]
    verdict, q_value = _judge(number, found, shares)
    evidence = found.more_target
    return GapRegion(
        id=f"gap/{number}",
        verdict=verdict,
        n_source=int(found.source[number]),
        n_target=int(found.target[number]),
        share_source=float(shares[0]),
        share_target=float(shares[1]),
        odds_ratio=float(evidence.effect[number]),
        interval=(float(evidence.lower[number]), float(evidence.upper[number])),
        q_value=q_value,
        typical_source=typical[0][number],
        typical_target=typical[1][number],
    )


def _judge(
    number: int, found: RegionCounts, shares: tuple[float, float]
) -> tuple[RegionVerdict, float]:
    in_source, in_target = shares
    q_target, q_source = float(found.q_target[number]), float(found.q_source[number])
    if q_target <= SURE:
        return ("target_only" if in_source <= ALONE * in_target else "more_target"), q_target
    if q_source <= SURE:
        return ("source_only" if in_target <= ALONE * in_source else "more_source"), q_source
    return "both", min(q_target, q_source)


def _typical(
    ids: NDArray[np.object_],
    points: NDArray[np.float32],
    labels: NDArray[np.intp],
    centers: NDArray[np.float32],
) -> list[tuple[str, ...]]:
    """Return, for each region, the ids nearest to its middle."""
    distance = np.linalg.norm(points - centers[labels], axis=1)
    order = np.lexsort((distance, labels))
    starts = np.searchsorted(labels[order], np.arange(len(centers) + 1))
    return [
        tuple(ids[order[first : min(last, first + TYPICAL)]])
        for first, last in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True)
    ]
