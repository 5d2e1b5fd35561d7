"""The document that a comparison of more than two runs ends in: a summary of every pair."""

from __future__ import annotations

from typing import Self

from pydantic import Field, PrivateAttr

from mlflow_latent.report.comparison.model import (
    COMPARISON_SCHEMA_VERSION,
    Change,
    ComparedRun,
    Comparison,
    RefusedMeasure,
)
from mlflow_latent.report.document import Document, Number

MATRIX_FILE = "matrix.json"


class PairSummary(Document):
    """Two of several runs: how many samples they share, and what changed overall."""

    a: str
    b: str
    shared: dict[str, int]
    changes: tuple[Change, ...]
    refused: tuple[RefusedMeasure, ...] = ()
    cka: Number | None = None
    neighbor_overlap: Number | None = None
    chance: Number | None = None
    insights: dict[str, int] = Field(default_factory=dict)
    reason: str | None = None


class ComparisonMatrix(Document):
    """More than two runs: a summary of every pair, and the comparisons they come from.

    A pair that cannot be compared at all has a `reason` and nothing else.
    """

    schema_version: int = COMPARISON_SCHEMA_VERSION
    runs: tuple[ComparedRun, ...]
    confidence: Number
    error_rate: Number
    pairs: tuple[PairSummary, ...]

    _comparisons: tuple[Comparison, ...] = PrivateAttr(default=())

    @property
    def comparisons(self) -> tuple[Comparison, ...]:
        """The whole comparison of every pair that could be compared, in the order of `pairs`."""
        return self._comparisons

    def with_comparisons(self, comparisons: tuple[Comparison, ...]) -> Self:
        """Return this matrix with the comparisons attached."""
        matrix = self.model_copy()
        matrix._comparisons = comparisons  # noqa: SLF001 - same class
        return matrix
