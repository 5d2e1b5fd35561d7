"""More than two runs: every pair compared, and what each comparison says in short."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from typing import TYPE_CHECKING

from mlflow_latent.comparison.compare import ComparisonOptions, compare_sides
from mlflow_latent.errors import InputError
from mlflow_latent.report.comparison.matrix import ComparisonMatrix, PairSummary

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mlflow_latent.comparison.side import Side
    from mlflow_latent.report.comparison.model import Comparison

KEYS = "abcdefghijklmnopqrstuvwxyz"
MOST_RUNS = len(KEYS)


def compare_all(
    sides: Sequence[Side],
    options: ComparisonOptions | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> ComparisonMatrix:
    """Compare every pair of runs, the earlier one named being a.

    Args:
        sides: R runs; R (R − 1) / 2 comparisons are made.
        options: how to compare each pair.
        progress: told what is being done, in a few words.

    Raises:
        InputError: there are more runs than letters, or no pair shares a sample.
    """
    options = options or ComparisonOptions()
    if len(sides) > MOST_RUNS:
        raise InputError(f"{len(sides)} runs are too many to compare, {MOST_RUNS} are the most")
    pairs, comparisons, reasons = [], [], []
    for (key_a, a), (key_b, b) in combinations(zip(KEYS, sides, strict=False), 2):
        progress(f"{a.name} and {b.name}")
        try:
            comparison = compare_sides(a, b, options)
        except InputError as error:
            reasons.append(str(error))
            blank = PairSummary(a=key_a, b=key_b, shared={}, changes=(), reason=str(error))
            pairs.append(blank)
        else:
            comparisons.append(comparison)
            pairs.append(summarize(comparison, key_a, key_b))
    if not comparisons:
        raise InputError(reasons[0])
    return ComparisonMatrix(
        runs=tuple(
            side.as_run(key, dict.fromkeys(side.splits, 0))
            for key, side in zip(KEYS, sides, strict=False)
        ),
        confidence=options.confidence,
        error_rate=options.error_rate,
        pairs=tuple(pairs),
    ).with_comparisons(tuple(comparisons))


def summarize(comparison: Comparison, key_a: str, key_b: str) -> PairSummary:
    """Return what a comparison says overall."""
    agreement = comparison.agreement
    return PairSummary(
        a=key_a,
        b=key_b,
        shared=comparison.shared,
        changes=tuple(one for one in comparison.changes if one.grouping == "overall"),
        refused=comparison.refused,
        cka=agreement.cka if agreement else None,
        neighbor_overlap=agreement.neighbor_overlap if agreement else None,
        chance=agreement.chance if agreement else None,
        insights=dict(sorted(Counter(one.status for one in comparison.insights).items())),
    )
