"""The order in which insights and curves are told: a number means the same on every figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlflow_latent.report.model import Curve, Insight, Report

REPRESENTATION = ("over_representation", "under_representation")
DRAWN_INSIGHTS = 24  # insights with a figure of their own
DRAWN_CURVES = 12  # fields with a figure of their own; the document has all


def ranked_insights(report: Report) -> list[Insight]:
    """Return the insights, the most severe first; among equals, in the report's order."""
    return sorted(report.insights, key=lambda insight: -insight.severity)


def ranked_curves(report: Report) -> list[list[Curve]]:
    """Return the curves of each field and measure together, the strongest field first."""
    fields: dict[tuple[str, str], list[Curve]] = {}
    for curve in report.curves:
        fields.setdefault((curve.field, curve.measure), []).append(curve)
    return sorted(fields.values(), key=lambda curves: -max(curve.strength for curve in curves))
