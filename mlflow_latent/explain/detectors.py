"""What is asked of a detector: what speaks for an object, found or missed, and for all of them.

What a detector says of a picture are many candidate boxes with a score for each class, before
overlapping ones are suppressed. An object's number is the best score among the candidates that are
its own: those that overlap it, or, where none does, those whose center lies in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import torch

from mlflow_latent.errors import InputError
from mlflow_latent.explain.terms import Answers, Question, Term, class_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

CONFIDENCE = 0.25  # from which on a candidate is a prediction
OVERLAP = 0.5  # intersection over union from which on it has found an object
MOST_FOUND, MOST_MISSED = 2, 2  # objects of one picture that are asked about
FEWEST = 10  # candidates that speak for a picture in which nothing is predicted
TINY = 1e-6  # of what is left to 1: single precision has no more
SMALLEST = 1e-12  # scores below are all the same


@dataclass(frozen=True, eq=False)
class Candidates:
    """What a detector says of n pictures, before suppression.

    Attributes:
        boxes: (n, A, 4) left, top, right, bottom in pixels of the input.
        scores: (n, A, C) 0…1.
    """

    boxes: Tensor
    scores: Tensor


@dataclass(frozen=True, eq=False)
class TrueObjects:
    """(T, 4) boxes in pixels of the input, and (T,) class indices."""

    boxes: Tensor
    classes: Tensor


def questions(
    found: Candidates, truth: TrueObjects | None, class_names: Sequence[str]
) -> list[Term]:
    """Return what is asked: for the missed objects, the found ones, and the picture as a whole.

    Args:
        found: in one picture.
        truth: what is there; None if unknown.
        class_names: by class index.
    """
    boxes, scores = found.boxes[0], found.scores[0]
    terms = [] if truth is None else list(_of_objects(boxes, scores, truth, class_names))
    return [*terms, _of_all(scores)]


def _of_objects(
    boxes: Tensor, scores: Tensor, truth: TrueObjects, class_names: Sequence[str]
) -> list[Term]:
    """The largest missed objects, then the most certain found ones."""
    missed: list[tuple[float, Term]] = []
    seen: list[tuple[float, Term]] = []
    for box, index in zip(truth.boxes, truth.classes.tolist(), strict=True):
        if not 0 <= index < scores.shape[1]:
            continue
        own = overlaps(boxes, box) >= OVERLAP
        best = float(scores[own, index].max()) if bool(own.any()) else 0.0
        is_found = best >= CONFIDENCE
        chosen = own if bool(own.any()) else _inside(boxes, box)
        if not bool(chosen.any()):
            continue
        name = class_name(index, class_names)
        size = float((box[2:] - box[:2]).prod())
        term = _of_one(f"{'found' if is_found else 'missed'} {name}", chosen, index)
        (seen if is_found else missed).append((best if is_found else size, term))
    order = [sorted(terms, key=lambda pair: -pair[0]) for terms in (missed, seen)]
    return [term for _, term in [*order[0][:MOST_MISSED], *order[1][:MOST_FOUND]]]


def _of_one(words: str, chosen: Tensor, index: int) -> Term:
    return Term(
        Question(
            what="output",
            target=words,
            quantity="the log-odds of the object",
            meaning="Strong where the image speaks for the object.",
        ),
        partial(_best, chosen=chosen, index=index),
    )


def _of_all(scores: Tensor) -> Term:
    best = scores.amax(1)
    chosen = best >= CONFIDENCE
    if not bool(chosen.any()):
        chosen = torch.zeros_like(chosen)
        chosen[best.topk(min(FEWEST, len(best))).indices] = True
    return Term(
        Question(
            what="output",
            target="the whole picture",
            quantity="the mean log-odds of all predictions",
            meaning="Strong where the image speaks for what is predicted.",
        ),
        partial(_mean, chosen=chosen, classes=scores.argmax(1)),
    )


def _best(answers: Answers, chosen: Tensor, index: int) -> Tensor:
    return _candidates(answers)[:, chosen, index].amax(1)


def _mean(answers: Answers, chosen: Tensor, classes: Tensor) -> Tensor:
    scores = _candidates(answers)[:, chosen]
    return scores.gather(2, classes[chosen].expand(len(scores), -1)[..., None])[..., 0].mean(1)


def _candidates(answers: Answers) -> Tensor:
    """(n, A, C) log-odds: scores near 0 and 1 have hardly a gradient."""
    if not isinstance(answers.raw, Candidates):
        raise InputError("the model gave candidate boxes, and now gives none")
    scores = answers.raw.scores.float()
    return scores.clamp(min=SMALLEST).log() - (1 - scores).clamp(min=TINY).log()


def overlaps(boxes: Tensor, one: Tensor) -> Tensor:
    """Return (A,) intersections over unions of (A, 4) boxes with one (4,)."""
    low, high = torch.maximum(boxes[:, :2], one[:2]), torch.minimum(boxes[:, 2:], one[2:])
    shared = (high - low).clamp(min=0).prod(1)
    sizes = (boxes[:, 2:] - boxes[:, :2]).clamp(min=0).prod(1)
    union = sizes + (one[2:] - one[:2]).clamp(min=0).prod() - shared
    return torch.where(union > 0, shared / union.clamp(min=TINY), torch.zeros_like(shared))


def _inside(boxes: Tensor, one: Tensor) -> Tensor:
    """(A,) whether the center of a candidate lies in a box."""
    centers = (boxes[:, :2] + boxes[:, 2:]) / 2
    return ((centers >= one[:2]) & (centers <= one[2:])).all(1)
