"""The document that a comparison of two runs ends in.

Every difference is b − a: what changed when run b took the place of run a.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from mlflow_latent.report.document import Document, Interval, Number, SampledDocument
from mlflow_latent.report.model import Binning, CurveBin, NotApplicable
from mlflow_latent.schema import Direction

COMPARISON_SCHEMA_VERSION = 1
COMPARISON_FILE, PAIRS_FILE = "comparison.json", "samples.parquet"

Grouping = Literal[
    "overall",
    "category",
    "category_a",
    "category_b",
    "supercategory",
    "region_joint",
    "region_a",
    "region_b",
    "metadata",
]
Verdict = Literal[
    "better", "worse", "mostly_better", "mostly_worse", "mixed", "undecided", "too_few"
]


class ComparedRun(Document):
    """One of the runs: what it is, and how many of its samples the other one lacks.

    Attributes:
        key: `a`, `b`, …: what the rest of the document calls it.
        name: the run's name; its key where it has none.
        run_id: its MLflow id, if it is a run.
        epoch: 0-based epoch of the samples that were compared.
        layer: the layer whose embedding was compared.
        task: what its model does.
        class_names: its label space.
        samples: samples by split.
        alone: samples by split that only this run has.
    """

    key: str
    name: str
    run_id: str | None = None
    epoch: int | None = None
    layer: str | None = None
    task: str
    class_names: tuple[str, ...] = ()
    samples: dict[str, int]
    alone: dict[str, int]


class ComparedMeasure(Document):
    """A measure that means the same in both runs, and in which direction it is better."""

    name: str
    direction: Direction


class RefusedMeasure(Document):
    """A measure that must not be compared, why, and what to use in its place."""

    name: str
    reason: str


class Change(Document):
    """What changed for one group of shared samples: paired differences b − a.

    Attributes:
        measure: `loss`, `loss_<part>`, `metric_<name>`, or `correct` (0 or 1).
        split: of the samples.
        grouping: how the samples were grouped; with `measure` and `split` it is the family of tests
            that `q_value` and `signed_rank_q_value` are corrected within.
        group: the category, the region, the bin; `all` for `overall`.
        field: the metadata field, for `metadata`.
        lower: lower end of the bin, for a number.
        upper: upper end of the bin, for a number.
        n: samples with the measure in both runs.
        mean_a: mean of the measure in run a.
        mean_b: mean of the measure in run b.
        difference: mean of b − a.
        interval: Student's t interval of it (null under two samples).
        p_value: paired t-test of a mean difference of 0, two-sided; null where it was not tested.
        q_value: Benjamini–Hochberg over the family.
        wins: samples on which b is better.
        losses: samples on which b is worse.
        ties: samples on which both are equal.
        signed_rank_p_value: Wilcoxon's signed-rank test, two-sided: whether most samples changed,
            whatever the few with a large difference did.
        signed_rank_q_value: Benjamini–Hochberg over the family.
        excess: how much more the group changed than the rest of its split, difference of the means
            of b − a; null where there is no rest.
        excess_interval: of it (Welch 1947).
        excess_q_value: of its two-sided test, Benjamini–Hochberg over the family: where the change
            is another than elsewhere.
        verdict: `better` or `worse` where the mean changed; `mostly_…` where only most samples did;
            `mixed` where the two tests point in opposite directions.
    """

    measure: str
    split: str
    grouping: Grouping
    group: str
    field: str | None = None
    lower: Number | None = None
    upper: Number | None = None
    n: int
    mean_a: Number
    mean_b: Number
    difference: Number
    interval: Interval
    p_value: Number | None
    q_value: Number | None
    wins: int
    losses: int
    ties: int
    signed_rank_p_value: Number | None
    signed_rank_q_value: Number | None
    excess: Number | None = None
    excess_interval: Interval = (None, None)
    excess_q_value: Number | None = None
    verdict: Verdict


class CurvePair(Document):
    """A measure against a metadata field in both runs, in the same bins of the same samples.

    `series` is by split, then by run (`a`, `b`). `strength` is the share (0…1) of the rank variance
    of the differences b − a that lies between the bins of the tested split: it orders the curves
    by where the runs differ, and is not a test.
    """

    field: str
    measure: str
    binning: Binning
    series: dict[str, dict[str, tuple[CurveBin, ...]]]
    strength: Number


class InsightMention(Document):
    """An insight of one run's report: its number there, from 1, and what it says."""

    number: int
    title: str
    region: str | None = None
    split: str | None = None
    effect: Number
    effect_name: str
    severity: Number


