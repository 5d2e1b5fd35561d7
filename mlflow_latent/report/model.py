"""The documents that an analysis ends in: `Report` and what it is made of.

A bound that does not exist is null.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from pydantic import Field

from mlflow_latent.errors import InputError
from mlflow_latent.report.document import Document, Interval, Number, SampledDocument
from mlflow_latent.report.expectations.filters import needs_samples, parse_filter
from mlflow_latent.report.expectations.model import Expectation
from mlflow_latent.report.export import write_samples
from mlflow_latent.schema import Direction, DroppedRows

if TYPE_CHECKING:
    from pathlib import Path

REPORT_SCHEMA_VERSION = 1
REPORT_FILE, SAMPLES_FILE = "report.json", "samples.parquet"


Binning = Literal["quantile", "equal_width", "categorical"]
Verdict = Literal["overfitting", "small_gap", "no_gap", "reversed"]


class SeparatingField(Document):
    """A metadata field that separates an insight's samples from the rest.

    Attributes:
        name: the field, without `meta_`.
        direction: how the insight's samples differ.
        category: the value that is more or less frequent, for a categorical field.
        effect: probability of superiority rescaled to −1…1 (Cliff's delta) for numbers; difference
            of shares, −1…1, for a category.
        effect_name: what `effect` is.
        interval: its interval.
        q_value: Benjamini–Hochberg over the fields of this insight.
        inside: median (numbers) or share (category) among the insight's samples.
        outside: the same among the rest.
        similar_fields: fields that say nearly the same, shown as one fact with this one.
    """

    name: str
    direction: Literal["higher", "lower", "more_frequent", "less_frequent"]
    category: str | None = None
    effect: Number
    effect_name: str
    interval: Interval
    q_value: Number
    inside: Number
    outside: Number
    similar_fields: tuple[str, ...] = ()


class RelatedInsight(Document):
    """An insight of another kind that speaks of about the same samples; `shared` are in both."""

    kind: str
    title: str
    shared: int


class Insight(Document):
    """A statistically supported statement about a set of samples.

    Attributes:
        kind: what kind of statement, e.g. `low_performance`.
        title: one line, e.g. `Loss 3.1 × the rest of val in a region of 80 samples`.
        description: what was compared with what, in words.
        action: what follows from the evidence.
        region: id of the region, if it is one; `fine/3+fine/8` is several that are one together.
        split: the split it was tested on, if it was one.
        samples: (split, sample_id) of each sample; the key of a row is the pair.
        effect: effect size, named by `effect_name`.
        interval: its interval at the report's confidence.
        p_value: of the test.
        q_value: after Benjamini–Hochberg over all tests of this kind.
        severity: 0…1, for ranking.
        counts: samples by split.
        base_rates: what the numbers are compared with, e.g. `loss_rest_of_val`.
        metadata: fields that separate these samples, best first.
        children: overlapping insights that say less, merged into this one.
        related: insights of other kinds that speak of about the same samples.
        expectation: the test that guards against it; where its filter speaks of samples, these.
    """

    kind: str
    title: str
    description: str
    action: str
    region: str | None = None
    split: str | None = None
    samples: tuple[tuple[str, str], ...]
    effect: Number
    effect_name: str
    interval: Interval
    p_value: Number
    q_value: Number
    severity: Number
    counts: dict[str, int]
    base_rates: dict[str, Number]
    metadata: tuple[SeparatingField, ...] = ()
    children: tuple[Insight, ...] = ()
    related: tuple[RelatedInsight, ...] = ()
    expectation: Expectation | None = None

    @property
    def sample_ids(self) -> tuple[str, ...]:
        """The ids alone; the same id may be there from two splits."""
        return tuple(sample_id for _, sample_id in self.samples)

    @property
    def samples_by_split(self) -> dict[str, tuple[str, ...]]:
        """The ids by split, in their order."""
        splits = dict.fromkeys(split for split, _ in self.samples)
        return {name: tuple(i for split, i in self.samples if split == name) for name in splits}

    def guard(self) -> Expectation | None:
        """Return the proposed expectation as another run needs it: with these samples in it."""
        expectation = self.expectation
        if expectation is None or not needs_samples(parse_filter(expectation.filter)):
            return expectation
        return expectation.model_copy(update={"samples": self.samples_by_split})

    def export(self, path: str | Path, split: str | None = None) -> Path:
        """Write the samples for another program: a table or a plain list.

        Args:
            path: `….csv` for a table with a row per sample; `….json` for a list of ids that a
                loader takes, e.g. `set(json.load(file))`.
            split: only the samples of that split; a list needs it where there are several.

        Returns:
            `path`.

        Raises:
            InputError: another ending, a split without samples, or a list over several splits.
        """
        return write_samples(self.samples, path, split)


class NotApplicable(Document):
    """A kind of insight that could not be computed, and why."""

    kind: str
    reason: str


class SplitSummary(Document):
    """What a split holds: samples, labels, mean loss with interval, accuracy where it applies."""

    split: str
    n: int
    n_labelled: int
    mean_loss: Number | None = None
    mean_loss_interval: Interval = (None, None)
    accuracy: Number | None = None


class Generalization(Document):
    """The gap between two splits of the model as a whole, not of a region.

    Attributes:
        tested_split: on which performance is judged.
        reference_split: with which it is compared, usually train.
        verdict: `overfitting` where the tested split's mean loss is larger beyond luck and by
            enough to matter, `small_gap` where only beyond luck, `reversed` where it is smaller.
        text: the same in a sentence or two, with effect, interval and sizes.
        difference: mean loss of the tested split minus that of the reference split.
        difference_interval: its interval at the report's confidence.
        ratio: of the two means; null where a loss is negative.
        ratio_interval: its interval.
        counts: losses by split.
    """

    tested_split: str
    reference_split: str
    verdict: Verdict
    text: str
    difference: Number
    difference_interval: Interval
    ratio: Number | None
    ratio_interval: Interval
    counts: dict[str, int]


class Region(Document):
    """A set of samples near each other in the latent space.

    Attributes:
        id: level and number, e.g. `coarse/3`; the cluster column of `samples.parquet` of that level
            holds the number.
        level: `coarse` or `fine`.
        n: samples.
        counts: samples by split.
        mean_loss: by split, where there are labels.
        stability: mean Jaccard overlap with its best match under resampling, 0…1.
        typical: (split, sample_id) of the samples nearest to its center, nearest first.
        main_class: the most frequent class, for classification.
        main_class_share: its share of the region's labelled samples.
    """

    id: str
    level: Literal["coarse", "fine"]
    n: int
    counts: dict[str, int]
    mean_loss: dict[str, Number]
    stability: Number
    typical: tuple[tuple[str, str], ...]
    main_class: str | None = None
    main_class_share: Number | None = None


class CurveBin(Document):
    """One bin of a curve: its range or category, n, and the mean with interval (null if n < 2)."""

    label: str
    lower: Number | None = None
    upper: Number | None = None
    n: int
    mean: Number | None
    interval: Interval


class Curve(Document):
    """A measure (the loss, a metric) as a function of one metadata field, a series per split.

    `strength` is the share of the measure's rank variance that the bins explain on the tested
    split (eta squared on ranks, 0…1), for ordering curves; it is not a test.
    """

    field: str
    measure: str
    binning: Binning
    series: dict[str, tuple[CurveBin, ...]]
    strength: Number
    similar_fields: tuple[str, ...] = ()


class Report(SampledDocument):
    """What an analysis found, in one document.

    `metrics` are the per-sample metrics and which way each is better; `tests` counts the tests that
    each kind of insight made, `error_budget` is the share of reports
    that may hold any insight where there is nothing to find, over all kinds together.
    `samples` is the table beside it (`samples.parquet`): a row per sample with its captured values
    and `cluster_coarse`, `cluster_fine`, `projection_x`, `projection_y`, and derived fields;
    `pca_x`, `pca_y` where the projection is not these.
    """

    called: ClassVar[str] = "a report"
    file: ClassVar[str] = REPORT_FILE
    samples_file: ClassVar[str] = SAMPLES_FILE
    version: ClassVar[int] = REPORT_SCHEMA_VERSION

    schema_version: int = REPORT_SCHEMA_VERSION
    run_id: str | None = None
    epoch: int | None = None
    layer: str | None = None
    task: str
    class_names: tuple[str, ...] = ()
    metrics: dict[str, Direction] = Field(default_factory=dict)
    tested_split: str | None = None
    reference_split: str | None = None
    confidence: Number
    error_budget: Number
    parameters: dict[str, Any]
    splits: tuple[SplitSummary, ...]
    generalization: Generalization | None = None
    insights: tuple[Insight, ...]
    not_applicable: tuple[NotApplicable, ...]
    tests: dict[str, int] = Field(default_factory=dict)
    regions: tuple[Region, ...]
    curves: tuple[Curve, ...]
    dropped: tuple[DroppedRows, ...] = ()
    notes: tuple[str, ...] = ()

    def export(self, number: int, path: str | Path, split: str | None = None) -> Path:
        """Write the samples of one insight as `Insight.export` does, with what is known of them.

        Args:
            number: of the insight, from 1, as on the report's page.
            path: `….csv` or `….json`.
            split: only the samples of that split.

        Raises:
            InputError: as `Insight.export`, or there is no insight of that number.
        """
        if not 1 <= number <= len(self.insights):
            raise InputError(
                f"there is no insight {number}; the report has "
                + (f"1 to {len(self.insights)}" if self.insights else "none")
            )
        return write_samples(self.insights[number - 1].samples, path, split, self._samples)
