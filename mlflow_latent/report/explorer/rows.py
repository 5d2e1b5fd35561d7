"""Rows of samples by their key."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mlflow_latent.schema import SAMPLE_ID, SPLIT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


class RowFinder:
    """Finds the row of a (split, sample_id).

    Args:
        frame: N rows with `split` and `sample_id`, each pair once.
    """

    def __init__(self, frame: pd.DataFrame) -> None:
        self._frame = frame

    def locate(self, keys: pd.DataFrame) -> NDArray[np.int64]:
        """Return (M,) the row of each of M keys (`split`, `sample_id`), −1 where there is none."""
        found = np.full(len(keys), -1, dtype=np.int64)
        splits = keys[SPLIT].to_numpy(dtype=object)
        ids = keys[SAMPLE_ID].to_numpy(dtype=object)
        for split, (index, rows) in self._splits.items():
            places = np.flatnonzero(splits == split)
            inside = index.get_indexer(pd.Index(ids[places], dtype=object))
            found[places[inside >= 0]] = rows[inside[inside >= 0]]
        return found

    def rows(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.uint32]:
        """Return the row of each (split, sample_id) that there is, in their order."""
        columns: dict[str, Any] = {
            SPLIT: [split for split, _ in pairs],
            SAMPLE_ID: [sample_id for _, sample_id in pairs],
        }
        found = self.locate(pd.DataFrame(columns, dtype=object))
        return found[found >= 0].astype(np.uint32)

    @cached_property
    def _splits(self) -> dict[str, tuple[pd.Index[Any], NDArray[np.int64]]]:
        """The ids of each split and their rows; hashing them is what costs."""
        splits = self._frame[SPLIT].to_numpy(dtype=object)
        ids = self._frame[SAMPLE_ID].to_numpy(dtype=object)
        rows = {split: np.flatnonzero(splits == split) for split in pd.unique(splits)}
        return {split: (pd.Index(ids[own], dtype=object), own) for split, own in rows.items()}
