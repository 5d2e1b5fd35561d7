from __future__ import annotations

import importlib
import re
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import EarlyStopping, ModelCheckpoint
from torch.nn.functional import cross_entropy

from lightning_callbacks import LatentCapture, LatentCaptureWarning
from mlflow_latent.errors import CaptureError, InputError, LayerNotFoundError
from mlflow_latent.schema import SAMPLE_ID, SPLIT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import SimpleNamespace

    from mlflow_latent.store import CaptureStore


def capture(layer: Any = "backbone", **options: Any) -> LatentCapture:
    return LatentCapture(layer, **{"logits": "head", "analyze": False, "strict": True, **options})


def of_split(snapshot: Any, split: str = "val") -> pd.DataFrame:
    return snapshot.frame[snapshot.frame[SPLIT] == split].set_index(SAMPLE_ID)


@pytest.mark.parametrize("package", ["pytorch_lightning", "lightning.pytorch"])
def test_plain_classifier_is_captured_with_its_true_values(
    tiny: SimpleNamespace, make_trainer: Callable[..., Any], captures: CaptureStore, package: str
) -> None:
    framework = importlib.import_module(package)

    class Model(framework.LightningModule):
        __init__ = tiny.Classifier.__init__
        forward = tiny.Classifier.forward
        training_step = tiny.Classifier.training_step
        validation_step = tiny.Classifier.validation_step
        configure_optimizers = tiny.Classifier.configure_optimizers

    Model.__init__ = lambda self: _init_like(tiny.Classifier, self, framework)
    model, loader = Model(), tiny.loader()
    make_trainer(capture(), package=framework).fit(model, loader, loader)

    snapshot = captures.snapshot()
    rows = of_split(snapshot)
    images, target = tiny.data(40).tensors
    model.eval()
    with torch.no_grad():
        maps = model.backbone(images)
        logits = model(images)
    assert snapshot.epoch == 1
    assert list(rows.index) == [f"val-{place}" for place in range(40)]
    assert rows["target"].tolist() == target.tolist()
    assert rows["prediction"].tolist() == logits.argmax(1).tolist()
    loss = cross_entropy(logits, target, reduction="none")
    np.testing.assert_allclose(rows["loss"], loss, rtol=1e-4)
    np.testing.assert_allclose(snapshot.embedding, maps.mean((2, 3)), atol=2e-3)
    np.testing.assert_allclose(snapshot.pred_probs, logits.softmax(1), rtol=1e-4)


def _init_like(original: Any, self: Any, framework: Any) -> None:
    framework.LightningModule.__init__(self)
    for name, layer in original().named_children():
        self.add_module(name, layer)


def test_step_that_returns_losses_and_more_is_captured(
    tiny: SimpleNamespace, make_trainer: Callable[..., Any], captures: CaptureStore
) -> None:
    loader = tiny.loader()
    make_trainer(capture(logits=None, metrics={"confidence": "higher"})).fit(
        tiny.PerSample(), loader, loader
    )
    rows = of_split(captures.snapshot())
    np.testing.assert_allclose(rows["loss_half"] * 2, rows["loss"], rtol=1e-6)
    brightness = tiny.data(40).tensors[0].mean((1, 2, 3))
    np.testing.assert_allclose(rows["meta_brightness"], brightness, rtol=1e-5)
    assert captures.snapshot().info.metrics == {"confidence": "higher"}


def test_several_layers_and_pools(
    tiny: SimpleNamespace, make_trainer: Callable[..., Any], captures: CaptureStore
) -> None:
    loader = tiny.loader()
    callback = capture(["backbone", "backbone.0"], pool="max", embedding_dtype="float32")
    make_trainer(callback, max_epochs=1).fit(tiny.Classifier(), loader, loader)
    assert captures.layers() == ["backbone", "backbone.0"]
    assert captures.snapshot(layer="backbone.0").embedding.shape == (40, 8)
    assert (captures.snapshot(layer="backbone").embedding >= 0).all()  # after the ReLU


