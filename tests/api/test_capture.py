"""A further split of a trained model, in a folder of captures: what fits, what is refused."""

from __future__ import annotations

import importlib
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset

import mlflow_latent as ml
from lightning_callbacks import LatentCapture
from mlflow_latent.errors import CaptureError, InputError, LayerNotFoundError, MissingCaptureError
from mlflow_latent.media import read_index
from mlflow_latent.store import CaptureStore

ROOT = Path(__file__).parents[2]
CLASSES, WIDTH = 3, 8


class Classifier(pl.LightningModule):
    def __init__(self, width: int = WIDTH, classes: int = CLASSES) -> None:
        super().__init__()
        self.backbone = nn.Sequential(nn.Conv2d(1, width, 3), nn.BatchNorm2d(width), nn.ReLU())
        self.head = nn.Linear(width, classes)

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.backbone(images).mean((2, 3)))

    def training_step(self, batch: Any, _number: int) -> Tensor:
        return cross_entropy(self(batch[0]), batch[1])

    def validation_step(self, batch: Any, _number: int) -> Any:
        logits = self(batch[0])
        loss = cross_entropy(logits, batch[1], reduction="none")
        self.log("val_loss", loss.mean())
        return {"loss": loss, "logits": logits, "output_doubt": -logits.amax(1)}

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.1)


class Predictor(Classifier):
    """Returns probabilities from `predict_step`."""

    def predict_step(self, batch: Any, _number: int) -> Tensor:
        return self(batch[0]).softmax(1)


def loader(rows: int, seed: int = 0) -> DataLoader[Any]:
    generator = torch.Generator().manual_seed(seed)
    target = torch.randint(0, CLASSES, (rows,), generator=generator)
    images = torch.randn(rows, 1, 6, 6, generator=generator) + target.view(-1, 1, 1, 1)
    return DataLoader(TensorDataset(images, target), batch_size=16)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Predictor, Path]:
    folder = tmp_path_factory.mktemp("training")
    pl.seed_everything(1, verbose=False)
    model = Predictor()
    trainer = pl.Trainer(
        callbacks=[LatentCapture("backbone", analyze=False, thumbnail_size=24, strict=True)],
        accelerator="cpu",
        max_epochs=2,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=folder,
    )
    trainer.fit(model, loader(64), loader(90, seed=1))
    return model, folder / ".mlflow_latent" / "no-run"


@pytest.fixture
def model(trained: tuple[Predictor, Path]) -> Predictor:
    return trained[0]


@pytest.fixture
def run(trained: tuple[Predictor, Path], tmp_path: Path) -> Path:
    return shutil.copytree(trained[1], tmp_path / "run")


def test_a_split_without_labels_stands_beside_the_others(model: Predictor, run: Path) -> None:
    before = {name: value.clone() for name, value in model.state_dict().items()}
    model.train()
    found = ml.capture(model, loader(40, seed=2), run_id=run, split="fisheye")
    assert (found.n, found.epoch, found.layers, found.notes) == (40, 1, ("backbone",), ())
    snapshot = CaptureStore(run / "latent").snapshot()
    rows = snapshot.rows("fisheye")
    assert snapshot.splits == ["val", "fisheye"]
    assert snapshot.frame.loc[rows, ["loss", "target"]].isna().all(axis=None)
    assert snapshot.frame.loc[rows, "prediction"].notna().all()
    assert snapshot.pred_probs is not None
    assert snapshot.pred_probs[rows].sum(1) == pytest.approx(1, abs=1e-4)
    assert snapshot.embedding.shape == (130, WIDTH)
    assert read_index(run / "latent/media/split=fisheye/index.json").tile_size == 24
    assert model.training
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name]), name


def test_the_same_images_give_the_same_rows_as_in_training(model: Predictor, run: Path) -> None:
    ml.capture(model, loader(90, seed=1), run_id=run, split="again", labelled=True)
    snapshot = CaptureStore(run / "latent").snapshot()
    first, again = snapshot.rows("val"), snapshot.rows("again")
    assert snapshot.embedding[again] == pytest.approx(snapshot.embedding[first], abs=1e-3)
    columns = ["loss", "target", "prediction", "output_doubt"]
    ours, theirs = (snapshot.frame.loc[rows, columns].to_numpy(float) for rows in (again, first))
    assert ours == pytest.approx(theirs, abs=1e-4)


