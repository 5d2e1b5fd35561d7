"""The margin of each sample in an epoch: all that a history keeps of the class probabilities."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from mlflow_latent.probabilities import fit_rows
from mlflow_latent.schema import MARGIN, PRED_PROBS, SAMPLE_ID
from mlflow_latent.store.tables import to_matrix

if TYPE_CHECKING:
    from numpy.typing import NDArray


def with_margin(table: pa.Table, target: pd.Series[int]) -> pa.Table:
    """Replace the class probabilities of one epoch and split by the margin of the target.

    Args:
        table: the rows of a capture file; without probabilities it stays as it is.
        target: class index by `sample_id`, of that split.
    """
    if PRED_PROBS not in table.column_names:
        return table
    ids = pd.Index(table[SAMPLE_ID].to_pandas())
    codes = target.reindex(ids).fillna(-1).to_numpy(dtype=np.int64)
    margin = margins(to_matrix(table, PRED_PROBS), codes)
    rest = table.drop_columns([PRED_PROBS])
    column = pc.if_else(pa.array(np.isfinite(margin)), pa.array(margin), None)
    return rest.append_column(MARGIN, column)


def margins(probabilities: NDArray[np.float32], target: NDArray[np.integer]) -> NDArray[np.float32]:
    """(N,) probability of the target − the best other one; NaN where either is unknown or unfit."""
    size, width = probabilities.shape
    result = np.full(size, np.nan, dtype=np.float32)
    rows = np.flatnonzero((target >= 0) & (target < width) & fit_rows(probabilities))
    own = probabilities[rows, target[rows]]
    others = probabilities[rows]
    others[np.arange(len(rows)), target[rows]] = -np.inf
    best = others.max(axis=1) if width > 1 else np.zeros(len(rows), dtype=np.float32)
    result[rows] = own - best
    return result
