"""The values of one metadata field in cells, and sets of them in words that a person can read.

The edges of ranges are rounded before anything is tested, so that the rule a reader sees selects
exactly the samples that were tested. Samples without a value are a cell of their own.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.curves import FEW_VALUES
from mlflow_latent.fields import OTHER
from mlflow_latent.insights import words
from mlflow_latent.report.expectations.filters import write_field, write_value

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from mlflow_latent.fields import Field

ROUNDING = 0.05  # of the median distance of two edges: what rounding may move an edge by
FEW_DIGITS, ALL_DIGITS = 2, 17
EXACT = 2.0**53  # up to which a float64 holds every whole number
RARE = "a rarer value"  # what is said for the categories that share a cell


@dataclass(frozen=True)
class Least:
    """Samples from which a cell is made: for values, and for those that have none."""

    value: int = 1
    missing: float = 1


@dataclass(frozen=True, eq=False)
class Cells:
    """The values of one field in B cells.

    Attributes:
        field: of N samples.
        place: (N,) cell of each sample, −1 for none.
        edges: where the range of one cell ends and the next begins; none for categories.
        names: of the categories, None for those that share a cell; none for numbers.
        has_missing: whether the last cell holds the samples without a value.
        is_whole: whether all values are whole numbers.
        pooled: categories that share a cell, or are in none, because each is rare.
    """

    field: Field
    place: NDArray[np.int64]
    edges: NDArray[np.float64]
    names: tuple[str | None, ...] = ()
    has_missing: bool = False
    is_whole: bool = False
    pooled: int = 0

    @property
    def values(self) -> int:
        """Cells that hold values: B, or one less where the last is `missing`."""
        return len(self.names) if self.field.categories else len(self.edges) + 1

    @property
    def size(self) -> int:
        """B."""
        return self.values + self.has_missing

    def members(self, chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """(N,) mask of the samples in any of the (B,) chosen cells."""
        return np.append(chosen, False)[self.place]

    def rule(self, chosen: NDArray[np.bool_]) -> str:
        """The chosen cells in words, with the field's name."""
        return f"{words.shorten(self.field.name)} is {' or '.join(self.phrases(chosen))}"

    def phrases(self, chosen: NDArray[np.bool_]) -> list[str]:
        """The chosen cells in words, one piece for each category and each run of ranges."""
        values = chosen[: self.values]
        if self.has_missing and values.all():
            return ["not missing"]
        if self.field.categories:
            named = [self.names[cell] for cell in np.flatnonzero(values)]
            parts = [RARE if name is None else repr(words.shorten(name)) for name in named]
        else:
            parts = [self._range(first, last) for first, last in runs(values)]
        return parts + ["missing"] * bool(self.has_missing and chosen[-1])

    def filter(self, chosen: NDArray[np.bool_]) -> str | None:
        """The chosen cells as a filter of `report.expectations`, None where one has no name."""
        name, values = write_field(self.field.name), chosen[: self.values]
        if self.has_missing and values.all():
            return f"{name} is not missing"
        if self.field.categories:
            parts = self._among(name, values)
        else:
            parts = [self._between(name, first, last) for first, last in runs(values)]
        if parts is None:
            return None
        parts += [f"{name} is missing"] * bool(self.has_missing and chosen[-1])
        return parts[0] if len(parts) == 1 else " or ".join(f"({part})" for part in parts)

    def _among(self, name: str, values: NDArray[np.bool_]) -> list[str] | None:
        named = [self.names[cell] for cell in np.flatnonzero(values)]
        if None in named:
            return None
        texts = [write_value(str(text)) for text in named]
        if len(texts) == 1:
            return [f"{name} == {texts[0]}"]
        return [f"{name} in [{', '.join(texts)}]"] if texts else []

    def _range(self, first: int, last: int) -> str:
        low = self.edges[first - 1] if first > 0 else None
        high = self.edges[last] if last < len(self.edges) else None
        if low is None:
            return f"below {_text(high)}"
        if high is None:
            return f"{_text(low)} or more"
        if not self.is_whole:
            return f"from {_text(low)} to below {_text(high)}"
        return _text(low) if high == low + 1 else f"from {_text(low)} to {_text(high - 1)}"

    def _between(self, name: str, first: int, last: int) -> str:
        low = [f"{name} >= {write_value(float(self.edges[first - 1]))}"] if first > 0 else []
        ends = last < len(self.edges)
        high = [f"{name} < {write_value(float(self.edges[last]))}"] if ends else []
        return " and ".join([*low, *high])


