"""What near-duplicates and leakage share: groups of copies, in the order a person reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from mlflow_latent.insights import words
from mlflow_latent.insights.base import NotApplicableError
from mlflow_latent.measures.duplicates import FALSE_SHARE
from mlflow_latent.schema import SAMPLE_ID, SPLIT

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from mlflow_latent.insights.base import Context
    from mlflow_latent.measures.duplicates import Duplicates

    Belongs = Callable[[NDArray[np.integer], NDArray[np.integer]], NDArray[np.bool_]]

CHANCE_LEVEL = 0.05  # of reports with copies, with some of another sort by chance


def copies(context: Context) -> Duplicates:
    """Return the groups of copies.

    Raises:
        NotApplicableError: the layer gives one output for most samples, or there are too few.
    """
    if len(context.snapshot) < 2:  # noqa: PLR2004 - a pair
        raise NotApplicableError("one sample has no copy")
    found = context.measures.duplicates
    if found.is_collapsed:
        raise NotApplicableError(
            f"{int(found.exact.sum()):,} of {len(found.exact):,} samples have exactly the "
            "embedding of another one: the layer does not tell samples apart; "
            "capture an earlier one"
        )
    return found


def are_beyond_chance(context: Context, belongs: Belongs) -> bool:
    """Whether some copies are more than the share of chance among all copies would be.

    Where there are copies at all, up to `FALSE_SHARE` of them are chance, and chance does not care
    which splits it joins: copies within train shall not make a leak of the few false pairs that
    happen to lie across. The number of those is taken for Poisson's.

    Args:
        context: of the analysis.
        belongs: tells of rows (M,) and their copies (M,) which pairs are meant.
    """
    found = context.measures.duplicates
    exact = found.exact[found.pairs].all(axis=1)
    mine = belongs(*found.pairs.T)
    if (exact & mine).any():
        return True
    nearest = context.measures.neighbors.indices[:, 0]
    share = float(belongs(np.arange(len(nearest)), nearest).mean())
    expected = FALSE_SHARE * float((~exact).sum()) * share
    return bool(stats.poisson.sf(mine.sum() - 1, expected) <= CHANCE_LEVEL)


def in_groups(
    rows: NDArray[np.intp], group: NDArray[np.integer], rank: NDArray[np.integer]
) -> NDArray[np.intp]:
    """Order rows so that members of a group are adjacent.

    Args:
        rows: (M,) row numbers.
        group: (N,) group of each row.
        rank: (N,) order within a group; ties by row number.
    """
    return rows[np.lexsort((rows, rank[rows], group[rows]))]


def keys(context: Context, rows: NDArray[np.intp]) -> tuple[tuple[str, str], ...]:
    """Return (split, sample_id) of rows, in their order."""
    frame = context.snapshot.frame
    return tuple(zip(frame[SPLIT].iloc[rows], frame[SAMPLE_ID].iloc[rows], strict=True))


def share_interval(count: int, total: int, confidence: float) -> tuple[float, float]:
    """Interval of a share. Source: Clopper & Pearson 1934."""
    interval = stats.binomtest(count, total).proportion_ci(confidence, method="exact")
    return float(interval.low), float(interval.high)


def span(interval: tuple[float, float], confidence: float) -> str:
    """An interval of a share in words."""
    low, high = map(words.percent, interval)
    return f"{words.percent(confidence)} interval {low} to {high}"


def weakest(values: NDArray[np.float64], rows: NDArray[np.intp], found: Duplicates) -> float:
    """Return the largest p- or q-value of a group, that of a group being its smallest.

    Exact copies and rows that only share their id are facts, not tested: 0.
    """
    tested = rows[(found.group[rows] >= 0) & ~found.exact[rows]]
    best: dict[int, float] = {}
    for group, value in zip(found.group[tested].tolist(), values[tested].tolist(), strict=True):
        best[group] = min(best.get(group, 1.0), value)
    return max(best.values(), default=0.0)
