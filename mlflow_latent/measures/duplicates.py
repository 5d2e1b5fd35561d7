"""Samples that are copies of one another, judged by the embedding's own distances."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.evidence import q_values
from mlflow_latent.measures.classes import hold_a_class
from mlflow_latent.measures.nearness import NearnessLaw, even_law, fit_nearness
from mlflow_latent.measures.spacing import EXACT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlflow_latent.measures.spacing import Spacing

FALSE_SHARE = 0.1  # expected share of chance among the copies, where there are any
FALSE_ALARM = 0.005  # share of reports with any by chance, where there are none
CHANCE_PAIRS = 1, 3, 10  # numbers of pairs expected by chance, beside which more are an excess
MARGIN = 2.0  # by which chance may be larger than the law says, before an excess counts
MAX_RATIO = 0.5  # of the usual distance: a sample farther from its neighbor is no copy of it
MIN_SCALE = 10 * EXACT  # of a crowd nearer to each other, distances are rounding
MIN_NEIGHBORS = 4  # fewer say nothing about the scale of the surroundings
MIN_ROWS = 20  # fewer have no bulk to compare with
UNLIKELY = 0.1  # chance in an even spread: of 1 % at most, where the dimension is right
FITS = 5  # rounds of leaving out what was found and fitting the law again
CLASSES = 0.5  # of the groups that are classes, from which these are no copies
COLLAPSED_SHARE = 0.5  # of samples with an equal one, from which equality says nothing


@dataclass(frozen=True, eq=False)
class Duplicates:
    """Copies among N samples.

    Attributes:
        group: (N,) int32 number of the group of copies, −1 for samples without one. Groups are
            numbered by their first sample.
        exact: (N,) mask of the samples that have an exact copy.
        p_value: (N,) that the nearest neighbor is that near by chance; NaN where not tested.
        pairs: (P, 2) int32 rows of the copies of each other, the smaller first, unique.
        classes: how many groups of near samples are classes of few samples, and no copies.
    """

    group: NDArray[np.int32]
    exact: NDArray[np.bool_]
    p_value: NDArray[np.float64]
    pairs: NDArray[np.int32]
    classes: int = 0

    @property
    def is_collapsed(self) -> bool:
        """Whether so many samples are equal that the layer cannot tell samples apart."""
        largest = np.bincount(self.group[self.exact]).max(initial=0) if self.exact.any() else 0
        return bool(self.exact.mean() > COLLAPSED_SHARE and largest > len(self.exact) // 10)


def find_duplicates(
    spacing: Spacing,
    target: NDArray[np.int32] | None = None,
    *,
    false_share: float = FALSE_SHARE,
    false_alarm: float = FALSE_ALARM,
) -> Duplicates:
    """Link samples that are nearer to each other than chance brings them.

    Null hypothesis: the nearest neighbor is as near as the law says that the bulk of the samples
    follow (`mlflow_latent.measures.nearness`). Copies are reported only if one sample remains at
    half the level `false_alarm` of Benjamini & Hochberg, or if there are more pairs of small chance
    than a Poisson number of them, at the other half: that bounds the chance of any report where
    there is no copy. Then all that remain at the level `false_share` are.

    Args:
        spacing: of N samples.
        target: (N,) class of each, −1 where unknown. Where most groups hold most of a class, they
            are the classes of a model that tells many classes apart, and no copies.
        false_share: expected share of chance findings, where there are copies.
        false_alarm: chance of any finding, where there are none.
    """
    exact, p_value = _exact(spacing), np.full(len(spacing), np.nan)
    link, classes = np.zeros_like(exact), 0
    tested = ~spacing.is_equal.any(axis=1) & (spacing.scale >= MIN_SCALE)
    if _is_coarse(spacing):
        exact[:] = False
    elif spacing.k >= MIN_NEIGHBORS and tested.sum() >= MIN_ROWS:
        depth = _depth(spacing)
        law = _fit(depth, spacing, tested, false_share)
        exact[_are_equal_by_chance(law, spacing, false_alarm)] = False
        p_value[tested] = law.chance(depth)[tested]
        reach = _reach(p_value, law, spacing, (false_share, false_alarm))
        link, classes = _without_classes(spacing.distances <= reach[:, None], spacing, target)
    pairs = _pairs(link | exact, spacing.indices)
    is_exact = np.asarray(exact.any(axis=1), dtype=bool)
    return Duplicates(group_pairs(pairs, len(spacing)), is_exact, p_value, pairs, classes)


def _exact(spacing: Spacing) -> NDArray[np.bool_]:
    """(N, k) mask of the equal neighbors, without those that only say nothing alike."""
    exact = spacing.is_equal.copy()
    if spacing.is_silent.mean() < COLLAPSED_SHARE:
        exact[spacing.is_silent] = False
    return exact


def _depth(spacing: Spacing) -> NDArray[np.float64]:
    """(N,) log(S / r): how deep below the scale of its surroundings a distance is."""
    nearest = spacing.distances[:, 0].astype(np.float64)
    depth: NDArray[np.float64] = np.log(np.maximum(spacing.scale, EXACT))
    return depth - np.log(np.maximum(nearest, max(spacing.lattice.resolution, EXACT)))


def _fit(
    depth: NDArray[np.float64], spacing: Spacing, tested: NDArray[np.bool_], false_share: float
) -> NearnessLaw:
    """Fit the law to the samples that are no copies.

    The copies may be so many that a law fitted to them calls them usual. The fit therefore begins
    without those that even the cautious law of an even spread calls unlikely.
    """
    even = even_law(spacing.dimension)
    kept = tested & (even.chance(depth) > UNLIKELY)
    if kept.sum() < MIN_ROWS:
        return even
    for _ in range(FITS):
        law = fit_nearness(depth, spacing.dimension, kept).at_most(spacing.most)
        q = q_values(np.where(tested, law.chance(depth), np.nan))
        again = tested & ~((q <= false_share) & (depth > 0))
        if again.sum() < MIN_ROWS or (again == kept).all():
            break
        kept = again
    return law


def _reach(
    p_value: NDArray[np.float64],
    law: NearnessLaw,
    spacing: Spacing,
    levels: tuple[float, float],
) -> NDArray[np.float64]:
    """(N,) distance within which a neighbor is a copy; negative where there are no copies."""
    false_share, false_alarm = levels
    q = q_values(p_value)
    near = _depth(spacing) >= -np.log(MAX_RATIO)
    alarm = (near & (q <= false_alarm / 2)).any()
    likely = near & (q <= false_share)
    if not (alarm or _is_excess(p_value, near, spacing.indices[:, 0], false_alarm / 2)):
        return np.full(len(q), -1.0)
    if not likely.any():  # an excess on a lattice, of which no pair stands out by itself
        return np.full(len(q), -1.0)
    depth = law.depth(float(p_value[likely].max()))
    ratio = np.minimum(np.exp(-depth), MAX_RATIO)
    reach: NDArray[np.float64] = ratio * spacing.scale
    unknown = reach < spacing.lattice.resolution  # no distance is known better than that
    reach[unknown | spacing.is_silent | (spacing.scale < MIN_SCALE)] = -1.0
    return reach * (1 + 1e-6)  # the sample that set the p-value is within its own reach


def _without_classes(
    link: NDArray[np.bool_], spacing: Spacing, target: NDArray[np.int32] | None
) -> tuple[NDArray[np.bool_], int]:
    """Unlink the groups that are classes, where most are; with how many those were."""
    group = group_pairs(_pairs(link, spacing.indices), len(spacing))
    whole = hold_a_class(group, target)
    if not whole.any() or whole.mean() < CLASSES:
        return link, 0
    return link & ~np.append(whole, False)[group][:, None], int(whole.sum())


def _is_excess(
    p_value: NDArray[np.float64],
    near: NDArray[np.bool_],
    nearest: NDArray[np.int32],
    false_alarm: float,
) -> bool:
    """Whether there are more near pairs than chance makes, though each alone may be chance."""
    from scipy.stats import poisson

    for expected in CHANCE_PAIRS:
        rows = np.flatnonzero(near & (p_value <= 2 * expected / len(p_value)))
        pairs = len(np.unique(np.sort([rows, nearest[rows]], axis=0), axis=1).T)
        if poisson.sf(pairs - 1, MARGIN * expected) <= false_alarm / len(CHANCE_PAIRS):
            return True
    return False


def _are_equal_by_chance(
    law: NearnessLaw, spacing: Spacing, false_alarm: float
) -> NDArray[np.bool_]:
    """(N,) mask of the samples on a lattice of which some would be equal though none is a copy.

    All that differ by less than one place are on one: as many as in the ball of that volume.
    """
    from scipy.special import gammaln

    step = spacing.lattice.step
    if not step:
        return np.zeros(len(spacing), dtype=bool)
    rate = law.rate
    radius = np.log(step) + gammaln(rate / 2 + 1) / rate - np.log(np.pi) / 2
    chance = law.chance(np.log(np.maximum(spacing.scale, EXACT)) - radius)
    rank = np.argsort(chance)
    by_chance = np.empty(len(spacing), dtype=bool)
    by_chance[rank] = np.cumsum(chance[rank]) / 2 > false_alarm
    by_chance |= by_chance.mean() > COLLAPSED_SHARE  # too few would be left to tell which
    return by_chance


def _is_coarse(spacing: Spacing) -> bool:
    """Whether neighbors are so few places of a lattice away that distances say nothing."""
    first = np.min(spacing.distances, axis=1, where=~spacing.is_equal, initial=np.inf)
    first = first[np.isfinite(first)]
    return bool(len(first)) and spacing.lattice.step > MAX_RATIO * float(np.median(first))


def _pairs(link: NDArray[np.bool_], indices: NDArray[np.int32]) -> NDArray[np.int32]:
    rows, column = np.nonzero(link)
    ends = np.stack([rows.astype(np.int32), indices[rows, column]], axis=1)
    return np.unique(np.sort(ends, axis=1), axis=0)


def group_pairs(pairs: NDArray[np.integer], total: int) -> NDArray[np.int32]:
    """(N,) number of the group of each row, −1 for rows in no pair.

    Args:
        pairs: (P, 2) row numbers that belong together.
        total: N.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    group = np.full(total, -1, dtype=np.int32)
    members = np.unique(pairs)
    if not len(members):
        return group
    a, b = np.searchsorted(members, pairs).T
    graph = coo_array((np.ones(len(pairs), bool), (a, b)), shape=(len(members), len(members)))
    group[members] = connected_components(graph, directed=False)[1]
    return group
