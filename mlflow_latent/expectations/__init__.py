"""Tests on slices: does a run meet what was expected of it, and how sure is that."""

from __future__ import annotations

from mlflow_latent.expectations.evaluate import Earlier, evaluate
from mlflow_latent.expectations.files import read_expectations, write_expectations
from mlflow_latent.expectations.population import Population
from mlflow_latent.expectations.proposals import proposals

__all__ = [
    "Earlier",
    "Population",
    "evaluate",
    "proposals",
    "read_expectations",
    "write_expectations",
]
