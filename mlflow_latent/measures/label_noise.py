"""How many labels are wrong, and which: contradictions that no doubt of the model explains."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from scipy import special, stats

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlflow_latent.measures.label_quality import LabelQuality

MAJORITY = 0.5  # of the neighbors' votes: without one, the place has no class of its own
MIN_JUDGED = 20  # samples
MIN_JUDGED_SHARE = 0.5  # of the samples; and
MAX_CONTRADICTED = (
    0.25  # of the judged: beyond, model and neighbors know too little to judge labels
)
BINS = 50  # of certainty: the fit does not grow with the number of samples

# The prior over curves of doubt, each as likely as the others.
HIGHEST_DOUBTS = np.linspace(0.3, 0.6, 4)  # between two classes, a label is a toss of a coin
REACHES = np.geomspace(0.001, 0.6, 14)  # share of the samples over which doubt falls to 1 / e
SHAPES = (0.5, 0.7, 1.0, 1.4)  # of the fall: 1 is exponential, less has a longer tail
FLOORS = np.geomspace(3e-3, 0.25, 20)  # shares of wrong labels, where there are any
# What does not count: no curve is true to the last of 100,000 samples.
NEGLIGIBLE_FLOORS = np.array([0.0, 5e-4, 1e-3, 2e-3])
# Of data drawn from this prior without wrong labels, the share with evidence above x is at most
# this ÷ x, measured for x ≥ 20 and 100 to 20,000 samples (Markov's inequality promises 1 ÷ x).
EVIDENCE_TAIL = 0.1


@dataclass(frozen=True, eq=False)
class LabelNoise:
    """What the contradictions of one split say.

    Attributes:
        judged: samples of which both views speak alike, for or against the label.
        contradicted: those of them against the label.
        share: estimated share of wrong labels among the judged.
        lower: lower end of its interval.
        upper: upper end of its interval.
        p_value: that there are none: all contradictions are doubts.
        posterior: (N,) probability that a label is wrong; 0 where nothing contradicts it.
    """

    judged: int
    contradicted: int
    share: float
    lower: float
    upper: float
    p_value: float
    posterior: NDArray[np.float64]


def label_noise(
    quality: LabelQuality, rows: NDArray[np.bool_], confidence: float, *, learned: bool = False
) -> LabelNoise | None:
    """Estimate how many labels among `rows` are wrong.

    A sample is judged where two views agree on whether its label is right: the model and the
    neighbors' labels or, where the model has learned these very labels, the neighbors and the wider
    surroundings. Right labels are contradicted too, by samples between the classes, but these are
    among the samples of which the views are least certain: such doubt starts near one half and
    falls with the rank of the certainty, exponentially or with a longer tail. Wrong labels are
    contradicted at any rank: a floor under that curve. Ranks, since a model trained on wrong labels
    is less certain everywhere.

    Nobody knows the curve, so the evidence is averaged over many: the Bayes factor of a floor
    against none. `p_value` is how often chance gives as much, see `EVIDENCE_TAIL`; the share and
    its interval are quantiles of the posterior.

    Args:
        quality: of N samples, with probabilities.
        rows: (N,) samples of one split.
        confidence: of the interval.
        learned: whether the model was trained on the labels of these rows: it may know them by
            heart, and is no witness then.

    Returns:
        None where labels cannot be judged: there are too few samples of which the views agree, or
        they contradict too many labels.
    """
    near, wide = quality.neighbor_margin, quality.surroundings
    other = wide if learned else quality.model_margin
    sides = rows & (near * other > 0) & (quality.neighbor_share >= MAJORITY)
    judged, contradicted = int(sides.sum()), int((sides & (near < 0)).sum())
    if judged < max(MIN_JUDGED, MIN_JUDGED_SHARE * rows.sum()):
        return None
    if contradicted > MAX_CONTRADICTED * judged:
        return None
    against = near[sides] < 0
    place = (BINS * _certainty(other[sides], near[sides], wide[sides])).astype(int)
    fit = _fit(place, against)
    lower, share, upper = _quantiles(fit.floors, (1 - confidence) / 2, 0.5, (1 + confidence) / 2)
    posterior = np.zeros(len(rows))
    posterior[sides] = np.where(against, fit.wrong[place], 0.0)
    return LabelNoise(
        judged=judged,
        contradicted=contradicted,
        share=share,
        lower=lower,
        upper=upper,
        p_value=float(np.exp(min(0.0, np.log(EVIDENCE_TAIL) - fit.log_evidence))),
        posterior=posterior,
    )


def _certainty(*views: NDArray[np.float32]) -> NDArray[np.float64]:
    """(J,) rank of the certainty of all views together, within 0…1."""
    total = np.sum([stats.rankdata(np.abs(view)) for view in views], axis=0)
    return np.asarray(stats.rankdata(total) / (len(total) + 1))


@dataclass(frozen=True, eq=False)
class _Fit:
    """What the rates of contradiction say.

    Attributes:
        log_evidence: logarithm of the Bayes factor of a floor against none.
        floors: (F,) posterior of each of `FLOORS`, if there is one.
        wrong: (B,) probability that a contradicted label is wrong, by bin of certainty.
    """

    log_evidence: float
    floors: NDArray[np.float64]
    wrong: NDArray[np.float64]


def _fit(place: NDArray[np.intp], against: NDArray[np.bool_]) -> _Fit:
    total = np.bincount(place, minlength=BINS).astype(float)
    hits = np.bincount(place[against], minlength=BINS).astype(float)
    doubt = _doubts((np.arange(BINS) + 0.5) / BINS)
    without = _log_likelihood(_on_floor(doubt, NEGLIGIBLE_FLOORS), hits, total)
    rate = _on_floor(doubt, FLOORS)
    with_floor = _log_likelihood(rate, hits, total)
    mean = special.logsumexp(with_floor, axis=1) - np.log(len(doubt))
    evidence = special.logsumexp(mean) - np.log(len(FLOORS))
    evidence_against = special.logsumexp(without) - np.log(without.size)
    weight = special.softmax(with_floor)
    return _Fit(
        log_evidence=float(evidence - evidence_against),
        floors=special.softmax(mean),
        wrong=np.einsum("fc,fcb->b", weight, FLOORS[:, None, None] / rate),
    )


def _on_floor(doubt: NDArray[np.float64], floors: NDArray[np.float64]) -> NDArray[np.float64]:
    """(F, D, B) rates of contradiction, of each curve of doubt on each floor."""
    floor = floors[:, None, None]
    return np.asarray(floor + (1 - floor) * doubt)


def _doubts(rank: NDArray[np.float64]) -> NDArray[np.float64]:
    """(D, B) how often a right label is contradicted, by the rank of the certainty, each curve."""
    curves = np.array(list(product(HIGHEST_DOUBTS, REACHES, SHAPES)))
    highest, reach, shape = (curves[:, [column]] for column in range(3))
    return np.asarray(np.clip(highest * np.exp(-((rank / reach) ** shape)), 1e-9, 1 - 1e-9))


def _log_likelihood(
    rate: NDArray[np.float64], hits: NDArray[np.float64], total: NDArray[np.float64]
) -> NDArray[np.float64]:
    return np.asarray(np.log(rate) @ hits + np.log1p(-rate) @ (total - hits))


def _quantiles(posterior: NDArray[np.float64], *shares: float) -> tuple[float, ...]:
    """Return quantiles of the floor, between the points of the grid."""
    reached = np.cumsum(posterior) - posterior / 2
    return tuple(float(np.exp(np.interp(s, reached, np.log(FLOORS)))) for s in shares)
