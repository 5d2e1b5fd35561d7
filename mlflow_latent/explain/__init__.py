"""What a model looks at: heat-maps by sample, layer and target, each with how far to believe it.

The maps are made by captum; this package knows torch, and nothing below it does.
"""

from __future__ import annotations

from mlflow_latent.explain.choice import Wanted, choose
from mlflow_latent.explain.explain import explain
from mlflow_latent.explain.options import ExplainOptions
from mlflow_latent.explain.regions import RegionProfile
from mlflow_latent.explain.subjects import Sample, Subject, subject_of
from mlflow_latent.explain.terms import Answers, Box, Question, Term
from mlflow_latent.report.heatmaps import Explained

__all__ = [
    "Answers",
    "Box",
    "ExplainOptions",
    "Explained",
    "Question",
    "RegionProfile",
    "Sample",
    "Subject",
    "Term",
    "Wanted",
    "choose",
    "explain",
    "subject_of",
]
