"""Heat-maps end to end: a training that makes them, and maps that are made later."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import mlflow.pytorch
import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from click.testing import CliRunner
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, Dataset

import mlflow_latent as ml
from lightning_callbacks import LatentCapture, LatentCaptureWarning
from lightning_callbacks.variants import repeated, row_of
from mlflow_latent.cli.main import main
from mlflow_latent.errors import InputError, TrackingError
from mlflow_latent.explain import choose
from mlflow_latent.heatmaps import Heatmaps, heatmaps_folder
from mlflow_latent.report.model import Report
from mlflow_latent.store import CaptureStore
from mlflow_latent.tracking import load_model

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SIDE, ROWS = 16, 120
FEW = ml.ExplainOptions(size=16, samples=6, each=1, tenths=19, seconds=60)
pytestmark = pytest.mark.slow


class Corners(Dataset[Any]):
    """Class 1 has a bright disc in a corner; where `gone` says so, a sample cannot be read."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.target = rng.integers(0, 2, ROWS)
        self.images = rng.random((ROWS, 1, SIDE, SIDE)).astype(np.float32) * 0.4
        self.images[self.target == 1, :, 9:15, 1:7] += 0.6
        self.gone: set[int] = set()

    def __len__(self) -> int:
        return ROWS

    def __getitem__(self, place: int) -> tuple[Tensor, int]:
        if place in self.gone:
            raise FileNotFoundError(f"{place}.png")
        return torch.from_numpy(self.images[place]), int(self.target[place])