def test_several_validation_loaders_are_splits(
    tiny: SimpleNamespace, make_trainer: Callable[..., Any], captures: CaptureStore
) -> None:
    loaders = [tiny.loader(20), tiny.loader(24, seed=1)]
    make_trainer(capture(logits=None, splits=["val", "night"])).fit(
        tiny.PerSample(), tiny.loader(), loaders
    )
    assert captures.snapshot().frame[SPLIT].value_counts().to_dict() == {"val": 20, "night": 24}


def test_keeps_embeddings_of_the_last_and_best_epoch_and_losses_of_all(
    tiny: SimpleNamespace, make_trainer: Callable[..., Any], captures: CaptureStore
) -> None:
    class Scripted(tiny.Classifier):
        def on_validation_epoch_end(self) -> None:
            self.log("score", [0.1, 0.9, 0.3, 0.2][self.trainer.current_epoch])

    loader = tiny.loader()
    callback = capture(monitor="score", mode="max")
    make_trainer(callback, max_epochs=4, num_sanity_val_steps=0).fit(Scripted(), loader, loader)
    assert captures.epochs() == [0, 1, 2, 3]
    assert captures.embedding_epochs() == [1, 3]
    assert captures.history().groupby("epoch")["loss"].count().tolist() == [40] * 4


def test_monitored_metric_is_taken_from_the_checkpoints(
    tiny: SimpleNamespace, make_trainer: Callable[..., Any], tmp_path: Path
) -> None:
    callback = capture()
    checkpoints = ModelCheckpoint(tmp_path / "checkpoints", monitor="val_loss")
    loader = tiny.loader()
    make_trainer(callback, checkpoints, enable_checkpointing=True).fit(
        tiny.Classifier(), loader, loader
    )
    assert callback.state_dict()["best_value"] == pytest.approx(float(checkpoints.best_model_score))


def test_unknown_metric_is_a_warning(
    tiny: SimpleNamespace, make_trainer: Callable[..., Any], captures: CaptureStore
) -> None:
    loader = tiny.loader()
    with pytest.warns(LatentCaptureWarning, match="did you mean 'val_loss'"):
        make_trainer(capture(monitor="val_los")).fit(tiny.Classifier(), loader, loader)
    assert captures.embedding_epochs() == [1]


def test_every_n_epochs_and_always_the_last(
    tiny: SimpleNamespace, make_trainer: Callable[..., Any], captures: CaptureStore
) -> None:
    loader = tiny.loader()
    make_trainer(capture(every_n_epochs=3, keep_embeddings="all"), max_epochs=5).fit(
        tiny.Classifier(), loader, loader
    )
    assert captures.embedding_epochs() == [2, 4]


def test_epoch_that_early_stopping_ends_at_is_captured(
    tiny: SimpleNamespace, make_trainer: Callable[..., Any], captures: CaptureStore
) -> None:
    loader = tiny.loader()
    model = tiny.Classifier()
    stopping = EarlyStopping("val_loss", patience=1, min_delta=100)
    make_trainer(capture(every_n_epochs=10), stopping, max_epochs=9).fit(model, loader, loader)
    snapshot = captures.snapshot()
    model.eval()
    images, target = tiny.data(40).tensors
    loss = cross_entropy(model(images), target, reduction="none").detach()
    assert captures.epochs() == [1]
    np.testing.assert_allclose(of_split(snapshot)["loss"], loss, rtol=1e-4)


def test_validation_in_mid_epoch_overwrites(
    tiny: SimpleNamespace, make_trainer: Callable[..., Any], captures: CaptureStore
) -> None:
    loader = tiny.loader()
    make_trainer(capture(), val_check_interval=1).fit(tiny.Classifier(), loader, loader)
    assert captures.epochs() == [0, 1]
    assert len(captures.snapshot()) == 40


@pytest.mark.filterwarnings("ignore:You defined a `validation_step` but")
def test_without_validation_probes_are_captured(
    tiny: SimpleNamespace, make_trainer: Callable[..., Any], captures: CaptureStore
) -> None:
    make_trainer(capture(probes={"train": tiny.loader()})).fit(tiny.Classifier(), tiny.loader())
    assert captures.epochs() == [0, 1]
    assert captures.snapshot().splits == ["train"]


