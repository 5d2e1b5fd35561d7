from __future__ import annotations

from collections import OrderedDict
from typing import Any

import pytest
import torch
from torch import nn

from lightning_callbacks.layers import LayerHooks, find_layer, pool_output
from mlflow_latent.errors import CaptureError, LayerNotFoundError

MAPS = torch.arange(2 * 3 * 2 * 2, dtype=torch.float32).reshape(2, 3, 2, 2)
TOKENS = torch.arange(2 * 4 * 3, dtype=torch.float32).reshape(2, 4, 3)


@pytest.mark.parametrize(
    ("output", "pool", "wanted"),
    [
        (MAPS, "mean", MAPS.mean((2, 3))),
        (MAPS, "max", MAPS.amax((2, 3))),
        (MAPS[..., None], "mean", MAPS.mean((2, 3))),
        (TOKENS, "mean", TOKENS.mean(1)),
        (TOKENS, "max", TOKENS.amax(1)),
        (TOKENS, "cls", TOKENS[:, 0]),
        (MAPS[:, :, 0, 0], "mean", MAPS[:, :, 0, 0]),
        (torch.arange(2), "mean", torch.tensor([[0.0], [1.0]])),
        ((None, {"hidden": MAPS}), "mean", MAPS.mean((2, 3))),
        (OrderedDict(logits=TOKENS), "cls", TOKENS[:, 0]),
        (TOKENS, lambda output: output[:, -1], TOKENS[:, -1]),
        (MAPS.to(torch.int64), "mean", MAPS.mean((2, 3))),
    ],
)
def test_pools_to_one_vector_per_sample(output: Any, pool: Any, wanted: torch.Tensor) -> None:
    vectors = pool_output(output, pool)
    assert vectors.dtype == torch.float32
    torch.testing.assert_close(vectors, wanted)


def test_half_precision_is_pooled_in_float32() -> None:
    maps = torch.full((1, 1, 64, 64), 60_000.0, dtype=torch.float16)
    assert pool_output(maps, "mean").tolist() == [[60_000.0]]


@pytest.mark.parametrize(
    ("output", "pool", "match"),
    [
        (MAPS, "cls", r"takes tokens \(N, T, C\)"),
        (torch.tensor(1.0), "mean", "single number"),
        ("text", "mean", "no tensor but str"),
        ({}, "mean", "no tensor but dict"),
        (MAPS, lambda output: output, r"must return a tensor of shape \(N, D\)"),
        (MAPS, lambda _output: [1], "got list"),
    ],
)
def test_outputs_that_cannot_be_pooled(output: Any, pool: Any, match: str) -> None:
    with pytest.raises(CaptureError, match=match):
        pool_output(output, pool)


class Twice(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(2, 2)
        self.act = nn.ReLU(inplace=True)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return self.act(self.layer(self.layer(inputs)))


def test_layer_that_runs_twice_is_taken_as_it_ran_last_before_work_in_place() -> None:
    model = Twice()
    with torch.no_grad():
        model.layer.weight.copy_(-torch.eye(2))
        model.layer.bias.fill_(-1)
    hooks = LayerHooks(model, ["layer"], "mean")
    hooks.attach()
    model(torch.ones(1, 2))
    pooled, _ = hooks.take()
    assert pooled["layer"].tolist() == [[1.0, 1.0]]
    model(torch.zeros(1, 2))
    assert hooks.take()[0]["layer"].tolist() == [[0.0, 0.0]]


def test_hooks_hold_nothing_and_hear_nothing_when_detached() -> None:
    model = Twice()
    hooks = LayerHooks(model, ["layer"], "mean", whole=["layer"])
    hooks.attach()
    hooks.attach()
    assert len(model.layer._forward_hooks) == 2
    model(torch.ones(1, 2))
    assert [set(part) for part in hooks.take()] == [{"layer"}, {"layer"}]
    with pytest.raises(CaptureError, match="'layer' did not run"):
        hooks.take()
    hooks.detach()
    assert not model.layer._forward_hooks


def test_failing_pool_does_not_reach_the_forward_pass() -> None:
    model = Twice()
    hooks = LayerHooks(model, ["layer"], "cls")
    hooks.attach()
    assert model(torch.ones(1, 2)).shape == (1, 2)
    with pytest.raises(CaptureError, match="layer 'layer': pool='cls' takes tokens"):
        hooks.take()


def test_layers_are_found_by_name() -> None:
    model = nn.Sequential(OrderedDict(body=nn.Sequential(nn.Linear(1, 1))))
    assert find_layer(model, "body.0") is model.body[0]
    for name in ("", "bod", "body.1"):
        with pytest.raises(LayerNotFoundError):
            find_layer(model, name)
