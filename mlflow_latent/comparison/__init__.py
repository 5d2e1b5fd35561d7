"""Two runs compared sample by sample: what got better, what got worse, where, and is it luck."""

from __future__ import annotations

from mlflow_latent.comparison.compare import ComparisonOptions, compare_sides
from mlflow_latent.comparison.matrix import compare_all
from mlflow_latent.comparison.side import Side, side_of_report, side_of_snapshot

__all__ = [
    "ComparisonOptions",
    "Side",
    "compare_all",
    "compare_sides",
    "side_of_report",
    "side_of_snapshot",
]
