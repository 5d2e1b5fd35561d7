"""Arrays as a user has them, made into typed columns, or refused with a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mlflow_latent.errors import InputError
from mlflow_latent.schema import EPOCH, KEY, LOSS, MARGIN, PREDICTION, SAMPLE_ID, SPLIT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

MATRIX_DIMENSIONS = 2


def as_matrix(name: str, values: ArrayLike, size: int | None = None) -> NDArray[np.float32]:
    """Return (N, D) float32, without a copy where it is that already."""
    try:
        matrix = np.asarray(values, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name} must be numbers of shape (N, D): {error}") from None
    if matrix.ndim != MATRIX_DIMENSIONS or matrix.shape[1] == 0:
        raise InputError(f"{name} must have shape (N, D) with D > 0, got {matrix.shape}")
    if size is not None and len(matrix) != size:
        raise InputError(f"{name} has {len(matrix)} rows, but embedding has {size}")
    return matrix


def as_keys(sample_id: ArrayLike, split: ArrayLike, size: int) -> pd.DataFrame:
    """Return the frame of `sample_id` and `split`, each pair of which is there once."""
    ids = _one_dimensional("sample_id", sample_id, size)
    splits = np.full(size, split, dtype=object) if isinstance(split, str) else split
    names = _one_dimensional("split", splits, size)
    frame = pd.DataFrame({SAMPLE_ID: ids, SPLIT: names})
    for column in (SAMPLE_ID, SPLIT):
        if frame[column].isna().any():
            row = int(np.flatnonzero(frame[column].isna())[0])
            raise InputError(f"{column} of row {row} is missing; every row needs one")
        frame[column] = frame[column].astype(str)
    refuse_duplicates(frame)
    return frame


def as_numbers(name: str, values: ArrayLike, size: int) -> NDArray[np.float32]:
    """Return (N,) float32, NaN where missing."""
    column = pd.Series(_one_dimensional(name, values, size))
    try:
        return pd.to_numeric(column).to_numpy(dtype=np.float32, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name} must be numbers: {error}") from None


def as_codes(name: str, values: ArrayLike, size: int) -> pd.Series[Any]:
    """Return (N,) nullable Int32 class indices."""
    column = pd.Series(_one_dimensional(name, values, size))
    try:
        codes = pd.to_numeric(column).astype("Int32")
    except (TypeError, ValueError) as error:
        raise InputError(f"{name} must be class indices (integers, 0 or more): {error}") from None
    if (codes < 0).any():
        lowest = int(codes.min())
        raise InputError(f"{name} must be 0 or more, got {lowest}; leave missing values empty")
    return codes


def as_fields(metadata: Mapping[str, Any] | pd.DataFrame | None, size: int) -> pd.DataFrame:
    """Return the metadata as a frame of N rows with number, boolean or string columns."""
    fields: Mapping[Any, Any] = dict(metadata.items()) if metadata is not None else {}
    columns = {
        str(name): as_field(f"metadata[{name!r}]", values, size) for name, values in fields.items()
    }
    return pd.DataFrame(columns, index=pd.RangeIndex(size))


def as_field(name: str, values: ArrayLike, size: int) -> pd.Series[Any]:
    """Return one metadata field: nullable booleans, integers or strings, or float64."""
    column = pd.Series(_one_dimensional(name, values, size))
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(object)
    if column.dtype == object:
        column = column.convert_dtypes()
    if pd.api.types.is_bool_dtype(column):
        return column.astype("boolean")
    if pd.api.types.is_integer_dtype(column):
        return column.astype("Int64")
    if pd.api.types.is_numeric_dtype(column):
        return column.astype(np.float64).replace([np.inf, -np.inf], np.nan)
    return column.where(column.isna(), column.astype(str)).astype("string")


def as_history(history: pd.DataFrame) -> pd.DataFrame:
    """Return the rows per sample and epoch with ids as text and numbers as numbers."""
    missing = [name for name in (*KEY, EPOCH) if name not in history]
    if missing:
        raise InputError(
            f"history must have the columns {', '.join((*KEY, EPOCH))}; {', '.join(missing)} is not"
            f" among {', '.join(map(str, history.columns))}"
        )
    size = len(history)
    columns: dict[str, Any] = {name: history[name].astype(str).to_numpy() for name in KEY}
    columns[EPOCH] = as_codes(f"history[{EPOCH!r}]", history[EPOCH].to_numpy(), size)
    for name in (LOSS, MARGIN, PREDICTION):
        if name in history:
            columns[name] = as_numbers(f"history[{name!r}]", history[name].to_numpy(), size)
    return pd.DataFrame(columns)


def _one_dimensional(name: str, values: ArrayLike, size: int) -> NDArray[Any] | pd.Series[Any]:
    if isinstance(values, pd.Series):
        column: Any = values.reset_index(drop=True)
    else:
        column = np.asarray(values) if hasattr(values, "__array__") else _from_list(values)
    if column.ndim != 1:
        raise InputError(f"{name} must have one value per sample, got shape {column.shape}")
    if len(column) != size:
        raise InputError(f"{name} has {len(column)} values, but embedding has {size} rows")
    return column  # type: ignore[no-any-return]


def _from_list(values: Any) -> NDArray[Any] | pd.Series[Any]:
    rows = list(values) if not np.isscalar(values) else values
    try:
        return pd.Series(rows) if isinstance(rows, list) else np.asarray(rows)
    except ValueError as error:
        raise InputError(f"values must be one-dimensional: {error}") from None


def refuse_duplicates(frame: pd.DataFrame) -> None:
    """Raise where the same id is there twice in one split.

    Raises:
        InputError: names the first such id, and counts them.
    """
    repeated = frame[frame.duplicated(KEY)]
    if len(repeated):
        first = repeated.iloc[0]
        raise InputError(
            f"sample_id {first[SAMPLE_ID]!r} is there twice in split {first[SPLIT]!r} "
            f"({len(repeated)} such rows); ids must be unique within a split"
        )
