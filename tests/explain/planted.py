"""Models that look at one quarter of the image and at nothing else, and what they are asked."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from mlflow_latent.explain import Answers, RegionProfile, Sample

SIDE, QUARTER = 32, 16
CORNER = (slice(QUARTER, None), slice(0, QUARTER))  # rows and columns of what matters: below, left


class Looking(nn.Module):
    """Class 1 is what is bright in the corner; an activation works in place behind the layer."""

    def __init__(self, *, inplace: bool = True) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, 2, 1)
        self.act = nn.ReLU(inplace=inplace)
        self.shrink = nn.AvgPool2d(4)
        self.late = nn.Conv2d(2, 2, 1)
        self.late_act = nn.ReLU(inplace=inplace)
        with torch.no_grad():
            for layer in (self.stem, self.late):
                layer.weight.fill_(0.5)
                layer.bias.zero_()

    def embed(self, images: Tensor) -> Tensor:
        found = self.late_act(self.late(self.shrink(self.act(self.stem(images)))))
        rows, columns = (
            slice(part.start and part.start // 4, part.stop and part.stop // 4) for part in CORNER
        )
        return found[:, :, rows, columns].mean((2, 3))

    def forward(self, images: Tensor) -> Tensor:
        self.embedded = self.embed(images)
        score = 8 * self.embedded.mean(1)
        return torch.stack([torch.ones_like(score), score], dim=1)


def picture(seed: int = 0) -> Tensor:
    """Dark, with a bright disc in each quarter: the background is not what matters."""
    generator = torch.Generator().manual_seed(seed)
    noise = 0.1 * torch.rand(1, 1, SIDE, SIDE, generator=generator)
    rows, columns = torch.meshgrid(torch.arange(SIDE), torch.arange(SIDE), indexing="ij")
    bright = ((rows % QUARTER - 8) ** 2 + (columns % QUARTER - 8) ** 2) < 36
    return noise + 0.9 * bright


def region() -> RegionProfile:
    rng = np.random.default_rng(0)
    inside = np.arange(60) < 20
    embedding = rng.normal(size=(60, 2)).astype(np.float32) * 0.01 + 0.1 + 0.3 * inside[:, None]
    return RegionProfile.of("region fine/3", embedding, inside)


def sample(model: Any, name: str = "a", **changes: Any) -> Sample:
    target = torch.tensor([1])

    def run(images: Tensor) -> Answers:
        logits = model(images)
        losses = cross_entropy(logits.float(), target.expand(len(images)), reduction="none")
        # Not run again for it: of a layer that runs twice, only the last time is looked into.
        return Answers(logits, losses, getattr(model, "embedded", None))

    given: dict[str, Any] = {"image": picture(), "run": run, "target": 1, "region": region()}
    return Sample("val", name, **(given | changes))


def share_in_corner(values: np.ndarray) -> float:
    """Share of a map that lies in the quarter that matters."""
    size = values.shape[0] // 2
    return float(values[size:, :size].sum() / max(values.sum(), 1e-12))
