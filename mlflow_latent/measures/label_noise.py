"""How many labels are wrong, and which: contradictions that no doubt of the model explains."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
from scipy import special, stats

from mlflow_latent.measures.doubt import fit_floor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mlflow_latent.measures.label_quality import LabelQuality

MAJORITY = 0.5  # of the neighbors' votes: without one, the place has no class of its own
MIN_JUDGED = 20  # samples
MIN_JUDGED_SHARE = 0.5  # of the samples; and
MAX_CONTRADICTED = (
    0.25  # of the judged: beyond, model and neighbors know too little to judge labels
)
KNOWN_CLASS = 0.5  # share of a class's labels that may be contradicted before it is not known
# Of data drawn from the prior without wrong labels, the share with evidence above x is at most
# this ÷ x, measured for x ≥ 20 and 100 to 20,000 samples (Markov's inequality promises 1 ÷ x).
EVIDENCE_TAIL = 0.1

View = tuple["NDArray[np.float32]", ...]  # margins whose ranks are added


class Witness(StrEnum):
    """Who else, beside the neighbors' labels, says whether a label is right."""

    MODEL = "model"
    SURROUNDINGS = "surroundings"
    EARLY_MODEL = "early model"


@dataclass(frozen=True, eq=False)
class LabelNoise:
    """What the contradictions of one split say.

    Attributes:
        witness: who judged, beside the neighbors' labels.
        judged: samples of which both views speak alike, for or against the label.
        contradicted: those of them against the label.
        unknown: classes that the views do not know: most of their labels are contradicted. They are
            not judged.
        share: estimated share of wrong labels among the judged.
        lower: lower end of its interval.
        upper: upper end of its interval.
        log_evidence: logarithm of the Bayes factor of wrong labels against none.
        posterior: (N,) probability that a label is wrong; 0 where nothing contradicts it.
    """

    witness: Witness
    judged: int
    contradicted: int
    unknown: tuple[int, ...]
    share: float
    lower: float
    upper: float
    log_evidence: float
    posterior: NDArray[np.float64]

    @property
    def p_value(self) -> float:
        """That there are no wrong labels: all contradictions are doubts."""
        return p_of(self.log_evidence)


def p_of(log_evidence: float) -> float:
    """Return how often data without wrong labels gives as much evidence; see `EVIDENCE_TAIL`."""
    return float(np.exp(min(0.0, np.log(EVIDENCE_TAIL) - log_evidence)))


def joint_evidence(log_evidence: Sequence[float]) -> float:
    """Logarithm of the evidence of several splits together, at least one.

    The mean of each one's and their product: whoever labelled one split mostly labelled all. Bayes
    factors are e-values, and so is that mean. Source: Vovk & Wang 2021.
    """
    if len(log_evidence) == 1:
        return log_evidence[0]
    return _log_mean([*log_evidence, sum(log_evidence)])


def label_noise(
    target: NDArray[np.int32],
    quality: LabelQuality,
    rows: NDArray[np.bool_],
    confidence: float,
    *,
    learned: bool = False,
) -> LabelNoise | None:
    """Estimate how many labels among `rows` are wrong.

    A sample is judged where two views agree on whether its label is right: the neighbors' labels
    and a witness, the model. Where it has learned these very labels, the witness is the wider
    surroundings or, from a few captured epochs on, the model before it knew them by heart; the
    evidence of both is averaged, and the stronger one names the labels.

    Right labels are contradicted too, by samples between the classes, but these are among the
    samples of which the views are least certain: `doubt` tells them from wrong ones by the rank of
    the certainty, which is that of the least certain view. Ranks, since a model trained on wrong
    labels is less certain everywhere; within the class that the views speak for, since wrong labels
    in one class make them less certain of that class.

    Args:
        target: (N,) class index, −1 where missing.
        quality: of N samples, with probabilities.
        rows: (N,) samples of one split.
        confidence: of the interval.
        learned: whether the model was trained on the labels of these rows: it may know them by
            heart, and is no witness then.

    Returns:
        None where labels cannot be judged: there are too few samples of which the views agree, or
        they contradict too many labels.
    """
    around = quality.neighbor_margin, quality.surroundings
    model, early = quality.model_margin, quality.early_margin
    views: dict[Witness, tuple[NDArray[np.float32], Sequence[View]]]
    views = {Witness.MODEL: (model, [(model,), around])}
    if learned:
        views = {
            Witness.SURROUNDINGS: (quality.surroundings, [around]),
            Witness.EARLY_MODEL: (early, [(early,)]),
        }
    heard = [
        _hear(
            target,
            quality,
            rows,
            confidence=confidence,
            witness=witness,
            view=view,
            certainties=certainties,
        )
        for witness, (view, certainties) in views.items()
    ]
    known = [noise for noise in heard if noise is not None]
    if not known:
        return None
    best = max(known, key=lambda noise: noise.log_evidence)
    return replace(best, log_evidence=_log_mean([noise.log_evidence for noise in known]))


def _hear(
    target: NDArray[np.int32],
    quality: LabelQuality,
    rows: NDArray[np.bool_],
    *,
    confidence: float,
    witness: Witness,
    view: NDArray[np.float32],
    certainties: Sequence[View],
) -> LabelNoise | None:
    """Judge by the neighbors and one witness, ranked by the least certain of some views."""
    near = quality.neighbor_margin
    sides = rows & (near * view > 0) & (quality.neighbor_share >= MAJORITY)
    if sides.sum() < max(MIN_JUDGED, MIN_JUDGED_SHARE * rows.sum()):
        return None
    unknown = _unknown_classes(target[sides], near[sides] < 0)
    sides &= ~np.isin(target, unknown)
    against = near[sides] < 0
    judged, contradicted = len(against), int(against.sum())
    if judged < MIN_JUDGED or contradicted > MAX_CONTRADICTED * judged:
        return None
    spoken_for = np.where(against, quality.suggested[sides], target[sides])
    fit = fit_floor(_certainty(spoken_for, certainties, sides), against)
    lower, share, upper = fit.quantiles((1 - confidence) / 2, 0.5, (1 + confidence) / 2)
    posterior = np.zeros(len(rows))
    posterior[sides] = np.where(against, fit.wrong, 0.0)
    return LabelNoise(
        witness=witness,
        judged=judged,
        contradicted=contradicted,
        unknown=tuple(unknown.tolist()),
        share=share,
        lower=lower,
        upper=upper,
        log_evidence=fit.log_evidence,
        posterior=posterior,
    )


def _unknown_classes(target: NDArray[np.int32], against: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Return the classes most of whose labels are contradicted: another one has absorbed them."""
    known, codes, labels = np.unique(target, return_inverse=True, return_counts=True)
    contradicted = np.bincount(codes[against], minlength=len(known))
    return known[contradicted > KNOWN_CLASS * labels].astype(np.intp)


def _certainty(
    spoken_for: NDArray[np.int32], views: Sequence[View], rows: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """(J,) rank of the certainty of the least certain view, within the class, within 0…1."""
    together = [np.sum([_rank(np.abs(part[rows])) for part in view], axis=0) for view in views]
    least = np.min([_rank(view) for view in together], axis=0)
    rank = np.zeros(len(least))
    for code in np.unique(spoken_for):
        of_class = spoken_for == code
        rank[of_class] = _rank(least[of_class])
    return rank


def _rank(values: NDArray[np.floating]) -> NDArray[np.float64]:
    return np.asarray(stats.rankdata(values) / (len(values) + 1))


def _log_mean(logarithms: Sequence[float]) -> float:
    return float(special.logsumexp(logarithms) - np.log(len(logarithms)))
