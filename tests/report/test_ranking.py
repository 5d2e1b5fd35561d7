from __future__ import annotations

from mlflow_latent.report.model import Curve, Report
from mlflow_latent.report.ranking import (
    DRAWN_CURVES,
    DRAWN_OTHERS,
    drawn_curves,
    ranked_curves,
    ranked_insights,
)


def curve(field: str, strength: float, measure: str = "loss", similar: tuple = ()) -> Curve:
    return Curve(
        field=field,
        measure=measure,
        binning="quantile",
        series={},
        strength=strength,
        similar_fields=similar,
    )


def test_insights_are_told_most_severe_first(digits: Report) -> None:
    upside_down = digits.model_copy(update={"insights": digits.insights[::-1]})
    severities = [insight.severity for insight in ranked_insights(upside_down)]
    assert severities == sorted(severities, reverse=True)
    assert len(severities) == 4


def test_the_ways_of_binning_one_field_are_told_together(digits: Report) -> None:
    assert [[c.binning for c in curves] for curves in ranked_curves(digits)] == [
        ["quantile", "equal_width"],
        ["categorical"],
    ]


def test_fields_that_say_the_same_are_told_once(digits: Report) -> None:
    curves = (
        curve("median", 0.2, similar=("mean",)),
        curve("mean", 0.3, similar=("median",)),
        curve("width", 0.1),
        curve("median", 0.25, "iou"),
    )
    report = digits.model_copy(update={"curves": curves})
    told = [(c[0].field, c[0].measure) for c in ranked_curves(report)]
    assert told == [("mean", "loss"), ("width", "loss"), ("median", "iou")]


def test_metrics_are_drawn_beside_many_curves_of_the_loss(digits: Report) -> None:
    many = [curve(f"field {n}", 0.5) for n in range(40)]
    metrics = [curve(f"field {n}", 0.1, "iou") for n in range(40)]
    drawn = drawn_curves(digits.model_copy(update={"curves": (*many, *metrics)}))
    assert len(drawn) == DRAWN_CURVES
    assert sum(c[0].measure == "iou" for c in drawn) == DRAWN_OTHERS
