"""How many labels are wrong, and which: contradictions that no doubt of the model explains."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import stats

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlflow_latent.measures.label_quality import LabelQuality

MAJORITY = 0.5  # of the neighbors' votes: without one, the place has no class of its own
BINS = 100  # of certainty: the fit does not grow with the number of samples
HIGHEST_DOUBTS = np.linspace(0.05, 0.95, 19)  # contradicted right labels at the lowest certainty
REACHES = np.geomspace(0.001, 0.5, 20)  # share of the samples over which doubt falls to 1 / e
SHAPES = (0.5, 1.0)  # of the fall: 1 is exponential, less has a longer tail
FLOORS = np.r_[0.0, np.geomspace(1e-4, 0.5, 80)]  # shares of wrong labels


@dataclass(frozen=True, eq=False)
class LabelNoise:
    """What the contradictions of one split say.

    Attributes:
        judged: samples for whom the model and the neighbors speak alike, for or against the label.
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
    quality: LabelQuality, rows: NDArray[np.bool_], confidence: float
) -> LabelNoise | None:
    """Estimate how many labels among `rows` are wrong.

    A sample is judged where the model and the neighbors' labels agree on whether its label is
    right. Right labels are contradicted too, by samples between the classes, but these are among
    the samples of which model and neighbors are least certain: such doubt falls with the rank of
    the certainty, exponentially or with a longer tail. Wrong labels are contradicted at any rank: a
    floor under that curve. Ranks, since a model trained on wrong labels is less certain everywhere.
    All is fitted by maximum likelihood on a grid; the test is the likelihood ratio against no
    floor, half of a chi-squared with one degree since it lies at the border (Self & Liang 1987);
    the interval is the profile likelihood's.

    Args:
        quality: of N samples, with probabilities.
        rows: (N,) samples of one split.
        confidence: of the interval.

    Returns:
        None where nothing can be judged.
    """
    model, votes = quality.model_margin.astype(float), quality.neighbor_margin.astype(float)
    sides = rows & (quality.neighbor_share >= MAJORITY) & (model * votes > 0)
    if not sides.any():
        return None
    against = sides & (votes < 0)
    rank = stats.rankdata(np.abs(model + votes)[sides]) / (sides.sum() + 1)
    fit = _fit(rank, against[sides])
    reach = float(stats.chi2.ppf(confidence, 1)) / 2
    likely = FLOORS[fit.profile >= fit.profile.max() - reach]
    ratio = 2 * float(fit.profile.max() - fit.profile[0])
    doubt = _doubt(rank, fit.highest, fit.reach, fit.shape)
    posterior = np.zeros(len(rows))
    posterior[sides] = fit.floor / np.maximum(fit.floor + (1 - fit.floor) * doubt, 1e-12)
    return LabelNoise(
        judged=int(sides.sum()),
        contradicted=int(against.sum()),
        share=fit.floor,
        lower=float(likely[0]),
        upper=float(likely[-1]),
        p_value=0.5 * float(stats.chi2.sf(ratio, 1)) if ratio > 0 else 1.0,
        posterior=np.where(against, posterior, 0.0),
    )


class _Fit(NamedTuple):
    """The best doubt and floor, and the log-likelihood at each of `FLOORS`."""

    highest: float
    reach: float
    shape: float
    floor: float
    profile: NDArray[np.float64]


def _doubt(
    rank: NDArray[np.float64], highest: float, reach: float, shape: float
) -> NDArray[np.float64]:
    """How often a right label is contradicted, by the rank of the certainty."""
    return np.asarray(highest * np.exp(-((rank / reach) ** shape)))


def _fit(rank: NDArray[np.float64], against: NDArray[np.bool_]) -> _Fit:
    place = (rank * BINS).astype(int)
    total = np.bincount(place, minlength=BINS)
    hits = np.bincount(place, weights=against, minlength=BINS)
    middle = np.bincount(place, weights=rank, minlength=BINS) / np.maximum(total, 1)
    best = (-np.inf, 0.0, 1.0, 1.0, 0.0)
    profile = np.full(len(FLOORS), -np.inf)
    for curve in product(HIGHEST_DOUBTS.tolist(), REACHES.tolist(), SHAPES):
        rate = FLOORS[:, None] + (1 - FLOORS[:, None]) * _doubt(middle, *curve)
        rate = np.clip(rate, 1e-12, 1 - 1e-12)
        likelihood = np.log(rate) @ hits + np.log1p(-rate) @ (total - hits)
        profile = np.maximum(profile, likelihood)
        top = int(likelihood.argmax())
        if likelihood[top] > best[0]:
            best = (float(likelihood[top]), *curve, float(FLOORS[top]))
    return _Fit(*best[1:], profile)
