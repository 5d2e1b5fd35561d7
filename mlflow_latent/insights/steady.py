"""More loss than the rest, told by an effect that is certain: of a few huge losses none decides.

Where losses have a heavy tail, a handful of them makes the ratio of the means uncertain, whatever
the others say. Then the same ratio is taken of losses capped at a high percentile of their split.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.insights import words
from mlflow_latent.insights.losses import Excess, split_moments

if TYPE_CHECKING:
    from numpy.typing import NDArray

CAP = 0.95
"""Quantile of a split's losses beyond which they count as that one: of log-normal losses with a
sigma of 1.5 it leaves a fifth of the ratio's variance, of exponential ones nearly all."""


@dataclass(frozen=True, eq=False)
class Steady:
    """An excess that matters and is certain, with what it was taken from.

    Attributes:
        means: of the losses as they are.
        shown: what is reported: `means`, or that of capped losses.
        cap: of the losses, None where `shown` is `means`.
    """

    means: Excess
    shown: Excess
    cap: float | None = None

    @classmethod
    def of(
        cls,
        loss: NDArray[np.floating],
        inside: NDArray[np.bool_],
        least: float,
        confidence: float,
    ) -> Steady | None:
        """Compare losses; None where they do not matter, or nothing about them is certain.

        Args:
            loss: (M,) of a split, finite.
            inside: (M,) mask.
            least: ratio of the means from which it matters, see `Excess.matters`.
            confidence: of the intervals.
        """
        means = Excess.of(loss, *split_moments(loss, inside), confidence)
        if means.matters(least)[0]:
            return cls(means, means)
        if not means.is_large(least)[0]:
            return None
        cap = float(np.quantile(loss, CAP))
        capped = np.minimum(loss, cap)
        shown = Excess.of(capped, *split_moments(capped, inside), confidence)
        return cls(means, shown, cap) if shown.matters(least)[0] else None

    @property
    def effect_name(self) -> str:
        """What the effect is."""
        return self.shown.effect_name if self.cap is None else f"capped {self.shown.effect_name}"

    def size(self, split: str | None) -> str:
        """Return `2.1 × the rest of val`, or `2.1 × the rest of val, losses capped,`."""
        return f"{self.shown.size(0)} {split}{'' if self.cap is None else ', losses capped,'}"

    def describe(self, split: str | None, confidence: float) -> str:
        """Return the means and the effect with its interval in sentences."""
        if self.cap is None:
            return self.shown.describe(0, split, confidence)
        cap, high = words.number(self.cap), words.percent(1 - CAP)
        return (
            f"{self.means.describe_means(0, split)}, which a few large losses make uncertain. With "
            f"the largest {high} of {split} counted as {cap}, {self.effect_name}: "
            f"{self.shown.describe_effect(0, confidence)}."
        )
