"""Paired differences of groups of samples: mean with interval, two tests, wins and losses.

Losses are skewed, so two things are said apart. The mean difference, with Student's interval and
the paired t-test, answers "is the average loss lower?", which a few samples may decide. Wilcoxon's
signed-rank test answers "did most samples change?", whatever those few did. Under the null that
the runs are interchangeable, differences are symmetric however skewed the losses are, so that both
tests hold their level; the t-test errs to the careful side where tails are heavy.

A third asks "where?": the excess is how much more a group changed than the rest of its split.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import stats

from mlflow_latent.evidence import Moments, mean_interval, moments, q_values, rest, welch
from mlflow_latent.report.comparison.model import Change

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from mlflow_latent.comparison.comparable import Paired
    from mlflow_latent.comparison.groups import Groups
    from mlflow_latent.report.comparison.model import Verdict
    from mlflow_latent.schema import Direction

MIN_TESTED = 10  # pairs: fewer support no statement, and would only cost the other groups power
COUNTS = ("n", "wins", "losses", "ties")
NUMBERS = (
    "mean_a",
    "mean_b",
    "difference",
    "p_value",
    "q_value",
    "signed_rank_p_value",
    "signed_rank_q_value",
    "excess",
    "excess_q_value",
)


@dataclass(frozen=True, eq=False)
class Tests:
    """Of G groups: moments of the differences, and p-values that are NaN where not tested.

    `direction` is the sign of the signed ranks' sum: where most samples went.
    """

    of: Moments
    t: NDArray[np.float64]
    signed_rank: NDArray[np.float64]
    direction: NDArray[np.float64]


def paired_tests(difference: NDArray[np.float64], place: NDArray[np.int64], size: int) -> Tests:
    """Test the differences of each group.

    Args:
        difference: (M,) finite, b − a.
        place: (M,) group of each.
        size: G, number of groups.
    """
    of = moments(difference, place, size)
    tested = of.n >= MIN_TESTED
    with np.errstate(invalid="ignore", divide="ignore"):
        statistic = of.mean / np.sqrt(of.squared_error)
        p_value = 2 * stats.t.sf(np.abs(statistic), of.n - 1)
    p_value = np.where(of.variance > 0, p_value, np.where(of.mean == 0, 1.0, 0.0))
    order = np.argsort(place, kind="stable")
    bounds = np.searchsorted(place[order], np.arange(size + 1))
    ranked, direction = np.full(size, np.nan), np.zeros(size)
    for group in np.flatnonzero(tested):
        members = difference[order[bounds[group] : bounds[group + 1]]]
        ranked[group], direction[group] = signed_rank(members)
    return Tests(of, np.where(tested, p_value, np.nan), ranked, direction)


def signed_rank(difference: NDArray[np.float64]) -> tuple[float, float]:
    """Return the two-sided p-value of Wilcoxon's signed-rank test, and −1, 0 or 1 for the side.

    Samples without a difference are left out (Wilcoxon 1945); p is 1 where all are.
    """
    changed = difference[difference != 0]
    if not len(changed):
        return 1.0, 0.0
    ranks = stats.rankdata(np.abs(changed))
    return float(stats.wilcoxon(changed).pvalue), float(np.sign(ranks @ np.sign(changed)))


def find_changes(
    paired: Paired,
    family: Sequence[Groups],
    split: str,
    rows: NDArray[np.bool_],
    *,
    confidence: float,
    error_rate: float,
) -> Iterator[Change]:
    """Yield the change of every group that has samples, q-values being over the whole family.

    Args:
        paired: a measure of S samples in both runs.
        family: groups of these samples that are tested together.
        split: its name.
        rows: (S,) its samples.
        confidence: of the intervals.
        error_rate: q-values up to which a change is called one.
    """
    tables = [_table(paired, groups, rows, confidence) for groups in family]
    for name in ("p_value", "signed_rank_p_value", "excess_p_value"):
        corrected = q_values(np.concatenate([table[name].to_numpy() for table in tables]))
        sizes = np.cumsum([len(table) for table in tables])[:-1]
        for table, values in zip(tables, np.split(corrected, sizes), strict=True):
            table[name.replace("p_value", "q_value")] = values
    for groups, table in zip(family, tables, strict=True):
        for g in np.flatnonzero(table["n"] > 0):
            row, edges = table.iloc[g], groups.edges[g]
            yield Change(
                measure=paired.measure.name,
                split=split,
                grouping=groups.grouping,
                group=groups.labels[g],
                field=groups.field,
                lower=None if edges is None else edges[0],
                upper=None if edges is None else edges[1],
                verdict=_verdict(row, paired.measure.direction, error_rate),
                interval=(_finite(row["lower"]), _finite(row["upper"])),
                excess_interval=(_finite(row["excess_lower"]), _finite(row["excess_upper"])),
                **{name: int(row[name]) for name in COUNTS},
                **{name: _finite(row[name]) for name in NUMBERS},
            )


def _table(
    paired: Paired, groups: Groups, rows: NDArray[np.bool_], confidence: float
) -> pd.DataFrame:
    """Return a row per group with everything but the q-values."""
    use = rows & paired.known & (groups.place >= 0)
    size, place = len(groups.labels), groups.place[use]
    difference = paired.difference[use]
    tests = paired_tests(difference, place, size)
    lower, upper = mean_interval(tests.of, confidence)
    excess = welch(tests.of, rest(tests.of), confidence)
    sign = 1 if paired.measure.direction == "higher" else -1
    wins, losses = (
        np.bincount(place[sign * way * difference > 0], minlength=size) for way in (1, -1)
    )
    tested = ~np.isnan(tests.t)
    return pd.DataFrame(
        {
            "n": tests.of.n,
            "mean_a": moments(paired.a[use], place, size).mean,
            "mean_b": moments(paired.b[use], place, size).mean,
            "difference": tests.of.mean,
            "lower": lower,
            "upper": upper,
            "p_value": tests.t,
            "wins": wins,
            "losses": losses,
            "ties": tests.of.n - wins - losses,
            "signed_rank_p_value": tests.signed_rank,
            "direction": tests.direction,
            "excess": excess.effect,
            "excess_lower": excess.lower,
            "excess_upper": excess.upper,
            "excess_p_value": np.where(tested, _two_sided(excess.p_value), np.nan),
        }
    )


def _two_sided(p_value: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(2 * np.minimum(p_value, 1 - p_value))


def _verdict(row: pd.Series[Any], direction: Direction, error_rate: float) -> Verdict:
    """Return what can be said: by the mean, by most samples, or that they disagree."""
    if np.isnan(row["p_value"]):
        return "too_few"
    sign = 1 if direction == "higher" else -1
    mean = sign * np.sign(row["difference"]) * (row["q_value"] <= error_rate)
    most = sign * row["direction"] * (row["signed_rank_q_value"] <= error_rate)
    if mean * most < 0:
        return "mixed"
    if mean:
        return "better" if mean > 0 else "worse"
    if most:
        return "mostly_better" if most > 0 else "mostly_worse"
    return "undecided"


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
