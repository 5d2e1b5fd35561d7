"""`overfitting`: regions whose train–val gap is larger than that of the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from mlflow_latent.evidence import gap_excess
from mlflow_latent.insights import words
from mlflow_latent.insights.base import NotApplicableError
from mlflow_latent.insights.gaps import GapTest
from mlflow_latent.insights.losses import split_moments
from mlflow_latent.insights.nesting import nested
from mlflow_latent.insights.registry import register
from mlflow_latent.report.model import Insight

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from mlflow_latent.evidence import Evidence, Moments
    from mlflow_latent.insights.base import Context, InsightOptions
    from mlflow_latent.insights.nesting import StandsOut, Within

KIND = "overfitting"
EFFECT = "train–val gap − gap of the rest"
DOUBTED = 0.1  # share of a region's val labels that are contradicted, from which they come first
LOG_FLOOR = 1e-3  # of a split's mean loss: what is far below it counts as nothing


@register(KIND)
def find(context: Context) -> Iterator[Insight]:
    """Test each region: is its val loss further above the rest's than its train loss is?

    A gap that is the same everywhere is the model's, not a region's, and is no insight; nor is a
    region that is as hard in train.
    """
    options, regions = context.options, context.several_regions()
    val = context.labelled(context.tested, "validation")
    train = context.labelled(context.reference, "training")
    rows, loss = val | train, context.loss
    if (loss[rows] < 0).any():
        raise NotApplicableError("some losses are negative; a gap has no scale to compare")
    values: list[NDArray[np.floating]] = [loss]
    if not _are_errors(loss[rows]):
        values.append(split_logs(loss, val, train))
    gaps = [Gaps(*regions.moments(of, val), *regions.moments(of, train)) for of in values]
    least = options.min_gap_excess * float(loss[val].mean())
    enough = gaps[0].smallest >= options.min_samples
    clear = enough & matters(gaps, least, options.confidence)
    p_value = np.where(enough, 1.0, np.nan)
    test = GapTest.of(loss[val], loss[train])
    for region in np.flatnonzero(clear).tolist():
        members = regions.members(region)
        p_value[region] = test.p_value(members[val], members[train])
    q = context.q_values(KIND, p_value)
    found = np.flatnonzero(q <= context.alpha).tolist()
    yield from nested(
        [_insight(context, gaps[0], r, (float(p_value[r]), float(q[r]))) for r in found],
        [regions.members(r)[rows] for r in found],
        larger_within(np.stack(values)[:, rows], val[rows], least, options),
    )


@dataclass(frozen=True, eq=False)
class Gaps:
    """Losses of G sets of samples and of the rest, in val and in train."""

    val_in: Moments
    val_out: Moments
    train_in: Moments
    train_out: Moments

    def evidence(self, confidence: float) -> Evidence:
        """How much larger the gap is inside."""
        return gap_excess(self.val_in, self.val_out, self.train_in, self.train_out, confidence)

    def is_larger_factor(self, confidence: float) -> NDArray[np.bool_]:
        """(G,) whether losses 0 and 1 are more often 1 by a larger factor in val than in train.

        Interval of the logarithm of the ratio of two relative risks (Katz et al. 1978), one half
        added to each count.
        """
        parts = (self.val_in, self.val_out, self.train_in, self.train_out)
        hits, sizes = (
            np.array(counts) + extra
            for counts, extra in (([p.total for p in parts], 0.5), ([p.n for p in parts], 1.0))
        )
        error = np.sqrt((1 / hits - 1 / sizes).sum(axis=0))
        factor = np.array([1, -1, -1, 1]) @ np.log(hits / sizes)
        return np.asarray(factor > stats.norm.ppf((1 + confidence) / 2) * error)

    def is_larger_ratio(self, confidence: float) -> NDArray[np.bool_]:
        """(G,) whether the mean is a larger multiple of the rest's in val than in train.

        Interval of the logarithm of the ratio of ratios, by the delta method.
        """
        parts = (self.val_in, self.val_out, self.train_in, self.train_out)
        with np.errstate(divide="ignore", invalid="ignore"):  # means of 0: not certain
            error = np.sqrt(sum(part.squared_error / part.mean**2 for part in parts))
            factor = np.array([1, -1, -1, 1]) @ np.log([part.mean for part in parts])
        return np.asarray(factor > stats.norm.ppf((1 + confidence) / 2) * error)

    @property
    def smallest(self) -> NDArray[np.float64]:
        """(G,) samples in the smallest of the four."""
        parts = (self.val_in, self.val_out, self.train_in, self.train_out)
        return np.asarray(np.min([part.n for part in parts], axis=0))


def _are_errors(loss: NDArray[np.floating]) -> bool:
    """Whether losses are errors that are there or not."""
    return bool(((loss == 0) | (loss == 1)).all())


def split_logs(
    loss: NDArray[np.floating], val: NDArray[np.bool_], train: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """(N,) logs of the losses, each of them ÷ the mean of its split.

    Args:
        loss: (N,) not negative.
        val: (N,) mask.
        train: (N,) mask.
    """
    logs = np.zeros(len(loss))
    for split in (val, train):
        center = float(loss[split].mean(dtype=np.float64))
        logs[split] = np.log(loss[split] / center + LOG_FLOOR) if center > 0 else 0.0
    return logs


def matters(gaps: Sequence[Gaps], least: float, confidence: float) -> NDArray[np.bool_]:
    """(G,) whether a gap's excess is large enough, and certain in absolute and relative terms.

    Where a model has learned train by heart, a region that is merely hard has a larger gap than the
    rest; its val loss is then not larger by another factor than its train loss is. Logs tell that
    factor best where losses are skewed, the means where many are 0, and of errors that are there or
    not it is the ratio of their rates.

    Args:
        gaps: of the losses, and of their logs unless losses are 0 or 1.
        least: excess from which a gap matters.
        confidence: of the intervals.
    """
    excess = gaps[0].evidence(confidence)
    is_larger = (excess.effect >= least) & (excess.lower > 0)
    if len(gaps) == 1:
        return np.asarray(is_larger & gaps[0].is_larger_factor(confidence))
    by_factor = gaps[1].evidence(confidence).lower > 0
    return np.asarray(is_larger & (by_factor | gaps[0].is_larger_ratio(confidence)))


def larger_within(
    values: NDArray[np.floating], val: NDArray[np.bool_], least: float, options: InsightOptions
) -> Within:
    """Return the test of `nesting.nest` for regions with a larger gap.

    Args:
        values: (2, M) losses of val and train, and their logs; (1, M) where losses are 0 or 1.
        val: (M,) mask of val; the others are train.
        least: excess from which a gap matters.
        options: `min_samples` and `confidence`.
    """

    def within(outer: NDArray[np.bool_]) -> StandsOut:
        sides = [outer & split for split in (val, ~val)]
        test = GapTest.of(values[0][sides[0]], values[0][sides[1]])

        def stands_out(inner: NDArray[np.bool_]) -> float:
            parts = [inner[side] for side in sides]
            gaps = [
                Gaps(*split_moments(of[sides[0]], parts[0]), *split_moments(of[sides[1]], parts[1]))
                for of in values
            ]
            enough = gaps[0].smallest[0] >= options.min_samples
            if not enough or not matters(gaps, least, options.confidence)[0]:
                return 1.0
            return test.p_value(parts[0], parts[1])

        return stands_out

    return within


def _insight(context: Context, gaps: Gaps, region: int, certainty: tuple[float, float]) -> Insight:
    evidence = gaps.evidence(context.options.confidence)
    rows = [context.labelled(split, "") for split in (context.tested, context.reference)]
    members = context.regions.members(region) & np.logical_or(*rows)
    val_in, val_out = (float(of.mean[region]) for of in (gaps.val_in, gaps.val_out))
    train_in, train_out = (float(of.mean[region]) for of in (gaps.train_in, gaps.train_out))
    rates = {
        f"mean_loss_region_{context.tested}": val_in,
        f"mean_loss_region_{context.reference}": train_in,
        "gap_region": val_in - train_in,
        "gap_rest": val_out - train_out,
    }
    effect = float(evidence.effect[region])
    span = (float(evidence.lower[region]), float(evidence.upper[region]))
    total = float(gaps.val_in.total[region] + gaps.val_out.total[region])
    metadata = context.explain(members)
    return Insight(
        kind=KIND,
        title=words.title(
            f"Gap {context.reference}–{context.tested} {words.number(effect)} larger than "
            f"elsewhere in a region of {words.samples(int(members.sum()))}"
            f"{words.where(context.snapshot, members, context.collectable(metadata))}"
        ),
        description=_describe(rates, context)
        + f" Excess {words.number(effect)} ({words.span(*span, context.options.confidence)}).",
        action=_action(context, members),
        region=context.regions.ids[region],
        split=context.tested,
        samples=context.keys(members),
        effect=effect,
        effect_name=EFFECT,
        interval=span,
        p_value=certainty[0],
        q_value=certainty[1],
        severity=min(1.0, float(gaps.val_in.n[region]) * effect / total) if total else 0.0,
        counts=context.counts(members),
        base_rates=rates,
        metadata=metadata,
    )


def _action(context: Context, members: NDArray[np.bool_]) -> str:
    """Return what to do; a wrong label of val has a large loss as well, and no gap to close."""
    mend = (
        "the model has learned these training samples by heart: collect more samples like them, or "
        "augment or regularize more."
    )
    of_val = members & context.rows(context.tested, "validation")
    quality = context.measures.label_quality
    if quality is not None:
        against = (quality.model_margin < 0) & (quality.neighbor_margin < 0) & of_val
        if against.sum() >= DOUBTED * of_val.sum():
            return (
                f"Look at the labels of {context.tested} here first: model and neighbors are "
                f"against {int(against.sum()):,} of {int(of_val.sum()):,}. "
                f"If they are right, {mend}"
            )
    return mend[0].upper() + mend[1:]


def _describe(rates: dict[str, float], context: Context) -> str:
    val = words.number(rates[f"mean_loss_region_{context.tested}"])
    train = words.number(rates[f"mean_loss_region_{context.reference}"])
    return (
        f"Mean loss {val} in {context.tested} and {train} in {context.reference}: a gap of "
        f"{words.number(rates['gap_region'])}, against {words.number(rates['gap_rest'])} elsewhere."
    )
