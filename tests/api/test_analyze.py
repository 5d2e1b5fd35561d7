"""The public functions, where other parts of MLflow are at work too."""

from __future__ import annotations

import mlflow
import pytest
from worlds import make_world

import mlflow_latent as ml


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")
def test_autologging_does_not_log_the_clusters_as_models(mlflow_database: str) -> None:
    mlflow.set_tracking_uri(mlflow_database)
    experiment = mlflow.set_experiment("autologging").experiment_id
    mlflow.sklearn.autolog(log_models=False, log_datasets=False, silent=True)
    try:
        ml.analyze(make_world(0).snapshot(), projection="none")
    finally:
        mlflow.sklearn.autolog(disable=True, silent=True)
    assert mlflow.search_runs([experiment], output_format="list") == []


@pytest.mark.parametrize("source", [None, 5, {"loss": [1]}])
def test_what_is_no_run_is_said_with_what_would_be_one(source: object) -> None:
    with pytest.raises(ml.LatentError, match=r"a run is named by its MLflow id.*from_arrays"):
        ml.analyze(source)  # type: ignore[arg-type]
