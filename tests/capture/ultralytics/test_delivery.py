"""What a training's run gets, and what it does not."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING

import mlflow
import numpy as np
import pytest
from sklearn.cluster import KMeans

from mlflow_latent.capture.spool import Spool
from mlflow_latent.capture.ultralytics.delivery import (
    Delivery,
    Occasion,
    experiment_name,
    run_name,
)
from mlflow_latent.capture.ultralytics.guard import Guard, UltralyticsCaptureWarning
from mlflow_latent.tracking import start_run, without_autologging

if TYPE_CHECKING:
    from pathlib import Path

NOWHERE = "http://127.0.0.1:9"


def settings(tracking_uri: str | None = None, run_id: str | None = None) -> SimpleNamespace:
    return SimpleNamespace(spool=None, run_id=run_id, tracking_uri=tracking_uri, objects=False)


def write_epoch(spool: Spool, epoch: int) -> None:
    folder = spool.latent / f"captures/epoch={epoch:05}/split=val"
    folder.mkdir(parents=True)
    (folder / "rank0.parquet").write_text(str(epoch))


@pytest.mark.slow
@pytest.mark.usefixtures("tracking_uri")
def test_an_analysis_is_not_logged_as_somebody_s_model() -> None:
    mlflow.sklearn.autolog(log_models=False, log_datasets=False)
    try:
        with mlflow.start_run() as run:
            with without_autologging():
                KMeans(2, n_init=1).fit(np.arange(8.0).reshape(4, 2))
            assert not mlflow.get_run(run.info.run_id).data.params
            KMeans(2, n_init=1).fit(np.arange(8.0).reshape(4, 2))
            assert mlflow.get_run(run.info.run_id).data.params["n_clusters"] == "2"
    finally:
        mlflow.sklearn.autolog(disable=True)


def test_a_training_resumed_in_another_run_takes_its_captures_along(
    tmp_path: Path, tracking_uri: str
) -> None:
    earlier = Spool.create(tmp_path / ".mlflow_latent", run_id="earlier", tracking_uri=None)
    for epoch in range(3):
        write_epoch(earlier, epoch)
    run_id, uri = start_run("an experiment", "resumed", tracking_uri)
    occasion = Occasion(tmp_path, "an experiment", "resumed", resumed=True, first_epoch=2)
    delivery = Delivery.open(settings(uri, run_id), occasion, Guard(strict=True))
    found = sorted(path.name for path in (delivery.spool.latent / "captures").iterdir())
    assert delivery.spool.run_id == run_id
    assert found == ["epoch=00000", "epoch=00001"]  # the third one is trained again
    delivery.finish(analyze=False)
    artifacts = mlflow.MlflowClient(uri).list_artifacts(run_id, "latent/captures")
    assert [artifact.path[-11:] for artifact in artifacts] == found
    assert mlflow.get_run(run_id).info.status == "RUNNING"  # it is not ours to end


@pytest.mark.slow
def test_without_a_server_captures_stay_on_disk(tmp_path: Path) -> None:
    occasion = Occasion(tmp_path, "an experiment", "alone")
    with pytest.warns(UltralyticsCaptureWarning, match="stay on disk"):
        delivery = Delivery.open(settings(NOWHERE), occasion, Guard(strict=False))
    assert delivery.spool.folder == tmp_path / ".mlflow_latent/no-run"
    delivery.finish(analyze=False)


def test_names_are_those_that_ultralytics_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    assert experiment_name(SimpleNamespace(project=None)) == "/Shared/Ultralytics"
    assert experiment_name(SimpleNamespace(project="cars")) == "cars"
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "mine")
    monkeypatch.setenv("MLFLOW_RUN", "third")
    assert experiment_name(SimpleNamespace(project="cars")) == "mine"
    assert run_name("train") == "third"
