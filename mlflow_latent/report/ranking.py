"""The order in which insights and curves are told: a number means the same on every figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_latent.schema import LOSS

if TYPE_CHECKING:
    from mlflow_latent.report.model import Curve, Insight, Report

REPRESENTATION = ("over_representation", "under_representation")
COPIES = ("near_duplicate", "leakage")
DRAWN_INSIGHTS = 24  # insights with a figure of their own
DRAWN_CURVES = 12  # fields with a figure of their own; the document has all
DRAWN_OTHERS = 4  # of those, for measures other than the loss


def ranked_insights(report: Report) -> list[Insight]:
    """Return the insights, the most severe first; among equals, in the report's order."""
    return sorted(report.insights, key=lambda insight: -insight.severity)


def ranked_curves(report: Report) -> list[list[Curve]]:
    """Return the curves of each field and measure together: of the loss first, strongest first.

    A field that says nearly the same as a stronger one is left to that one's figure, which names
    it.
    """
    fields: dict[tuple[str, str], list[Curve]] = {}
    for curve in report.curves:
        fields.setdefault((curve.measure, curve.field), []).append(curve)
    ordered = sorted(
        fields.values(), key=lambda curves: (curves[0].measure != LOSS, -_most(curves))
    )
    told: set[tuple[str, str]] = set()
    kept = []
    for curves in ordered:
        first = curves[0]
        if (first.measure, first.field) not in told:
            kept.append(curves)
            told |= {(first.measure, name) for name in first.similar_fields}
    return kept


def drawn_curves(report: Report) -> list[list[Curve]]:
    """Return those that get a figure: the strongest, some of them of other measures than loss."""
    ranked = ranked_curves(report)
    of_loss = [curves for curves in ranked if curves[0].measure == LOSS]
    of_others = ranked[len(of_loss) :]
    others = min(len(of_others), max(DRAWN_OTHERS, DRAWN_CURVES - len(of_loss)))
    strongest = sorted(of_others, key=lambda curves: -_most(curves))[:others]
    return of_loss[: DRAWN_CURVES - others] + strongest


def _most(curves: list[Curve]) -> float:
    return max(curve.strength for curve in curves)
