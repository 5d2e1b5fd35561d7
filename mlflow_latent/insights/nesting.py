"""Of regions that lie in one another: which one says it best.

The clearest of overlapping regions is often too wide: it gathers all that is a little worse around
a core that is much worse. So the lead moves inwards as long as a region in it stands out from the
rest of it, clearly and by an effect that matters. What the outer one held besides is free to be a
finding of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from mlflow_latent.report.model import Insight

OVERLAP = 0.5  # from which two sets of samples are one finding
CLEARLY = 0.005  # p-value, Bonferroni over the regions inside, from which the lead moves inwards
INSIDE = 0.9  # share of a region that lies in another from which it is inside
SMALLER = 0.8  # of the other's size, at most: else both are the same region

StandsOut = Callable[["NDArray[np.bool_]"], float]
Within = Callable[["NDArray[np.bool_]"], StandsOut]


@dataclass(frozen=True)
class Nest:
    """Regions that are one finding, by their places among those found.

    Attributes:
        lead: the region that says it best.
        children: the others, the clearest first.
    """

    lead: int
    children: tuple[int, ...]


def overlap(shared: int, sizes: tuple[int, int], population: int) -> float:
    """Share of the smaller of two sets that lies in the larger, beyond what chance gives.

    Args:
        shared: samples in both.
        sizes: of the sets.
        population: samples from which both are drawn.
    """
    small, large = sorted(sizes)
    if not small:
        return 0.0
    chance = large / max(population, large)
    return (shared / small - chance) / (1 - chance) if chance < 1 else 0.0


def nest(
    members: Sequence[NDArray[np.bool_]], p_values: Sequence[float], within: Within
) -> list[Nest]:
    """Group F regions that were found into findings.

    Args:
        members: (N,) mask of each, among the samples that were tested.
        p_values: of each.
        within: from the (N,) mask of a region, a test of whether a part of it, given as a mask
            too, stands out from the rest of it: its p-value, or 1 where the effect does not matter.

    Returns:
        Each region once, as a lead or as the child of the lead that it overlaps with most.
    """
    order = sorted(range(len(members)), key=lambda place: (p_values[place], place))
    regions = _Regions(members, order)
    leads: list[int] = []
    for place in order:
        if regions.is_free(place, leads):
            core = regions.core(place, within)
            leads.append(core if regions.is_free(core, leads) else place)
    return list(regions.families(leads))


def nested(
    insights: Sequence[Insight], members: Sequence[NDArray[np.bool_]], within: Within
) -> Iterator[Insight]:
    """Give the leads of `nest` as insights, with their children below them.

    Args:
        insights: of the F regions that were found.
        members: as for `nest`.
        within: as for `nest`.
    """
    for one in nest(members, [insight.p_value for insight in insights], within):
        children = tuple(insights[child] for child in one.children)
        yield insights[one.lead].model_copy(update={"children": children})


@dataclass(frozen=True, eq=False)
class _Regions:
    members: Sequence[NDArray[np.bool_]]
    order: Sequence[int]

    @cached_property
    def sizes(self) -> list[int]:
        return [int(np.count_nonzero(mask)) for mask in self.members]

    def shared(self, a: int, b: int) -> int:
        return int(np.count_nonzero(self.members[a] & self.members[b]))

    def overlap(self, a: int, b: int) -> float:
        return overlap(self.shared(a, b), (self.sizes[a], self.sizes[b]), len(self.members[a]))

    def is_free(self, place: int, leads: Sequence[int]) -> bool:
        return all(self.overlap(place, lead) < OVERLAP for lead in leads)

    def core(self, outer: int, within: Within) -> int:
        """Move inwards while something stands out there."""
        while inner := [place for place in self.order if self._is_inside(place, outer)]:
            stands_out = within(self.members[outer])
            tested = [stands_out(self.members[place] & self.members[outer]) for place in inner]
            best = int(np.argmin(tested))
            if not tested[best] * len(inner) <= CLEARLY:
                break
            outer = inner[best]
        return outer

    def _is_inside(self, place: int, outer: int) -> bool:
        size = self.sizes[place]
        small_enough = place != outer and size <= SMALLER * self.sizes[outer]
        return small_enough and self.shared(place, outer) >= INSIDE * size

    def families(self, leads: Sequence[int]) -> Iterator[Nest]:
        children: dict[int, list[int]] = {lead: [] for lead in leads}
        for place in self.order:
            if place not in children:
                nearest = max(leads, key=lambda lead: self.overlap(place, lead))
                children[nearest].append(place)
        for lead, others in children.items():
            yield Nest(lead, tuple(others))
