"""Conditions on one metadata field: a range of a number, a category, or that it is missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.insights.cells import Cells, Least, make_cells

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlflow_latent.fields import Field

BINS = 16  # of a number: ranges begin and end at multiples of 1/16 of the samples
FINE_BINS = 64  # likewise, once it is known about where


@dataclass(frozen=True, eq=False)
class Grid:
    """A field in B cells, and the C conditions that can be made of them.

    Attributes:
        cells: of the field.
        conditions: (C, B) which cells each condition takes.
        edges: (C,) how many edges each has: 1 for `below`, `or more`, a category and `missing`, 2
            for `from … to`.
    """

    cells: Cells
    conditions: NDArray[np.bool_]
    edges: NDArray[np.int64]

    @property
    def field(self) -> str:
        """The field's name."""
        return self.cells.field.name

    @property
    def place(self) -> NDArray[np.int64]:
        """(N,) cell of each sample, −1 for none."""
        return self.cells.place

    def members(self, condition: int) -> NDArray[np.bool_]:
        """(N,) mask of the samples that meet a condition."""
        return self.cells.members(self.conditions[condition])

    def rule(self, condition: int) -> str:
        """A condition in words."""
        return self.cells.rule(self.conditions[condition])

    def filter(self, condition: int) -> str | None:
        """The same as a filter; None for what has no name, the other categories."""
        return self.cells.filter(self.conditions[condition])

    @property
    def bins(self) -> int:
        """B."""
        return self.cells.size


def make_grid(
    field: Field, rows: NDArray[np.bool_], bins: int = BINS, least: float = np.inf
) -> Grid | None:
    """Cut a field; None where it has fewer than two cells among `rows`.

    Args:
        field: of N samples.
        rows: (N,) mask of the samples whose quantiles are the edges.
        bins: of a number, at most.
        least: samples among `rows` from which "missing" is a condition; by default it is none.
    """
    if not (field.present & rows).any():
        return None
    cells = make_cells(field, rows, bins, Least(missing=least))
    if cells.size < 2:  # noqa: PLR2004 - one cell has nothing to compare it with
        return None
    if field.categories:
        ones = np.eye(cells.size, dtype=bool)
        return Grid(cells, ones, np.ones(cells.size, dtype=np.int64))
    ranges, edges = spans(len(cells.edges) + 1)
    if cells.has_missing:
        ranges = np.pad(ranges, ((0, 1), (0, 1)))
        ranges[-1, -1] = True
        edges = np.append(edges, 1)
    return Grid(cells, ranges, edges)


def spans(bins: int) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Return all ranges of neighboring bins, and how many edges each has.

    Args:
        bins: B.

    Returns:
        (C, B) masks, all bins together not among them; (C,) 1 or 2.
    """
    first, last = np.triu_indices(bins)
    part = last - first + 1 < bins
    first, last = first[part, None], last[part, None]
    place = np.arange(bins)
    masks = (place >= first) & (place <= last)
    return masks, ((first > 0).astype(np.int64) + (last < bins - 1))[:, 0]
