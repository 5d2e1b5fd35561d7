"""How maps are made, and how many."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlflow_latent.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import Tensor

LARGEST_SIZE = 128


@dataclass(frozen=True)
class ExplainOptions:
    """What to make.

    Attributes:
        layers: whose outputs are looked into, as `model.named_modules()` names them; default a late
            one and one of at least twice its resolution.
        reshape: function of a layer's (1, …) output that returns it as (1, C, h, w), for layers
            that return something else than feature maps or a square of tokens.
        size: side of a map, in its own pixels.
        occlusion: make the check that needs no gradient, of the first target of each sample.
        tenths: random tenths of the image that a map's own is compared with. With 39 of them, a map
            that says nothing is called better than random once in 40 times.
        samples: at most; those that matter most come first.
        each: of one insight, as many of the worst, and as many of the most typical.
        seconds: at most; what was not reached is a note.
        random_state: seed of the random tenths.

    Raises:
        InputError: a value cannot be used.
    """

    layers: Sequence[str] = ()
    reshape: Callable[[Tensor], Tensor] | None = None
    size: int = 32
    occlusion: bool = True
    tenths: int = 39
    samples: int = 48
    each: int = 3
    seconds: float = 60.0
    random_state: int = 0

    def __post_init__(self) -> None:
        if isinstance(self.layers, str):
            object.__setattr__(self, "layers", (self.layers,))
        _within("size", self.size, 4, LARGEST_SIZE)
        _within("tenths", self.tenths, 0, 1000)
        _within("samples", self.samples, 1, 100_000)
        _within("each", self.each, 1, 1000)
        if not self.seconds > 0:
            raise InputError(f"seconds must be positive, got {self.seconds!r}")


def _within(name: str, value: Any, least: int, most: int) -> None:
    if not (isinstance(value, int) and least <= value <= most):
        raise InputError(f"{name} must be a whole number, {least} to {most}, got {value!r}")
