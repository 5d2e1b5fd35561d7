"""Metadata as a user has it, made into typed columns: numbers, booleans or texts.

A date is a number of days, so that a field that drifts can explain a loss. Its unit stands in the
field's name, where every reader and every filter sees it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mlflow_latent.columns import one_dimensional
from mlflow_latent.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

LARGEST_INTEGER = 2**63 - 1
LARGEST_NUMBER = 1e150  # its square is a float64 still; nothing that is measured is larger
DATES = ("date", "datetime", "datetime64")
DAY = 86_400  # seconds


def as_fields(metadata: Any, size: int) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return N rows with number, boolean or string columns, and what the reader should know."""
    columns: dict[str, pd.Series[Any]] = {}
    notes = []
    for given, values in _items(metadata):
        name = str(given)
        if not name.strip():
            raise InputError(f"metadata has a field named {given!r}; give it a name to speak of")
        column, unit = _without_dates(_column(f"metadata[{given!r}]", values, size))
        name = f"{name} ({unit})" if unit else name
        if name in columns:
            notes.append(f"field {name!r} is there twice: the last one counts; rename the other")
        columns[name] = as_field(f"metadata[{given!r}]", column, size)
        lost = int((column.notna() & columns[name].isna()).sum())
        if lost:
            notes.append(
                f"field {name!r}: {lost:,} values are infinite or beyond {LARGEST_NUMBER:.0e} and"
                " count as missing"
            )
    return pd.DataFrame(columns, index=pd.RangeIndex(size)), tuple(notes)


def _items(metadata: Any) -> list[tuple[Any, Any]]:
    if metadata is None:
        return []
    if not isinstance(metadata, Mapping | pd.DataFrame):
        mend = "pandas.DataFrame(metadata) makes one of a list of dicts; name each column"
        raise InputError(
            "metadata must be a mapping of field names to N values each, or a DataFrame, got "
            f"{type(metadata).__name__}; {mend}"
        )
    return list(metadata.items())


def as_field(name: str, values: ArrayLike, size: int) -> pd.Series[Any]:
    """Return one metadata field: nullable booleans, integers or strings, or float64."""
    column = _column(name, values, size)
    if column.dtype == object:
        is_decimal = pd.api.types.infer_dtype(column, skipna=True) == "decimal"
        column = column.astype(np.float64) if is_decimal else column.convert_dtypes()
    if pd.api.types.is_bool_dtype(column):
        return column.astype("boolean")
    if pd.api.types.is_integer_dtype(column) and not (column > LARGEST_INTEGER).any():
        return column.astype("Int64")
    if pd.api.types.is_complex_dtype(column):
        raise InputError(f"{name} holds complex numbers; give real ones, e.g. numpy.abs of them")
    if pd.api.types.is_numeric_dtype(column):
        numbers = column.astype(np.float64)
        return numbers.where(numbers.abs() <= LARGEST_NUMBER)
    return column.where(column.isna(), column.astype(str)).astype("string")


def _column(name: str, values: ArrayLike, size: int) -> pd.Series[Any]:
    column = pd.Series(one_dimensional(name, values, size))
    is_category = isinstance(column.dtype, pd.CategoricalDtype)
    return column.astype(object) if is_category else column


def _without_dates(column: pd.Series[Any]) -> tuple[pd.Series[Any], str | None]:
    """Make dates and durations numbers, and say in what unit; the others stay as they are.

    Days since the first of January of the first year, in UTC if they have a time zone.
    """
    if column.dtype == object and pd.api.types.infer_dtype(column, skipna=True) in DATES:
        column = _read_dates(column)
    if pd.api.types.is_timedelta64_dtype(column):
        return column.dt.total_seconds(), "seconds"
    if not pd.api.types.is_datetime64_any_dtype(column) or column.isna().all():
        return column, None
    times = column.dt.tz_convert("UTC").dt.tz_localize(None) if column.dt.tz else column
    start = pd.Timestamp(int(times.min().year), 1, 1)
    return (times - start).dt.total_seconds() / DAY, f"days since {start:%Y-%m-%d}"


def _read_dates(column: pd.Series[Any]) -> pd.Series[Any]:
    """Dates and times as one type; texts where some are beyond what pandas can count."""
    try:
        return pd.to_datetime(column, utc=True)
    except (ValueError, TypeError, OverflowError):
        return column.astype(str).where(column.notna())
