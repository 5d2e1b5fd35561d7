"""`label_error`: labels that model and neighbors contradict, beyond what doubt explains.

Severity: the share of the split's total loss that lies in these samples beyond what as many of the
rest have; without losses, the share of the split that they are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from mlflow_latent.insights import words
from mlflow_latent.insights.base import NotApplicableError
from mlflow_latent.insights.registry import register
from mlflow_latent.measures.label_noise import (
    MAX_CONTRADICTED,
    LabelNoise,
    Witness,
    joint_evidence,
    label_noise,
    p_of,
)
from mlflow_latent.measures.measures import TRAIN
from mlflow_latent.report.model import Insight
from mlflow_latent.schema import TARGET

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from mlflow_latent.insights.base import Context
    from mlflow_latent.measures.label_quality import LabelQuality

KIND = "label_error"
LIKELY = 0.7  # probability that a label is wrong: a local false discovery rate of 0.3 (Efron 2007)
RATHER = 0.5  # likewise, for a label that is shown because the others are nearly certain:
RIGHT_SHARE = 0.1  # expected share of right labels, up to which such labels are shown
FALSE_SHARE = 0.1  # expected share of splits without errors, where there are any
MIN_ERRORS = 3  # fewer are an anecdote: they are in the table of samples, with their quality
# Of the share of labels that the model contradicts elsewhere. If it contradicts fewer of train, or
# significantly fewer, it knows these by heart.
LEARNED_SHARE = 0.5
SIGNIFICANT = 0.01
NAMED_PAIRS = 3
VIEWS = {
    Witness.MODEL: "the model and the labels of the neighbors",
    Witness.SURROUNDINGS: "the labels of the neighbors, near and farther,",
    Witness.EARLY_MODEL: "the model of the first epochs and the labels of the neighbors",
}


@register(KIND)
def find(context: Context) -> Iterator[Insight]:
    """Test all splits together: are some labels contradicted where right labels would not be?

    Labels are reported only if that remains at the kind's share of the error budget. Then whoever
    labelled them made errors, and all splits that remain at `FALSE_SHARE`, Benjamini–Hochberg over
    the splits, are.
    """
    target, quality = _quality(context)
    rows = _labelled(context, target)
    by_heart = knows_by_heart(_against(context, target), rows)
    found = _judge(context, target, quality, rows, by_heart=by_heart)
    if not found:
        return
    joint = _joint_p_value(found)
    context.q_values(KIND, np.array([joint]))
    some = joint <= context.alpha
    if some and not by_heart:  # there are errors: the strongest witness names them
        other = _judge(context, target, quality, rows, by_heart=True)
        found = {s: max(noise, other.get(s, noise), key=_evidence) for s, noise in found.items()}
    q_values = context.q_values(KIND, np.array([noise.p_value for noise in found.values()]))
    for (split, noise), q_value in zip(found.items(), q_values.tolist(), strict=True):
        members = likely_wrong(noise)
        if some and q_value <= FALSE_SHARE and members.sum() >= MIN_ERRORS:
            yield _insight(context, quality, split, members, (noise, q_value))
        elif noise.contradicted >= MIN_ERRORS:
            context.notes.append(_why_silent(split, noise))


def _labelled(context: Context, target: NDArray[np.int32]) -> dict[str, NDArray[np.bool_]]:
    """(N,) mask of the labelled samples of each split that has enough of them."""
    snapshot = context.snapshot
    rows = {split: snapshot.rows(split) & (target >= 0) for split in snapshot.splits}
    return {s: mask for s, mask in rows.items() if mask.sum() >= context.options.min_samples}


def _judge(
    context: Context,
    target: NDArray[np.int32],
    quality: LabelQuality,
    rows: Mapping[str, NDArray[np.bool_]],
    *,
    by_heart: bool,
) -> dict[str, LabelNoise]:
    """Judge the labels of each split.

    Raises:
        NotApplicableError: those of no split can be judged.
    """
    confidence = context.options.confidence
    found = {
        split: label_noise(target, quality, mask, confidence, learned=by_heart and split == TRAIN)
        for split, mask in rows.items()
    }
    judged = {split: noise for split, noise in found.items() if noise is not None}
    if found and not judged:
        raise NotApplicableError(
            "the model and the neighbors cannot judge these labels: on most samples they disagree"
            f" with one another, or with more than {MAX_CONTRADICTED:.0%} of the labels on which"
            " they agree"
        )
    return judged


def _against(context: Context, target: NDArray[np.int32]) -> NDArray[np.bool_]:
    """(N,) whether the model's most probable class is another than the label."""
    probabilities = context.snapshot.pred_probs
    if probabilities is None:
        return np.zeros(len(target), dtype=bool)
    return np.asarray(np.nan_to_num(probabilities).argmax(axis=1) != target)


