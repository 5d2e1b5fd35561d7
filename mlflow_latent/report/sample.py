"""All that is known of one sample, for a figure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mlflow_latent.report.explorer.catalog import describe
from mlflow_latent.report.ranking import ranked_insights
from mlflow_latent.schema import LOSS_PREFIX, META_PREFIX, METRIC_PREFIX, SAMPLE_ID

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from mlflow_latent.report.explorer.extras import History
    from mlflow_latent.report.heatmaps import Heatmap
    from mlflow_latent.report.model import Insight
    from mlflow_latent.report.table import SampleTable

DERIVED = ("centroid_distance", "nearest_class_distance", "outlier_score", "label_quality")
"""Fields that the analysis made, which are shown beside the metadata."""


@dataclass(frozen=True)
class DrawnObject:
    """A box, and its outline where there is one, relative to the square thumbnail, 0…1."""

    box: tuple[float, float, float, float]
    outline: tuple[tuple[float, float], ...]
    category: str
    score: float | None
    is_prediction: bool


@dataclass(frozen=True, eq=False)
class Neighbor:
    """A similar sample: its row in the table, and its thumbnail where there is one."""

    row: int
    picture: NDArray[np.uint8] | None = None


@dataclass(frozen=True, eq=False)
class SampleView:
    """One sample of N; what is not known is empty.

    Attributes:
        table: of the report.
        row: of the sample.
        picture: (H, W, 3) its square thumbnail.
        objects: boxes and outlines, targets first.
        pred_probs: (C,) probabilities.
        history: of the N samples.
        heatmaps: of the sample, those to show first.
        similar: nearest first.
    """

    table: SampleTable
    row: int
    picture: NDArray[np.uint8] | None = None
    objects: tuple[DrawnObject, ...] = ()
    pred_probs: NDArray[np.float32] | None = None
    history: History | None = None
    heatmaps: tuple[Heatmap, ...] = ()
    similar: tuple[Neighbor, ...] = ()
    notes: tuple[str, ...] = field(default=())

    @property
    def split(self) -> str:
        """Its split."""
        return str(self.table.split[self.row])

    @property
    def sample_id(self) -> str:
        """Its id."""
        return str(self.table.frame[SAMPLE_ID].iloc[self.row])

    def class_of(self, codes: NDArray[np.int64] | None) -> str | None:
        """Return its class by name, of the table's targets or predictions; None if unknown."""
        if codes is None or codes[self.row] < 0:
            return None
        return self.table.class_name(int(codes[self.row]))

    def insights(self) -> list[tuple[int, Insight]]:
        """Return the insights that hold it, with their numbers on the pages."""
        key = (self.split, self.sample_id)
        ranked = enumerate(ranked_insights(self.table.report), start=1)
        return [(number, one) for number, one in ranked if key in set(one.samples)]

    def fields(self) -> list[FieldView]:
        """Return its metadata beside that of its split, the most unusual first."""
        found = list(self._fields())
        return sorted(found, key=lambda one: (one.rarity, one.label))

    def metrics(self) -> list[FieldView]:
        """Return the sample's metrics and the parts of its loss beside those of its split."""
        names = [
            str(name)
            for name in self.table.frame
            if str(name).startswith((METRIC_PREFIX, LOSS_PREFIX))
        ]
        return [self._field(name) for name in names if not self._is_missing(name)]

    def _fields(self) -> Iterator[FieldView]:
        for name in map(str, self.table.frame):
            shown = name.startswith(META_PREFIX) or name in DERIVED
            if shown and not self._is_missing(name):
                yield self._field(name)

    def _is_missing(self, name: str) -> bool:
        return bool(pd.isna(self.table.frame[name].iloc[self.row]))

    def _field(self, name: str) -> FieldView:
        column = self.table.frame[name]
        label, own = describe(name).label, column.iloc[self.row]
        values = column[self.table.split == self.split].dropna()
        if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
            return FieldView(label, float(own), values.to_numpy(dtype=np.float64))
        return FieldView(label, str(own), counts=values.astype(str).value_counts())


@dataclass(frozen=True, eq=False)
class FieldView:
    """One field: the sample's value beside those of the M samples of its split.

    Attributes:
        label: of the field.
        value: of the sample.
        numbers: (M,) of the split, where it is a number.
        counts: how often each text is there, the most frequent first, where it is not.
    """

    label: str
    value: float | str
    numbers: NDArray[np.float64] | None = None
    counts: pd.Series[int] | None = None

    @property
    def percentile(self) -> float:
        """The share of the split's numbers below the sample's, ties for a half."""
        if self.numbers is None or isinstance(self.value, str):
            return float("nan")
        below = (self.numbers < self.value).mean() + (self.numbers == self.value).mean() / 2
        return float(below)

    @property
    def share(self) -> float:
        """The share of the split that has the sample's text."""
        if self.counts is None:
            return float("nan")
        return float(self.counts.get(str(self.value), 0) / max(1, self.counts.sum()))

    @property
    def rarity(self) -> float:
        """The share of samples that are as extreme, or that have as rare a text."""
        if self.counts is None:
            return 2 * min(self.percentile, 1 - self.percentile)
        own = self.counts.get(str(self.value), 0)
        return float(self.counts[self.counts <= own].sum() / max(1, self.counts.sum()))
