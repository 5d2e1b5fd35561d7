"""Which run a training's captures go to, and that they arrive."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import mlflow
import pytest
from pytorch_lightning.loggers import MLFlowLogger
from pytorch_lightning.loggers.logger import DummyLogger

from lightning_callbacks import LatentCapture, LatentCaptureWarning
from lightning_callbacks.runs import FILE_STORE_MEND, explain_file_store
from mlflow_latent.store import CaptureStore
from mlflow_latent.tracking import RunTracker

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import SimpleNamespace


def capture(**options: Any) -> LatentCapture:
    return LatentCapture(
        "backbone", **{"logits": "head", "analyze": False, "strict": True, **options}
    )


def arrived(run_id: str, tracking_uri: str) -> CaptureStore:
    return CaptureStore(RunTracker(run_id, tracking_uri).download_latent())


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MLFLOW_LATENT_CACHE", str(tmp_path / "cache"))
    return f"sqlite:///{tmp_path / 'mlflow.db'}"


def test_captures_arrive_in_the_loggers_run(
    tiny: SimpleNamespace, make_trainer: Callable[..., Any], database: str
) -> None:
    logger = MLFlowLogger("e", tracking_uri=database)
    loader = tiny.loader()
    make_trainer(capture(probes={"train": loader}), logger=logger).fit(
        tiny.Classifier(), loader, loader
    )
    assert logger.run_id is not None
    store = arrived(logger.run_id, database)
    assert store.epochs() == [0, 1]
    snapshot = store.snapshot()
    assert len(snapshot) == 80
    assert snapshot.info.run_id == logger.run_id


def test_captures_arrive_in_the_run_that_is_named(
    tiny: SimpleNamespace,
    make_trainer: Callable[..., Any],
    new_run: Callable[[str], str],
    database: str,
) -> None:
    run_id = new_run(database)
    loader = tiny.loader()
    make_trainer(capture(run_id=run_id, tracking_uri=database), max_epochs=1).fit(
        tiny.Classifier(), loader, loader
    )
    assert len(arrived(run_id, database).snapshot()) == 40


def test_captures_arrive_in_the_active_run(
    tiny: SimpleNamespace,
    make_trainer: Callable[..., Any],
    database: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", database)  # `set_tracking_uri` would outlast the test
    with mlflow.start_run() as run:
        loader = tiny.loader()
        make_trainer(capture(), max_epochs=1).fit(tiny.Classifier(), loader, loader)
    assert len(arrived(run.info.run_id, database).snapshot()) == 40


def test_without_a_run_it_is_said_once_where_the_captures_are(
    tiny: SimpleNamespace,
    make_trainer: Callable[..., Any],
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> None:
    loader = tiny.loader()
    make_trainer(capture(thumbnail=None)).fit(tiny.Classifier(), loader, loader)
    assert caplog.text.count("no MLflow run was found") == 1
    assert str(tmp_path / ".mlflow_latent" / "no-run") in caplog.text


def test_each_training_without_a_run_has_a_spool_of_its_own(
    tiny: SimpleNamespace, make_trainer: Callable[..., Any], tmp_path: Path
) -> None:
    loader, callback = tiny.loader(), capture()
    for _ in range(2):
        make_trainer(callback, max_epochs=1).fit(tiny.Classifier(), loader, loader)
    for name in ("no-run", "no-run-2"):
        assert CaptureStore(tmp_path / ".mlflow_latent" / name / "latent").epochs() == [0]


def test_refused_file_store_names_the_line_to_change(
    tiny: SimpleNamespace, make_trainer: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of an MLflow that refuses when a run is made, not when its client is."""
    monkeypatch.delenv("MLFLOW_ALLOW_FILE_STORE", raising=False)

    class MLFlowLogger(DummyLogger):
        @property
        def experiment(self) -> None:
            mlflow.MlflowClient("file:./mlruns")

    trainer, loader = make_trainer(capture(), logger=MLFlowLogger()), tiny.loader()
    with pytest.raises(mlflow.MlflowException, match="maintenance mode") as raised:
        trainer.fit(tiny.Classifier(), loader, loader)
    assert raised.value.__notes__ == [FILE_STORE_MEND]


def test_other_exceptions_are_left_alone() -> None:
    for error in (ValueError("MLFLOW_ALLOW_FILE_STORE"), mlflow.MlflowException("x")):
        explain_file_store(error)
        assert not hasattr(error, "__notes__")


def test_where_mlflow_does_not_answer_nothing_is_analyzed_and_the_way_on_is_named(
    tiny: SimpleNamespace, make_trainer: Callable[..., Any], tmp_path: Path
) -> None:
    nobody = "http://127.0.0.1:9"  # the discard port: nothing listens there
    loader = tiny.loader()
    callback = capture(
        run_id="r1", tracking_uri=nobody, spool=tmp_path / "spool", analyze=True, strict=False
    )
    with pytest.warns(LatentCaptureWarning) as warned:
        make_trainer(callback).fit(tiny.Classifier(), loader, loader)

    texts = [str(w.message) for w in warned if isinstance(w.message, LatentCaptureWarning)]
    said = next(text for text in texts if "not analyzed" in text)
    assert f"mlflow-latent sync {tmp_path / 'spool' / 'r1'} && mlflow-latent analyze r1" in said
    assert CaptureStore(tmp_path / "spool" / "r1" / "latent").epochs() == [0, 1]
