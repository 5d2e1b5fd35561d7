from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mlflow_latent.insights.registry import insight_kinds
from mlflow_latent.report.model import NotApplicable
from mlflow_latent.tracking.metrics import report_metrics, slug

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow_latent.report.model import Insight, Report


def test_counts_losses_and_comparisons(
    make_insight: Callable[..., Insight], make_report: Callable[..., Report]
) -> None:
    report = make_report(make_insight(), make_insight(), make_insight("overfitting"))
    there = {kind.name for kind in insight_kinds()} - {one.kind for one in report.not_applicable}
    silent = {f"latent/insights_{name}": 0 for name in there}
    assert report_metrics(report) == silent | {
        "latent/insights_total": 3,
        "latent/insights_low_performance": 2,
        "latent/insights_overfitting": 1,
        "latent/samples_train": 100,
        "latent/mean_loss_train": 0.25,
        "latent/accuracy_train": 0.9,
        "latent/samples_val": 100,
        "latent/mean_loss_val": 0.5,
        "latent/accuracy_val": 0.9,
        "latent/generalization_gap": 0.25,
        # of the region with 40 samples; the one with 5 is too small to say anything
        "latent/worst_region_loss_ratio": 2.0,
    }


def test_leaves_out_what_is_not_known(make_report: Callable[..., Report]) -> None:
    report = make_report()
    unlabelled = report.splits[0].model_copy(update={"mean_loss": None, "accuracy": None})
    missing = [NotApplicable(kind=kind.name, reason="one split") for kind in insight_kinds()]
    metrics = report_metrics(
        report.model_copy(
            update={"splits": (unlabelled,), "regions": (), "not_applicable": tuple(missing)}
        )
    )
    assert metrics == {"latent/insights_total": 0, "latent/samples_train": 100}


@pytest.mark.parametrize(
    "name", ["../..", "a//b", "(x) @ y", "", "日本", "x" * 400, "a\nb", "val", "."]
)
def test_any_split_gets_a_name_that_mlflow_takes(name: str) -> None:
    from mlflow.utils.validation import _validate_metric_name

    _validate_metric_name(f"latent/mean_loss_{slug(name)}")
    assert len(f"latent/mean_loss_{slug(name)}") <= 250


def test_names_that_become_one_stay_two(make_report: Callable[..., Report]) -> None:
    metrics = report_metrics(make_report(splits=("a b", "a/b")))
    assert metrics["latent/mean_loss_a_b"] == 0.25
    assert metrics["latent/mean_loss_a_b_2"] == 0.5
