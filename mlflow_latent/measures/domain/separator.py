"""A classifier that tells two samples apart, judged only where it was not fitted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from mlflow_latent.evidence import superiority
from mlflow_latent.measures.domain.features import FeatureMap
from mlflow_latent.measures.domain.sampling import draw_both

if TYPE_CHECKING:
    from numpy.typing import NDArray

FOLDS = 5
FITTED_ROWS = 1_200  # of each sample: the standard error of an AUC of one half is .012
RIDGE = 1e-4  # per row, of features whose squared norm is about 2
CHUNK_ROWS = 16_384
_INSIDE = (-1 + 1e-12, 1 - 1e-12)  # where Fisher's z is finite
MOST_LOG_ODDS = 30.0  # beyond it a probability is 0 or 1 anyway


@dataclass(frozen=True, eq=False)
class Separator:
    """Ridge regression of "is of the source" on features, one model a fold.

    Least squares on labels gives Fisher's discriminant, whatever the sizes of the two samples.

    Attributes:
        features: coordinates to features.
        weights: (FOLDS, p) of each fold's model, which has not seen that fold.
        offsets: (FOLDS,) the score that each model gives to the middle of what it has seen.
        rows: the drawn row numbers of source and target.
        scores: cross-validated scores of the drawn rows of source and target; higher is source.
        calibration: slope and offset from a score to log odds at equal priors.
    """

    features: FeatureMap
    weights: NDArray[np.float64]
    offsets: NDArray[np.float64]
    rows: tuple[NDArray[np.intp], NDArray[np.intp]]
    scores: tuple[NDArray[np.float64], NDArray[np.float64]]
    calibration: tuple[float, float]

    @classmethod
    def fit(
        cls, source: NDArray[np.float32], target: NDArray[np.float32], random_state: int = 0
    ) -> Separator:
        """Fit on at most `FITTED_ROWS` of each.

        Args:
            source: (n, d) coordinates, at least 2 rows.
            target: (m, d) coordinates, at least 2 rows.
            random_state: seed of the drawn rows and folds.
        """
        rows = draw_both(len(source), len(target), FITTED_ROWS, random_state)
        points = np.concatenate([source[rows[0]], target[rows[1]]])
        is_source = np.repeat([1.0, 0.0], [len(rows[0]), len(rows[1])])
        features = FeatureMap.fit(points, random_state)
        seen = features(points)
        scores = np.empty(len(seen))
        weights, offsets = [], []
        for rest, held_out in folds(len(seen), random_state):
            regression = Regression.on(seen[rest])
            weight = regression.weights(is_source[rest, None])[:, 0]
            weights.append(weight)
            offsets.append(float(regression.middle @ weight))
            scores[held_out] = seen[held_out] @ weight - offsets[-1]
        both = scores[: len(rows[0])], scores[len(rows[0]) :]
        return cls(features, np.array(weights), np.array(offsets), rows, both, calibrate(*both))

    def area(
        self, confidence: float, chance_deviation: float | None = None
    ) -> tuple[float, float, float]:
        """Cross-validated AUC: how often a source sample scores above a target sample.

        Args:
            confidence: of the interval.
            chance_deviation: standard deviation of the AUC over permutations. The scores of one
                fold depend on the samples of the others, so that a cross-validated AUC varies
                more than one of independent scores; the interval is widened by as much.

        Returns:
            The probability, and the ends of its interval.
        """
        n, m = (len(part) for part in self.scores)
        of_source = np.repeat([True, False], [n, m])
        ranks = stats.rankdata(np.concatenate(self.scores))
        delta, low, high, _ = superiority(ranks, of_source, confidence)
        independent = ((n + m + 1) / (12 * n * m)) ** 0.5
        wider = max(1.0, (chance_deviation or 0.0) / independent)
        center, ends = (
            np.arctanh(np.clip(delta, *_INSIDE)),
            np.arctanh(np.clip([low, high], *_INSIDE)),
        )
        lower, upper = np.tanh(center + wider * (ends - center))
        return (1 + delta) / 2, (1 + float(lower)) / 2, (1 + float(upper)) / 2

    def belonging(
        self, points: NDArray[np.float32], fitted: int | None = None
    ) -> NDArray[np.float32]:
        """How much samples look like the source rather than the target.

        Args:
            points: (N, d) coordinates.
            fitted: 0 where these are the source that this was fitted on, 1 the target: the rows
                that were drawn get their cross-validated score. None for other samples.

        Returns:
            (N,) probabilities at equal priors; 0.5 where the two cannot be told apart.
        """
        weight, offset = self.weights.mean(axis=0), float(self.offsets.mean())
        score = np.empty(len(points))
        for start in range(0, len(points), CHUNK_ROWS):
            part = slice(start, start + CHUNK_ROWS)
            score[part] = self.features(points[part]) @ weight - offset
        if fitted is not None:
            score[self.rows[fitted]] = self.scores[fitted]
        slope, shift = self.calibration
        odds = np.clip(slope * score + shift, -MOST_LOG_ODDS, MOST_LOG_ODDS)
        return (1 / (1 + np.exp(-odds))).astype(np.float32)


def folds(size: int, random_state: int) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Return (rows to fit on, rows held out) of each fold, drawn without looking at labels.

    Not stratified: what is drawn without the labels stays exact when labels are exchanged.
    """
    from sklearn.model_selection import KFold

    parts = KFold(min(FOLDS, size), shuffle=True, random_state=random_state)
    return list(parts.split(np.empty(size)))


@dataclass(frozen=True, eq=False)
class Regression:
    """Ridge regression on some rows, ready for any labels of theirs.

    Attributes:
        middle: (p,) mean of the rows; scores are about it, so that no offset is left.
        centered: (N, p) the rows about it.
        factor: Cholesky factor of the penalized covariance.
    """

    middle: NDArray[np.float64]
    centered: NDArray[np.float64]
    factor: tuple[NDArray[np.float64], bool]

    @classmethod
    def on(cls, features: NDArray[np.float32]) -> Regression:
        """Prepare for (N, p) rows."""
        from scipy.linalg import cho_factor

        middle = features.mean(axis=0, dtype=np.float64)
        centered = features - middle
        covariance = centered.T @ centered
        covariance[np.diag_indices_from(covariance)] += RIDGE * len(features)
        return cls(middle, centered, cho_factor(covariance, lower=True))

    def weights(self, labels: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return (p, k) weights of (N, k) labels."""
        from scipy.linalg import cho_solve

        return np.asarray(cho_solve(self.factor, self.centered.T @ labels), dtype=np.float64)


def calibrate(source: NDArray[np.floating], target: NDArray[np.floating]) -> tuple[float, float]:
    """Return slope and offset from scores to log odds of being of the source, at equal priors.

    Source: Platt 1999. The slope is not negative: what tells nothing apart gives one half.
    """
    from sklearn.linear_model import LogisticRegression

    scores = np.concatenate([source, target])
    spread = float(scores.std())
    if not spread > 0:
        return 0.0, 0.0
    labels = np.repeat([1, 0], [len(source), len(target)])
    model = LogisticRegression(class_weight="balanced")
    model.fit((scores / spread)[:, None], labels)
    slope = float(model.coef_[0, 0]) / spread
    return (slope, float(model.intercept_[0])) if slope > 0 else (0.0, 0.0)
