"""The documents about a domain gap: one source against a target, and several against one target.

A target is what the model will meet (unlabeled images of another camera); a source is what it
knows, or a candidate that might be trained on. Of every sample here: `belonging_source`, 0…1, how
much it looks like the source rather than the target; `reach`, its distance from the other set ÷
what is usual within that set, within reach up to 1.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from mlflow_latent.report.document import Document, Interval, Number, SampledDocument
from mlflow_latent.report.model import NotApplicable, SeparatingField

GAP_SCHEMA_VERSION = 1
GAP_FILE, GAP_SAMPLES_FILE = "gap.json", "samples.parquet"

Verdict = Literal["gap", "no_gap", "too_few"]
RegionVerdict = Literal["target_only", "more_target", "both", "more_source", "source_only"]


class GapOrigin(Document):
    """One of the two sets of samples.

    Attributes:
        name: what the rest of the document calls it.
        split: its split.
        run_id: the MLflow run it is of, if it is of one.
        run_name: that run's name.
        epoch: 0-based epoch of the embeddings.
        layer: whose output they are.
        n: samples.
    """

    name: str
    split: str
    run_id: str | None = None
    run_name: str | None = None
    epoch: int | None = None
    layer: str | None = None
    n: int


class GapTest(Document):
    """A test of "both sets are of one distribution".

    Attributes:
        name: `classifier` or `kernel`.
        statistic_name: what `statistic` is.
        statistic: cross-validated AUC, or squared maximum mean discrepancy.
        chance: mean of the statistic over permutations.
        chance_deviation: its standard deviation over permutations.
        p_value: share of the permutations that reach the statistic.
        permutations: how many were made; they stop early where many reach it.
        n_source: samples of the source that were drawn.
        n_target: samples of the target that were drawn.
    """

    name: str
    statistic_name: str
    statistic: Number
    chance: Number
    chance_deviation: Number
    p_value: Number
    permutations: int
    n_source: int
    n_target: int


class GapDistance(Document):
    """How far the sets are apart, in units of the target's spread; 0 on average if they are one.

    Attributes:
        name: `frechet` or `sliced_wasserstein`.
        value: the distance.
        interval: its interval.
        components: principal components that it was measured in.
        n_source: samples of the source that were drawn.
        n_target: samples of the target that were drawn.
    """

    name: str
    value: Number
    interval: Interval
    components: int
    n_source: int
    n_target: int


class Share(Document):
    """A share of n samples, with its interval; `expected` where both sets are one."""

    share: Number
    interval: Interval
    n: int
    expected: Number


class GapRegion(Document):
    """A place in the latent space, and how often each set visits it.

    Attributes:
        id: `gap/<number>`; the column `region` of the table holds the number.
        verdict: whose place it is; `both` where the shares do not differ for sure.
        n_source: samples of the source.
        n_target: samples of the target.
        share_source: of the source.
        share_target: of the target.
        odds_ratio: odds of the place in the target ÷ in the source.
        interval: its interval.
        q_value: Benjamini–Hochberg over all places and both directions.
        typical_source: ids of the source nearest to its middle.
        typical_target: ids of the target nearest to its middle.
    """

    id: str
    verdict: RegionVerdict
    n_source: int
    n_target: int
    share_source: Number
    share_target: Number
    odds_ratio: Number
    interval: Interval
    q_value: Number
    typical_source: tuple[str, ...] = ()
    typical_target: tuple[str, ...] = ()


class DomainGap(SampledDocument):
    """How a target differs from a source.

    Attributes:
        source: the one set.
        target: the other.
        verdict: `gap` where the sets differ at `error_rate`; `too_few` where nothing can be said.
        confidence: of all intervals.
        error_rate: how often two sets of one distribution may be called different.
        p_value: of the two tests together (Bonferroni).
        auc: of one sample of each, how often a classifier that has seen neither tells which is
            which; 0.5 by chance.
        auc_interval: its interval.
        tests: what they are made of.
        distances: Fréchet and sliced Wasserstein.
        target_out_of_reach: share of the target that is farther from the source than is usual
            within the source.
        source_out_of_reach: share of the source that is farther from the target than is usual
            within the target; the rest fits the target.
        regions: places of both, those of the target alone first.
        fields: metadata that differs, the largest effect first; `inside` is the target.
        not_applicable: what could not be measured, and why.
        notes: what else a reader should know.
        samples: the table beside it (`samples.parquet`): a row per sample of both, `origin` being
            `source` or `target`.
    """

    called: ClassVar[str] = "a domain gap"
    file: ClassVar[str] = GAP_FILE
    samples_file: ClassVar[str] = GAP_SAMPLES_FILE
    version: ClassVar[int] = GAP_SCHEMA_VERSION

    schema_version: int = GAP_SCHEMA_VERSION
    source: GapOrigin
    target: GapOrigin
    verdict: Verdict
    confidence: Number
    error_rate: Number
    p_value: Number | None = None
    auc: Number | None = None
    auc_interval: Interval = (None, None)
    tests: tuple[GapTest, ...] = ()
    distances: tuple[GapDistance, ...] = ()
    target_out_of_reach: Share | None = None
    source_out_of_reach: Share | None = None
    regions: tuple[GapRegion, ...] = ()
    fields: tuple[SeparatingField, ...] = ()
    not_applicable: tuple[NotApplicable, ...] = ()
    notes: tuple[str, ...] = ()

    def distance(self, name: str = "frechet") -> GapDistance | None:
        """Return a distance by its name; None if it was not measured."""
        return next((one for one in self.distances if one.name == name), None)