def test_unlabeled_probe_has_no_loss(
    tiny: SimpleNamespace, make_trainer: Callable[..., Any], captures: CaptureStore
) -> None:
    images = torch.utils.data.TensorDataset(tiny.data(12).tensors[0])
    probe = torch.utils.data.DataLoader(images, batch_size=5)
    make_trainer(capture(probes={"unlabeled": probe})).fit(
        tiny.Classifier(), tiny.loader(), tiny.loader()
    )
    rows = of_split(captures.snapshot(), "unlabeled")
    assert len(rows) == 12
    assert rows["loss"].isna().all()
    assert rows["target"].isna().all()
    assert rows["prediction"].notna().all()


@pytest.mark.parametrize(
    "options", [{"accumulate_grad_batches": 2}, {"precision": "bf16-mixed"}, {"max_steps": 4}]
)
def test_trainer_options(
    tiny: SimpleNamespace,
    make_trainer: Callable[..., Any],
    captures: CaptureStore,
    options: dict[str, Any],
) -> None:
    loader = tiny.loader()
    make_trainer(capture(), **options).fit(tiny.Classifier(), loader, loader)
    snapshot = captures.snapshot()
    assert snapshot.epoch == 1
    assert len(snapshot) == 40
    assert np.isfinite(snapshot.embedding).all()


def test_fast_dev_run_and_sanity_check_capture_nothing(
    tiny: SimpleNamespace, make_trainer: Callable[..., Any], tmp_path: Path
) -> None:
    loader = tiny.loader()
    make_trainer(capture(), fast_dev_run=True).fit(tiny.Classifier(), loader, loader)
    assert not (tmp_path / ".mlflow_latent").exists()


def test_resumed_training_goes_on_in_the_same_spool(
    tiny: SimpleNamespace, make_trainer: Callable[..., Any], captures: CaptureStore, tmp_path: Path
) -> None:
    loader = tiny.loader()

    class Scripted(tiny.Classifier):
        def on_validation_epoch_end(self) -> None:
            self.log("score", [0.1, 0.9, 0.3, 0.2][self.trainer.current_epoch])

    options = {"monitor": "score", "mode": "max"}
    path = tmp_path / "half.ckpt"
    first = make_trainer(capture(**options), num_sanity_val_steps=0)
    first.fit(Scripted(), loader, loader)
    first.save_checkpoint(path)
    make_trainer(capture(**options), max_epochs=4, num_sanity_val_steps=0).fit(
        Scripted(), loader, loader, ckpt_path=path, weights_only=False
    )
    assert captures.epochs() == [0, 1, 2, 3]
    assert captures.embedding_epochs() == [1, 3]
    assert not (tmp_path / ".mlflow_latent" / "no-run-2").exists()


def test_metadata_is_asked_once_per_sample(
    tiny: SimpleNamespace, make_trainer: Callable[..., Any], captures: CaptureStore
) -> None:
    asked: list[int] = []

    def describe(batch: Any) -> dict[str, Any]:
        asked.append(len(batch[0]))
        return {"brightness": batch[0].mean((1, 2, 3)), "kind": ["a"] * len(batch[0])}

    loader = tiny.loader()
    make_trainer(capture(metadata=describe), max_epochs=3).fit(tiny.Classifier(), loader, loader)
    assert sum(asked) == 40
    assert captures.snapshot().metadata.columns.tolist() == ["brightness", "kind"]


def test_metadata_table_is_joined_by_sample_id(
    tiny: SimpleNamespace, make_trainer: Callable[..., Any], captures: CaptureStore
) -> None:
    table = pd.DataFrame(
        {"age": range(39), "name": "x"}, index=[f"val-{place}" for place in range(39)]
    )
    loader = tiny.loader()
    with pytest.warns(LatentCaptureWarning, match="val-39"):
        make_trainer(capture(metadata=table)).fit(tiny.Classifier(), loader, loader)
    ages = of_split(captures.snapshot())["meta_age"]
    assert ages.iloc[:39].tolist() == list(range(39))
    assert ages.isna().tolist() == [False] * 39 + [True]


