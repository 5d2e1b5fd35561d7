"""How far to believe a map: does hiding what it shows matter more than hiding anything else?

A tenth of the picture is covered by its mean color: the strongest of the map, and, for comparison,
random tenths, which are blobs of three sizes. The lower bound is above zero where the map's own
tenth matters more than each of them. With 39, a map that says nothing gets there once in 40 times.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from mlflow_latent.explain.maps import at_once, cover

if TYPE_CHECKING:
    from torch import Tensor

    from mlflow_latent.explain.subjects import Subject

SHARE = 10  # the strongest tenth
BLOBS = (4, 8, 16)  # places in a row of the random fields, in turn
UNKNOWN = (float("nan"),) * 3


@dataclass
class Faithfulness:
    """Compares the maps of one sample with random tenths, which all of them share.

    Attributes:
        subject: the sample.
        tenths: how many random ones.
        random_state: seed, together with the sample's id.
    """

    subject: Subject
    tenths: int
    random_state: int

    def __post_init__(self) -> None:
        with torch.no_grad():
            self._whole = self.subject.ask(self.subject.image)[0]

    def of(self, maps: list[tuple[int, Tensor]]) -> list[tuple[float, float, float]]:
        """Return by how much each map is better than random: mean, least and most.

        Args:
            maps: number of the question, and the (H, W) map.
        """
        if not self.tenths or not maps:
            return [UNKNOWN] * len(maps)
        hidden = self._answers(torch.stack([found for _, found in maps]))
        results = []
        for (number, _), answers in zip(maps, hidden, strict=True):
            own = self._effect(answers, number)
            random = self._effect(self._random, number)
            less = own - random
            results.append((float(less.mean()), float(less.min()), float(less.max())))
        return results

    def _effect(self, answers: Tensor, number: int) -> Tensor:
        fall = self._whole[number] - answers[..., number]
        is_fall = self.subject.questions[number].measured == "fall"
        return fall if is_fall else fall.abs()

    @cached_property
    def _random(self) -> Tensor:
        """(tenths, Q) what the model answers when random tenths are hidden."""
        seed = zlib.crc32(
            f"{self.subject.split}/{self.subject.sample_id}".encode("utf-8", "replace")
        )
        generator = torch.Generator().manual_seed(seed + self.random_state)
        counts = [len(range(place, self.tenths, len(BLOBS))) for place in range(len(BLOBS))]
        fields = [
            self._stretched(torch.rand(count, 1, side, side, generator=generator))
            for side, count in zip(BLOBS, counts, strict=True)
            if count
        ]
        return self._answers(torch.cat(fields))

    def _stretched(self, fields: Tensor) -> Tensor:
        """(m, H, W) random fields over the picture, as smooth as a map is."""
        top, left, height, width = self.subject.content
        planes = torch.zeros(len(fields), *self.subject.image.shape[2:])
        smooth = functional.interpolate(fields, (height, width), mode="bilinear")[:, 0]
        planes[:, top : top + height, left : left + width] = smooth
        return planes

    def _answers(self, planes: Tensor) -> Tensor:
        """(m, Q) answers with the strongest tenth of each plane hidden, a few in each pass."""
        image, hidden = self.subject.image, cover(self.subject)
        answers = []
        with torch.no_grad():
            for some in torch.split(planes, at_once(image)):
                masks = self._strongest(some).to(image.device)[:, None]
                answers.append(self.subject.ask(torch.where(masks, hidden, image)))
        return torch.cat(answers)

    def _strongest(self, planes: Tensor) -> Tensor:
        """(m, H, W) masks of the strongest tenth of the picture."""
        top, left, height, width = self.subject.content
        inside = planes[:, top : top + height, left : left + width].reshape(len(planes), -1)
        places = inside.topk(max(1, height * width // SHARE), dim=1).indices
        chosen = torch.zeros(inside.shape, dtype=torch.bool, device=planes.device)
        chosen.scatter_(1, places, value=True)
        masks = torch.zeros(planes.shape, dtype=torch.bool, device=planes.device)
        masks[:, top : top + height, left : left + width] = chosen.reshape(-1, height, width)
        return masks
