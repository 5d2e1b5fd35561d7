"""`label_error`: labels that model and neighbors contradict, beyond what doubt explains.

Severity: the share of the split's total loss that lies in these samples beyond what as many of the
rest have; without losses, the share of the split that they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.insights import words
from mlflow_latent.insights.base import NotApplicableError
from mlflow_latent.insights.registry import register
from mlflow_latent.measures.label_noise import MAX_CONTRADICTED, LabelNoise, label_noise
from mlflow_latent.measures.measures import TRAIN
from mlflow_latent.report.model import Insight
from mlflow_latent.schema import TARGET

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from mlflow_latent.insights.base import Context
    from mlflow_latent.measures.label_quality import LabelQuality

KIND = "label_error"
MIN_POSTERIOR = 0.8  # that a label is wrong: a local false discovery rate of 0.2 (Efron 2007)
FALSE_SHARE = 0.1  # expected share of splits without errors, where there are any
MIN_ERRORS = 3  # fewer are an anecdote: they are in the table of samples, with their quality
NAMED_PAIRS = 3
VIEWS = "the model and the labels of the neighbors"
VIEWS_OF_LEARNED = "the labels of the neighbors, near and farther,"


@register(KIND)
def find(context: Context) -> Iterator[Insight]:
    """Test each split: are some labels contradicted where right labels would not be?

    Labels are reported only if those of one split remain at the kind's share of the error budget,
    Benjamini–Hochberg over the splits. Then whoever labelled it made errors, and all splits that
    remain at `FALSE_SHARE` are.
    """
    quality = _quality(context)
    splits = [split for split in context.snapshot.splits if _labelled(context, split)]
    found = [
        label_noise(quality, _rows(context, s), context.options.confidence, learned=s == TRAIN)
        for s in splits
    ]
    p_value = np.array([np.nan if noise is None else noise.p_value for noise in found])
    if splits and all(noise is None for noise in found):
        raise NotApplicableError(
            "the model and the neighbors cannot judge these labels: on most samples they disagree"
            f" with one another, or with more than {MAX_CONTRADICTED:.0%} of the labels on which"
            " they agree"
        )
    q = context.q_values(KIND, p_value)
    level = FALSE_SHARE if (q <= context.alpha).any() else context.alpha
    for split, noise, q_value in zip(splits, found, q.tolist(), strict=True):
        if noise is not None and q_value <= level:
            members = likely_wrong(noise)
            if members.sum() >= MIN_ERRORS:
                yield _insight(context, quality, split, members, (noise, q_value))


def likely_wrong(noise: LabelNoise) -> NDArray[np.bool_]:
    """(N,) mask of the labels that are each likely enough to be wrong."""
    return noise.posterior >= MIN_POSTERIOR


def _quality(context: Context) -> LabelQuality:
    """Return the label quality.

    Raises:
        NotApplicableError: something that it takes was not captured.
    """
    snapshot = context.snapshot
    if snapshot.info.task != "classification":
        raise NotApplicableError(
            f"the task is {snapshot.info.task!r}: there is one class per sample in classification"
            " only, and no scores of single objects or regions were captured; look at"
            " low_performance of the per-sample losses and metrics"
        )
    target = snapshot.codes(TARGET)
    if target is None:
        raise NotApplicableError("no target (class index per sample) was captured")
    if snapshot.pred_probs is None:
        raise NotApplicableError(
            snapshot.unfit_probs or "no pred_probs (class probabilities) were captured"
        )
    if context.measures.too_many_classes:
        raise NotApplicableError(context.measures.too_many_classes)
    if len(np.unique(target[target >= 0])) == 1:
        raise NotApplicableError("all samples have one class; no label can be another")
    quality = context.measures.label_quality
    if quality is None or context.measures.neighbors.k == 0:
        raise NotApplicableError("a single sample has no neighbors to compare its label with")
    return quality


def _rows(context: Context, split: str) -> NDArray[np.bool_]:
    target = context.snapshot.codes(TARGET)
    rows = context.snapshot.rows(split)
    return rows if target is None else rows & (target >= 0)


def _labelled(context: Context, split: str) -> bool:
    return int(_rows(context, split).sum()) >= context.options.min_samples


def _insight(
    context: Context,
    quality: LabelQuality,
    split: str,
    members: NDArray[np.bool_],
    evidence: tuple[LabelNoise, float],
) -> Insight:
    noise, q_value = evidence
    rows = _rows(context, split)
    low, mid, high = (
        round(share * noise.judged) for share in (noise.lower, noise.share, noise.upper)
    )
    count = int(members.sum())
    order = np.flatnonzero(members)
    order = order[np.argsort(quality.quality[order], kind="stable")]
    frame = context.snapshot.frame
    views = VIEWS_OF_LEARNED if split == TRAIN else VIEWS
    share = f"share of wrong labels in {split}"
    return Insight(
        kind=KIND,
        title=f"{words.samples(count)} of {split} with a label that is probably wrong: "
        f"{_pairs(context, quality, order)}",
        description=f"{views[0].upper() + views[1:]} contradict these labels, and are as sure of "
        f"it as of most others. In all of {split}, about {mid:,} labels are wrong "
        f"({words.span(low, high, context.options.confidence)}), counted where {views} "
        f"agree ({noise.judged:,} of {int(rows.sum()):,} samples).",
        action="Look at these samples and relabel those that are wrong; `suggested_class` in the "
        "table of samples says as what, and `label_quality` which to look at next.",
        split=split,
        samples=tuple(zip(frame["split"].iloc[order], frame["sample_id"].iloc[order], strict=True)),
        effect=noise.share,
        effect_name=share,
        interval=(noise.lower, noise.upper),
        p_value=noise.p_value,
        q_value=q_value,
        severity=_severity(context, rows, members),
        counts=context.counts(members),
        base_rates={
            share: noise.share,
            "contradicted_labels": float(noise.contradicted),
            "expected_wrong_among_these": float(noise.posterior[members].sum()),
        },
        metadata=context.explain(members, split),
    )


def _pairs(context: Context, quality: LabelQuality, order: NDArray[np.intp]) -> str:
    """`3 'cat' as 'dog'`: which class is taken for which, the most frequent first."""
    target = context.snapshot.codes(TARGET)
    given = target[order] if target is not None else np.empty(0, np.int32)
    pairs, counts = np.unique(
        np.stack([quality.suggested[order], given]), axis=1, return_counts=True
    )
    best = np.argsort(-counts, kind="stable")[:NAMED_PAIRS]
    name = context.snapshot.class_name
    text = ", ".join(
        f"{counts[place]} {words.shorten(name(int(pairs[0, place])))!r} labelled "
        f"{words.shorten(name(int(pairs[1, place])))!r}"
        for place in best.tolist()
    )
    return text + (", …" if len(counts) > NAMED_PAIRS else "")


def _severity(context: Context, rows: NDArray[np.bool_], members: NDArray[np.bool_]) -> float:
    loss = context.snapshot.loss
    known = rows & np.isfinite(loss) if loss is not None else np.zeros_like(rows)
    if loss is None or not (known & members).any() or not (known & ~members).any():
        return float(members.sum() / rows.sum())
    total = float(np.abs(loss[known]).sum(dtype=np.float64))
    rest = float(loss[known & ~members].mean(dtype=np.float64))
    excess = float((loss[known & members].astype(np.float64) - rest).sum())
    return min(1.0, max(0.0, excess / total)) if total else 0.0
