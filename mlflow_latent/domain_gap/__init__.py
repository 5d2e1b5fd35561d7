"""How a target differs from what the model knows, and which of several sets comes nearer to it."""

from __future__ import annotations

from mlflow_latent.domain_gap.gap import find_gap
from mlflow_latent.domain_gap.options import GapOptions
from mlflow_latent.domain_gap.origins import Origin
from mlflow_latent.domain_gap.trend import find_trend

__all__ = ["GapOptions", "Origin", "find_gap", "find_trend"]
