"""Measure how a target differs from a source."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from mlflow_latent.domain_gap.differences import find_fields
from mlflow_latent.domain_gap.options import GapOptions
from mlflow_latent.domain_gap.origins import Both
from mlflow_latent.domain_gap.places import find_regions
from mlflow_latent.domain_gap.table import make_table
from mlflow_latent.measures.domain import MIN_TESTED
from mlflow_latent.measures.domain.distances import MIN_ROWS
from mlflow_latent.measures.domain.reach import MIN_REFERENCE, WITHIN
from mlflow_latent.report.domain_gap.model import DomainGap, GapDistance, GapTest, Share
from mlflow_latent.report.model import NotApplicable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from mlflow_latent.domain_gap.origins import Origin
    from mlflow_latent.measures.domain import DomainPair, TwoSampleTest

STATISTICS = {"classifier": "cross-validated AUC", "kernel": "maximum mean discrepancy, squared"}
COMPARED_COLUMNS = 8  # coordinates that are equal where embeddings are
FEW = 20  # samples below which only large gaps can be told, and the reader should know


def find_gap(
    source: Origin,
    target: Origin,
    options: GapOptions | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> DomainGap:
    """Measure how a target differs from a source.

    Args:
        source: what the model knows.
        target: what it will meet; 30 samples beside 30,000 are judged fairly.
        options: how; the defaults are good ones.
        progress: told what is being done, in a few words.

    Returns:
        The document with its table of samples. The same input gives the same bytes.

    Raises:
        InputError: both are the same samples, or of different layers or widths.
    """
    options = options or GapOptions()
    progress("space")
    return measure_gap(Both.of(source, target, options), options, progress)


def measure_gap(
    both: Both, options: GapOptions, progress: Callable[[str], None] = lambda _: None
) -> DomainGap:
    """Measure the gap between two sets that have been put together."""
    pair, names = both.pair, both.names
    progress("tests")
    judged = _judge(pair, options) if pair.testable else {"verdict": "too_few"}
    progress("regions and fields")
    fields, skipped, field_notes = find_fields(both, options)
    return DomainGap(
        source=both.origins[0].describe(names[0]),
        target=both.origins[1].describe(names[1]),
        confidence=options.confidence,
        error_rate=options.error_rate,
        regions=find_regions(both) if pair.testable else (),
        fields=fields,
        not_applicable=(*_too_few(pair, names), *skipped),
        notes=(*both.notes, *_notes(pair, names), *field_notes),
        **judged,
        **_reach(pair, options.confidence),
    ).with_samples(make_table(both, options))


def _judge(pair: DomainPair, options: GapOptions) -> dict[str, object]:
    tests = pair.tests(options.permutations)
    p_value = min(1.0, len(tests) * min(test.p_value for test in tests))
    area, lower, upper = pair.area()
    return {
        "verdict": "gap" if p_value <= options.error_rate else "no_gap",
        "p_value": p_value,
        "auc": area,
        "auc_interval": (lower, upper),
        "tests": tuple(_describe_test(test) for test in tests),
        "distances": tuple(describe_distances(pair)),
    }


def _describe_test(test: TwoSampleTest) -> GapTest:
    return GapTest(
        name=test.name,
        statistic_name=STATISTICS[test.name],
        statistic=test.statistic,
        chance=test.chance[0],
        chance_deviation=test.chance[1],
        p_value=test.p_value,
        permutations=test.permutations,
        n_source=test.n_source,
        n_target=test.n_target,
    )


def describe_distances(pair: DomainPair) -> Iterator[GapDistance]:
    """Yield the distances of a pair as a document has them."""
    for one in pair.distances:
        yield GapDistance(
            name=one.name,
            value=one.value,
            interval=one.interval,
            components=one.components,
            n_source=one.n_source,
            n_target=one.n_target,
        )


def _reach(pair: DomainPair, confidence: float) -> dict[str, Share]:
    found = {}
    if len(pair.source) >= MIN_REFERENCE:
        found["target_out_of_reach"] = share_of(pair.reached_by_source > 1, confidence)
    if len(pair.target) >= MIN_REFERENCE:
        found["source_out_of_reach"] = share_of(pair.reached_by_target > 1, confidence)
    return found


def share_of(mask: NDArray[np.bool_], confidence: float, expected: float = 1 - WITHIN) -> Share:
    """Return the share of True with Wilson's interval."""
    hits, n = int(mask.sum()), len(mask)
    bounds = stats.binomtest(hits, n).proportion_ci(confidence, method="wilson")
    interval = float(bounds.low), float(bounds.high)
    return Share(share=hits / n, interval=interval, n=n, expected=expected)


def _too_few(pair: DomainPair, names: tuple[str, str]) -> Iterator[NotApplicable]:
    needed = {"tests, belonging and regions": MIN_TESTED, "distances": MIN_ROWS}
    for name, part in zip(names, (pair.source, pair.target), strict=True):
        for kind, least in needed.items():
            if len(part) < least:
                reason = f"{name!r} has {len(part)} samples, at least {least} are needed"
                yield NotApplicable(kind=kind, reason=reason)


def _notes(pair: DomainPair, names: tuple[str, str]) -> Iterator[str]:
    for name, part in zip(names, (pair.source, pair.target), strict=True):
        if MIN_TESTED <= len(part) < FEW:
            yield f"{name!r} has {len(part)} samples: only a large gap can be told from chance"
    copies = int(shared_rows(pair.source, pair.target).sum())
    if copies:
        yield (
            f"{copies:,} of {len(pair.target):,} samples of {names[1]!r} have exactly the "
            f"embedding of a sample of {names[0]!r}: the sets share data"
        )
    if not np.ptp(np.concatenate([pair.source, pair.target]), axis=0).any():
        yield "all embeddings are equal: there is nothing to tell the sets apart by"


def shared_rows(source: NDArray[np.float32], target: NDArray[np.float32]) -> NDArray[np.bool_]:
    """(m,) mask of the target's rows that are equal to a row of the source."""
    columns = min(COMPARED_COLUMNS, source.shape[1])
    random = np.random.default_rng(0).integers(1, 2**63, columns, dtype=np.uint64)
    keys = [
        (np.ascontiguousarray(part[:, :columns]).view(np.uint32).astype(np.uint64) * random).sum(
            axis=1
        )
        for part in (source, target)
    ]
    return np.isin(keys[1], keys[0])
