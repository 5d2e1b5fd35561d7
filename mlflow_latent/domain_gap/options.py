"""What a user may choose about a gap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from mlflow_latent.errors import InputError, did_you_mean
from mlflow_latent.measures.domain.two_sample import PERMUTATIONS

GapProjection = Literal["pca", "umap", "tsne", "none"]


@dataclass(frozen=True)
class GapOptions:
    """How to measure a gap; every default is good from 30 to 1,000,000 samples.

    Attributes:
        confidence: of the intervals.
        error_rate: how often two sets of one distribution may be called different.
        permutations: of each test.
        n_components: principal components kept of the scaled embedding.
        min_field_effect: effect from which a metadata field is named (−1…1).
        max_fields: fields named.
        projection: how the samples are drawn; `pca` costs nothing and keeps distances.
        random_state: seed of all that is drawn: the same seed gives the same document.

    Raises:
        InputError: a choice is unknown or out of range.
    """

    confidence: float = 0.95
    error_rate: float = 0.01
    permutations: int = PERMUTATIONS
    n_components: int = 50
    min_field_effect: float = 0.1
    max_fields: int = 20
    projection: GapProjection = "pca"
    random_state: int = 0

    def __post_init__(self) -> None:
        for name in ("confidence", "error_rate"):
            value = getattr(self, name)
            if not 0 < value < 1:
                raise InputError(f"{name} must be between 0 and 1, got {value!r}")
        for name in ("permutations", "n_components", "max_fields"):
            value = getattr(self, name)
            if isinstance(value, bool) or value < 1:
                raise InputError(f"{name} must be at least 1, got {value!r}")
        known = get_args(GapProjection)
        if self.projection not in known:
            choice = self.projection
            raise InputError(f"projection {choice!r} is unknown{did_you_mean(choice, known)}")
