"""Regions and categories that hold another share of train than of val: what both kinds share.

A region is where samples are alike; a category is what they are called: a class, a camera. A class
that train lacks is several regions in part, and a category as a whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.evidence import odds_ratio
from mlflow_latent.insights import words
from mlflow_latent.insights.base import NotApplicableError
from mlflow_latent.insights.conditions import Grid, make_grid
from mlflow_latent.insights.guards import same_odds
from mlflow_latent.insights.nesting import nested
from mlflow_latent.report.model import Insight

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from mlflow_latent.evidence import Evidence
    from mlflow_latent.insights.base import Context, InsightOptions
    from mlflow_latent.insights.nesting import StandsOut, Within


CATEGORY_SHARES = 0.5  # of the error budget: categories are few
MOSTLY_APART = 0.5  # share of a field's categories in one split alone: the splits were drawn by it


@dataclass(frozen=True)
class Direction:
    """One direction of misrepresentation, and its words."""

    kind: str
    more: str  # the split of which the region holds the larger share
    less: str
    word: str
    action: tuple[str, str]  # before and after the fields that separate the samples


@dataclass(frozen=True, eq=False)
class Place:
    """What is tested.

    Attributes:
        members: (N,) mask.
        region: its id, if it is one.
        rule: what makes a sample one of a category, in words; else empty.
        filter: the same as a filter.
    """

    members: NDArray[np.bool_]
    region: str | None = None
    rule: str = ""
    filter: str | None = None


def find_misrepresented(context: Context, direction: Direction) -> Iterator[Insight]:
    """Test each region: does it hold a larger share of `more` than of `less`?

    Fisher's exact test, as a mid-p-value, of the region's counts against those of all other regions
    together, so the splits' sizes do not matter; Benjamini–Hochberg over the regions of all levels.
    """
    regions = context.several_regions()
    more, less = _splits(context, direction)
    tested = _test(context, direction, regions.counts(more), regions.counts(less))
    places = {r: Place(regions.members(r), regions.ids[r]) for r in tested.found}
    rows = more | less
    yield from nested(
        [_insight(context, direction, tested, r, place) for r, place in places.items()],
        [place.members[rows] for place in places.values()],
        more_within(more[rows], context.options),
    )


def find_misrepresented_categories(context: Context, direction: Direction) -> Iterator[Insight]:
    """Test each category of each field: does it hold a larger share of `more` than of `less`?

    The test is that of the regions. Not tested are fields that the model makes, fields of which
    most categories lie in one split alone (by them the splits were drawn), and the more frequent of
    two categories, which says the same as the other.
    """
    more, less = _splits(context, direction)
    categories = list(_categories(context, more, less))
    if not categories:
        raise NotApplicableError("there is no class and no field of categories to compare by")
    a, b = np.array([(one.more, one.less) for one in categories]).T
    tested = _test(context, direction, a, b)
    for number in tested.found:
        place = categories[number].place
        insight = _insight(context, direction, tested, number, place)
        yield insight.model_copy(update={"expectation": same_odds(insight, place.filter)})


def _splits(context: Context, direction: Direction) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return the (N,) mask of each split.

    Raises:
        NotApplicableError: one of them is too small.
    """
    more, less = (context.snapshot.rows(name) for name in (direction.more, direction.less))
    sizes, least = (int(more.sum()), int(less.sum())), context.options.min_samples
    if min(sizes) < least:
        raise NotApplicableError(
            f"split {direction.more!r} has {sizes[0]} and {direction.less!r} has {sizes[1]} "
            f"samples; each needs at least {least}"
        )
    return more, less


@dataclass(frozen=True, eq=False)
class _Category:
    """One category of a field, and how many samples of each split are of it."""

    grid: Grid
    condition: int
    more: int
    less: int

    @property
    def place(self) -> Place:
        """Its samples: a mask is made of what was found, not of the thousands that are tested."""
        rule, where = self.grid.rule(self.condition), self.grid.filter(self.condition)
        return Place(self.grid.members(self.condition), rule=rule, filter=where)


def _categories(
    context: Context, more: NDArray[np.bool_], less: NDArray[np.bool_]
) -> Iterator[_Category]:
    usable = [f for f in context.fields.usable if f.categories and not f.derived]
    for field in context.fields.leaders(usable):
        grid = make_grid(field, more | less)
        if grid is None:
            continue
        counts = [
            grid.conditions @ np.bincount(place[place >= 0], minlength=grid.bins)
            for place in (grid.place[more], grid.place[less])
        ]
        found = [
            _Category(grid, number, int(a), int(b))
            for number, (a, b) in enumerate(zip(*counts, strict=True))
            if grid.filter(number) is not None
        ]
        apart = [min(one.more, one.less) == 0 for one in found]
        if np.mean(apart or [True]) >= MOSTLY_APART:
            continue
        if len(found) == 2:  # noqa: PLR2004 - one is what the other is not
            yield min(found, key=lambda one: one.more + one.less)
        else:
            yield from found


