"""The document about several sets against one target: which comes nearer, and what of it fits."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Self

import pandas as pd
from pydantic import PrivateAttr

from mlflow_latent.errors import InputError, did_you_mean
from mlflow_latent.report.document import Document, Interval, Number, SampledDocument
from mlflow_latent.report.domain_gap.model import (
    DomainGap,
    GapDistance,
    GapOrigin,
    Share,
    Verdict,
)
from mlflow_latent.report.model import NotApplicable, SeparatingField
from mlflow_latent.schema import SAMPLE_ID, SPLIT

if TYPE_CHECKING:
    from collections.abc import Mapping

TREND_SCHEMA_VERSION = 1
TREND_FILE, FITTING_FILE = "trend.json", "candidates.parquet"
CANDIDATE, REACH, FITS = "candidate", "reach", "fits"

Range = tuple[float | None, float | None]


class TrendCandidate(Document):
    """A candidate set, measured in the same space as all others.

    Attributes:
        origin: what it is.
        rank: 1 is the nearest to the target.
        verdict: whether it still differs from the target.
        p_value: of that.
        auc: how well it is told from the target; 0.5 by chance.
        auc_interval: its interval.
        distances: from the target.
        fits: share of its samples within the target's own reach: what is worth keeping.
        n_fits: how many those are.
        target_out_of_reach: share of the target that this candidate does not reach.
        fields: metadata in which the target still differs from it, the largest effect first.
        not_applicable: what could not be measured, and why.
    """

    origin: GapOrigin
    rank: int
    verdict: Verdict
    p_value: Number | None = None
    auc: Number | None = None
    auc_interval: Interval = (None, None)
    distances: tuple[GapDistance, ...] = ()
    fits: Share | None = None
    n_fits: int | None = None
    target_out_of_reach: Share | None = None
    fields: tuple[SeparatingField, ...] = ()
    not_applicable: tuple[NotApplicable, ...] = ()

    def distance(self, name: str = "frechet") -> GapDistance | None:
        """Return a distance by its name; None if it was not measured."""
        return next((one for one in self.distances if one.name == name), None)


class TrendStep(Document):
    """Two candidates: how much nearer the one is.

    Attributes:
        distance: by which distance.
        nearer: name of the candidate that is nearer to the target.
        farther: name of the other.
        difference: of their distances from the target.
        interval: its interval; above 0 where the order is sure.
        sure: whether the interval excludes 0.
    """

    distance: str
    nearer: str
    farther: str
    difference: Number
    interval: Interval
    sure: bool


class GapTrend(SampledDocument):
    """Several candidate sets against one target.

    Attributes:
        target: what they should come near to.
        candidates: the nearest first, by Fréchet distance.
        steps: every pair of candidates, by every distance.
        confidence: of all intervals.
        error_rate: how often a set of the target's distribution may be called different.
        notes: what a reader should know.
        samples: the table beside it (`candidates.parquet`): a row per sample of each candidate
            with `candidate`, `split`, `sample_id`, `reach`, `fits` and its metadata.
        gaps: the whole document of each candidate, in the order of `candidates`.
    """

    called: ClassVar[str] = "a gap trend"
    file: ClassVar[str] = TREND_FILE
    samples_file: ClassVar[str] = FITTING_FILE
    version: ClassVar[int] = TREND_SCHEMA_VERSION

    schema_version: int = TREND_SCHEMA_VERSION
    target: GapOrigin
    candidates: tuple[TrendCandidate, ...]
    steps: tuple[TrendStep, ...]
    confidence: Number
    error_rate: Number
    notes: tuple[str, ...] = ()

    _gaps: tuple[DomainGap, ...] = PrivateAttr(default=())

    @property
    def gaps(self) -> tuple[DomainGap, ...]:
        """The whole document of each candidate; none where this was read from a file."""
        return self._gaps

    def with_details(self, samples: pd.DataFrame, gaps: tuple[DomainGap, ...] = ()) -> Self:
        """Return this document with its table and the gaps attached."""
        trend = self.with_samples(samples)
        trend._gaps = gaps  # noqa: SLF001 - same class
        return trend

    def candidate(self, name: str) -> TrendCandidate:
        """Return a candidate by its name.

        Raises:
            InputError: there is none of that name.
        """
        known = {one.origin.name: one for one in self.candidates}
        if name not in known:
            raise InputError(f"candidate {name!r} is not in this trend{did_you_mean(name, known)}")
        return known[name]

    def fitting(
        self,
        name: str,
        *,
        most_reach: float = 1.0,
        where: Mapping[str, Range] | None = None,
    ) -> list[str]:
        """Return the ids of a candidate's samples that fit the target, the best fitting first.

        Args:
            name: of the candidate.
            most_reach: farthest distance from the target, in units of what 95 % of the target's own
                samples keep; infinity takes all.
            where: ranges of number fields that samples must lie in, ends included; None is no end.

        Raises:
            InputError: no such candidate or field, or a field that is no number.
        """
        self.candidate(name)
        table = self.samples
        chosen = (table[CANDIDATE] == name) & (table[REACH] <= most_reach)
        for field, (low, high) in (where or {}).items():
            values = _numbers(table, field)
            chosen &= values.between(
                float("-inf") if low is None else low, float("inf") if high is None else high
            )
        found = table[chosen].sort_values([REACH, SPLIT, SAMPLE_ID], kind="stable")
        return [str(sample_id) for sample_id in found[SAMPLE_ID]]


def _numbers(table: pd.DataFrame, field: str) -> pd.Series[float]:
    fields = [str(name).removeprefix("meta_") for name in table if str(name).startswith("meta_")]
    if field not in fields:
        raise InputError(f"metadata field {field!r} is not there{did_you_mean(field, fields)}")
    column = table[f"meta_{field}"]
    if not pd.api.types.is_numeric_dtype(column):
        raise InputError(f"metadata field {field!r} is not a number; ranges need one")
    return column.astype("float64")
