"""Losses of samples without labels, predicted from where they lie and what the model says.

Fitted on the samples of a split that the model was not trained on, each predicted by models that
have not seen it, so that the error is known: as rank correlation, by decile, and as the share of
intervals that hold the true loss. All of it is about samples like those; how many of the others are
not is counted (`outside`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from mlflow_latent.errors import UnpredictableError
from mlflow_latent.measures.conformal import Errors, Scale
from mlflow_latent.measures.loss_features import Surroundings, chunks, spoken
from mlflow_latent.measures.loss_model import LossModel

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlflow_latent.snapshot import Snapshot

    Array = NDArray[np.float64]

COVERAGE = 0.9  # of the intervals
MIN_ROWS = 60  # losses that a prediction is fitted on: fewer show no error worth stating
MAX_ROWS = 8_192  # the same, at most: more are not more exact, and cost
FOLDS = 5
WORST = 0.1  # share of the fitted samples whose predictions are the worst: there it fails
OUTSIDE = 0.99  # quantile of the fitted samples' remoteness, beyond which a sample is outside
MIN_CORRELATION = 0.1  # that the interval of the rank correlation must lie above
DECILES = 10


class Decile(NamedTuple):
    """The samples of one tenth of the predictions: mean predicted loss, mean loss, how many."""

    predicted: float
    actual: float
    n: int


@dataclass(frozen=True, eq=False)
class PredictedLoss:
    """Predicted losses of N samples; NaN where a sample's loss was not predicted.

    Predicted are the samples without a loss, and those that it was fitted on (by models without
    them), to be held against the truth.

    Attributes:
        split: whose samples it was fitted on.
        value: (N,) float32 expected loss, in the loss's units.
        low: (N,) float32 lower end of its interval at `COVERAGE`.
        high: (N,) float32 upper end.
        unlabelled: (N,) mask of the samples without a loss.
        outside: (N,) mask of those that lie farther from the fitted samples than these do from one
            another: there the error that is stated is not theirs.
        fails: (N,) float32 share of the fitted models by which the sample is among the worst tenth
            of `split`; of a fitted sample by the one model that has not seen it.
        fitted: samples that it was fitted on.
        correlation: Spearman's rank correlation of prediction and loss over the fitted samples.
        interval: of the correlation, at 95 %. Source: Bonett & Wright 2000.
        coverage: share of the fitted samples whose loss is in their interval.
        deciles: mean prediction and mean loss by tenths of the prediction, the lowest first.
    """

    split: str
    value: NDArray[np.float32]
    low: NDArray[np.float32]
    high: NDArray[np.float32]
    unlabelled: NDArray[np.bool_]
    outside: NDArray[np.bool_]
    fails: NDArray[np.float32]
    fitted: int
    correlation: float
    interval: tuple[float, float]
    coverage: float
    deciles: tuple[Decile, ...]

    @property
    def is_useful(self) -> bool:
        """Whether the order of the losses can be predicted at all."""
        return self.interval[0] > MIN_CORRELATION

    @property
    def quality(self) -> str:
        """The error in words."""
        low, high = self.interval
        return (
            f"rank correlation with the true loss {self.correlation:.2f} ({low:.2f} to {high:.2f})"
            f" over {self.fitted:,} samples of {self.split}, each predicted without it;"
            f" {100 * self.coverage:.0f} % of their losses are in the {100 * COVERAGE:.0f} %"
            " intervals"
        )


def predict_losses(
    snapshot: Snapshot,
    reduced: NDArray[np.float32],
    split: str,
    *,
    groups: NDArray[np.integer] | None = None,
    random_state: int = 0,
) -> PredictedLoss:
    """Predict the losses of the samples that have none.

    The logarithm of the loss is predicted by gradient-boosted trees and a ridge regression in equal
    parts; the one sees what is bent, the other goes on beyond what it has seen. Folds keep copies
    together. Conformal intervals come from the errors in the other folds.

    Args:
        snapshot: N samples.
        reduced: (N, d) float32, in the space of Euclidean distances.
        split: whose losses to learn from.
        groups: (N,) number of each sample's group of copies, −1 for none.
        random_state: seed of folds and trees.

    Raises:
        UnpredictableError: all samples have a loss, or too few of `split` do, or all the same.
    """
    known, wanted = _rows(snapshot, split, random_state)
    loss = np.asarray(snapshot.loss)[known].astype(np.float64)
    scale = Scale.of(loss)
    folds = _folds(known, groups, random_state)
    if len(known) - np.bincount(folds, minlength=FOLDS).max() < MIN_ROWS / 2:
        raise UnpredictableError(
            f"most samples of {split!r} are copies of one another: there are too few different ones"
            " to learn from"
        )
    learned = _Learned(snapshot, reduced, known, scale.forward(loss), folds)
    own, scores = learned.predict(wanted, random_state)
    return _Judged(snapshot, split, known, loss, folds, scale).result(learned, own, wanted, scores)


def _rows(
    snapshot: Snapshot, split: str, random_state: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the rows to learn from and those to predict."""
    loss = snapshot.loss
    if loss is None:
        raise UnpredictableError("no per-sample loss was captured")
    wanted = np.flatnonzero(np.isnan(loss))
    if not len(wanted):
        raise UnpredictableError("every sample has a loss: there is nothing to predict")
    known = np.flatnonzero(snapshot.rows(split) & np.isfinite(loss))
    if len(known) < MIN_ROWS:
        raise UnpredictableError(
            f"split {split!r} has {len(known)} samples with a loss, at least {MIN_ROWS} are needed"
            " to learn from"
        )
    if np.ptp(loss[known]) == 0:
        raise UnpredictableError(f"all samples of {split!r} have the same loss")
    if len(known) > MAX_ROWS:
        chosen = np.random.default_rng(random_state).choice(len(known), MAX_ROWS, replace=False)
        known = known[np.sort(chosen)]
    return known, wanted


