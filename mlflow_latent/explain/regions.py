"""What is asked of a sample's region: how near its center, and its most telling channels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import torch

from mlflow_latent.errors import InputError
from mlflow_latent.explain.terms import Answers, Question, Term

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

TELLING_SHARE, FEWEST_CHANNELS, NAMED_CHANNELS = 0.05, 3, 5
SMALLEST_SPREAD = 1e-6


@dataclass(frozen=True, eq=False)
class RegionProfile:
    """What sets a region apart from the rest, in the embedding.

    Attributes:
        name: for people, e.g. `region fine/3`.
        mean: (D,) of all samples.
        spread: (D,) standard deviation of all samples.
        center: (D,) standardized mean of the region.
        difference: (D,) standardized mean of the region − that of the rest.
    """

    name: str
    mean: NDArray[np.float32]
    spread: NDArray[np.float32]
    center: NDArray[np.float32]
    difference: NDArray[np.float32]

    @classmethod
    def of(
        cls, name: str, embedding: NDArray[np.float32], inside: NDArray[np.bool_]
    ) -> RegionProfile:
        """Measure a region.

        Args:
            name: for people.
            embedding: (N, D) of all samples.
            inside: (N,) mask of the region's samples.

        Raises:
            InputError: the region, or the rest, is empty.
        """
        if not inside.any() or inside.all():
            raise InputError(f"{name} holds {int(inside.sum())} of {len(inside)} samples")
        values = embedding.astype(np.float32)
        mean, spread = values.mean(0), values.std(0)
        spread = np.where(spread > SMALLEST_SPREAD, spread, np.inf)  # a dead channel says nothing
        center = (values[inside].mean(0) - mean) / spread
        rest = (values[~inside].mean(0) - mean) / spread
        return cls(name, mean, spread, center, center - rest)

    @property
    def telling(self) -> NDArray[np.intp]:
        """The channels whose mean differs most between region and rest, most first."""
        count = max(FEWEST_CHANNELS, round(TELLING_SHARE * len(self.difference)))
        return np.argsort(-np.abs(self.difference), kind="stable")[:count]


def region_questions(region: RegionProfile) -> list[Term]:
    """Return what is asked: the likeness to the region, and its telling channels."""
    channels = region.telling
    named = ", ".join(map(str, channels[:NAMED_CHANNELS].tolist()))
    more = ", …" if len(channels) > NAMED_CHANNELS else ""
    return [
        Term(
            Question(
                what="region",
                target=region.name,
                quantity="the similarity to the region's center",
                meaning="Strong where the image makes the sample belong to its region.",
            ),
            partial(_similarity, region=region),
        ),
        Term(
            Question(
                what="region",
                target=f"channels {named}{more} of {region.name}",
                quantity="the channels that tell the region from the rest",
                meaning="Strong where the channels fire that tell the region from the rest.",
            ),
            partial(_channels, region=region),
        ),
    ]


def _similarity(answers: Answers, region: RegionProfile) -> Tensor:
    values = _standardized(answers, region)
    center = torch.as_tensor(region.center, device=values.device)
    return torch.nn.functional.cosine_similarity(values, center[None], dim=1)


def _channels(answers: Answers, region: RegionProfile) -> Tensor:
    """Mean of the telling channels, each in the direction that is the region's, weighted."""
    values = _standardized(answers, region)
    channels = torch.as_tensor(region.telling, device=values.device)
    weights = torch.as_tensor(region.difference, device=values.device)[channels]
    return values[:, channels] @ (weights / weights.abs().sum().clamp(min=SMALLEST_SPREAD))


def _standardized(answers: Answers, region: RegionProfile) -> Tensor:
    if answers.embedding is None:
        raise InputError("the model gave an embedding, and now gives none")
    values = answers.embedding.float()
    if values.shape[1] != len(region.mean):
        raise InputError(
            f"the layer gives {values.shape[1]} numbers, but {len(region.mean)} were captured; "
            "name the captured layer, with the pool that was captured"
        )
    mean = torch.as_tensor(region.mean, device=values.device)
    return (values - mean) / torch.as_tensor(region.spread, device=values.device)
