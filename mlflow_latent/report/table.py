"""The table of samples as figures and pages read it: what is there, by row."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mlflow_latent.schema import LOSS, PREDICTION, SAMPLE_ID, SPLIT, TARGET, sort_splits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mlflow_latent.report.model import Insight, Region, Report

PROJECTION = ["projection_x", "projection_y"]


@dataclass(frozen=True, eq=False)
class SampleTable:
    """A report's samples, by column, where the column is there.

    Attributes:
        report: the report that the samples are of.
        frame: (N rows) its table, or no rows where the report was read without it.
    """

    report: Report
    frame: pd.DataFrame

    @classmethod
    def of(cls, report: Report) -> SampleTable:
        """Return the table of `report`, empty where it was read without its samples."""
        try:
            frame = report.samples
        except AttributeError:
            frame = pd.DataFrame({SAMPLE_ID: [], SPLIT: []})
        return cls(report, frame.reset_index(drop=True))

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def has_projection(self) -> bool:
        """Whether at least one sample has a place in the projected latent space."""
        return bool(np.isfinite(self.points).all(axis=1).any())

    @cached_property
    def points(self) -> NDArray[np.float32]:
        """(N, 2) projected latent space, −1…1; NaN where a sample was not projected."""
        if not set(PROJECTION) <= set(self.frame.columns):
            return np.full((len(self), 2), np.nan, dtype=np.float32)
        return self.frame[PROJECTION].to_numpy(dtype=np.float32, na_value=np.nan)

    @cached_property
    def split(self) -> NDArray[np.object_]:
        """(N,) split of each sample."""
        return self.frame[SPLIT].to_numpy(dtype=object)

    @property
    def splits(self) -> list[str]:
        """The splits that have samples, train first."""
        return sort_splits(set(self.split))

    @cached_property
    def loss(self) -> NDArray[np.float64] | None:
        """(N,) loss, NaN where there is none; None if no sample has one."""
        return self._numbers(LOSS)

    @cached_property
    def target(self) -> NDArray[np.int64] | None:
        """(N,) class index, −1 where missing; None if no sample has one."""
        return self._codes(TARGET)

    @cached_property
    def prediction(self) -> NDArray[np.int64] | None:
        """(N,) class index, −1 where missing; None if no sample has one."""
        return self._codes(PREDICTION)

    def clusters(self, level: str) -> NDArray[np.int64] | None:
        """(N,) number of the region at `level` (`coarse`, `fine`); None if there are none."""
        return self._codes(f"cluster_{level}")

    def class_name(self, index: int) -> str:
        """Return the name of a class, or its index as text."""
        names = self.report.class_names
        return names[index] if 0 <= index < len(names) else str(index)

    def rows(self, pairs: Sequence[tuple[str, str]]) -> NDArray[np.int64]:
        """Return the row number of each (split, sample_id) that the table has, in that order."""
        if not len(self) or not pairs:
            return np.empty(0, dtype=np.int64)
        places = self._keys.get_indexer(pd.MultiIndex.from_tuples(list(pairs)))
        return np.asarray(places[places >= 0], dtype=np.int64)

    def members(self, insight: Insight) -> NDArray[np.bool_]:
        """(N,) mask of the samples that `insight` holds."""
        mask = np.zeros(len(self), dtype=bool)
        mask[self.rows(insight.samples)] = True
        return mask

    def region_members(self, region: Region) -> NDArray[np.bool_]:
        """(N,) mask of the samples of a region."""
        codes = self.clusters(region.level)
        if codes is None:
            return np.zeros(len(self), dtype=bool)
        return np.asarray(codes == region_number(region.id))

    @cached_property
    def _keys(self) -> pd.MultiIndex:
        return pd.MultiIndex.from_frame(self.frame[[SPLIT, SAMPLE_ID]].astype(object))

    def _numbers(self, column: str) -> NDArray[np.float64] | None:
        if column not in self.frame or self.frame[column].isna().all():
            return None
        return self.frame[column].to_numpy(dtype=np.float64, na_value=np.nan)

    def _codes(self, column: str) -> NDArray[np.int64] | None:
        if column not in self.frame or self.frame[column].isna().all():
            return None
        return self.frame[column].fillna(-1).to_numpy(dtype=np.int64)


def region_number(region: str) -> int | None:
    """Return the number at the end of a region's id (`coarse/3` is 3), None if there is none."""
    number = region.rpartition("/")[2]
    return int(number) if number.isdecimal() else None