def test_ids_from_the_batch_allow_a_shuffled_loader(
    tiny: SimpleNamespace, make_trainer: Callable[..., Any], captures: CaptureStore
) -> None:
    images, target = tiny.data(40).tensors
    data = torch.utils.data.TensorDataset(images, target, torch.arange(1000, 1040))
    shuffled = torch.utils.data.DataLoader(data, batch_size=16, shuffle=True)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*shuffling enabled")
        make_trainer(capture(sample_id=2)).fit(tiny.Classifier(), tiny.loader(), shuffled)
    rows = of_split(captures.snapshot()).sort_index()
    assert rows.index.tolist() == [str(name) for name in range(1000, 1040)]
    assert rows["target"].tolist() == target.tolist()


def test_nan_in_embeddings_is_kept_and_named(
    tiny: SimpleNamespace, make_trainer: Callable[..., Any], captures: CaptureStore
) -> None:
    class Broken(tiny.Classifier):
        def forward(self, images: torch.Tensor) -> torch.Tensor:
            return super().forward(images)

    def pool(maps: torch.Tensor) -> torch.Tensor:
        vectors = maps.mean((2, 3))
        vectors[0] = torch.nan
        return vectors

    loader = tiny.loader()
    make_trainer(capture(pool=pool)).fit(Broken(), loader, loader)
    (dropped,) = captures.snapshot().dropped
    assert dropped.sample_ids == ("val-0", "val-16", "val-32")


# What a user can get wrong: an error that names the mend in strict mode, else one warning


def unit_of(width: int) -> Any:
    return lambda _maps: torch.zeros(width, 4)


MISTAKES = [
    ({"layer": "backbon"}, LayerNotFoundError, "did you mean 'backbone'"),
    ({"logits": "haed"}, LayerNotFoundError, "did you mean 'head'"),
    ({"logits": None}, CaptureError, "reduction='none'"),
    ({"pool": "cls"}, CaptureError, "takes tokens"),
    ({"pool": unit_of(3)}, CaptureError, "has 3 rows in a batch of 16"),
    ({"layer": "backbone", "splits": ["a", "b"]}, InputError, "there are 1"),
    ({"sample_id": 5}, CaptureError, "the batch, which has 2 parts"),
    ({"sample_id": 1}, CaptureError, "more than once in split 'val'"),
    ({"metadata": lambda _batch: [1]}, CaptureError, "mapping of names"),
    ({"metadata": lambda _batch: {"x": [1, 2]}}, CaptureError, "meta_x has"),
    ({"loss": lambda _outputs, _batch: torch.ones(4, 4)}, CaptureError, r"shape \(4, 4\)"),
]


@pytest.mark.parametrize(("options", "error", "match"), MISTAKES)
def test_mistakes_are_named(
    tiny: SimpleNamespace,
    make_trainer: Callable[..., Any],
    options: dict[str, Any],
    error: type[Exception],
    match: str,
) -> None:
    loader = tiny.loader()
    with pytest.raises(error, match=match):
        make_trainer(capture(**options)).fit(tiny.Classifier(), loader, loader)


@pytest.mark.parametrize(("options", "error", "match"), MISTAKES[:4])
def test_mistakes_do_not_change_the_training(
    tiny: SimpleNamespace,
    make_trainer: Callable[..., Any],
    options: dict[str, Any],
    error: type[Exception],
    match: str,
) -> None:
    def fit(*callbacks: Any) -> dict[str, torch.Tensor]:
        trainer = make_trainer(*callbacks)
        pl.seed_everything(3, verbose=False)
        model, loader = tiny.Classifier(), tiny.loader(shuffle=True)
        trainer.fit(model, loader, tiny.loader())
        assert not model.backbone._forward_hooks
        return {**model.state_dict(), **trainer.callback_metrics}

    plain = fit()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        captured = fit(capture(**options, strict=False))
    ours = [w for w in caught if issubclass(w.category, LatentCaptureWarning)]
    assert len(ours) == 1
    assert re.search(match, str(ours[0].message))
    assert error.__name__ in str(ours[0].message)
    assert all(torch.equal(plain[name], captured[name]) for name in plain)


