"""What predicts a loss: trees for what is bent, a straight line beyond what was seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

ROUNDS, LEAVES, LEARNING_RATE = 60, 8, 0.1  # of the trees
COLUMNS_TRIED = 0.4  # share of the columns that each split of a tree may choose from
RIDGE = 1.0


@dataclass(frozen=True, eq=False)
class LossModel:
    """Trees over all columns and a ridge over the few that say something of the loss."""

    trees: Any
    ridge: Any
    center: Array
    bounds: tuple[float, float]

    @classmethod
    def fit(
        cls, places: NDArray[np.float32], few: NDArray[np.float32], values: Array, seed: int
    ) -> LossModel:
        """Fit n samples: (n, d) places, (n, f) the few columns, NaN where missing, (n,) values."""
        from sklearn.ensemble import HistGradientBoostingRegressor
        from sklearn.linear_model import Ridge
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        trees = HistGradientBoostingRegressor(
            max_iter=ROUNDS,
            max_leaf_nodes=LEAVES,
            learning_rate=LEARNING_RATE,
            max_features=COLUMNS_TRIED,
            early_stopping=False,
            random_state=seed,
        ).fit(np.concatenate([few, places], axis=1), values)
        with np.errstate(invalid="ignore"):
            center = np.nan_to_num(_column_means(few))
        ridge = make_pipeline(StandardScaler(), Ridge(RIDGE)).fit(_filled(few, center), values)
        low, high = float(values.min()), float(values.max())
        return cls(trees, ridge, center, (low - (high - low) / 2, high + (high - low) / 2))

    def predict(self, places: NDArray[np.float32], few: NDArray[np.float32]) -> Array:
        """Return (m,) predictions, at most half the range of the fitted values beyond it."""
        if not len(few):
            return np.empty(0)
        bent = self.trees.predict(np.concatenate([few, places], axis=1))
        straight = self.ridge.predict(_filled(few, self.center))
        return np.asarray(np.clip((bent + straight) / 2, *self.bounds), dtype=np.float64)


def _column_means(values: NDArray[np.float32]) -> Array:
    known = np.isfinite(values)
    total = np.where(known, values, 0).sum(axis=0, dtype=np.float64)
    return np.asarray(total / np.maximum(known.sum(axis=0), 1))


def _filled(few: NDArray[np.float32], center: Array) -> Array:
    return np.where(np.isfinite(few), few, center)
