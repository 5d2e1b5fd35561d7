"""A sample, and what is asked of it: numbers that a heat-map explains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from mlflow_latent.errors import InputError
from mlflow_latent.explain import classifiers, segmenters
from mlflow_latent.explain.regions import RegionProfile, region_questions
from mlflow_latent.explain.terms import Answers, Box, Question, Term

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import Tensor

IMAGES, MAPS = 4, 4  # dimensions of (n, C, H, W)


@dataclass(frozen=True, eq=False)
class Sample:
    """One sample as an adapter of a framework gives it.

    Attributes:
        split: of the sample.
        sample_id: of the sample.
        image: (1, C, H, W) as the model gets it, floating-point.
        run: what the model makes of (n, C, H, W) variants of the image, gradients included.
        target: class index, or (H, W) class indices; None if unknown.
        content: where in the input the picture is, where the rest of it is padding.
        region: the region that the sample is in, if maps of it are wanted.
        more: further questions, and the functions of the answers that give them.
    """

    split: str
    sample_id: str
    image: Tensor
    run: Callable[[Tensor], Answers]
    target: int | Tensor | None = None
    content: Box | None = None
    region: RegionProfile | None = None
    more: Sequence[Term] = ()


@dataclass(frozen=True, eq=False)
class Subject:
    """One sample, ready to be explained.

    Attributes:
        split: of the sample.
        sample_id: of the sample.
        image: (1, C, H, W).
        content: where in the input the picture is.
        questions: Q of them.
        ask: of (n, C, H, W) images, (n, Q) float32 numbers.
    """

    split: str
    sample_id: str
    image: Tensor
    content: Box
    questions: tuple[Question, ...]
    ask: Callable[[Tensor], Tensor]


def subject_of(sample: Sample, class_names: Sequence[str] = ()) -> Subject:
    """Return what is asked of a sample, by what the model answers.

    Args:
        sample: from an adapter.
        class_names: by class index.

    Raises:
        InputError: the image is none, or the model answers nothing that can be explained.
    """
    image = sample.image if sample.image.is_floating_point() else sample.image.float()
    if image.ndim != IMAGES or len(image) != 1:
        raise InputError(f"an image must have shape (1, C, H, W), got {tuple(image.shape)}")
    with torch.no_grad():
        answers = sample.run(image)
    terms = [*_of_logits(answers, sample, class_names), *sample.more]
    if answers.loss is not None and bool(torch.isfinite(answers.loss).all()):
        terms.append(_LOSS)
    if answers.embedding is not None and sample.region is not None:
        terms += region_questions(sample.region)
    if not terms:
        raise InputError(
            f"sample {sample.sample_id!r}: the model gives neither logits nor a loss, and there is "
            "no region; name the layer of the logits"
        )
    height, width = image.shape[2:]

    def ask(images: Tensor) -> Tensor:
        given = sample.run(images)
        return torch.stack([term.value(given).float().reshape(-1) for term in terms], dim=1)

    return Subject(
        split=sample.split,
        sample_id=sample.sample_id,
        image=image.detach(),
        content=sample.content or Box(0, 0, height, width),
        questions=tuple(term.question for term in terms),
        ask=ask,
    )


def _of_logits(answers: Answers, sample: Sample, class_names: Sequence[str]) -> list[Term]:
    if answers.logits is None:
        return []
    if answers.logits.ndim == MAPS:
        return segmenters.questions(answers.logits, sample.target, class_names)
    target = sample.target if isinstance(sample.target, int) else None
    return classifiers.questions(answers.logits, target, class_names)


def _loss(answers: Answers) -> Tensor:
    if answers.loss is None:
        raise InputError("the model gave a loss, and now gives none")
    return answers.loss


_LOSS = Term(
    Question(
        what="loss",
        target="loss",
        quantity="the loss",
        meaning="Strong where a change of the input would change this sample's loss most.",
        measured="change",
    ),
    _loss,
)
