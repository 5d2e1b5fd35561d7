"""The words between adapters and maps: what a model answers, and what is asked of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import Tensor

    from mlflow_latent.report.heatmaps import Measured, What


class Box(NamedTuple):
    """A part of an image, in pixels."""

    top: int
    left: int
    height: int
    width: int


@dataclass(frozen=True, eq=False)
class Answers:
    """What a model makes of n images, with gradients.

    Attributes:
        logits: (n, C), or (n, C, h, w) of a segmenter.
        loss: (n,) of each image.
        embedding: (n, D) pooled output of the captured layer.
        raw: anything else, for questions of an adapter's own.
    """

    logits: Tensor | None = None
    loss: Tensor | None = None
    embedding: Tensor | None = None
    raw: Any = None


@dataclass(frozen=True)
class Question:
    """A number that a map explains.

    Attributes:
        what: which of the maps' sorts it is.
        target: of what, in words, e.g. `class 8`.
        quantity: what the number is, e.g. `the log-odds of the class`.
        meaning: what strong places of its map mean, a sentence.
        measured: whether masking what matters makes it `fall`, or only `change`.
    """

    what: What
    target: str
    quantity: str
    meaning: str
    measured: Measured = "fall"


@dataclass(frozen=True, eq=False)
class Term:
    """A question, and the function of the answers that gives its (n,) values."""

    question: Question
    value: Callable[[Answers], Tensor]


def class_name(index: int, class_names: Sequence[str]) -> str:
    """Return the name of a class, or its index as text."""
    return class_names[index] if 0 <= index < len(class_names) else str(index)
