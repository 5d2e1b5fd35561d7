"""What is planted into a data set, and how much of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mlflow_latent_examples.streets.scene import Conditions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.random import Generator


def _shares(train: float, val: float) -> Mapping[str, float]:
    return field(default_factory=lambda: {"train": train, "val": val})


@dataclass(frozen=True)
class Plan:
    """What is planted, each in its share of a split's images.

    Attributes:
        night: dark streets.
        far: streets far away, whose objects are small.
        grayscale: images without colors, which train hardly has.
        relabeled: images of the annotator who makes mistakes.
        mistaken: these mistakes: category, and what is written for it.
    """

    night: Mapping[str, float] = _shares(0.15, 0.15)
    far: Mapping[str, float] = _shares(0.2, 0.2)
    grayscale: Mapping[str, float] = _shares(0.01, 0.08)
    relabeled: Mapping[str, float] = _shares(0.08, 0.08)
    mistaken: Mapping[str, str] = field(default_factory=lambda: {"car": "truck", "bus": "truck"})

    def draw(self, split: str, rng: Generator) -> Conditions:
        """Return what one image of a split is made to be."""
        planted = {
            "night": self.night,
            "far": self.far,
            "grayscale": self.grayscale,
            "relabeled": self.relabeled,
        }
        drawn = {name: rng.random() < shares.get(split, 0) for name, shares in planted.items()}
        return Conditions(**{name: bool(is_so) for name, is_so in drawn.items()})
