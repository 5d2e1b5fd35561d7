from __future__ import annotations

import random
from collections import defaultdict, deque
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
import torchmetrics
from hypothesis import given, settings, strategies as st
from torch import nn
from torch.nn.functional import cross_entropy

from lightning_callbacks import LatentCapture
from lightning_callbacks.isolation import StateKeeper

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import SimpleNamespace

    from mlflow_latent.store import CaptureStore


@pytest.fixture
def leaky(tiny: SimpleNamespace) -> type[Any]:
    """A module whose validation leaves traces wherever a module can."""

    class Leaky(tiny.Classifier):
        def __init__(self) -> None:
            super().__init__()
            self.accuracy = torchmetrics.Accuracy("multiclass", num_classes=3)
            self.scores = torchmetrics.CatMetric()
            self.register_buffer("seen", torch.zeros(()))
            self.plain = torch.zeros(3)
            self.outputs: list[Any] = []
            self.by_class: defaultdict[int, list[float]] = defaultdict(list)
            self.recent: deque[float] = deque(maxlen=5)
            self.meter = Meter()
            self.noise = torch.Generator().manual_seed(0)
            self.generator = np.random.default_rng(0)
            self.epoch_ends: list[float] = []

        def validation_step(self, batch: Any, batch_idx: int) -> torch.Tensor:
            images, target = batch
            images = images + 0.1 * torch.randn(images.shape, generator=self.noise)
            images = images + 0.1 * torch.randn_like(images)
            images = images + random.random() + self.generator.normal() + np.random.rand()  # noqa: S311, NPY002 - the global states
            logits = self(images.float())
            loss = cross_entropy(logits, target)
            self.accuracy(logits, target)
            self.scores.update(loss)
            self.seen += len(target)
            self.plain.add_(1)
            self.outputs.append(loss)
            self.by_class[int(target[0])].append(float(loss))
            self.recent.append(float(loss))
            self.meter.total += float(loss)
            self.meter.history["loss"] = [*self.meter.history.get("loss", []), float(loss)]
            self.log("val_loss", loss)
            self.log("val_accuracy", self.accuracy)
            self.brand_new = batch_idx
            return loss

        def on_validation_epoch_end(self) -> None:
            self.log("seen_loss", torch.stack(self.outputs).mean())
            self.log("meter", self.meter.total)
            self.log("score", self.scores.compute().mean())
            self.epoch_ends.append(self.meter.total)
            self.outputs.clear()

    return Leaky


class Meter:
    def __init__(self) -> None:
        self.total = 0.0
        self.history: dict[str, list[float]] = {}


def test_training_with_probes_is_the_training_without(
    leaky: Any, tiny: SimpleNamespace, make_trainer: Callable[..., Any]
) -> None:
    def fit(*callbacks: Any) -> tuple[Any, Any]:
        trainer = make_trainer(*callbacks, max_epochs=3)
        model = leaky()
        trainer.fit(model, tiny.loader(shuffle=True), tiny.loader(24, seed=1))
        return model, trainer

    probes = {"train": tiny.loader(40), "other": tiny.loader(24, shuffle=False)}
    plain, plain_trainer = fit()
    probed, probed_trainer = fit(
        LatentCapture("backbone", logits="head", probes=probes, analyze=False, strict=True)
    )

    assert plain_trainer.callback_metrics.keys() == probed_trainer.callback_metrics.keys()
    for name, value in plain_trainer.callback_metrics.items():
        assert torch.equal(value, probed_trainer.callback_metrics[name]), name
    for name, value in plain.state_dict().items():
        assert torch.equal(value, probed.state_dict()[name]), name
    assert plain.epoch_ends == probed.epoch_ends
    assert plain.by_class == probed.by_class
    assert plain.recent == probed.recent
    assert plain.meter.history == probed.meter.history
    assert torch.equal(plain.plain, probed.plain)
    assert torch.equal(plain.noise.get_state(), probed.noise.get_state())
    assert plain.generator.random() == probed.generator.random()
    assert vars(plain).keys() == vars(probed).keys()


