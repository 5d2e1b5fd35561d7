"""Conditions on one metadata field that a person can read: a range of a number, or a category.

The edges of ranges are rounded before anything is tested, so that the rule a reader sees selects
exactly the samples that were tested.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.insights import words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

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
        edges: (C,) how many edges each has: 1 for `below`, `or more` and a category, 2 for `from …
            to`.
    """

    field: str
    place: NDArray[np.int64]
    conditions: NDArray[np.bool_]
    rules: tuple[str, ...]
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


def _categories(field: Field, present: NDArray[np.bool_]) -> Grid | None:
    codes = field.column.astype(np.int64)
    size = len(field.categories)
    used = np.flatnonzero(np.bincount(codes[present], minlength=size))
    if len(used) < 2:  # noqa: PLR2004 - one category has nothing to compare it with
        return None
    rules = [f"{words.shorten(field.name)} is {words.shorten(field.categories[c])!r}" for c in used]
    return Grid(field.name, codes, np.eye(size, dtype=bool)[used], tuple(rules), np.ones_like(used))


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
    return Grid(field.name, place, conditions, rules, ends)


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


def _text(value: float) -> str:
    """A number in the fewest digits that are still that very number."""
    return repr(float(value)).removesuffix(".0")