def make_cells(
    field: Field, rows: NDArray[np.bool_], bins: int, least: Least, rounding: float = ROUNDING
) -> Cells:
    """Cut a field.

    Args:
        field: of N samples.
        rows: (N,) mask of the samples whose quantiles are the edges, and that are counted.
        bins: of a number, at most; one of few values has a cell for each.
        least: a range with fewer samples is joined with the next; categories with fewer share a
            cell.
        rounding: what rounding may move an edge by, in median distances of two edges.
    """
    has_missing = int((rows & ~field.present).sum()) >= least.missing
    present = field.present & rows
    if field.categories:
        cells = _categories(field, present, least.value)
    else:
        cells = _ranges(field, present, _edges(field.column[present], bins, rounding), least.value)
    if not has_missing:
        return cells
    place = np.where(field.present, cells.place, cells.values)
    return Cells(field, place, cells.edges, cells.names, has_missing, cells.is_whole, cells.pooled)


def runs(chosen: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return the first and the last of each run of chosen cells."""
    starts = np.flatnonzero(np.diff(chosen.astype(int), prepend=0) == 1)
    ends = np.flatnonzero(np.diff(chosen.astype(int), append=0) == -1)
    return list(zip(starts.tolist(), ends.tolist(), strict=True))


def readable(edges: Iterable[float], rounding: float = ROUNDING) -> NDArray[np.float64]:
    """Round edges to as few digits as leave them about where they are, see `make_cells`."""
    exact = np.unique(np.asarray(list(edges), dtype=np.float64))
    room = float(np.median(np.diff(exact))) if len(exact) > 1 else abs(float(exact[0]))
    return np.unique([_rounded(edge, rounding * room) for edge in exact.tolist()])


def _rounded(value: float, error: float) -> float:
    for digits in range(FEW_DIGITS, ALL_DIGITS):
        rounded = float(f"{value:.{digits}g}")
        if abs(rounded - value) <= error:
            return rounded
    return value


def _categories(field: Field, present: NDArray[np.bool_], least: int) -> Cells:
    codes = field.column.astype(np.int64)
    size = len(field.categories)
    counts = np.bincount(codes[present], minlength=size)
    rest = np.array([name == OTHER for name in field.categories])
    named = np.flatnonzero((counts >= least) & ~rest)
    rare = (counts > 0) & ((counts < least) | rest)
    place = np.full(size + 1, -1)  # the code of a missing value is −1, the last place
    place[named] = np.arange(len(named))
    names: tuple[str | None, ...] = tuple(field.categories[code] for code in named)
    if rare.any() and counts[rare].sum() >= least:
        place[:-1][rare] = len(names)
        names = (*names, None)
    return Cells(field, place[codes], np.empty(0), names, pooled=int(rare.sum()))


def _ranges(
    field: Field, present: NDArray[np.bool_], edges: NDArray[np.float64], least: int
) -> Cells:
    values = field.column[present]
    edges = edges[(edges > values.min(initial=np.inf)) & (edges <= values.max(initial=-np.inf))]
    edges = _large_enough(edges, np.searchsorted(edges, values, side="right"), least)
    place = np.where(field.present, np.searchsorted(edges, field.column, side="right"), -1)
    return Cells(field, place, edges, is_whole=_are_whole(values))


def _edges(values: NDArray[np.float64], bins: int, rounding: float) -> NDArray[np.float64]:
    distinct, is_whole = np.unique(values), _are_whole(values)
    if len(distinct) <= FEW_VALUES:
        if is_whole:
            return np.asarray(distinct[1:])
        return np.array([_short(*pair) for pair in pairwise(distinct)])
    edges = np.quantile(values, np.arange(1, bins) / bins)
    edges = edges[np.isfinite(edges)]
    return readable(np.ceil(edges) if is_whole else edges, rounding) if len(edges) else edges


def _are_whole(values: NDArray[np.float64]) -> bool:
    exact = np.abs(values).max(initial=0.0) < EXACT
    return bool(exact and (values == np.floor(values)).all())


def _short(below: float, value: float) -> float:
    """The number in the fewest digits that tells two neighbors apart: above one, to the other."""
    for digits in range(FEW_DIGITS, ALL_DIGITS):
        rounded = float(f"{value:.{digits}g}")
        if below < rounded <= value:
            return rounded
    return value


def _large_enough(
    edges: NDArray[np.float64], place: NDArray[np.intp], least: int
) -> NDArray[np.float64]:
    """Leave out edges until each cell has enough samples: a small one is joined with the next."""
    counts, kept, held = np.bincount(place, minlength=len(edges) + 1), [], 0
    for edge, count in zip(edges, counts, strict=False):
        held += int(count)
        if held >= least:
            kept.append(edge)
            held = 0
    if kept and held + int(counts[-1]) < least:
        kept.pop()
    return np.array(kept, dtype=np.float64)


def _text(value: float | None) -> str:
    """A number in the fewest digits that are still that very number."""
    return repr(float(value or 0.0)).removesuffix(".0")
