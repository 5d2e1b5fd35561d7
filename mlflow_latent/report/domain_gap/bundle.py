"""Everything that a gap leaves: the document, its table, its figures and its page."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from mlflow_latent.report.domain_gap.model import DomainGap
    from mlflow_latent.report.domain_gap.trend import GapTrend


def write_gap(gap: DomainGap, folder: Path) -> None:
    """Write `gap.json` and `samples.parquet`."""
    gap.save(folder)


def write_trend(trend: GapTrend, folder: Path) -> None:
    """Write `trend.json` and `candidates.parquet`."""
    trend.save(folder)
