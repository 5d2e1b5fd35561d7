"""What rates of contradiction say of wrong labels, when nobody knows the curve of doubt.

Right labels are contradicted too, by samples between the classes: less the more certain the views
are. That rate is a curve over the rank of the certainty. Wrong labels are a floor under it: views
that are certain contradict them as often as views that are not, or more often.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from scipy import special

if TYPE_CHECKING:
    from numpy.typing import NDArray

BINS = 50  # of certainty: the fit does not grow with the number of samples

# The prior over curves of doubt, each as likely as the others of its family.
HIGHEST_DOUBTS = np.linspace(0.3, 0.6, 4)  # between two classes, a label is a toss of a coin
REACHES = np.geomspace(0.001, 0.6, 14)  # share of the samples over which doubt falls to 1 / e
SHAPES = (0.5, 0.7, 1.0, 1.4)  # of the fall: 1 is exponential, less has a longer tail
# Doubt that hardly falls: of a few classes that overlap, or of a model that is certain without
# reason. Many contradictions are needed to tell it from wrong labels, and it is rare, so that a few
# contradictions of which all are certain still count.
SLOW_HIGHEST_DOUBTS = (0.03, 0.1, 0.2, 0.3)
SLOW_REACHES = (0.3, 0.6, 1.0, 2.0)
SLOW_PRIOR = 0.02  # of all slow curves together
# The prior over floors, where there are any.
FLOORS = np.geomspace(3e-3, 0.25, 20)  # mean shares of wrong labels
RISES = (0, 1, 2)  # power of the rank by which a floor rises: among many classes, a wrong label has
# less support than the second best class, and so lies at the top of the ranks
HIGHEST_FLOOR = 0.6  # at any rank
# What does not count: no curve is true to the last of 100,000 samples.
NEGLIGIBLE_FLOORS = np.array([0.0, 5e-4, 1e-3, 2e-3])


@dataclass(frozen=True, eq=False)
class FloorFit:
    """What the rates of contradiction say.

    Attributes:
        log_evidence: logarithm of the Bayes factor of a floor against none.
        floors: (F,) posterior of each of `FLOORS`, if there is one.
        wrong: (J,) probability that the label is wrong if it is contradicted, of each sample.
    """

    log_evidence: float
    floors: NDArray[np.float64]
    wrong: NDArray[np.float64]

    def quantiles(self, *shares: float) -> tuple[float, ...]:
        """Return quantiles of the floor, between the points of the grid."""
        reached = np.cumsum(self.floors) - self.floors / 2
        return tuple(float(np.exp(np.interp(s, reached, np.log(FLOORS)))) for s in shares)


def fit_floor(certainty: NDArray[np.float64], against: NDArray[np.bool_]) -> FloorFit:
    """Weigh all curves with all floors by how well they explain the contradictions.

    Args:
        certainty: (J,) rank of the certainty, within 0…1.
        against: (J,) whether the label is contradicted.
    """
    place = np.minimum((BINS * certainty).astype(int), BINS - 1)
    total = np.bincount(place, minlength=BINS).astype(float)
    hits = np.bincount(place[against], minlength=BINS).astype(float)
    rank = (np.arange(BINS) + 0.5) / BINS
    doubt, prior = _doubts(rank)
    floor = _floors(rank)
    rate = _on_floor(doubt, floor)
    with_floor = _log_likelihood(rate, hits, total) + prior - np.log(len(floor))
    none = np.repeat(NEGLIGIBLE_FLOORS[:, None], BINS, axis=1)
    without = _log_likelihood(_on_floor(doubt, none), hits, total) + prior - np.log(len(none))
    weight = special.softmax(with_floor)
    wrong = np.einsum("fd,fdb->b", weight, floor[:, None] / rate)
    return FloorFit(
        log_evidence=float(special.logsumexp(with_floor) - special.logsumexp(without)),
        floors=weight.sum(axis=1).reshape(len(FLOORS), len(RISES)).sum(axis=1),
        wrong=wrong[place],
    )


def _doubts(rank: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(D, B) how often a right label is contradicted, by rank, each curve; (D,) its log prior."""
    usual = list(product(HIGHEST_DOUBTS, REACHES, SHAPES))
    slow = list(product(SLOW_HIGHEST_DOUBTS, SLOW_REACHES, (1.0,)))
    curves = np.array(usual + slow)
    highest, reach, shape = (curves[:, [column]] for column in range(3))
    doubt = np.clip(highest * np.exp(-((rank / reach) ** shape)), 1e-9, 1 - 1e-9)
    shares = ((1 - SLOW_PRIOR) / len(usual), SLOW_PRIOR / len(slow))
    return doubt, np.log(np.repeat(shares, (len(usual), len(slow))))


def _floors(rank: NDArray[np.float64]) -> NDArray[np.float64]:
    """(F · R, B) share of wrong labels by rank: each mean share, with each rise."""
    rise = np.array([(1 + power) * rank**power for power in RISES])
    floors = np.minimum(FLOORS[:, None, None] * rise, HIGHEST_FLOOR)
    return np.asarray(floors.reshape(-1, len(rank)))


def _on_floor(doubt: NDArray[np.float64], floor: NDArray[np.float64]) -> NDArray[np.float64]:
    """(F, D, B) rates of contradiction, of each curve of doubt on each floor."""
    return np.asarray(floor[:, None] + (1 - floor[:, None]) * doubt)


def _log_likelihood(
    rate: NDArray[np.float64], hits: NDArray[np.float64], total: NDArray[np.float64]
) -> NDArray[np.float64]:
    return np.asarray(np.log(rate) @ hits + np.log1p(-rate) @ (total - hits))