def _folds(
    known: NDArray[np.intp], groups: NDArray[np.integer] | None, random_state: int
) -> NDArray[np.int64]:
    """(n,) fold of each row, that of a group of copies being one."""
    alone = np.arange(len(known)) + (0 if groups is None else int(groups.max(initial=-1)) + 1)
    group = alone if groups is None else np.where(groups[known] >= 0, groups[known], alone)
    _, place = np.unique(group, return_inverse=True)
    order = np.random.default_rng(random_state).permutation(int(place.max()) + 1)
    return np.asarray(order[place] % FOLDS, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class _Learned:
    """What n samples teach: `values` are their losses on the scale of prediction."""

    snapshot: Snapshot
    reduced: NDArray[np.float32]
    known: NDArray[np.intp]
    values: Array
    folds: NDArray[np.int64]

    def surroundings(self, rows: NDArray[np.intp] | None = None) -> Surroundings:
        """Where rows (default: the known ones) lie among the known ones."""
        points = np.ascontiguousarray(self.reduced[self.known])
        if rows is None:
            return Surroundings.of(points, points, same=True)
        return Surroundings.of(np.ascontiguousarray(self.reduced[rows]), points)

    def predict(self, wanted: NDArray[np.intp], random_state: int) -> tuple[Array, Array]:
        """Return (n,) scores of the known rows without them, and (FOLDS, M) of the wanted."""
        own = np.empty(len(self.known))
        scores = np.empty((FOLDS, len(wanted)))
        around, said = self.surroundings(), spoken(self.snapshot, self.known)
        models = []
        for fold in range(FOLDS):
            rest = self.folds != fold
            few = np.concatenate([said, around.features(self.values, rest)], axis=1)
            model = LossModel.fit(
                self.reduced[self.known[rest]], few[rest], self.values[rest], random_state
            )
            own[~rest] = model.predict(self.reduced[self.known[~rest]], few[~rest])
            models.append(model)
        start = 0
        for rows in chunks(wanted):
            around, said = self.surroundings(rows), spoken(self.snapshot, rows)
            for fold, model in enumerate(models):
                features = around.features(self.values, self.folds != fold)
                few = np.concatenate([said, features], axis=1)
                scores[fold, start : start + len(rows)] = model.predict(self.reduced[rows], few)
            start += len(rows)
        return own, scores


@dataclass(frozen=True, eq=False)
class _Judged:
    """The scores held against the losses that are known."""

    snapshot: Snapshot
    split: str
    known: NDArray[np.intp]
    loss: Array
    folds: NDArray[np.int64]
    scale: Scale

    def result(
        self, learned: _Learned, own: Array, wanted: NDArray[np.intp], scores: Array
    ) -> PredictedLoss:
        errors = Errors.of(self.scale, own, learned.values, COVERAGE)
        value, low, high = self._without_themselves(own, learned.values)
        middle = scores.mean(axis=0)
        correlation, interval = _rank_correlation(value, self.loss)
        places = np.concatenate([self.known, wanted])
        unlabelled = np.zeros(len(self.snapshot), dtype=bool)
        unlabelled[wanted] = True
        outside = np.zeros(len(self.snapshot), dtype=bool)
        outside[wanted] = self._is_outside(learned, wanted)
        ends = errors.interval(middle)
        fails_own, fails = self._fails(own, scores)
        return PredictedLoss(
            split=self.split,
            value=self._spread(places, value, errors.mean(middle)),
            low=self._spread(places, low, ends[0]),
            high=self._spread(places, high, ends[1]),
            unlabelled=unlabelled,
            outside=outside,
            fails=self._spread(places, fails_own, fails),
            fitted=len(self.known),
            correlation=correlation,
            interval=interval,
            coverage=float(((low <= self.loss) & (self.loss <= high)).mean()),
            deciles=_deciles(value, self.loss),
        )

    def _spread(
        self, places: NDArray[np.intp], own: Array, predicted: Array
    ) -> NDArray[np.float32]:
        column = np.full(len(self.snapshot), np.nan, dtype=np.float32)
        column[places] = np.concatenate([own, predicted])
        return column

    def _without_themselves(self, own: Array, true: Array) -> tuple[Array, Array, Array]:
        """(n,) expected loss and interval of each known row by the errors in the other folds."""
        value, low, high = np.empty((3, len(own)))
        for fold in range(FOLDS):
            inside = self.folds == fold
            errors = Errors.of(self.scale, own[~inside], true[~inside], COVERAGE)
            value[inside] = errors.mean(own[inside])
            low[inside], high[inside] = errors.interval(own[inside])
        return value, low, high

    def _is_outside(self, learned: _Learned, wanted: NDArray[np.intp]) -> NDArray[np.bool_]:
        limit = np.quantile(learned.surroundings().remoteness, OUTSIDE)
        far = [learned.surroundings(rows).remoteness > limit for rows in chunks(wanted)]
        return np.asarray(np.concatenate(far), dtype=bool)

    def _fails(self, own: Array, scores: Array) -> tuple[Array, Array]:
        """Whether each model places a sample among the worst tenth of those it has not seen."""
        mine, others = np.zeros(len(own)), np.zeros(scores.shape[1])
        for fold in range(FOLDS):
            inside = self.folds == fold
            limit = np.quantile(own[inside], 1 - WORST) if inside.any() else np.inf
            mine[inside] = own[inside] > limit
            others += (scores[fold] > limit) / FOLDS
        return mine, others


def _rank_correlation(predicted: Array, loss: Array) -> tuple[float, tuple[float, float]]:
    from scipy import stats

    if np.ptp(predicted) == 0:
        return 0.0, (-1.0, 1.0)
    found = float(stats.spearmanr(predicted, loss).statistic)
    error = np.sqrt((1 + found**2 / 2) / max(len(loss) - 3, 1))
    center = np.arctanh(np.clip(found, -1 + 1e-12, 1 - 1e-12))
    reach = float(stats.norm.ppf(0.975)) * error
    return found, (float(np.tanh(center - reach)), float(np.tanh(center + reach)))


def _deciles(predicted: Array, loss: Array) -> tuple[Decile, ...]:
    tenths = np.array_split(np.argsort(predicted, kind="stable"), DECILES)
    return tuple(
        Decile(float(predicted[rows].mean()), float(loss[rows].mean()), len(rows))
        for rows in tenths
        if len(rows)
    )
