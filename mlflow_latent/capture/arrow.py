"""Columns of a batch made into Arrow arrays of the contract's types, or refused with a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
import pyarrow as pa

from mlflow_latent.errors import CaptureError
from mlflow_latent.field_columns import as_field
from mlflow_latent.schema import (
    EMBEDDING,
    LOSS,
    LOSS_PREFIX,
    META_PREFIX,
    METRIC_PREFIX,
    OUTPUT_PREFIX,
    PRED_PROBS,
    PREDICTION,
    SAMPLE_ID,
    TARGET,
    URI,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

EmbeddingType = Literal["float16", "float32"]
MATRIX_DIMENSIONS = 2
_ARROW_FLOAT = {"float16": pa.float16(), "float32": pa.float32()}
_NUMBERS = (LOSS_PREFIX, METRIC_PREFIX, OUTPUT_PREFIX)
_KNOWN = (SAMPLE_ID, URI, LOSS, PRED_PROBS, TARGET, PREDICTION)
_PREFIXES = (META_PREFIX, f"{EMBEDDING}_", *_NUMBERS)


def is_static(column: str) -> bool:
    """Whether a column says what a sample is, and so belongs to the `samples` table."""
    return column in {TARGET, URI} or column.startswith(META_PREFIX)


def is_column(name: str) -> bool:
    """Whether the tables have a column of that name."""
    return name == EMBEDDING or name in _KNOWN or name.startswith(_PREFIXES)


def is_embedding(column: str) -> bool:
    """Whether a column holds the embedding of a layer."""
    return column == EMBEDDING or column.startswith(f"{EMBEDDING}_")


def to_arrow(column: str, values: Any, embedding_dtype: EmbeddingType = "float16") -> pa.Array:
    """Return the values of one column as an Arrow array of the type the contract gives it.

    Args:
        column: its name, e.g. `loss`, `meta_brightness`, `embedding_backbone`.
        values: (N,) or, for embeddings and probabilities, (N, D). A masked element, None or NA is
            null; NaN stays NaN. A negative class index is null: tensors cannot leave it out.
        embedding_dtype: in which precision embeddings are kept.

    Raises:
        CaptureError: the values have the wrong shape or type.
    """
    if is_embedding(column):
        return _vectors(column, values, embedding_dtype)
    if column == LOSS or column.startswith(_NUMBERS):
        return _numbers(column, values)
    return _CONVERTERS.get(column, _field)(column, values)


def _one_dimensional(column: str, values: Any) -> tuple[NDArray[Any], NDArray[np.bool_] | None]:
    array = np.ma.asanyarray(values) if isinstance(values, np.ma.MaskedArray) else _plain(values)
    if array.ndim != 1:
        raise CaptureError(f"{column} must have one value per sample, got shape {array.shape}")
    mask = np.ma.getmaskarray(array) if isinstance(array, np.ma.MaskedArray) else None
    return np.asarray(array), mask


def _plain(values: Any) -> NDArray[Any]:
    if hasattr(values, "__array__"):
        return np.asarray(values)
    rows = list(values)
    array = np.empty(len(rows), dtype=object)
    array[:] = rows
    return array


def _ids(column: str, values: Any) -> pa.Array:
    array, _ = _one_dimensional(column, values)
    if array.dtype.kind in "iu":
        return pa.array(array.astype(str), pa.string())
    for value in array:
        if not isinstance(value, str | int | np.integer) or value == "":
            raise CaptureError(
                f"sample_id must be a non-empty string or an integer for every row, got {value!r}"
            )
    return pa.array([str(value) for value in array], pa.string())


def _vectors(column: str, values: Any, dtype: EmbeddingType = "float32") -> pa.Array:
    matrix = np.asarray(values)
    if matrix.ndim != MATRIX_DIMENSIONS or matrix.shape[1] == 0 or matrix.dtype.kind not in "fiub":
        raise CaptureError(
            f"{column} must be numbers of shape (N, D) with D > 0, got {matrix.dtype} of shape "
            f"{matrix.shape}"
        )
    with np.errstate(over="ignore"):  # beyond float16's 65504: infinity, which the report names
        flat = np.ascontiguousarray(matrix, dtype=dtype).reshape(-1)
    items = pa.array(flat, _ARROW_FLOAT[dtype], from_pandas=False)
    return pa.FixedSizeListArray.from_arrays(items, matrix.shape[1])


def _numbers(column: str, values: Any) -> pa.Array:
    array, mask = _one_dimensional(column, values)
    if array.dtype == object:
        mask = np.array([value is None or value is pd.NA for value in array], dtype=bool)
        array = np.where(mask, np.nan, array)
    try:
        return pa.array(array.astype(np.float32), mask=mask, from_pandas=False)
    except (TypeError, ValueError) as error:
        raise CaptureError(f"{column} must be numbers: {error}") from None


def _codes(column: str, values: Any) -> pa.Array:
    array, mask = _one_dimensional(column, values)
    try:
        numbers = pd.to_numeric(pd.Series(array)).astype("Int64")
    except (TypeError, ValueError) as error:
        raise CaptureError(f"{column} must be class indices (whole numbers): {error}") from None
    if (numbers > np.iinfo(np.int32).max).any():
        raise CaptureError(f"{column} must be class indices, got {int(numbers.max())}")
    numbers = numbers.mask((numbers < 0) | (False if mask is None else mask))
    return pa.array(numbers.astype("Int32"), pa.int32())


def _text(column: str, values: Any) -> pa.Array:
    array, mask = _one_dimensional(column, values)
    missing = pd.isna(array) if mask is None else mask | pd.isna(array)
    return pa.array([str(value) for value in array], pa.string(), mask=np.asarray(missing))


def _field(column: str, values: Any) -> pa.Array:
    """A metadata field: numbers, whole numbers, booleans or text, whichever the values are."""
    array, mask = _one_dimensional(column, values)
    if mask is not None:
        array = np.where(mask, np.array(None), array.astype(object))
    if pd.isna(array).all():
        return pa.nulls(len(array))  # its type shows in a later batch
    typed = as_field(column, array, len(array))
    arrow = pa.Array.from_pandas(typed)
    return arrow.cast(_FIELD_TYPES.get(arrow.type, arrow.type))


_FIELD_TYPES = {pa.float64(): pa.float32(), pa.large_string(): pa.string()}
_CONVERTERS = {
    SAMPLE_ID: _ids,
    TARGET: _codes,
    PREDICTION: _codes,
    PRED_PROBS: _vectors,
    URI: _text,
}
