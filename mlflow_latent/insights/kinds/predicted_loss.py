"""`predicted_loss`: samples without labels on which the model is predicted to fail.

Its samples are those of the split without labels; what it predicts from was fitted on the tested
split. Severity is the share of the split's predicted loss that would go if these samples were like
the rest of it, times the rank correlation of predicted and true loss: a prediction is not a fact.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.errors import UnpredictableError
from mlflow_latent.evidence import Evidence, odds_ratio
from mlflow_latent.insights import words
from mlflow_latent.insights.base import NotApplicableError
from mlflow_latent.insights.registry import register
from mlflow_latent.measures.predicted_loss import MIN_CORRELATION, PredictedLoss
from mlflow_latent.report.model import Insight

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from mlflow_latent.insights.base import Context

KIND = "predicted_loss"
EFFECT = "odds of being predicted to fail ÷ {}"
MANY_OUTSIDE = 0.05  # share of a split outside of what was fitted on, from which readers are warned


@register(KIND)
def find(context: Context) -> Iterator[Insight]:
    """Test each split without labels: are more of its samples predicted to fail than of val?

    To fail is to have a prediction like those of the worst tenth of the tested split, as told by
    models that have seen neither these samples nor those. Fisher's exact test, Benjamini–Hochberg
    over the splits. Without a useful prediction nothing is tested.
    """
    found = _prediction(context)
    splits = [split for split in context.snapshot.splits if _rows(context, found, split).sum()]
    evidence = _evidence(context, found, splits)
    enough = [_rows(context, found, s).sum() >= context.options.min_samples for s in splits]
    q = context.q_values(KIND, np.where(enough, evidence.p_value, np.nan))
    matters = (evidence.effect >= context.options.min_odds_ratio) & (evidence.lower > 1)
    for number in np.flatnonzero((q <= context.alpha) & matters).tolist():
        insight = _insight(context, found, splits[number], evidence, number)
        yield insight.model_copy(update={"q_value": float(q[number])})


def _prediction(context: Context) -> PredictedLoss:
    """Return the predicted losses.

    Raises:
        NotApplicableError: there are none, or they say nothing.
    """
    try:
        found = context.measures.predicted_loss(context.tested)
    except UnpredictableError as reason:
        raise NotApplicableError(str(reason)) from None
    if not found.is_useful:
        raise NotApplicableError(
            f"losses cannot be predicted well enough, as their rank correlation may be below"
            f" {MIN_CORRELATION}: {found.quality}"
        )
    return found


def _rows(context: Context, found: PredictedLoss, split: str) -> NDArray[np.bool_]:
    return context.snapshot.rows(split) & found.unlabelled


def _evidence(context: Context, found: PredictedLoss, splits: list[str]) -> Evidence:
    """Compare the shares that are predicted to fail, by the mean of the models, with that of val.

    The mean over models varies less than one model's count would: the test errs to the safe side.
    """
    fitted = np.isfinite(found.fails) & ~found.unlabelled
    base, total = int(found.fails[fitted].sum()), int(fitted.sum())
    rows = [_rows(context, found, split) for split in splits]
    each = [
        odds_ratio(
            np.array([int(found.fails[of_split].sum())]),
            int(of_split.sum()),
            np.array([base]),
            total,
            context.options.confidence,
        )
        for of_split in rows
    ]
    return Evidence(
        np.concatenate([one.effect for one in each]),
        np.concatenate([one.lower for one in each]),
        np.concatenate([one.upper for one in each]),
        np.concatenate([one.p_value for one in each]),
    )


def _insight(
    context: Context, found: PredictedLoss, split: str, evidence: Evidence, number: int
) -> Insight:
    rows = _rows(context, found, split)
    members = rows & (found.fails > 1 / 2)
    order = np.flatnonzero(members)
    order = order[np.argsort(-found.value[order], kind="stable")]
    split_column, ids = context.snapshot.split, context.snapshot.sample_id
    fitted = np.isfinite(found.fails) & ~found.unlabelled
    share, base = float(found.fails[rows].mean()), float(found.fails[fitted].mean())
    metadata = context.explain(members, split)
    effect_name = EFFECT.format(found.split)
    interval = (float(evidence.lower[number]), float(evidence.upper[number]))
    return Insight(
        kind=KIND,
        title=words.title(
            f"{int(members.sum()):,} of {words.samples(int(rows.sum()))} of {split} predicted to "
            f"fail{words.where(context.snapshot, members, context.collectable(metadata))}"
        ),
        description=f"Nobody knows their losses: {words.percent(share)} of {split} are predicted "
        f"to be like the worst tenth of {found.split} ({effect_name}: "
        f"{words.number(float(evidence.effect[number]))}, "
        f"{words.span(*interval, context.options.confidence)}). Mean predicted loss "
        f"{words.number(_mean(found.value, rows))} against "
        f"{words.number(_mean(found.value, fitted))} of {found.split}. How good the prediction "
        f"is: {found.quality}.{_warning(found, rows)}",
        action=f"Label these first, the worst of them in front; `label_next` makes a list of those "
        f"of {split} that differ from one another.",
        split=split,
        samples=tuple(zip(split_column[order], ids[order], strict=True)),
        effect=float(evidence.effect[number]),
        effect_name=effect_name,
        interval=interval,
        p_value=float(evidence.p_value[number]),
        q_value=1.0,
        severity=_severity(found, rows, members),
        counts={split: int(members.sum())},
        base_rates={
            f"predicted_to_fail_in_{split}": share,
            f"predicted_to_fail_in_{found.split}": base,
            f"mean_predicted_loss_{split}": _mean(found.value, rows),
            f"mean_predicted_loss_{found.split}": _mean(found.value, fitted),
            "rank_correlation": found.correlation,
            "rank_correlation_low": found.interval[0],
            "rank_correlation_high": found.interval[1],
            "coverage_of_intervals": found.coverage,
            "share_outside": float(found.outside[rows].mean()),
        },
        metadata=metadata,
    )


def _warning(found: PredictedLoss, rows: NDArray[np.bool_]) -> str:
    """Warn where what is known of the error does not hold."""
    share = float(found.outside[rows].mean())
    if share < MANY_OUTSIDE:
        return ""
    return (
        f" But {words.percent(share)} of these samples lie outside of what it was fitted on: there "
        "the order may hold, the size of the error does not."
    )


def _severity(found: PredictedLoss, rows: NDArray[np.bool_], members: NDArray[np.bool_]) -> float:
    rest = rows & ~members
    total = float(np.abs(found.value[rows]).sum(dtype=np.float64))
    if not members.any() or not total:
        return 0.0
    usual = _mean(found.value, rest) if rest.any() else 0.0
    excess = float((found.value[members].astype(np.float64) - usual).sum())
    return min(1.0, max(0.0, excess / total)) * found.correlation


def _mean(values: NDArray[np.float32], rows: NDArray[np.bool_]) -> float:
    return float(values[rows].mean(dtype=np.float64))
