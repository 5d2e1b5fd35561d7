"""What is asked of a classifier: what speaks for its answer, and what decides against the next."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import torch

from mlflow_latent.errors import InputError
from mlflow_latent.explain.terms import Answers, Question, Term, class_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor


def questions(logits: Tensor, target: int | None, class_names: Sequence[str]) -> list[Term]:
    """Return what is asked: for the predicted class, and it rather than another.

    The other one is the labelled class where the prediction is wrong, else the runner-up.

    Args:
        logits: (1, C), or (1,) and (1, 1) of a binary classifier.
        target: class index of the label; None or negative if unknown.
        class_names: by class index.
    """
    scores = both_classes(logits)[0]
    order = scores.argsort(descending=True).tolist()
    predicted, runner_up = order[0], order[1]
    is_wrong = target is not None and 0 <= target < len(order) and target != predicted
    other = target if is_wrong and target is not None else runner_up
    first, second = class_name(predicted, class_names), class_name(other, class_names)
    role = "predicted, wrongly" if is_wrong else "predicted"
    return [
        Term(
            Question(
                what="class",
                target=f"class {first} ({role})",
                quantity="the log-odds of the class",
                meaning="Strong where the model sees the class.",
            ),
            partial(_log_odds, index=predicted),
        ),
        Term(
            Question(
                what="class",
                target=f"{first} rather than {second}{' (the label)' if is_wrong else ''}",
                quantity="the margin of the one class over the other",
                meaning="Strong where the image decides for the one class against the other.",
            ),
            partial(_margin, index=predicted, other=other),
        ),
    ]


def both_classes(logits: Tensor) -> Tensor:
    """Return (n, C) logits; those of a binary classifier, (n,) or (n, 1), become two."""
    if logits.ndim == 1 or logits.shape[1] == 1:
        score = logits.reshape(-1, 1)
        return torch.cat([torch.zeros_like(score), score], dim=1)
    return logits


def _log_odds(answers: Answers, index: int) -> Tensor:
    """Unlike a probability, it does not saturate where the model is sure."""
    scores = _logits(answers)
    rest = torch.cat([scores[:, :index], scores[:, index + 1 :]], dim=1)
    return scores[:, index] - rest.logsumexp(1)


def _margin(answers: Answers, index: int, other: int) -> Tensor:
    scores = _logits(answers)
    return scores[:, index] - scores[:, other]


def _logits(answers: Answers) -> Tensor:
    if answers.logits is None:
        raise InputError("the model gave logits, and now gives none")
    return both_classes(answers.logits.float())
