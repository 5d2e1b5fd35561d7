"""`metadata_loss`: fields whose curve against the loss of the tested split is not flat.

Fields that say nearly the same are tested once. Fields that the model itself makes (predicted
class, distances to class centroids) always go with the loss, and are not tested.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from mlflow_latent.curves import make_bins
from mlflow_latent.evidence import moments
from mlflow_latent.insights import words
from mlflow_latent.insights.base import NotApplicableError
from mlflow_latent.insights.conditions import bins_filter, runs
from mlflow_latent.insights.guards import excess_loss
from mlflow_latent.insights.losses import Excess, split_moments
from mlflow_latent.insights.registry import register
from mlflow_latent.insights.scores import savage_scores
from mlflow_latent.report.model import Insight

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from mlflow_latent.curves import Bins
    from mlflow_latent.fields import Field
    from mlflow_latent.insights.base import Context

KIND = "metadata_loss"
NAMED = 3  # bins or fields in a sentence


@dataclass(frozen=True, eq=False)
class Curve:
    """The loss of M samples against the bins of one field.

    Attributes:
        field: on the horizontal axis.
        rows: (N,) mask of the M samples that have a value and a loss, in a bin with enough others.
        place: (M,) bin of each.
        bins: what the K bins are.
        loss: (M,).
        ranks: (M,) mid-ranks of the losses among all of the split.
        savage: (M,) Savage's scores, likewise.
    """

    field: Field
    rows: NDArray[np.bool_]
    place: NDArray[np.int64]
    bins: Bins
    loss: NDArray[np.floating]
    ranks: NDArray[np.float64]
    savage: NDArray[np.float64]

    @property
    def p_value(self) -> float:
        """Of "the loss knows nothing of the field": Bonferroni over tests of unlike shapes.

        Kruskal–Wallis over the bins on ranks, and on Savage's scores (a few much worse); for
        numbers also the ranks' trend over the bins (Spearman's rho, with the bins for the values).
        Scores of all the split serve where some values are missing: as linear rank statistics the
        tests hold for any scores (Hájek & Šidák 1967).
        """
        tests = [self._between(self.ranks), self._between(self.savage)]
        if not self.field.categories:
            tests.append(self._trend())
        return min(1.0, len(tests) * min(tests))

    @property
    def eta_squared(self) -> float:
        """Share of the ranks' variance that lies between the bins, less what chance gives."""
        share, groups, n = _between_share(self.ranks, self.place), self.groups, len(self.ranks)
        return max(0.0, 1 - (1 - share) * (n - 1) / max(1, n - groups))

    @property
    def groups(self) -> int:
        """Bins that hold samples."""
        return int(np.count_nonzero(np.bincount(self.place)))

    def worst(self) -> NDArray[np.bool_]:
        """(K,) the bins to tell from the rest: the cut in two that explains most of the ranks.

        Sorted by their mean rank, only cuts of that order need be tried (Breiman et al. 1984).
        """
        size = len(self.bins.labels)
        summary = moments(self.ranks, self.place, size)
        order = np.argsort(-np.nan_to_num(summary.mean, nan=-np.inf), kind="stable")
        order = order[summary.n[order] > 0]
        n, total = np.cumsum(summary.n[order]), np.cumsum(summary.total[order])
        gain = (total[:-1] - n[:-1] * total[-1] / n[-1]) ** 2 / (n[:-1] * (n[-1] - n[:-1]))
        chosen = np.zeros(size, dtype=bool)
        chosen[order[: int(gain.argmax()) + 1]] = True
        return chosen

    def _between(self, scores: NDArray[np.float64]) -> float:
        share = _between_share(scores, self.place)
        return float(stats.chi2.sf((len(scores) - 1) * share, self.groups - 1))

    def _trend(self) -> float:
        n = np.bincount(self.place)
        middle = (np.cumsum(n) - n / 2)[self.place]  # mid-rank of a bin's values
        rho = float(np.corrcoef(middle, self.ranks)[0, 1])
        return float(2 * stats.norm.sf(abs(rho) * np.sqrt(len(middle) - 1)))


@register(KIND)
def find(context: Context) -> Iterator[Insight]:
    """Test each field: is its curve flat? Benjamini–Hochberg over groups of similar fields."""
    rows = context.labelled(context.tested, "validation")
    fields = [f for f in context.fields.leaders(context.fields.usable) if not f.derived]
    if not fields:
        raise NotApplicableError("no metadata was captured that could explain the loss")
    scores = np.zeros((2, len(rows)))
    scores[:, rows] = stats.rankdata(context.loss[rows]), savage_scores(context.loss[rows])
    made = [_curve(context, field, rows, scores) for field in fields]
    curves = [curve for curve in made if curve is not None]
    p_values = np.array([curve.p_value for curve in curves])
    q = context.q_values(KIND, p_values)
    for curve, p_value, q_value in zip(curves, p_values, q, strict=True):
        if q_value <= context.alpha:
            yield from _insight(context, curve, float(p_value), float(q_value))


