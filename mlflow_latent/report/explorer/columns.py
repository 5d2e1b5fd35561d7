"""The table of samples as typed columns: numbers, categories, text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mlflow_latent.report.explorer.catalog import (
    CERTAINTY,
    CORRECT,
    GROUP_ORDER,
    LEFT_OUT,
    describe,
    unique,
)
from mlflow_latent.report.explorer.header import ArrayRef, ColumnHeader
from mlflow_latent.report.explorer.numbers import encode_numbers, missing_code
from mlflow_latent.report.ranking import ranked_curves
from mlflow_latent.schema import (
    LOSS,
    META_PREFIX,
    PREDICTION,
    SAMPLE_ID,
    SPLIT,
    TARGET,
    sort_splits,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from mlflow_latent.report.explorer.arrays import ArrayWriter
    from mlflow_latent.report.explorer.fidelity import Fidelity
    from mlflow_latent.report.table import SampleTable

MOST_CATEGORIES = 65_534  # codes of two bytes; a text column with more is text
ID_LIKE = 0.5  # share of distinct values from which a text column is text
FEW_CATEGORIES = 50  # however few the samples: so many are no ids
COARSE = "cluster_coarse"
CLUSTERS = {COARSE: "coarse", "cluster_fine": "fine"}
FIRST = {SPLIT, LOSS, TARGET, PREDICTION, CORRECT}
"""Columns that the page shows at first, and colors and sizes by: `firstView` in `ui/src/state`."""
RIGHT, WRONG = "right", "wrong"
DERIVED = ("region", "score", "learning")


@dataclass(frozen=True, eq=False)
class Categories:
    """(N,) codes, −1 where missing, and what they are called."""

    codes: NDArray[np.int64]
    names: tuple[str, ...]


@dataclass(frozen=True)
class ColumnEncoder:
    """Writes the columns of a table.

    Attributes:
        table: the report's samples.
        arrays: where the data go.
        fidelity: how exactly.
    """

    table: SampleTable
    arrays: ArrayWriter
    fidelity: Fidelity

    def encode(
        self, certainty: NDArray[np.float32] | None = None
    ) -> tuple[tuple[ColumnHeader, ...], int]:
        """Write all columns; those that are looked at first lie before the others.

        Args:
            certainty: (N,) probability of each sample's first choice.

        Returns:
            The columns in the order of their groups, and the size of the arrays up to the end of
            those that the page shows at first.
        """
        columns = self._kept()
        first = FIRST if TARGET in columns else FIRST | {COARSE}
        written = {
            name: list(self._column(name, values))
            for name, values in columns.items()
            if name in first
        }
        derived = [] if CORRECT in columns else self._correct()
        first_bytes = self.arrays.size
        for name, values in columns.items():
            if name not in first:
                written[name] = list(self._column(name, values))
        if certainty is not None and CERTAINTY not in columns:
            derived.insert(0, self._number(CERTAINTY, certainty.astype(np.float64)))
        headers = [*(header for name in columns for header in written[name]), *derived]
        ordered = sorted(headers, key=lambda header: GROUP_ORDER[header.group])
        return tuple(ordered), first_bytes

    def _kept(self) -> dict[str, pd.Series[Any]]:
        """Return the columns that are shown as columns, by unique names."""
        frame = self.table.frame
        left_out = LEFT_OUT | self._said_already()
        kept = [place for place, name in enumerate(frame.columns) if str(name) not in left_out]
        names = unique(str(frame.columns[place]) for place in kept)
        return dict(zip(names, (frame.iloc[:, place] for place in kept), strict=True))

    def _said_already(self) -> set[str]:
        """Metadata that says nearly the same as a field whose curve is stronger."""
        if self.fidelity.similar_fields:
            return set()
        return {
            f"{META_PREFIX}{field}"
            for curves in ranked_curves(self.table.report)
            for field in curves[0].similar_fields
        }

    def _column(self, name: str, values: pd.Series[Any]) -> Iterator[ColumnHeader]:
        if describe(name).group in DERIVED and values.isna().all():
            return  # it could not be computed; nobody asked for it by name
        if name == SAMPLE_ID:
            yield self._text(name, values)
        elif name in (TARGET, PREDICTION):
            yield self._category(name, self._classes(values))
        elif name in CLUSTERS:
            yield self._category(name, self._regions(values, CLUSTERS[name]))
        elif pd.api.types.is_bool_dtype(values):
            yield self._category(name, _booleans(values))
        elif pd.api.types.is_numeric_dtype(values):
            yield self._number(name, values.to_numpy(dtype=np.float64, na_value=np.nan))
        else:
            yield from self._words(name, values)

    def _words(self, name: str, values: pd.Series[Any]) -> Iterator[ColumnHeader]:
        categories = _named(values, sort_splits if name == SPLIT else sorted)
        if not _is_text(categories) or name == SPLIT:
            yield self._category(name, categories)
        elif self.fidelity.texts:
            yield self._text(name, values)

    def _classes(self, values: pd.Series[Any]) -> Categories:
        codes = values.fillna(-1).to_numpy(dtype=np.int64)
        highest = int(codes.max(initial=-1))
        count = max(len(self.table.report.class_names), highest + 1)
        if count <= MOST_CATEGORIES:
            return Categories(codes, tuple(map(self.table.class_name, range(count))))
        return _renumbered(codes, self.table.class_name)

    def _regions(self, values: pd.Series[Any], level: str) -> Categories:
        codes = values.fillna(-1).to_numpy(dtype=np.int64)
        count = int(codes.max(initial=-1)) + 1
        return Categories(codes, tuple(f"{level}/{number}" for number in range(count)))

    def _correct(self) -> list[ColumnHeader]:
        target, prediction = self.table.target, self.table.prediction
        if target is None or prediction is None:
            return []
        codes = np.where(target == prediction, 0, 1)
        codes[(target < 0) | (prediction < 0)] = -1
        return [self._category(CORRECT, Categories(codes, (RIGHT, WRONG)))]

    def _number(self, name: str, values: NDArray[np.float64]) -> ColumnHeader:
        encoded = encode_numbers(values, self.fidelity)
        entry = describe(name)
        return ColumnHeader(
            name=name,
            field=entry.field,
            label=entry.label,
            group=entry.group,
            kind="number",
            data=self.arrays.add(encoded.data),
            scale=encoded.scale,
            categories=None,
            integer=encoded.integer,
            missing=encoded.missing,
            minimum=encoded.minimum,
            maximum=encoded.maximum,
            description=entry.description,
        )

    def _category(self, name: str, categories: Categories) -> ColumnHeader:
        bits = 8 if len(categories.names) < missing_code(8) else 16
        codes = np.where(categories.codes < 0, missing_code(bits), categories.codes)
        data = self.arrays.add(codes.astype(np.uint8 if bits == 8 else np.uint16))  # noqa: PLR2004 - bits of a byte
        missing = int((categories.codes < 0).sum())
        return _without_numbers(name, "category", data, missing, categories.names)

    def _text(self, name: str, values: pd.Series[Any]) -> ColumnHeader:
        texts = values.astype("string").fillna("")
        data = self.arrays.add_text(texts)
        return _without_numbers(name, "text", data, int((texts == "").sum()), None)


def _without_numbers(
    name: str, kind: Any, data: ArrayRef, missing: int, categories: tuple[str, ...] | None
) -> ColumnHeader:
    entry = describe(name)
    return ColumnHeader(
        name=name,
        field=entry.field,
        label=entry.label,
        group=entry.group,
        kind=kind,
        data=data,
        scale=None,
        categories=categories,
        integer=False,
        missing=missing,
        minimum=None,
        maximum=None,
        description=entry.description,
    )


def _booleans(values: pd.Series[Any]) -> Categories:
    codes = values.astype("Int8").fillna(-1).to_numpy()
    # Named as insights and curves write them.
    return Categories(np.asarray(codes, dtype=np.int64), ("False", "True"))


def _named(values: pd.Series[Any], order: Any) -> Categories:
    """Return the distinct texts of a column in that order, and their codes."""
    codes, found = pd.factorize(values.astype("string"))
    names: Sequence[str] = order(found.tolist())
    place = {name: number for number, name in enumerate(names)}
    new = np.array([*(place[name] for name in found.tolist()), -1], dtype=np.int64)
    return Categories(np.asarray(new[codes], dtype=np.int64), tuple(names))


def _is_text(categories: Categories) -> bool:
    distinct, present = len(categories.names), int((categories.codes >= 0).sum())
    return distinct > MOST_CATEGORIES or distinct > max(FEW_CATEGORIES, ID_LIKE * present)


def _renumbered(codes: NDArray[np.int64], name: Any) -> Categories:
    """Return codes without gaps: a class index may be any integer."""
    found, new = np.unique(codes, return_inverse=True)
    has_missing = bool(len(found) and found[0] < 0)
    names = tuple(name(int(code)) for code in found[has_missing:])
    return Categories(np.asarray(new, dtype=np.int64) - has_missing, names)
