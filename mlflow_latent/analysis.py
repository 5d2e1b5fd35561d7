"""`analyze`: a snapshot in, a report out. No files, no MLflow, no torch."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mlflow_latent.curves import find_curves
from mlflow_latent.errors import InputError, UnpredictableError, did_you_mean
from mlflow_latent.evidence import mean_interval, moments
from mlflow_latent.generalization import generalization
from mlflow_latent.hints import find_hints
from mlflow_latent.insights import InsightOptions, find_insights
from mlflow_latent.measures import MeasureOptions, Measures
from mlflow_latent.measures.class_codes import commonest
from mlflow_latent.report.model import Region, Report, SplitSummary
from mlflow_latent.schema import PREDICTION, SAMPLE_ID, SPLIT, TARGET

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from mlflow_latent.snapshot import Snapshot

TRAIN, VAL, TEST = "train", "val", "test"
DYNAMICS = ("area_under_margin", "forgetting_events")  # that the table of samples shows
MOST_SPLITS = 50  # every pair of them is searched for leaks
TYPICAL = 8  # samples that stand for a region


@dataclass(frozen=True)
class AnalysisOptions:
    """How to analyze.

    Attributes:
        tested_split: the split on which performance is judged; default val, else test, else the
            only one that has a loss.
        reference_split: the split that it is compared with; default train.
        measures: of clusters, neighbors and projection.
        insights: what it takes to be an insight.
    """

    tested_split: str | None = None
    reference_split: str | None = None
    measures: MeasureOptions = field(default_factory=MeasureOptions)
    insights: InsightOptions = field(default_factory=InsightOptions)


def analyze(
    snapshot: Snapshot,
    options: AnalysisOptions | None = None,
    *,
    run_id: str | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Report:
    """Find what is wrong with samples.

    Args:
        snapshot: one epoch's rows of all splits.
        options: how to analyze; the defaults are good ones.
        run_id: the run that the report will say it is of.
        progress: told what is being done, in a few words.

    Returns:
        The report with its table of samples. The same snapshot and options give the same bytes.

    Raises:
        InputError: a split that the options name is not there.
    """
    options = options or AnalysisOptions()
    tested, reference = _choose_splits(snapshot, options)
    hints = tuple(find_hints(snapshot, tested, reference))
    measures = Measures(snapshot, options.measures)
    measures.warm_up()
    progress("clusters")
    _ = measures.clusters
    progress("insights")
    findings = find_insights(measures, options.insights, tested=tested, reference=reference)
    progress("curves")
    fields = findings.fields
    confidence = options.insights.confidence
    curves = find_curves(snapshot, fields, tested=tested, confidence=confidence)
    progress("projection")
    table = _sample_table(measures).assign(**_predicted_columns(measures, tested))
    return Report(
        run_id=run_id,
        epoch=snapshot.epoch,
        layer=snapshot.layer,
        task=snapshot.info.task,
        class_names=snapshot.info.class_names,
        metrics=snapshot.info.metrics,
        tested_split=tested,
        reference_split=reference,
        confidence=confidence,
        error_budget=options.insights.error_budget,
        parameters=asdict(options.measures) | asdict(options.insights),
        splits=tuple(_summarize(snapshot, split, confidence) for split in snapshot.splits),
        generalization=generalization(
            snapshot,
            tested,
            reference,
            confidence=confidence,
            least=options.insights.min_gap_excess,
        ),
        insights=findings.insights,
        not_applicable=findings.not_applicable,
        tests=findings.tests,
        regions=tuple(_regions(measures)),
        curves=curves,
        dropped=snapshot.dropped,
        notes=(*snapshot.notes, *hints, *fields.skipped, *measures.notes, *findings.notes),
    ).with_samples(table)


def _choose_splits(snapshot: Snapshot, options: AnalysisOptions) -> tuple[str | None, str | None]:
    if len(snapshot.splits) > MOST_SPLITS:
        raise InputError(
            f"there are {len(snapshot.splits):,} splits in {len(snapshot):,} samples, e.g."
            f" {snapshot.splits[0]!r:.40}; a split is train, val or where data comes from, at most"
            f" {MOST_SPLITS}: give what is finer as a metadata field"
        )
    for name in (options.tested_split, options.reference_split):
        if name is not None and name not in snapshot.splits:
            raise InputError(
                f"split {name!r} was not captured{did_you_mean(name, snapshot.splits)}"
            )
    reference = options.reference_split or (TRAIN if TRAIN in snapshot.splits else None)
    if reference is not None and reference == options.tested_split == options.reference_split:
        raise InputError(
            f"tested_split and reference_split are both {reference!r}; name two splits"
            f"{did_you_mean(reference, set(snapshot.splits) - {reference})}"
        )
    if options.tested_split:
        return options.tested_split, None if options.tested_split == reference else reference
    named = [name for name in (VAL, TEST) if name in snapshot.splits]
    labelled = [name for name in snapshot.splits if name != reference and _has_loss(snapshot, name)]
    candidates = named or labelled
    return (candidates[0] if candidates else None), reference


def _has_loss(snapshot: Snapshot, split: str) -> bool:
    loss = snapshot.loss
    return loss is not None and bool(np.isfinite(loss[snapshot.rows(split)]).any())


def _summarize(snapshot: Snapshot, split: str, confidence: float) -> SplitSummary:
    rows = snapshot.rows(split)
    loss = snapshot.loss
    labelled = rows & np.isfinite(loss) if loss is not None else np.zeros_like(rows)
    if loss is None or not labelled.any():
        return SplitSummary(split=split, n=int(rows.sum()), n_labelled=0)
    values = loss[labelled]
    summary = moments(values, np.zeros(len(values), dtype=np.int64), 1)
    bounds = [float(end[0]) for end in mean_interval(summary, confidence)]
    return SplitSummary(
        split=split,
        n=int(rows.sum()),
        n_labelled=len(values),
        mean_loss=float(summary.mean[0]),
        mean_loss_interval=(bounds[0], bounds[1]) if np.isfinite(bounds).all() else (None, None),
        accuracy=_accuracy(snapshot, rows),
    )


def _accuracy(snapshot: Snapshot, rows: NDArray[np.bool_]) -> float | None:
    target, prediction = snapshot.codes(TARGET), snapshot.codes(PREDICTION)
    if target is None or prediction is None or snapshot.info.task != "classification":
        return None
    known = rows & (target >= 0) & (prediction >= 0)
    return float((target[known] == prediction[known]).mean()) if known.any() else None


def _regions(measures: Measures) -> Iterator[Region]:
    snapshot, reduced = measures.snapshot, measures.reduced
    for level, clusters in measures.clusters.items():
        distance = np.linalg.norm(reduced - clusters.centers[clusters.labels], axis=1)
        nearest_first = np.lexsort((distance, clusters.labels))
        starts = np.searchsorted(clusters.labels[nearest_first], np.arange(len(clusters.centers)))
        for number, start in enumerate(starts):
            members = clusters.labels == number
            typical = nearest_first[start : start + min(TYPICAL, int(members.sum()))]
            main, share = _main_class(snapshot, members)
            yield Region(
                id=f"{level}/{number}",
                level=level,
                n=int(members.sum()),
                counts={s: int((members & snapshot.rows(s)).sum()) for s in snapshot.splits},
                mean_loss=_mean_losses(snapshot, members),
                stability=float(clusters.stability[number]),
                typical=_keys(snapshot, typical),
                main_class=main,
                main_class_share=share,
            )


def _mean_losses(snapshot: Snapshot, members: NDArray[np.bool_]) -> dict[str, float]:
    loss = snapshot.loss
    if loss is None:
        return {}
    labelled = members & np.isfinite(loss)
    rows = {split: labelled & snapshot.rows(split) for split in snapshot.splits}
    return {s: float(loss[mask].mean(dtype=np.float64)) for s, mask in rows.items() if mask.any()}


def _main_class(snapshot: Snapshot, members: NDArray[np.bool_]) -> tuple[str | None, float | None]:
    target = snapshot.codes(TARGET)
    known = target[members & (target >= 0)] if target is not None else np.empty(0, np.int32)
    if not len(known):
        return None, None
    classes, shares = commonest(known)
    return snapshot.class_name(int(classes[0])), float(shares[0])


def _keys(snapshot: Snapshot, rows: NDArray[np.intp]) -> tuple[tuple[str, str], ...]:
    frame = snapshot.frame.iloc[rows]
    return tuple(zip(frame[SPLIT], frame[SAMPLE_ID], strict=True))


def _sample_table(measures: Measures) -> pd.DataFrame:
    """One row per sample: what was captured, and what was derived from it."""
    derived = {f"cluster_{level}": c.labels for level, c in measures.clusters.items()}
    table = measures.snapshot.frame.assign(**derived)
    if measures.class_distance is not None:
        table = table.join(measures.class_distance)
    group = measures.duplicates.group
    table["duplicate_group"] = pd.array(group, dtype="Int32")
    table.loc[group < 0, "duplicate_group"] = pd.NA
    table["outlier_score"] = measures.outliers.score
    table = table.assign(**_belonging(measures))
    table = table.assign(**_label_columns(measures))
    table["neighbors"] = list(measures.neighbors.indices)
    projection = measures.projection
    if projection is not None:
        table["projection_x"], table["projection_y"] = projection[:, 0], projection[:, 1]
    if measures.principal is not None:
        table["pca_x"], table["pca_y"] = measures.principal[:, 0], measures.principal[:, 1]
    return table


def _predicted_columns(measures: Measures, tested: str | None) -> dict[str, Any]:
    """What losses are predicted for the samples without labels; nothing if none can be."""
    try:
        found = measures.predicted_loss(tested)
    except UnpredictableError:  # the kind `predicted_loss` says why
        return {}
    if not found.is_useful:
        return {}
    outside = pd.array(found.outside, dtype="boolean")
    outside[~found.unlabelled] = pd.NA
    return {
        "predicted_loss": found.value,
        "predicted_loss_low": found.low,
        "predicted_loss_high": found.high,
        "predicted_loss_outside": outside,
    }


def _belonging(measures: Measures) -> dict[str, NDArray[np.float32]]:
    """How much every sample looks like a split of another origin, 0…1; see `domain_gap`."""
    columns = {}
    for (source, target), pair in measures.domains.items():
        looks = 1 - pair.separator.belonging(pair.place(measures.snapshot.embedding))
        for split, own in zip((source, target), pair.belonging, strict=True):
            looks[measures.snapshot.rows(split)] = 1 - own
        columns[f"belonging_{target}"] = looks
    return columns


def _label_columns(measures: Measures) -> dict[str, Any]:
    """How well each label is supported, and how it was learned."""
    columns: dict[str, Any] = {}
    quality, dynamics = measures.label_quality, measures.dynamics
    if quality is not None:
        snapshot, codes = measures.snapshot, quality.suggested
        names = {int(code): snapshot.class_name(int(code)) for code in np.unique(codes)}
        columns["label_quality"] = quality.quality
        columns["suggested_class"] = pd.array(
            [names[code] if code >= 0 else None for code in codes.tolist()], dtype="string"
        )
    if dynamics is not None:
        columns |= {name: dynamics[name] for name in DYNAMICS}
    return columns
