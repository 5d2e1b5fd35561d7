"""Conditions on one metadata field that a person can read: a range of a number, or a category.

The edges of ranges are rounded before anything is tested, so that the rule a reader sees selects
exactly the samples that were tested.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.fields import OTHER
from mlflow_latent.insights import words
from mlflow_latent.report.expectations.filters import write_field, write_value

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from mlflow_latent.curves import Bins
    from mlflow_latent.fields import Field

BINS = 16  # of a number: ranges begin and end at multiples of 1/16 of the samples
FINE_BINS = 64  # likewise, once it is known about where
ROUNDING = 0.05  # of the median distance of two edges: what rounding may move an edge by
FEW_DIGITS, ALL_DIGITS = 2, 17


@dataclass(frozen=True, eq=False)
class Grid:
    """A field cut into B bins, and the C conditions that can be made of them.

    Attributes:
        field: its name.
        place: (N,) bin of each sample, −1 where it has no value.
        conditions: (C, B) which bins each condition takes.
        rules: the C conditions in words.
        filters: the same as filters of `mlflow_latent.report.expectations.filters`; None for what
            has no name, the other categories.
        edges: (C,) how many edges each has: 1 for `below`, `or more` and a category, 2 for `from …
            to`.
    """

    field: str
    place: NDArray[np.int64]
    conditions: NDArray[np.bool_]
    rules: tuple[str, ...]
    filters: tuple[str | None, ...]
    edges: NDArray[np.int64]

    def members(self, condition: int) -> NDArray[np.bool_]:
        """(N,) mask of the samples that meet a condition."""
        return np.append(self.conditions[condition], False)[self.place]

    @property
    def bins(self) -> int:
        """B."""
        return len(self.conditions[0])


def make_grid(field: Field, rows: NDArray[np.bool_], bins: int = BINS) -> Grid | None:
    """Cut a field; None where it has fewer than two bins among `rows`.

    Args:
        field: of N samples.
        rows: (N,) mask of the samples whose quantiles are the edges.
        bins: of a number, at most.
    """
    present = field.present & rows
    if not present.any():
        return None
    return _categories(field, present) if field.categories else _ranges(field, present, bins)


def bins_filter(field: Field, bins: Bins, chosen: NDArray[np.bool_]) -> str | None:
    """Return a filter of the samples in some bins of a curve, None where one has no name.

    Args:
        field: on the curve's axis.
        bins: K of them.
        chosen: (K,) mask.
    """
    name = write_field(field.name)
    if field.categories:
        labels = [bins.labels[place] for place in np.flatnonzero(chosen)]
        return None if OTHER in labels else f"{name} in [{', '.join(map(write_value, labels))}]"
    parts = [_range(name, bins, first, last) for first, last in runs(chosen)]
    return parts[0] if len(parts) == 1 else " or ".join(f"({part})" for part in parts)


def runs(chosen: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return the first and the last of each run of chosen bins."""
    starts = np.flatnonzero(np.diff(chosen.astype(int), prepend=0) == 1)
    ends = np.flatnonzero(np.diff(chosen.astype(int), append=0) == -1)
    return list(zip(starts.tolist(), ends.tolist(), strict=True))


def _range(name: str, bins: Bins, first: int, last: int) -> str:
    """A range of bins, open at the ends of the field: another run may go beyond them."""
    low, high = bins.edges[first], bins.edges[last]
    parts = []
    if first > 0 and low is not None:
        parts.append(f"{name} >= {write_value(low[0])}")
    if last < len(bins.edges) - 1 and high is not None:
        holds_its_end = high[0] == high[1]  # a bin of one value
        parts.append(f"{name} {'<=' if holds_its_end else '<'} {write_value(high[1])}")
    return " and ".join(parts)


def _categories(field: Field, present: NDArray[np.bool_]) -> Grid | None:
    codes = field.column.astype(np.int64)
    size = len(field.categories)
    used = np.flatnonzero(np.bincount(codes[present], minlength=size))
    if len(used) < 2:  # noqa: PLR2004 - one category has nothing to compare it with
        return None
    rules = [f"{words.shorten(field.name)} is {words.shorten(field.categories[c])!r}" for c in used]
    filters = tuple(_equals(field, code) for code in used.tolist())
    chosen = np.eye(size, dtype=bool)[used]
    return Grid(field.name, codes, chosen, tuple(rules), filters, np.ones_like(used))


def _ranges(field: Field, present: NDArray[np.bool_], bins: int) -> Grid | None:
    values = field.column[present]
    edges = readable(np.quantile(values, np.arange(1, bins) / bins))
    edges = edges[(edges > values.min()) & (edges <= values.max())]
    if not len(edges):
        return None
    bins = len(edges) + 1
    spans = [(i, j) for i in range(bins) for j in range(i, bins) if j - i + 1 < bins]
    conditions = np.zeros((len(spans), bins), dtype=bool)
    for number, (first, last) in enumerate(spans):
        conditions[number, first : last + 1] = True
    place = np.where(field.present, np.searchsorted(edges, field.column, side="right"), -1)
    name = words.shorten(field.name)
    rules = tuple(f"{name} is {_span(edges, first, last)}" for first, last in spans)
    ends = np.array([(first > 0) + (last < bins - 1) for first, last in spans])
    filters = tuple(_within(field.name, edges, first, last) for first, last in spans)
    return Grid(field.name, place, conditions, rules, filters, ends)


def readable(edges: Iterable[float]) -> NDArray[np.float64]:
    """Round edges to as few digits as leave them about where they are."""
    exact = np.unique(np.asarray(list(edges), dtype=np.float64))
    room = float(np.median(np.diff(exact))) if len(exact) > 1 else abs(float(exact[0]))
    for digits in range(FEW_DIGITS, ALL_DIGITS):
        rounded = np.array([float(f"{edge:.{digits}g}") for edge in exact])
        if np.abs(rounded - exact).max() <= ROUNDING * room:
            return np.unique(rounded)
    return exact


def _span(edges: NDArray[np.float64], first: int, last: int) -> str:
    low = _text(edges[first - 1]) if first > 0 else None
    high = _text(edges[last]) if last < len(edges) else None
    if low is None:
        return f"below {high}"
    return f"{low} or more" if high is None else f"from {low} to below {high}"


def _equals(field: Field, code: int) -> str | None:
    name = field.categories[code]
    return None if name == OTHER else f"{write_field(field.name)} == {write_value(name)}"


def _within(field: str, edges: NDArray[np.float64], first: int, last: int) -> str:
    name = write_field(field)
    low = [f"{name} >= {write_value(float(edges[first - 1]))}"] if first > 0 else []
    high = [f"{name} < {write_value(float(edges[last]))}"] if last < len(edges) else []
    return " and ".join([*low, *high])


def _text(value: float) -> str:
    """A number in the fewest digits that are still that very number."""
    return repr(float(value)).removesuffix(".0")
