"""What every kind of insight is given, and how it says that it cannot be computed."""

from __future__ import annotations

import copy
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.arguments import require_between, require_whole
from mlflow_latent.errors import InputError
from mlflow_latent.evidence import q_values
from mlflow_latent.fields import Fields, collect_fields
from mlflow_latent.insights.explanation import Population
from mlflow_latent.insights.regions import FINE, Regions, find_unions
from mlflow_latent.schema import SPLIT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlflow_latent.measures import Measures
    from mlflow_latent.report.model import SeparatingField
    from mlflow_latent.snapshot import Snapshot


class NotApplicableError(Exception):
    """A kind of insight cannot be computed on this snapshot; the message says why."""


@dataclass(frozen=True)
class InsightOptions:
    """What it takes to be an insight.

    Attributes:
        confidence: of the intervals.
        error_budget: share of reports that may hold any insight where there is nothing to find;
            the finders that test share it (`register`).
        min_samples: samples that a region needs in each split that is compared.
        min_loss_ratio: mean loss of a region ÷ that of the rest from which it matters.
        min_odds_ratio: odds of a region in train ÷ in val (or the inverse), likewise.
        min_gap_excess: excess of a region's gap as a share of the mean val loss, likewise.
        min_field_effect: effect from which a metadata field is named as separating (−1…1).
        max_fields: fields named per insight.

    Raises:
        InputError: a choice is out of range.
    """

    confidence: float = 0.95
    error_budget: float = 0.05
    min_samples: int = 10
    min_loss_ratio: float = 1.25
    min_odds_ratio: float = 1.5
    min_gap_excess: float = 0.25
    min_field_effect: float = 0.2
    max_fields: int = 6

    def __post_init__(self) -> None:
        for name in ("confidence", "error_budget"):
            value = getattr(self, name)
            require_between(name, value, 0, 1)
            if value in (0, 1):
                raise InputError(f"{name} must be between 0 and 1, got {value!r}")
        for name, least in (("min_samples", 1), ("max_fields", 0)):
            require_whole(name, getattr(self, name))
            require_between(name, getattr(self, name), least)
        for name in ("min_loss_ratio", "min_odds_ratio"):
            require_between(name, getattr(self, name), 1)
        require_between("min_gap_excess", self.min_gap_excess, 0)
        require_between("min_field_effect", self.min_field_effect, -1, 1)


@dataclass(frozen=True, eq=False)
class Context:
    """What a kind of insight may look at.

    Attributes:
        measures: clusters, neighbors and the like, each computed when first asked for.
        options: what it takes to be an insight.
        tested: the split on which performance is judged (val).
        reference: the split it is compared with (train).
        alpha: the share of the error budget that one finder of a kind may spend.
        tests: how many tests each kind made.
        smallest: the smallest q-value of each correction that was made.
        notes: what the report should say although it is no insight.
    """

    measures: Measures
    options: InsightOptions
    tested: str | None
    reference: str | None
    alpha: float
    tests: Counter[str] = field(default_factory=Counter)
    smallest: list[float] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def q_values(self, kind: str, p_values: NDArray[np.floating]) -> NDArray[np.float64]:
        """Correct the p-values of all tests of a kind, and count them; NaN is "not tested"."""
        self.tests[kind] += int((~np.isnan(p_values)).sum())
        q = q_values(p_values)
        self.smallest.append(float(np.nanmin(q, initial=1.0)))
        return q

    def with_alpha(self, alpha: float) -> Context:
        """Return the same context for one finder: its part of the error budget, its own counts.

        Caches are shared.
        """
        _ = (
            self.fields,
            self._populations,
            self._keys,
        )  # what is computed here is not computed again there
        fresh = {"alpha": alpha, "tests": Counter(), "smallest": [], "notes": []}
        other = copy.copy(self)
        for name, value in fresh.items():
            object.__setattr__(other, name, value)
        return other

    @property
    def snapshot(self) -> Snapshot:
        """The rows that are analyzed."""
        return self.measures.snapshot

    @cached_property
    def fields(self) -> Fields:
        """The fields that can explain an insight."""
        return collect_fields(self.snapshot, self.measures.class_distance)

    @cached_property
    def _populations(self) -> dict[str | None, Population]:
        return {}

    def explain(
        self, inside: NDArray[np.bool_], split: str | None = None
    ) -> tuple[SeparatingField, ...]:
        """Name the metadata that separates `inside` from the rest of `split`, or of all."""
        if split not in self._populations:
            everyone = np.ones(len(self.snapshot), dtype=bool)
            rows = self.snapshot.rows(split) if split else everyone
            self._populations[split] = Population(rows, self.fields, self.options.confidence)
        return self._populations[split].separating_fields(
            inside, min_effect=self.options.min_field_effect, limit=self.options.max_fields
        )

    def collectable(self, metadata: tuple[SeparatingField, ...]) -> tuple[SeparatingField, ...]:
        """Return the fields by which a person can collect more such samples."""
        derived = {field.name for field in self.fields.usable if field.derived}
        return tuple(field for field in metadata if field.name not in derived)

    @cached_property
    def regions(self) -> Regions:
        """The clusters of all levels as one list of regions."""
        clusters = self.measures.clusters
        labels = {str(level): found.labels for level, found in clusters.items()}
        unions = find_unions(clusters[FINE].centers, labels) if FINE in clusters else None
        return Regions(labels, unions)

    def rows(self, split: str | None, purpose: str) -> NDArray[np.bool_]:
        """(N,) mask of a split.

        Raises:
            NotApplicableError: the snapshot does not have it.
        """
        if split is None:
            there = ", ".join(map(repr, self.snapshot.splits))
            raise NotApplicableError(f"no {purpose} split; captured: {there}")
        return self.snapshot.rows(split)

    @cached_property
    def loss(self) -> NDArray[np.float32]:
        """(N,) per-sample loss; 0 where there is none, so use it with `labelled`."""
        loss = self.snapshot.loss
        return np.zeros(len(self.snapshot), np.float32) if loss is None else np.nan_to_num(loss)

    def labelled(self, split: str | None, purpose: str) -> NDArray[np.bool_]:
        """(N,) mask of the rows of a split that have a loss.

        Raises:
            NotApplicableError: there is no such split, or it has fewer than `min_samples` losses.
        """
        rows = self.rows(split, purpose)
        loss = self.snapshot.loss
        if loss is None:
            raise NotApplicableError("no per-sample loss was captured")
        rows = rows & ~np.isnan(loss)
        if rows.sum() < self.options.min_samples:
            raise NotApplicableError(
                f"split {split!r} has {rows.sum()} samples with a loss, "
                f"at least {self.options.min_samples} are needed"
            )
        return rows

    def keys(self, members: NDArray[np.bool_]) -> tuple[tuple[str, str], ...]:
        """Return (split, sample_id) of each member."""
        split, sample_id = self._keys
        return tuple(zip(split[members].tolist(), sample_id[members].tolist(), strict=True))

    @cached_property
    def _keys(self) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
        return self.snapshot.split, self.snapshot.sample_id

    def counts(self, members: NDArray[np.bool_]) -> dict[str, int]:
        """Count the members by split; a split without any is there with 0."""
        found = self.snapshot.frame.loc[members, SPLIT].value_counts()
        return {split: int(found.get(split, 0)) for split in self.snapshot.splits}

    def several_regions(self) -> Regions:
        """Return the regions.

        Raises:
            NotApplicableError: there is only one, and nothing to compare it with.
        """
        if not len(self.regions):
            raise NotApplicableError(
                f"{len(self.snapshot)} samples form one region; there is nothing to compare it with"
            )
        return self.regions
