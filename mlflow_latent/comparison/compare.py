"""`compare_sides`: two runs in, a `Comparison` out. No files, no MLflow, no torch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mlflow_latent.comparison import groups as grouping, latent
from mlflow_latent.comparison.comparable import find_measures
from mlflow_latent.comparison.insights import match_insights
from mlflow_latent.comparison.join import Joined, alone, join
from mlflow_latent.comparison.overlays import find_overlays
from mlflow_latent.comparison.paired import find_changes
from mlflow_latent.comparison.side import choose_tested
from mlflow_latent.errors import InputError, did_you_mean
from mlflow_latent.measures.options import MeasureOptions
from mlflow_latent.report.comparison.model import Comparison
from mlflow_latent.report.model import NotApplicable
from mlflow_latent.schema import KEY, TARGET

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from mlflow_latent.comparison.comparable import Paired
    from mlflow_latent.comparison.groups import Groups
    from mlflow_latent.comparison.side import Side
    from mlflow_latent.fields import Fields
    from mlflow_latent.report.comparison.model import (
        Change,
        Homogeneity,
        InsightChange,
        JointRegion,
        LatentAgreement,
    )


@dataclass(frozen=True)
class ComparisonOptions:
    """How to compare.

    Attributes:
        tested_split: the split that leads; default val, else test, else the first but train.
        measures: the names of those to compare; default all that mean the same in both runs.
        confidence: of the intervals.
        error_rate: q-values up to which a change is called one.
        latent: how the joint regions are found, and the seed.

    Raises:
        InputError: a share is not between 0 and 1.
    """

    tested_split: str | None = None
    measures: tuple[str, ...] | None = None
    confidence: float = 0.95
    error_rate: float = 0.05
    latent: MeasureOptions = field(default_factory=lambda: MeasureOptions(n_resamples=1))

    def __post_init__(self) -> None:
        for name in ("confidence", "error_rate"):
            if not 0 < getattr(self, name) < 1:
                raise InputError(f"{name} must be between 0 and 1, got {getattr(self, name)!r}")


@dataclass(eq=False)
class _Findings:
    """What grows while a comparison is made: groups, regions, and what could not be done."""

    groups: list[Groups]
    categories: list[Groups]
    fields: Fields
    notes: tuple[str, ...]
    spaces: latent.Spaces | None = None
    regions: tuple[NDArray[np.int32], NDArray[np.float32]] | None = None
    not_applicable: list[NotApplicable] = field(default_factory=list)

    def skip(self, kind: str, reason: str) -> None:
        self.not_applicable.append(NotApplicable(kind=kind, reason=reason))


def compare_sides(
    a: Side,
    b: Side,
    options: ComparisonOptions | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Comparison:
    """Compare two runs sample by sample.

    Args:
        a: the first run.
        b: the second run: every difference is b − a.
        options: how to compare; the defaults are good ones.
        progress: told what is being done, in a few words.

    Returns:
        The comparison with its table of samples. The same input gives the same bytes.

    Raises:
        InputError: no sample is shared, or a split or measure that the options name is not there.
    """
    options = options or ComparisonOptions()
    progress("join")
    joined = join(a, b)
    tested = _choose_split(joined, options)
    measures, refused = find_measures(joined, options.measures)
    progress("regions")
    findings = _group(joined, tested, options)
    progress("tests")
    changes = _changes(joined, measures, findings, options)
    progress("curves")
    confidence = options.confidence
    curves = find_overlays(joined, measures, findings.fields, tested=tested, confidence=confidence)
    if not measures:
        findings.skip("changes", "no measure means the same in both runs; see what was refused")
    insights = _insights(joined, findings, measures[0] if measures else None)
    progress("latent spaces")
    agreement = _agreement(joined, findings, options)
    classes_a, classes_b = a.info.class_names, b.info.class_names
    return Comparison(
        a=a.as_run("a", alone(a, joined.rows_a)),
        b=b.as_run("b", alone(b, joined.rows_b)),
        shared=joined.counts,
        tested_split=tested,
        confidence=confidence,
        error_rate=options.error_rate,
        random_state=options.latent.random_state,
        measures=tuple(paired.measure for paired in measures),
        refused=tuple(refused),
        classes_only_a=tuple(name for name in classes_a if name not in classes_b),
        classes_only_b=tuple(name for name in classes_b if name not in classes_a),
        changes=changes,
        curves=curves,
        insights=insights,
        agreement=agreement,
        homogeneity=_homogeneity(findings, options),
        regions=_described(joined, findings),
        not_applicable=tuple(findings.not_applicable),
        notes=(*_notes(joined), *a.notes, *b.notes, *findings.notes),
    ).with_samples(_table(joined, measures, findings))


def _group(joined: Joined, tested: str, options: ComparisonOptions) -> _Findings:
    """Group the shared samples in every way that they can be."""
    categories = list(grouping.by_category(joined))
    fields, notes = grouping.shared_fields(joined)
    findings = _Findings([grouping.overall(len(joined)), *categories], categories, fields, notes)
    if not categories:
        findings.skip("category", "neither run has targets for the shared samples")
    _add_regions(joined, findings, tested, options)
    findings.groups += grouping.by_metadata(fields)
    if not fields.usable:
        findings.skip("metadata", "the shared samples have no metadata that varies")
    return findings


def _changes(
    joined: Joined, measures: list[Paired], findings: _Findings, options: ComparisonOptions
) -> tuple[Change, ...]:
    families: dict[str, list[Groups]] = {}
    for groups in findings.groups:
        families.setdefault(groups.grouping, []).append(groups)
    return tuple(
        change
        for paired in measures
        for family in families.values()
        for split in joined.splits
        for change in find_changes(
            paired,
            family,
            split,
            joined.split == split,
            confidence=options.confidence,
            error_rate=options.error_rate,
        )
    )


def _agreement(
    joined: Joined, findings: _Findings, options: ComparisonOptions
) -> LatentAgreement | None:
    if findings.spaces is None:
        return None
    try:
        return latent.agreement(joined, findings.spaces, options.latent, options.confidence)
    except ValueError as error:
        findings.skip("agreement", str(error))
        return None


def _choose_split(joined: Joined, options: ComparisonOptions) -> str:
    if options.tested_split is None:
        return choose_tested(joined.splits)
    if options.tested_split not in joined.splits:
        known = did_you_mean(options.tested_split, joined.splits)
        raise InputError(f"split {options.tested_split!r} has no shared samples{known}")
    return options.tested_split


def _add_regions(
    joined: Joined, findings: _Findings, tested: str, options: ComparisonOptions
) -> None:
    try:
        findings.spaces = latent.reduced_spaces(joined, options.latent)
    except ValueError as error:
        findings.skip("region_joint", str(error))
        findings.skip("agreement", str(error))
    else:
        findings.regions = latent.joint_regions(joined, findings.spaces, tested, options.latent)
        findings.groups.append(grouping.by_number("region_joint", findings.regions[0], "joint"))
    of_runs = list(grouping.by_region(joined))
    findings.groups += of_runs
    for key, side in (("a", joined.a), ("b", joined.b)):
        if f"region_{key}" not in {groups.grouping for groups in of_runs}:
            findings.skip(f"region_{key}", f"{side.name} has no regions: analyze it first")


def _insights(
    joined: Joined, findings: _Findings, paired: Paired | None
) -> tuple[InsightChange, ...]:
    first, second = joined.a.report, joined.b.report
    if first is not None and second is not None:
        return match_insights(joined, first, second, paired)
    absent = [side.missing or side.name for side in (joined.a, joined.b) if side.report is None]
    findings.skip("insights", "; ".join(absent))
    return ()


def _homogeneity(findings: _Findings, options: ComparisonOptions) -> tuple[Homogeneity, ...]:
    of_runs = [g for g in findings.groups if g.grouping in ("region_a", "region_b")]
    if len(of_runs) < 2 or not findings.categories:  # noqa: PLR2004 - a pair
        why = "both runs need regions" if findings.categories else "there are no categories"
        findings.skip("homogeneity", why)
        return ()
    return tuple(latent.find_homogeneity(findings.categories, of_runs, options.latent.random_state))


def _described(joined: Joined, findings: _Findings) -> tuple[JointRegion, ...]:
    if findings.regions is None:
        return ()
    first = findings.categories[0] if findings.categories else None
    return tuple(latent.describe_regions(joined, *findings.regions, first))


def _notes(joined: Joined) -> Iterator[str]:
    """Yield what differs between the runs beside the model, and limits what follows from it."""
    a, b = joined.a, joined.b
    if a.epoch != b.epoch:
        yield f"captured at different epochs: {a.name} at {a.epoch}, {b.name} at {b.epoch}"
    if a.layer != b.layer:
        yield f"different layers: {a.layer} of {a.name}, {b.layer} of {b.name}"
    if not a.info.class_names and not b.info.class_names:
        yield "neither run names its classes: their label spaces are taken to be the same"
    elif not a.info.class_names or not b.info.class_names:
        nameless = b if a.info.class_names else a
        yield f"{nameless.name} names no classes: its label space is taken to be the other's"
    missing = int(sum(joined.counts.values()))
    for side, total in ((a, len(a.frame)), (b, len(b.frame))):
        if total > missing:
            yield f"{total - missing} of {total} samples of {side.name} are not in the other run"
    relabelled = _relabelled(joined)
    if relabelled:
        yield (
            f"{relabelled} shared samples have another target in {b.name} than in {a.name}: their "
            "losses are of different labels"
        )


def _relabelled(joined: Joined) -> int:
    first, second = joined.categories(0), joined.categories(1)
    if first is None or second is None:
        return 0
    if set(joined.a.info.class_names) != set(joined.b.info.class_names):
        return 0
    return int((first.notna() & second.notna() & (first != second)).sum())


def _table(joined: Joined, measures: list[Paired], findings: _Findings) -> pd.DataFrame:
    first, second = joined.frames
    columns: dict[str, Any] = {}
    for paired in measures:
        columns[f"{paired.measure.name}_a"] = paired.a.astype(np.float32)
        columns[f"{paired.measure.name}_b"] = paired.b.astype(np.float32)
    for key, frame in (("a", first), ("b", second)):
        if TARGET in frame:
            columns[f"{TARGET}_{key}"] = frame[TARGET]
    if findings.regions is not None:
        columns["region_joint"] = findings.regions[0]
    return pd.concat([first[KEY], pd.DataFrame(columns, index=first.index)], axis=1)