class Net(pl.LightningModule):
    """Its step returns losses; an activation works in place."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = nn.Sequential(
            *(nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(inplace=True)),
            *(nn.MaxPool2d(2), nn.Conv2d(8, 8, 3, padding=1), nn.ReLU(inplace=True)),
        )
        self.head = nn.Sequential(nn.Dropout(0.2), nn.Flatten(), nn.Linear(8 * 64, 2))

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.backbone(images))

    def training_step(self, batch: Any, _: int) -> Tensor:
        return cross_entropy(self(batch[0]), batch[1])

    def validation_step(self, batch: Any, _: int) -> dict[str, Tensor]:
        return {"loss": cross_entropy(self(batch[0]), batch[1], reduction="none")}

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.Adam(self.parameters(), lr=5e-3)


def fit(folder: Path, **options: Any) -> SimpleNamespace:
    """Train, capture, analyze."""
    pl.seed_everything(0, verbose=False)
    train, val, net = Corners(0), Corners(1), Net()
    capture = LatentCapture(
        "backbone", logits="head", probes={"train": DataLoader(train, batch_size=60)}, **options
    )
    trainer = pl.Trainer(
        max_epochs=2,
        accelerator="cpu",
        logger=False,
        callbacks=[capture],
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=folder,
        log_every_n_steps=1,
    )
    trainer.fit(net, DataLoader(train, batch_size=20, shuffle=True), DataLoader(val, batch_size=60))
    root = folder / ".mlflow_latent" / "no-run" / "latent"
    loaders = {"train": DataLoader(train, batch_size=60), "val": DataLoader(val, batch_size=60)}
    return SimpleNamespace(net=net, latent=root, loaders=loaders, val=val)


@pytest.fixture(scope="module", autouse=True)
def _quick() -> Iterator[None]:
    """Without the projection that compiles for half a minute."""
    whole = ml.analyze
    ml.analyze = partial(whole, projection="pca")  # type: ignore[assignment]
    yield
    ml.analyze = whole


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    folder = tmp_path_factory.mktemp("fitted")
    result = fit(folder, heatmaps=FEW, strict=True)
    result.made = Heatmaps(heatmaps_folder(result.latent, 1)).everything()
    return result


def share_in_corner(values: np.ndarray) -> float:
    return float(values[8:, :8].sum() / values.sum())


def test_a_training_ends_with_maps_of_what_its_insights_name(fitted: SimpleNamespace) -> None:
    assert len({(one.split, one.sample_id) for one in fitted.made}) == FEW.samples
    assert {one.kind.what for one in fitted.made} == {"class", "loss", "region"}
    assert {one.kind.layer for one in fitted.made} == {"backbone.5", "backbone.2", None}


def test_the_maps_show_what_was_made_to_matter(fitted: SimpleNamespace) -> None:
    disc = [one for one in fitted.made if one.target == "class 1 (predicted)"]
    gradients = [share_in_corner(one.values) for one in disc if one.kind.method == "gradient"]
    assert np.mean(gradients) > 0.5  # a quarter would be chance


def test_maps_leave_the_training_as_it_was(fitted: SimpleNamespace, tmp_path: Path) -> None:
    other = fit(tmp_path, analyze=False)
    for with_maps, without in zip(
        fitted.net.state_dict().values(), other.net.state_dict().values(), strict=True
    ):
        assert torch.equal(with_maps, without)
    assert fitted.net.training == other.net.training
    assert not any(layer._forward_hooks for layer in fitted.net.modules())


def test_the_pages_hold_the_maps(fitted: SimpleNamespace) -> None:
    folder = fitted.latent / "analysis" / "epoch=00001"
    report = Report.load(folder)
    summary = (folder / "summary.html").read_text(encoding="utf-8")
    has_insights = any(
        key in {(one.split, one.sample_id) for one in fitted.made}
        for insight in report.insights
        for key in insight.samples
    )
    assert ("What the model looks at" in summary) is has_insights


def test_what_fails_is_a_warning_and_the_analysis_is_there(tmp_path: Path) -> None:
    with pytest.warns(LatentCaptureWarning, match="no heat-maps: LayerNotFoundError"):
        result = fit(tmp_path, heatmaps=replace(FEW, layers=("nowhere",)))
    assert Report.load(result.latent / "analysis" / "epoch=00001").splits


def test_later_maps_join_those_that_are_there(fitted: SimpleNamespace) -> None:
    here = {(one.split, one.sample_id) for one in fitted.made}
    key = next(("val", f"val-{n}") for n in range(ROWS) if ("val", f"val-{n}") not in here)
    made = ml.explain(fitted.latent, fitted.net, fitted.loaders, samples=[key], options=FEW)
    assert {(one.split, one.sample_id) for one in made.heatmaps} == {key}
    everything = Heatmaps(heatmaps_folder(fitted.latent, 1)).everything()
    assert {(one.split, one.sample_id) for one in everything} == here | {key}


def test_later_maps_are_those_of_the_training(fitted: SimpleNamespace) -> None:
    one = fitted.made[0]
    key = (one.split, one.sample_id)
    made = ml.explain(fitted.latent, fitted.net, fitted.loaders, samples=[key], options=FEW)
    np.testing.assert_allclose(made.heatmaps[0].values, one.values, atol=one.values.max() / 200)
    np.testing.assert_allclose(made.heatmaps[0].advantage, one.advantage, rtol=1e-3)


def test_a_sample_whose_file_is_gone_is_a_note(fitted: SimpleNamespace) -> None:
    fitted.val.gone = {5}
    keys = [("val", "val-5"), ("val", "val-6")]
    try:
        made = ml.explain(fitted.latent, fitted.net, fitted.loaders, samples=keys, options=FEW)
    finally:
        fitted.val.gone = set()
    assert {one.sample_id for one in made.heatmaps} == {"val-6"}
    assert "sample 'val-5' cannot be read: FileNotFoundError" in made.notes[0]


def test_bad_input_is_named(fitted: SimpleNamespace) -> None:
    explain = partial(ml.explain, fitted.latent, fitted.net)
    with pytest.raises(InputError, match="no split 'vla'; did you mean 'val'"):
        explain({"vla": fitted.loaders["val"]})
    with pytest.raises(InputError, match="no sample 'val-9999'"):
        explain(fitted.loaders, samples=[("val", "val-9999")])
    with pytest.raises(InputError, match="data has no split 'train'"):
        explain({"val": fitted.loaders["val"]}, samples=[("train", "train-1")])
    with pytest.raises(InputError, match="'runs:/<run>/model'"):
        ml.explain(fitted.latent, "model", fitted.loaders)
    with pytest.raises(InputError, match="holds no analysis"):
        ml.explain(fitted.latent, fitted.net, fitted.loaders, epoch=0)


def test_the_worst_and_the_typical_samples_are_chosen(fitted: SimpleNamespace) -> None:
    report = Report.load(fitted.latent / "analysis" / "epoch=00001")
    snapshot = CaptureStore(fitted.latent).snapshot()
    wanted = choose(report, snapshot, replace(FEW, samples=50, each=2))
    keys = [(one.split, one.sample_id) for one in wanted]
    assert len(set(keys)) == len(keys)
    losses = report.samples[report.samples["split"] == report.tested_split]
    worst = losses.sort_values("loss", ascending=False)["sample_id"].iloc[0]
    assert (report.tested_split, worst) in keys
    assert all(one.region is None for one in choose(report, None, FEW))


def test_the_command_explains_and_prints_json(
    fitted: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine.py").write_text(
        "import test_explaining_state as state\n"
        "def model(): return state.net\n"
        "def data(): return state.loaders\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setitem(sys.modules, "test_explaining_state", fitted)  # type: ignore[arg-type]
    arguments = ["explain", str(fitted.latent), "--model", "mine:model", "--data", "mine:data"]
    arguments += ["--sample", "val/val-7", "--layer", "backbone.0", "--json"]
    result = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert {one["layer"] for one in document["heatmaps"]} == {"backbone.0", None}
    for wrong, said in (
        (["--model", "mine:modle"], "did you mean 'model'"),
        (["--model", "nowhere:x"], "no module 'nowhere'"),
        (["--sample", "val"], "takes split/id"),
    ):
        refused = CliRunner().invoke(main, [*arguments, *wrong])
        assert refused.exit_code == 2
        assert said in refused.stderr


@pytest.mark.filterwarnings("ignore:.*type hint:UserWarning")  # MLflow's, of its own function
def test_a_logged_model_that_needs_more_than_is_here_says_what(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "their_models.py").write_text(
        "from torch import nn\nclass Theirs(nn.Module):\n    pass\n"
    )
    with monkeypatch.context() as patch:
        patch.setattr(sys, "path", [str(tmp_path), *sys.path])
        theirs = __import__("their_models").Theirs()
        model = tmp_path / "model"
        mlflow.pytorch.save_model(theirs, model, pip_requirements=[], serialization_format="pickle")
        sys.modules.pop("their_models")
    with pytest.raises(TrackingError, match="needs the module 'their_models'"):
        load_model(model.as_uri())
    with pytest.raises(TrackingError, match="cannot be loaded"):
        load_model((tmp_path / "nothing").as_uri())


def test_a_batch_of_one_is_repeated_for_its_variants() -> None:
    images = torch.arange(3.0).reshape(3, 1, 1, 1)
    batch = {"image": images, "more": [torch.tensor([7, 8, 9]), ["a", "b", "c"]], "scale": 2}
    one = row_of(batch, 1, 3)
    assert one["image"].tolist() == [[[[1.0]]]]
    assert (one["more"][0].tolist(), one["more"][1], one["scale"]) == ([8], ["b"], 2)
    variants = torch.zeros(4, 1, 1, 1)
    four = repeated(one, one["image"], variants)
    assert four["image"] is variants
    assert (four["more"][0].tolist(), four["more"][1]) == ([8] * 4, ["b"] * 4)