def test_modes_of_single_layers_are_put_back(
    tiny: SimpleNamespace, make_trainer: Callable[..., Any], captures: CaptureStore
) -> None:
    class Frozen(tiny.Classifier):
        def on_train_epoch_start(self) -> None:
            self.backbone[1].eval()

        def on_train_epoch_end(self) -> None:
            modes.append((self.backbone[0].training, self.backbone[1].training))

    modes: list[tuple[bool, bool]] = []
    probes = {"train": tiny.loader()}
    make_trainer(LatentCapture("backbone", logits="head", probes=probes, analyze=False)).fit(
        Frozen(), tiny.loader(), tiny.loader()
    )
    assert modes == [(True, False)] * 2
    assert captures.epochs() == [0, 1]


def test_a_probe_that_fails_leaves_nothing_either(
    leaky: Any, tiny: SimpleNamespace, make_trainer: Callable[..., Any]
) -> None:
    class Failing(leaky):
        def validation_step(self, batch: Any, batch_idx: int) -> torch.Tensor:
            loss = super().validation_step(batch, batch_idx)
            if batch[0].shape[0] == 7:
                raise RuntimeError("a batch of seven")
            return loss

    model = Failing()
    with pytest.warns(UserWarning, match="a batch of seven"):
        make_trainer(
            LatentCapture(
                "backbone", logits="head", probes={"train": tiny.loader(23)}, analyze=False
            )
        ).fit(model, tiny.loader(), tiny.loader())
    assert model.seen == 2 * 40 + 16  # two epochs and the sanity check
    assert model.training
    assert "log" not in vars(model)


def test_tensors_are_put_back_in_place_and_shape() -> None:
    module = nn.Module()
    module.kept = kept = torch.arange(4.0)
    module.inference = None
    with torch.inference_mode():
        module.inference = torch.ones(2)
    keeper = StateKeeper()
    keeper.keep(module)
    module.kept.resize_(6).fill_(9)
    with torch.inference_mode():
        module.inference.add_(5)
    module.extra = 1
    keeper.restore()
    assert module.kept is kept
    assert kept.tolist() == [0, 1, 2, 3]
    assert module.inference.tolist() == [1, 1]
    assert not hasattr(module, "extra")


def test_graph_that_waits_for_backward_survives() -> None:
    module = nn.Module()
    module.weight = nn.Parameter(torch.ones(2))
    module.scale = torch.full((2,), 3.0)
    keeper = StateKeeper()
    keeper.keep(module)
    loss = (module.weight * module.scale).sum()
    keeper.restore()
    loss.backward()
    assert module.weight.grad.tolist() == [3, 3]


_trees = st.recursive(
    st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=12,
)


@settings(max_examples=50, deadline=None)
@given(_trees, st.randoms(use_true_random=False))
def test_nested_containers_are_put_back(tree: Any, chance: random.Random) -> None:
    holder = Meter()
    holder.tree = tree
    before = repr(vars(holder))
    keeper = StateKeeper()
    keeper.keep(holder)
    _scramble(holder.tree, chance)
    holder.total = 1
    keeper.restore()
    assert repr(vars(holder)) == before


def _scramble(tree: Any, chance: random.Random) -> None:
    if isinstance(tree, list):
        for inner in tree:
            _scramble(inner, chance)
        tree.append(chance.random())
        chance.shuffle(tree)
    elif isinstance(tree, dict):
        for inner in list(tree.values()):
            _scramble(inner, chance)
        tree[chance.random()] = 1


def test_generators_keep_their_numbers() -> None:
    holder = Meter()
    holder.python = random.Random(1)  # noqa: S311 - not for secrets
    holder.old = np.random.RandomState(1)
    keeper = StateKeeper()
    keeper.keep(holder)
    drawn = holder.python.random(), holder.old.rand()
    keeper.restore()
    assert drawn == (holder.python.random(), holder.old.rand())
