"""Insights: statistically supported statements about sets of samples.

A new kind is one new module in `mlflow_latent.insights.kinds` and no other edit.
"""

from __future__ import annotations

from mlflow_latent.insights.base import Context, InsightOptions, NotApplicableError
from mlflow_latent.insights.finding import find_insights
from mlflow_latent.insights.registry import InsightKind, insight_kinds, register

__all__ = [
    "Context",
    "InsightKind",
    "InsightOptions",
    "NotApplicableError",
    "find_insights",
    "insight_kinds",
    "register",
]
