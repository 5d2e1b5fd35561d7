"""`bright_losses`: the tenth of the tested split that is brightest, where its loss is larger."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from mlflow_latent import Insight
from mlflow_latent.insights import NotApplicableError, register

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mlflow_latent.insights import Context

KIND = "bright_losses"
BRIGHTEST = 0.9  # quantile


@register(KIND)
def find(context: Context) -> Iterator[Insight]:
    """Test one hypothesis: the brightest samples have the same loss as the rest."""
    rows = context.labelled(context.tested, "validation")  # says "not applicable" by itself
    metadata = context.snapshot.metadata
    if "brightness" not in metadata:
        raise NotApplicableError("no metadata field 'brightness' was captured")
    brightness = metadata["brightness"].to_numpy(float)
    bright = rows & (brightness > np.nanquantile(brightness[rows], BRIGHTEST))
    inside, outside = context.loss[bright], context.loss[rows & ~bright]
    if min(len(inside), len(outside)) < context.options.min_samples:
        raise NotApplicableError(f"only {len(inside)} samples are bright")
    test = stats.ttest_ind(inside, outside, equal_var=False, alternative="greater")
    q_value = float(context.q_values(KIND, np.array([test.pvalue]))[0])
    if q_value > context.alpha:  # this kind's share of the report's error budget
        return
    low, high = stats.ttest_ind(inside, outside, equal_var=False).confidence_interval(
        context.options.confidence
    )
    difference = float(inside.mean() - outside.mean())
    yield Insight(
        kind=KIND,
        title=f"The brightest tenth of {context.tested} has {difference:.2f} more loss",
        description=f"Mean loss {inside.mean():.2f} against {outside.mean():.2f} in the rest.",
        action="Augment with brighter pictures, or look for over-exposed ones.",
        split=context.tested,
        samples=context.keys(bright),
        effect=difference,
        effect_name="mean loss − rest",
        interval=(float(low), float(high)),
        p_value=float(test.pvalue),
        q_value=q_value,
        severity=min(1.0, difference * len(inside) / float(np.abs(context.loss[rows]).sum())),
        counts=context.counts(bright),
        base_rates={f"mean_loss_rest_of_{context.tested}": float(outside.mean())},
        metadata=context.explain(bright, context.tested),
    )