def _curve(
    context: Context, field: Field, rows: NDArray[np.bool_], scores: NDArray[np.float64]
) -> Curve | None:
    bins = next(make_bins(field))
    rows = rows & _large_enough(bins, rows, context.options.min_samples)
    place, loss = bins.place[rows], context.loss[rows]
    if not len(loss) or np.ptp(place) == 0 or np.ptp(loss) == 0:  # nothing to compare
        return None
    return Curve(field, rows, place, bins, loss, *scores[:, rows])


def _large_enough(bins: Bins, rows: NDArray[np.bool_], least: int) -> NDArray[np.bool_]:
    """(N,) mask of the samples in bins that hold at least so many."""
    place = np.where(rows, bins.place, -1)
    counts = np.bincount(place[place >= 0], minlength=len(bins.labels))
    return np.asarray(np.append(counts >= least, False)[place])


def _between_share(scores: NDArray[np.float64], place: NDArray[np.int64]) -> float:
    """Eta squared: the share of the scores' variance that lies between the bins."""
    summary = moments(scores, place, int(place.max()) + 1)
    between = float((summary.n * np.nan_to_num(summary.mean - scores.mean()) ** 2).sum())
    return between / float(((scores - scores.mean()) ** 2).sum())


def simultaneous(confidence: float, groups: int) -> float:
    """Confidence of a single interval from which it holds for any choice among the bins.

    Source: Scheffé 1953, with chi squared for F.
    """
    reach = float(np.sqrt(stats.chi2.ppf(confidence, max(1, groups - 1))))
    return 1 - 2 * float(stats.norm.sf(reach))


def _insight(context: Context, curve: Curve, p_value: float, q_value: float) -> Iterator[Insight]:
    options, split = context.options, str(context.tested)
    worst = curve.worst()
    inside = worst[curve.place]
    confidence = simultaneous(options.confidence, curve.groups)
    excess = Excess.of(curve.loss, *split_moments(curve.loss, inside), confidence)
    if not excess.matters(options.min_loss_ratio)[0]:
        return
    members = np.zeros(len(curve.rows), dtype=bool)
    members[np.flatnonzero(curve.rows)[inside]] = True
    n, name = int(inside.sum()), words.shorten(curve.field.name)
    similar = context.fields.similar[curve.field.name]
    names = ", ".join(map(words.shorten, similar[:NAMED]))
    also = f" Says nearly the same: {names}." if similar else ""
    insight = Insight(
        kind=KIND,
        title=words.title(
            f"Loss depends on {name}: {excess.size(0)} {split} in {words.samples(n)} where it is "
            f"{_named(curve, worst)}"
        ),
        description=f"{excess.describe(0, split, options.confidence)} The interval holds for any "
        f"choice of bins. {words.percent(curve.eta_squared)} of the variance of the losses' ranks "
        f"goes with {name}.{also}",
        action=_action(curve.field, name),
        split=split,
        samples=context.keys(members),
        effect=float(excess.evidence.effect[0]),
        effect_name=excess.effect_name,
        interval=excess.interval(0),
        p_value=p_value,
        q_value=q_value,
        severity=float(excess.severity[0]),
        counts={split: n},
        base_rates=excess.base_rates(0, split, "inside")
        | {"share_of_rank_variance": curve.eta_squared},
        metadata=context.explain(members, split),
    )
    expectation = excess_loss(insight, bins_filter(curve.field, curve.bins, worst))
    yield insight.model_copy(update={"expectation": expectation})


def _named(curve: Curve, worst: NDArray[np.bool_]) -> str:
    """The worst bins in words; neighboring ranges of a number are told as one."""
    if curve.field.categories:
        names = [repr(words.shorten(curve.bins.labels[bin_])) for bin_ in np.flatnonzero(worst)]
        more = f" or {len(names) - NAMED} others" if len(names) > NAMED else ""
        return " or ".join(names[:NAMED]) + more
    labels, spans = curve.bins.labels, []
    for first, last in runs(worst):
        low, high = labels[first].split(" – ")[0], labels[last].split(" – ")[-1]
        spans.append(low if low == high else f"{low} to {high}")
    return " or ".join(spans[:NAMED]) + (" or elsewhere" if len(spans) > NAMED else "")


def _action(field: Field, name: str) -> str:
    if field.categories:
        return f"Check the labels of these values of {name}; collect or up-weight such samples."
    return (
        f"Look at the curve of {name}; check the augmentation covers this range, or collect more "
        "samples in it."
    )