class InsightChange(Document):
    """An insight that appeared, was resolved, or persisted.

    Attributes:
        kind: of the insight.
        status: `resolved` is in a alone, `appeared` in b alone, `persisted` in both; `untested`
            where the other run could not look for this kind, or has none of the samples.
        reason: why, if untested.
        jaccard: overlap of the members of a pair, 0…1, among shared samples.
        n: shared samples that the insight, or either one of the pair, holds.
        a: the insight in run a.
        b: the insight in run b.
        measure: what `mean_a` and `mean_b` are of.
        mean_a: mean over those samples in run a; they were chosen for their values in a run, so
            that the other run's mean is nearer to the average by chance alone.
        mean_b: mean over those samples in run b.
    """

    kind: str
    status: Literal["appeared", "resolved", "persisted", "untested"]
    reason: str | None = None
    jaccard: Number | None = None
    n: int
    a: InsightMention | None = None
    b: InsightMention | None = None
    measure: str | None = None
    mean_a: Number | None = None
    mean_b: Number | None = None


class LatentAgreement(Document):
    """How alike the two latent spaces are on shared samples.

    Attributes:
        n: samples it was measured on.
        cka: linear CKA with the debiased estimator of HSIC: 1 is the same space up to rotation and
            scale, 0 (or slightly below) is none; null where an embedding does not vary.
        k: neighbors.
        neighbor_overlap: mean share of the k nearest samples that are the same in both.
        neighbor_overlap_interval: of that mean.
        chance: the overlap that unrelated spaces have.
    """

    n: int
    cka: Number | None
    k: int
    neighbor_overlap: Number
    neighbor_overlap_interval: Interval
    chance: Number


class Homogeneity(Document):
    """How far each run's clusters are of one category each, on shared samples.

    Homogeneity (Rosenberg & Hirschberg 2007) is 1 where every cluster is of one category. It grows
    with the number of clusters: compare it with its `chance`, the same with shuffled categories.
    """

    categories: Grouping
    n: int
    n_categories: int
    regions_a: int
    regions_b: int
    a: Number
    b: Number
    chance_a: Number
    chance_b: Number


class JointRegion(Document):
    """A region of the two latent spaces taken together."""

    id: str
    n: int
    counts: dict[str, int]
    typical: tuple[tuple[str, str], ...]
    main_category: str | None = None
    main_category_share: Number | None = None


class Comparison(SampledDocument):
    """What changed from run a to run b, sample by sample.

    Attributes:
        schema_version: of this document.
        a: the first run.
        b: the second run.
        shared: samples by split that both runs have; everything below is of these alone.
        tested_split: the split whose changes lead.
        confidence: of the intervals.
        error_rate: q-values up to which a change is called one.
        random_state: seed of the clusters and of the samples drawn.
        measures: compared, the leading one first.
        refused: not compared, with the reason.
        classes_only_a: categories of run a's label space that run b's lacks.
        classes_only_b: categories of run b's label space that run a's lacks.
        changes: paired differences by group.
        curves: both runs' curves, those that differ most first.
        insights: which insights appeared, were resolved, persisted.
        agreement: of the latent spaces.
        homogeneity: of the clusters with respect to categories.
        regions: of the joint latent space, the largest first.
        not_applicable: parts that could not be computed, and why.
        notes: what else a reader should know.

    `samples` is the table beside it (`samples.parquet`): a row per shared sample.
    """

    called: ClassVar[str] = "a comparison"
    file: ClassVar[str] = COMPARISON_FILE
    samples_file: ClassVar[str] = PAIRS_FILE
    version: ClassVar[int] = COMPARISON_SCHEMA_VERSION

    schema_version: int = COMPARISON_SCHEMA_VERSION
    a: ComparedRun
    b: ComparedRun
    shared: dict[str, int]
    tested_split: str
    confidence: Number
    error_rate: Number
    random_state: int
    measures: tuple[ComparedMeasure, ...]
    refused: tuple[RefusedMeasure, ...] = ()
    classes_only_a: tuple[str, ...] = ()
    classes_only_b: tuple[str, ...] = ()
    changes: tuple[Change, ...]
    curves: tuple[CurvePair, ...]
    insights: tuple[InsightChange, ...]
    agreement: LatentAgreement | None = None
    homogeneity: tuple[Homogeneity, ...] = ()
    regions: tuple[JointRegion, ...] = ()
    not_applicable: tuple[NotApplicable, ...] = ()
    notes: tuple[str, ...] = ()

    def overall(self, measure: str | None = None, split: str | None = None) -> Change | None:
        """Return the change of all shared samples of a split; None if it was not compared.

        Args:
            measure: default the leading one.
            split: default the tested one.
        """
        name = measure or (self.measures[0].name if self.measures else None)
        found = (
            change
            for change in self.changes
            if change.grouping == "overall"
            and change.measure == name
            and change.split == (split or self.tested_split)
        )
        return next(found, None)
