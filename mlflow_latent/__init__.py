"""See which samples a vision model fails on, and why, inside MLflow.

The public names, and nothing else. They are loaded when first used, so that importing this package
loads no torch, mlflow, umap or matplotlib.

```python
import mlflow_latent as ml

report = ml.analyze(run_id)
```
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mlflow_latent.analysis import AnalysisOptions
    from mlflow_latent.api.analyze import analyze
    from mlflow_latent.api.capture import capture
    from mlflow_latent.api.compare import compare
    from mlflow_latent.api.expectations import test
    from mlflow_latent.api.explain import explain
    from mlflow_latent.api.gap import gap, gap_trend
    from mlflow_latent.api.label_next import label_next
    from mlflow_latent.api.show_sample import show_sample
    from mlflow_latent.api.similar import similar
    from mlflow_latent.api.work_list import work_list
    from mlflow_latent.comparison import ComparisonOptions
    from mlflow_latent.domain_gap import GapOptions
    from mlflow_latent.errors import LatentError
    from mlflow_latent.explain import ExplainOptions
    from mlflow_latent.insights import InsightOptions
    from mlflow_latent.measures import MeasureOptions
    from mlflow_latent.report.acquisition.model import LabelList
    from mlflow_latent.report.comparison.matrix import ComparisonMatrix
    from mlflow_latent.report.comparison.model import Comparison
    from mlflow_latent.report.domain_gap.model import DomainGap
    from mlflow_latent.report.domain_gap.trend import GapTrend
    from mlflow_latent.report.expectations.model import Expectation, ExpectationResults
    from mlflow_latent.report.model import Insight, Report
    from mlflow_latent.snapshot import Snapshot

_HOME = {
    "AnalysisOptions": "mlflow_latent.analysis",
    "Comparison": "mlflow_latent.report.comparison.model",
    "ComparisonMatrix": "mlflow_latent.report.comparison.matrix",
    "ComparisonOptions": "mlflow_latent.comparison",
    "DomainGap": "mlflow_latent.report.domain_gap.model",
    "Expectation": "mlflow_latent.report.expectations.model",
    "ExpectationResults": "mlflow_latent.report.expectations.model",
    "ExplainOptions": "mlflow_latent.explain",
    "GapOptions": "mlflow_latent.domain_gap",
    "GapTrend": "mlflow_latent.report.domain_gap.trend",
    "Insight": "mlflow_latent.report.model",
    "InsightOptions": "mlflow_latent.insights",
    "LabelList": "mlflow_latent.report.acquisition.model",
    "LatentError": "mlflow_latent.errors",
    "MeasureOptions": "mlflow_latent.measures",
    "Report": "mlflow_latent.report.model",
    "Snapshot": "mlflow_latent.snapshot",
    "analyze": "mlflow_latent.api.analyze",
    "capture": "mlflow_latent.capture",  # the package, which can be called
    "compare": "mlflow_latent.api.compare",
    "explain": "mlflow_latent.explain",
    "gap": "mlflow_latent.api.gap",
    "gap_trend": "mlflow_latent.api.gap",
    "label_next": "mlflow_latent.api.label_next",
    "show_sample": "mlflow_latent.api.show_sample",
    "similar": "mlflow_latent.api.similar",
    "test": "mlflow_latent.api.expectations",
    "work_list": "mlflow_latent.api.work_list",
}

__all__ = [
    "AnalysisOptions",
    "Comparison",
    "ComparisonMatrix",
    "ComparisonOptions",
    "DomainGap",
    "Expectation",
    "ExpectationResults",
    "ExplainOptions",
    "GapOptions",
    "GapTrend",
    "Insight",
    "InsightOptions",
    "LabelList",
    "LatentError",
    "MeasureOptions",
    "Report",
    "Snapshot",
    "analyze",
    "capture",
    "compare",
    "explain",
    "gap",
    "gap_trend",
    "label_next",
    "show_sample",
    "similar",
    "test",
    "work_list",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
