"""What is asked of a segmenter: what speaks for the pixels of a class."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from mlflow_latent.errors import InputError
from mlflow_latent.explain.terms import Answers, Question, Term, class_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

MOST_CLASSES = 3  # of one sample, by their pixels
LEAST_SHARE = 0.002  # of the pixels: below, a class is noise at the edges of others
BACKGROUND = 0


def questions(
    logits: Tensor, target: object, class_names: Sequence[str], background: int = BACKGROUND
) -> list[Term]:
    """Return what is asked: for the pixels of each class that is there, or is seen wrongly.

    Args:
        logits: (1, C, h, w).
        target: (H, W) class indices of the label; anything else is none. Negative ones and 255 are
            "no label".
        class_names: by class index.
        background: class that is not asked about.
    """
    predicted = logits.argmax(1)[0]
    truth = _scaled(target, predicted) if isinstance(target, torch.Tensor) else None
    terms = []
    for index in _present(predicted, truth, logits.shape[1], background)[:MOST_CLASSES]:
        seen = predicted == index
        name = class_name(index, class_names)
        if truth is None or not bool((truth == index).any()):
            where, words = seen, f"pixels seen as {name}"
        else:
            where = truth == index
            words = f"pixels of {name}"
            if float((seen & where).sum()) < float(where.sum()) / 2:
                words = f"missed pixels of {name}"
        terms.append(
            Term(
                Question(
                    what="output",
                    target=words,
                    quantity="the log-odds of the class in these pixels",
                    meaning="Strong where the image makes the model see the class there.",
                ),
                partial(_log_odds, index=index, where=where),
            )
        )
    return terms


def _present(predicted: Tensor, truth: Tensor | None, classes: int, background: int) -> list[int]:
    """Classes with enough pixels in label or prediction, most first."""
    counts = torch.bincount(predicted.flatten(), minlength=classes)[:classes]
    if truth is not None:
        labelled = truth[(truth >= 0) & (truth < classes)]
        counts = torch.maximum(counts, torch.bincount(labelled, minlength=classes)[:classes])
    enough = counts >= max(LEAST_SHARE * predicted.numel(), 1)
    order = counts.argsort(descending=True).tolist()
    return [index for index in order if bool(enough[index]) and index != background]


def _scaled(target: Tensor, like: Tensor) -> Tensor:
    """The label at the resolution of the logits, nearest pixel."""
    plane = target.reshape(1, 1, *target.shape[-2:]).float()
    return functional.interpolate(plane, like.shape, mode="nearest")[0, 0].long().to(like.device)


def _log_odds(answers: Answers, index: int, where: Tensor) -> Tensor:
    if answers.logits is None:
        raise InputError("the model gave logits, and now gives none")
    scores = answers.logits[:, :, where].float()  # (n, C, pixels)
    rest = torch.cat([scores[:, :index], scores[:, index + 1 :]], dim=1)
    return (scores[:, index] - rest.logsumexp(1)).mean(1)