def knows_by_heart(against: NDArray[np.bool_], rows: Mapping[str, NDArray[np.bool_]]) -> bool:
    """Whether the model seems to know the labels of train by heart; if in doubt, it does.

    Args:
        against: (N,) whether the model's prediction is another class than the label.
        rows: (N,) mask of the labelled samples of each split.
    """
    elsewhere = [mask for split, mask in rows.items() if split != TRAIN]
    if TRAIN not in rows or not elsewhere:
        return True
    own, other = against[rows[TRAIN]], against[np.any(elsewhere, axis=0)]
    counts = [[own.sum(), (~own).sum()], [other.sum(), (~other).sum()]]
    fewer = stats.fisher_exact(counts, alternative="less").pvalue < SIGNIFICANT
    return bool(fewer or own.mean() <= LEARNED_SHARE * other.mean())


def _evidence(noise: LabelNoise) -> float:
    return noise.log_evidence


def _joint_p_value(found: Mapping[str, LabelNoise]) -> float:
    return p_of(joint_evidence([noise.log_evidence for noise in found.values()]))


def _why_silent(split: str, noise: LabelNoise) -> str:
    return (
        f"{noise.contradicted:,} of {noise.judged:,} labels of {split!r} are contradicted by"
        f" {VIEWS[noise.witness].rstrip(',')}, no more than doubt explains: to look at them, sort"
        " the split by label_quality"
    )


def likely_wrong(noise: LabelNoise) -> NDArray[np.bool_]:
    """(N,) mask of the labels that are each likely to be wrong.

    And of those that are rather wrong than not, as long as of all that are shown no more than
    `RIGHT_SHARE` are expected to be right (direct posterior probability, Newton et al. 2004).
    """
    order = np.argsort(-noise.posterior, kind="stable")
    posterior = noise.posterior[order]
    right = np.cumsum(1 - posterior) / np.arange(1, len(order) + 1)
    members = np.zeros(len(order), dtype=bool)
    members[order] = (posterior >= LIKELY) | ((posterior >= RATHER) & (right <= RIGHT_SHARE))
    return members


def _quality(context: Context) -> tuple[NDArray[np.int32], LabelQuality]:
    """Return the labels and their quality.

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
    return target, quality


def _insight(
    context: Context,
    quality: LabelQuality,
    split: str,
    members: NDArray[np.bool_],
    evidence: tuple[LabelNoise, float],
) -> Insight:
    noise, q_value = evidence
    rows = context.snapshot.rows(split)
    order = np.flatnonzero(members)
    order = order[np.argsort(quality.quality[order], kind="stable")]
    frame = context.snapshot.frame
    share = f"share of wrong labels among those judged in {split}"
    return Insight(
        kind=KIND,
        title=f"{words.samples(len(order))} of {split} with a label that is probably wrong: "
        f"{_pairs(context, quality, order)}",
        description=_description(context, split, noise),
        action="Look at these samples and relabel those that are wrong; `suggested_class` in the "
        f"table of samples says as what. Then go on in {split} from the lowest `label_quality`; "
        "it can be compared within a split only.",
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


def _description(context: Context, split: str, noise: LabelNoise) -> str:
    low, mid, high = (
        round(share * noise.judged) for share in (noise.lower, noise.share, noise.upper)
    )
    views = VIEWS[noise.witness]
    size = int(context.snapshot.rows(split).sum())
    text = (
        f"{views[0].upper() + views[1:]} contradict these labels, more often than doubt explains "
        f"where they are so certain. They agree on {noise.judged:,} of the {size:,} samples of "
        f"{split}; of these, about {mid:,} labels are wrong "
        f"({words.span(low, high, context.options.confidence)}), those between the classes not "
        "counted. Of the other samples nothing is known."
    )
    if noise.unknown:
        name = context.snapshot.class_name
        names = ", ".join(repr(words.shorten(name(code))) for code in noise.unknown)
        text += (
            f" Labels {names} are not judged: most of them are contradicted, so that the views do "
            "not know these classes, or the labels are all wrong."
        )
    return text


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