@dataclass(frozen=True, eq=False)
class _Tested:
    """The evidence on G places, their q-values, and which were found."""

    evidence: Evidence
    q_value: NDArray[np.float64]
    found: list[int]


def _test(
    context: Context, direction: Direction, a: NDArray[np.int64], b: NDArray[np.int64]
) -> _Tested:
    """Test G places that hold (G,) `a` samples of the one split, `b` of the other."""
    options = context.options
    sizes = [int(context.snapshot.rows(n).sum()) for n in (direction.more, direction.less)]
    evidence = odds_ratio(a, sizes[0], b, sizes[1], options.confidence, mid_p=True)
    enough = a + b >= options.min_samples
    q = context.q_values(direction.kind, np.where(enough, evidence.p_value, np.nan))
    found = np.flatnonzero((q <= context.alpha) & _matters(evidence, options)).tolist()
    return _Tested(evidence, q, found)


def _matters(evidence: Evidence, options: InsightOptions) -> NDArray[np.bool_]:
    return np.asarray((evidence.effect >= options.min_odds_ratio) & (evidence.lower > 1))


def more_within(more: NDArray[np.bool_], options: InsightOptions) -> Within:
    """Return the test of `nesting.nest` for regions with a larger share of one split.

    Args:
        more: (M,) mask of that split, among the samples of both.
        options: what it takes.
    """

    def within(outer: NDArray[np.bool_]) -> StandsOut:
        sizes = [int(np.count_nonzero(outer & split)) for split in (more, ~more)]

        def stands_out(inner: NDArray[np.bool_]) -> float:
            a, b = (np.array([np.count_nonzero(inner & split)]) for split in (more, ~more))
            evidence = odds_ratio(a, sizes[0], b, sizes[1], options.confidence, mid_p=True)
            enough = a[0] + b[0] >= options.min_samples and _matters(evidence, options)[0]
            return float(evidence.p_value[0]) if enough else 1.0

        return stands_out

    return within


def _insight(
    context: Context, direction: Direction, tested: _Tested, number: int, place: Place
) -> Insight:
    snapshot, here, evidence = context.snapshot, place.members, tested.evidence
    splits = {name: snapshot.rows(name) for name in (direction.more, direction.less)}
    members = here & np.logical_or(*splits.values())
    (a, total_a), (b, total_b) = ((int((here & s).sum()), int(s.sum())) for s in splits.values())
    shares = {direction.more: a / total_a, direction.less: b / total_b}
    effect = float(evidence.effect[number])
    span = (float(evidence.lower[number]), float(evidence.upper[number]))
    metadata = context.explain(members)
    collectable = context.collectable(metadata)
    told = place.rule or words.fields(collectable)
    where = f" where {place.rule}" if place.rule else words.where(snapshot, members, collectable)
    return Insight(
        kind=direction.kind,
        title=words.title(
            f"{direction.word}: {_shares(shares, context)}, "
            f"{words.samples(int(members.sum()))}{where}"
        ),
        description=f"{a:,} of {total_a:,} samples of {direction.more} are of these, but "
        f"{b:,} of {total_b:,} of {direction.less}: odds ratio "
        f"{words.number(effect)} ({words.span(*span, context.options.confidence)}).",
        action=(f" ({told})" if told else "").join(direction.action),
        region=place.region,
        samples=context.keys(members),
        effect=effect,
        effect_name=f"odds ratio {direction.more} ÷ {direction.less}",
        interval=span,
        p_value=float(evidence.p_value[number]),
        q_value=float(tested.q_value[number]),
        severity=shares[direction.more] - shares[direction.less],
        counts=context.counts(members),
        base_rates={f"share_of_{name}": value for name, value in shares.items()},
        metadata=metadata,
    )


def _shares(shares: dict[str, float], context: Context) -> str:
    names = (context.reference, context.tested)
    first, second = (f"{words.percent(shares[str(n)])} of {n}" for n in names)
    return f"{first}, {second}"


def both_splits(context: Context) -> tuple[str, str]:
    """Return the reference and the tested split.

    Raises:
        NotApplicableError: one of them is not there.
    """
    context.rows(context.reference, "training")
    context.rows(context.tested, "validation")
    return str(context.reference), str(context.tested)
