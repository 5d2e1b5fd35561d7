"""How well each label is supported: by the model, by the neighbors' labels, and over the epochs.

Every part is within −1…1, mostly a margin: the support for the label minus that for the best other
class. Parts that are bounded alike can be added, and none of them, however overconfident, can
outvote all others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.measures.votes import LARGEST_LOG_ODDS, Votes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlflow_latent.measures.neighbors import Neighbors

CHUNK_ROWS = 65_536
CHUNK_CELLS = 33_554_432  # samples × classes: a thousand classes must not take gigabytes
SURROUNDINGS_WEIGHT = 0.5  # beside 1 for the model and 1 for the neighbors, which they include
SELF_CONFIDENCE_WEIGHT = 1.25  # tells what is unlikely from what is impossible, at margins of −1
PROBABILITY_FLOOR = 1e-8  # below it self-confidence says nothing more; single precision ends there


@dataclass(frozen=True, eq=False)
class LabelQuality:
    """How well the label of each of N samples is supported; NaN where there is no label.

    Attributes:
        quality: (N,) 0…1, the higher the better: to rank by within a split. It cannot be compared
            between splits, as the model has learned the labels of one of them.
        suggested: (N,) class index that is supported best beside the label; −1 without a label.
        model_margin: (N,) probability of the label − the best other one, now or over the captured
            epochs, whichever is lower; all NaN without either.
        neighbor_margin: (N,) the same of the neighbors' votes.
        neighbor_share: (N,) votes of the class that most neighbors have, 0…1.
        surroundings: (N,) log odds of the label in a wider neighborhood; all NaN without
            probabilities.
        early_margin: (N,) mean margin over the first captured epochs, before labels are learned by
            heart; NaN where too few were captured.
    """

    quality: NDArray[np.float32]
    suggested: NDArray[np.int32]
    model_margin: NDArray[np.float32]
    neighbor_margin: NDArray[np.float32]
    neighbor_share: NDArray[np.float32]
    surroundings: NDArray[np.float32]
    early_margin: NDArray[np.float32]


def label_quality(
    target: NDArray[np.int32],
    neighbors: Neighbors,
    pred_probs: NDArray[np.float32] | None,
    margin_over_epochs: NDArray[np.float32] | None = None,
    early_margin: NDArray[np.float32] | None = None,
) -> LabelQuality:
    """Measure how well each label is supported.

    Args:
        target: (N,) class index, −1 where missing.
        neighbors: the neighbor graph; a sample is not its own neighbor.
        pred_probs: (N, C) class probabilities, if captured.
        margin_over_epochs: (N,) mean margin over the epochs, NaN where there is none. A label that
            was learned by heart has it low, because it was learned late.
        early_margin: (N,) mean margin over the first of them; it is not part of the quality.

    Returns:
        `quality` is a weighted mean of the margins of the model and of the neighbors, the log odds
        in the surroundings and the log self-confidence. Sources: normalized margin and
        self-confidence of Northcutt et al. 2021, area under the margin of Pleiss et al. 2020.
    """
    classes = int(target.max()) + 1
    width = max(classes, 0 if pred_probs is None else pred_probs.shape[1])
    size = len(target)
    parts = {name: np.full(size, np.nan, np.float32) for name in ("model", "votes", "lead", "log")}
    suggested = np.full(size, -1, np.int32)
    around = Votes(target, neighbors, width)
    step = max(1, min(CHUNK_ROWS, CHUNK_CELLS // width))
    for start in range(0, size, step):
        rows = np.arange(start, min(start + step, size))
        rows = rows[target[rows] >= 0]
        votes = around.near(rows)
        parts["votes"][rows] = _margin(votes, target[rows])
        parts["lead"][rows] = votes.max(axis=1)
        support = votes
        if pred_probs is not None:
            probabilities = _padded(pred_probs[rows], width)
            parts["model"][rows] = _margin(probabilities, target[rows])
            parts["log"][rows] = _log_confidence(probabilities, target[rows])
            support = votes + probabilities
        suggested[rows] = _best_other(support, target[rows])
    if margin_over_epochs is not None:
        known = np.isfinite(margin_over_epochs) & (target >= 0)
        parts["model"][known] = np.fmin(parts["model"], margin_over_epochs)[known]
    surroundings = parts["log"] if pred_probs is None else around.surroundings()
    return LabelQuality(
        quality=_combine(parts["model"], parts["votes"], parts["log"], surroundings),
        suggested=suggested,
        model_margin=parts["model"],
        neighbor_margin=parts["votes"],
        neighbor_share=parts["lead"],
        surroundings=surroundings,
        early_margin=np.full(size, np.nan, np.float32) if early_margin is None else early_margin,
    )


def _combine(
    model: NDArray[np.float32],
    votes: NDArray[np.float32],
    log: NDArray[np.float32],
    surroundings: NDArray[np.float32],
) -> NDArray[np.float32]:
    """(N,) weighted mean of what there is, each within −1…1, brought to 0…1."""
    wide = surroundings / np.float32(LARGEST_LOG_ODDS)
    parts = (model, votes, wide, 1 + 2 * log)
    weights = (1.0, 1.0, SURROUNDINGS_WEIGHT, SELF_CONFIDENCE_WEIGHT / 2)
    there = [~np.isnan(part) for part in parts]
    score = sum(w * np.nan_to_num(part) for w, part in zip(weights, parts, strict=True))
    total = sum(w * known for w, known in zip(weights, there, strict=True))
    mean = np.where(np.isnan(votes), np.nan, score / np.maximum(total, 1.0))
    return np.asarray((1 + mean) / 2, dtype=np.float32)


def _padded(probabilities: NDArray[np.float32], width: int) -> NDArray[np.float32]:
    """A target may be of a class that the model does not know: its probability is 0."""
    known = np.nan_to_num(probabilities, posinf=0.0, neginf=0.0)
    return np.pad(known, ((0, 0), (0, width - known.shape[1])))


def _margin(support: NDArray[np.float32], target: NDArray[np.int32]) -> NDArray[np.float32]:
    rows = np.arange(len(target))
    own = support[rows, target]
    others = support.copy()
    others[rows, target] = -1
    best = others.max(axis=1) if others.shape[1] > 1 else np.zeros(len(rows), np.float32)
    return np.asarray(own - best)


def _best_other(support: NDArray[np.float32], target: NDArray[np.int32]) -> NDArray[np.int32]:
    others = support.copy()
    others[np.arange(len(target)), target] = -1
    best = others.argmax(axis=1).astype(np.int32)
    return best if support.shape[1] > 1 else np.full(len(target), -1, np.int32)


def _log_confidence(
    probabilities: NDArray[np.float32], target: NDArray[np.int32]
) -> NDArray[np.float32]:
    """(R,) log of the label's probability, −1 at `PROBABILITY_FLOOR` and below, 0 at 1."""
    own = probabilities[np.arange(len(target)), target]
    return np.asarray(-np.log(np.clip(own, PROBABILITY_FLOOR, 1)) / np.log(PROBABILITY_FLOOR))