def test_shuffled_loader_without_ids_is_refused(
    tiny: SimpleNamespace, make_trainer: Callable[..., Any]
) -> None:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*shuffling enabled")
        with pytest.raises(CaptureError, match="pass sample_id="):
            make_trainer(capture()).fit(tiny.Classifier(), tiny.loader(), tiny.loader(shuffle=True))


def test_layer_that_does_not_run_is_named(
    tiny: SimpleNamespace, make_trainer: Callable[..., Any]
) -> None:
    class Unused(tiny.Classifier):
        def __init__(self) -> None:
            super().__init__()
            self.spare = torch.nn.Linear(1, 1)

    with pytest.raises(CaptureError, match="'spare' did not run"):
        make_trainer(capture("spare")).fit(Unused(), tiny.loader(), tiny.loader())


def test_failure_in_a_late_epoch_keeps_the_earlier_ones(
    tiny: SimpleNamespace, make_trainer: Callable[..., Any], captures: CaptureStore
) -> None:
    calls = iter(range(1000))

    def pool(maps: torch.Tensor) -> torch.Tensor:
        if next(calls) >= 4:
            raise RuntimeError("out of luck")
        return maps.mean((2, 3))

    loader = tiny.loader()
    with pytest.warns(LatentCaptureWarning, match="RuntimeError: out of luck"):
        make_trainer(capture(pool=pool, strict=False), max_epochs=3).fit(
            tiny.Classifier(), loader, loader
        )
    assert captures.epochs() == [0]
    assert len(captures.snapshot()) == 40
    assert not list(captures.root.rglob("*.tmp"))


def test_ids_that_change_are_a_warning(
    tiny: SimpleNamespace, make_trainer: Callable[..., Any]
) -> None:
    epochs = iter(range(100))

    def sample_id(batch: Any) -> list[str]:
        number = next(epochs) // 3  # three batches an epoch
        return [f"{number}-{value:.6f}" for value in batch[0].mean((1, 2, 3)).tolist()]

    loader = tiny.loader()
    with pytest.warns(LatentCaptureWarning, match="had not: 40, e.g. '1-") as caught:
        make_trainer(capture(sample_id=sample_id), max_epochs=3).fit(
            tiny.Classifier(), loader, loader
        )
    assert len([w for w in caught if w.category is LatentCaptureWarning]) == 1


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"layer": ()}, "at least one layer"),
        ({"layer": ["a.b", "a_b"]}, "embedding_a_b"),
        ({"layer": "a", "pool": "meen"}, "did you mean 'mean'"),
        ({"layer": "a", "keep_embeddings": "lasst"}, "got 'lasst'"),
        ({"layer": "a", "every_n_epochs": 0}, "got 0"),
        ({"layer": "a", "mode": "least"}, "got 'least'"),
        ({"layer": "a", "embedding_dtype": "float64"}, "got 'float64'"),
        ({"layer": "a", "probes": {"": None}}, "needs a name"),
        ({"layer": "a", "splits": "val", "probes": {"val": None}}, "twice"),
        ({"layer": "a", "thumbnail_size": 9999}, "at most 256"),
        ({"layer": "a", "metrics": {"iou": "up"}}, "got 'up'"),
    ],
)
def test_arguments_are_checked(arguments: dict[str, Any], match: str) -> None:
    with pytest.raises(InputError, match=match):
        LatentCapture(**arguments)


def test_failed_analysis_is_a_warning_with_the_command(
    tiny: SimpleNamespace, make_trainer: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: Any, **_options: Any) -> None:
        raise RuntimeError("no luck")

    monkeypatch.setattr("mlflow_latent.analyze", fail, raising=False)
    loader = tiny.loader()
    with pytest.warns(
        LatentCaptureWarning, match=r"no luck.*mlflow-latent analyze .*no-run/latent"
    ):
        make_trainer(capture(analyze=True)).fit(tiny.Classifier(), loader, loader)
