"""How one sample of a latent space differs from another: tests, distances, belonging, reach."""

from __future__ import annotations

from mlflow_latent.measures.domain.coverage import RegionCounts, count_regions
from mlflow_latent.measures.domain.distances import DISTANCES, Distance, measure_distance
from mlflow_latent.measures.domain.pair import MIN_TESTED, DomainPair
from mlflow_latent.measures.domain.reach import Reach
from mlflow_latent.measures.domain.separator import Separator
from mlflow_latent.measures.domain.two_sample import TwoSampleTest, classifier_test, kernel_test

__all__ = [
    "DISTANCES",
    "MIN_TESTED",
    "Distance",
    "DomainPair",
    "Reach",
    "RegionCounts",
    "Separator",
    "TwoSampleTest",
    "classifier_test",
    "count_regions",
    "kernel_test",
    "measure_distance",
]
