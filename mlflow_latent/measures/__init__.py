"""Measures: what is derived from a snapshot, each computed once and only when asked for."""

from __future__ import annotations

from mlflow_latent.measures.clusters import Clusters
from mlflow_latent.measures.gaps import RegionGap
from mlflow_latent.measures.measures import Measures
from mlflow_latent.measures.neighbors import Neighbors
from mlflow_latent.measures.options import MeasureOptions

__all__ = ["Clusters", "MeasureOptions", "Measures", "Neighbors", "RegionGap"]
