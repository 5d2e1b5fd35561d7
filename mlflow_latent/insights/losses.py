"""How much more loss sets of samples have than the rest, and what that is worth.

What all kinds that judge performance have in common: one effect, one threshold, one severity.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.evidence import Evidence, Moments, mean_ratio, moments, rest, welch
from mlflow_latent.insights import words
from mlflow_latent.insights.scores import Scores

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlflow_latent.insights.nesting import StandsOut, Within

RATIO, DIFFERENCE = "mean loss ÷ rest", "mean loss − rest"


@dataclass(frozen=True, eq=False)
class Excess:
    """The loss of G sets of samples against the rest of the same split.

    Attributes:
        inside: of each set.
        outside: of the rest.
        evidence: ratio of the means, or their difference where a loss may be negative: a ratio of
            means that may be negative says nothing.
        spread: standard deviation of the split's losses.
        is_ratio: which of the two the effect is.
    """

    inside: Moments
    outside: Moments
    evidence: Evidence
    spread: float
    is_ratio: bool

    @classmethod
    def of(
        cls, loss: NDArray[np.floating], inside: Moments, outside: Moments, confidence: float
    ) -> Excess:
        """Compare; `loss` holds all losses of the split."""
        is_ratio = bool((loss >= 0).all())
        evidence = (mean_ratio if is_ratio else welch)(inside, outside, confidence)
        return cls(inside, outside, evidence, float(loss.std(dtype=np.float64)), is_ratio)

    @property
    def effect_name(self) -> str:
        """What the effect is."""
        return RATIO if self.is_ratio else DIFFERENCE

    def matters(self, least: float) -> NDArray[np.bool_]:
        """(G,) whether the effect is large enough and its interval excludes "no effect".

        Args:
            least: ratio of the means from which it matters; for differences, what it exceeds one
                by is taken in standard deviations.
        """
        none = 1 if self.is_ratio else 0
        return np.asarray(self.is_large(least) & (self.evidence.lower > none))

    def is_large(self, least: float) -> NDArray[np.bool_]:
        """(G,) whether the effect is large enough, certain or not; `least` as for `matters`."""
        bound = least if self.is_ratio else (least - 1) * self.spread
        return np.asarray(self.evidence.effect >= bound)

    @property
    def severity(self) -> NDArray[np.float64]:
        """(G,) share of the split's loss that would go if a set performed like the rest, 0…1.

        It grows with the size of the set and with its excess, and is 0 without an excess.
        """
        total = np.abs(self.inside.total) + np.abs(self.outside.total)
        excess = self.inside.n * np.nan_to_num(self.inside.mean - self.outside.mean)
        share = np.divide(excess, total, out=np.zeros_like(total), where=total > 0)
        return np.asarray(np.clip(share, 0.0, 1.0))

    def interval(self, group: int) -> tuple[float, float]:
        """Return the interval of one set's effect."""
        return float(self.evidence.lower[group]), float(self.evidence.upper[group])

    def size(self, group: int) -> str:
        """Return `2.1 × the rest of` or `0.4 above the rest of`."""
        effect = words.number(float(self.evidence.effect[group]))
        return f"{effect} {'×' if self.is_ratio else 'above'} the rest of"

    def describe(self, group: int, split: str | None, confidence: float) -> str:
        """Return both means and the effect with its interval, as a sentence."""
        return (
            f"{self.describe_means(group, split)} "
            f"({self.effect_name}: {self.describe_effect(group, confidence)})."
        )

    def describe_means(self, group: int, split: str | None) -> str:
        """Return both means in words."""
        inside, outside = (words.number(float(m.mean[group])) for m in (self.inside, self.outside))
        return f"Mean loss {inside} against {outside} in the rest of {split}"

    def describe_effect(self, group: int, confidence: float) -> str:
        """Return the effect with its interval."""
        effect = words.number(float(self.evidence.effect[group]))
        return f"{effect}, {words.span(*self.interval(group), confidence)}"

    def base_rates(self, group: int, split: str | None, place: str = "region") -> dict[str, float]:
        """Return both means by name; `place` is what the samples inside are called."""
        return {
            f"mean_loss_{place}": float(self.inside.mean[group]),
            f"mean_loss_rest_of_{split}": float(self.outside.mean[group]),
        }


def split_moments(loss: NDArray[np.floating], inside: NDArray[np.bool_]) -> tuple[Moments, Moments]:
    """Summarize the losses inside a set and in the rest, each as one group."""
    both = moments(loss, inside.astype(np.int64), 2)
    others = rest(both)
    pick = [Moments(of.n[1:], of.mean[1:], of.variance[1:]) for of in (both, others)]
    return pick[0], pick[1]


def worse_within(
    loss: NDArray[np.floating], *, min_samples: int, least: float, confidence: float
) -> Within:
    """Return the test of `nesting.nest` for regions with more loss.

    Args:
        loss: (M,) finite.
        min_samples: that a part and the rest of a region each need.
        least: ratio of the means from which a part stands out, as for `Excess.matters`.
        confidence: of the interval that must exclude "no effect".
    """

    def within(outer: NDArray[np.bool_]) -> StandsOut:
        losses = Losses.of(loss[outer])

        def stands_out(inner: NDArray[np.bool_]) -> float:
            part = inner[outer]
            p_value = losses.worse(part, min_samples)
            if np.isnan(p_value):
                return 1.0
            excess = Excess.of(losses.loss, *split_moments(losses.loss, part), confidence)
            return p_value if excess.matters(least)[0] else 1.0

        return stands_out

    return within


@dataclass(frozen=True, eq=False)
class Losses:
    """The losses of M samples, scored once for many tests.

    Attributes:
        loss: (M,) finite.
        scores: of each.
    """

    loss: NDArray[np.floating]
    scores: Scores

    @classmethod
    def of(cls, loss: NDArray[np.floating]) -> Losses:
        """Score them."""
        return cls(loss, Scores.of(loss))

    def __getitem__(self, rows: NDArray[np.bool_]) -> Losses:
        """Keep some of them, and the scores that they had among all."""
        return Losses(self.loss[rows], self.scores[rows])

    def worse(self, inside: NDArray[np.bool_], min_samples: int) -> float:
        """Return the p-value that losses are larger inside than in the rest.

        Args:
            inside: (M,) mask.
            min_samples: that each side needs; with fewer the p-value is NaN.
        """
        if min(int(inside.sum()), int((~inside).sum())) < min_samples:
            return float("nan")
        return float(self.scores.larger(inside.astype(np.int64), 2)[1])