def test_a_plain_torch_classifier_of_the_same_layers_will_do(model: Predictor, run: Path) -> None:
    class Plain(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.backbone, self.head = model.backbone, model.head

        def forward(self, images: Tensor) -> Tensor:
            return self.head(self.backbone(images).mean((2, 3)))

    found = ml.capture(Plain(), loader(30, seed=3), run_id=run, split="test", labelled=True)
    assert found.labelled
    snapshot = CaptureStore(run / "latent").snapshot()
    rows = snapshot.rows("test")
    assert snapshot.frame.loc[rows, "loss"].notna().all()
    assert snapshot.pred_probs is not None


def test_it_can_be_replaced_but_not_by_accident(model: Predictor, run: Path) -> None:
    ml.capture(model, loader(20), run_id=run, split="x")
    with pytest.raises(InputError, match=r"split 'x' was captured already, beside 'val', 'x'"):
        ml.capture(model, loader(30), run_id=run, split="x")
    assert ml.capture(model, loader(30), run_id=run, split="x", replace=True).n == 30
    assert CaptureStore(run / "latent").snapshot().rows("x").sum() == 30


@pytest.mark.parametrize(
    ("other", "error", "message"),
    [
        (Classifier(width=12), InputError, "has 12 numbers per sample, the run's captures have 8"),
        (Classifier(classes=5), InputError, "knows 5 classes, that of the run's captures 3"),
        (nn.Sequential(nn.Flatten()), LayerNotFoundError, "layer 'backbone' not found"),
        ("yolo.pt", InputError, "must be a LightningModule, a torch.nn.Module or an Ultralytics"),
    ],
)
def test_another_model_is_refused_and_nothing_is_left(
    run: Path, other: Any, error: type[Exception], message: str
) -> None:
    before = sorted(run.rglob("*"))
    with pytest.raises(error, match=message):
        ml.capture(other, loader(20), run_id=run, split="x")
    assert sorted(run.rglob("*")) == before


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"logts": "head"}, InputError, "takes no 'logts' for a Predictor; did you mean 'logits'"),
        (
            {"pool": "max"},
            InputError,
            "pool is 'max', but the run's captures were pooled by 'mean'",
        ),
        ({"split": ""}, InputError, "split needs a name"),
        ({"epoch": 7}, MissingCaptureError, "no embeddings of epoch 7"),
    ],
)
def test_bad_arguments_are_named(
    model: Predictor, run: Path, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        ml.capture(model, loader(20), run_id=run, **{"split": "x", **options})


def test_an_empty_loader_and_a_folder_without_captures(
    model: Predictor, run: Path, tmp_path: Path
) -> None:
    empty: DataLoader[Any] = DataLoader(TensorDataset(torch.zeros(0, 1, 6, 6)), batch_size=4)
    with pytest.raises(CaptureError, match="gave no samples"):
        ml.capture(model, empty, run_id=run, split="x")
    (tmp_path / "empty").mkdir()
    with pytest.raises(MissingCaptureError, match="no captured embeddings"):
        ml.capture(model, loader(4), run_id=tmp_path / "empty", split="x")


def test_a_target_without_probabilities_is_captured_and_said(run: Path) -> None:
    class Mute(Predictor):
        def predict_step(self, batch: Any, _number: int) -> dict[str, Tensor]:
            return {"prediction": self(batch[0]).argmax(1)}

    found = ml.capture(Mute(), loader(20), run_id=run, split="x")
    assert "split 'x' has none" in found.notes[0]


def test_the_code_of_the_docs_runs(
    model: Predictor, run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (ROOT / "docs" / "domain-gap.md").read_text()
    blocks = [
        block
        for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL)
        if "capture(model" in block or "label_next(" in block
    ]
    assert len(blocks) == 2
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {"ml": ml, "model": model, "loader": loader(40, seed=5), "run": run}
    for block in blocks:
        exec(compile(block, "domain-gap.md", "exec"), names)  # noqa: S102 - our own documentation
    assert len(names["wanted"].picks) > 10
    assert (tmp_path / "label_next.csv").exists()


def test_the_package_can_be_called_and_still_be_imported_from() -> None:
    package = importlib.import_module("mlflow_latent.capture")
    assert package is ml.capture
    assert callable(ml.capture)
    assert package.Recorder.__name__ == "Recorder"


def test_a_run_in_mlflow_gets_the_split(
    trained: tuple[Predictor, Path], mlflow_database: str, new_run: Any, tmp_path: Path
) -> None:
    from mlflow import MlflowClient

    from mlflow_latent.tracking import RunTracker

    model, captures = trained
    run_id = new_run(mlflow_database)
    MlflowClient(mlflow_database).log_artifacts(run_id, str(captures / "latent"), "latent")
    found = ml.capture(
        model, loader(70, seed=4), run_id=run_id, split="fisheye", tracking_uri=mlflow_database
    )
    assert found.run_id == run_id
    tracker = RunTracker(run_id, mlflow_database, cache=tmp_path / "cache")
    assert CaptureStore(tracker.download_latent()).snapshot().rows("fisheye").sum() == 70
    listed = ml.label_next(run_id, split="fisheye", n=5, tracking_uri=mlflow_database)
    assert len(listed.picks) == 5
    names = {
        file.path.rpartition("/")[2]
        for file in MlflowClient(mlflow_database).list_artifacts(
            run_id, "latent/label_next/split=fisheye"
        )
    }
    assert names == {"label_next.json", "label_next.csv"}
