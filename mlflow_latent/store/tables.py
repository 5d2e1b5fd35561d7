"""Arrow tables made into the frames and matrices of a snapshot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from mlflow_latent.errors import CorruptFileError
from mlflow_latent.schema import EMBEDDING, PRED_PROBS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_TO_PANDAS = {
    pa.int32(): pd.Int32Dtype(),
    pa.int64(): pd.Int64Dtype(),
    pa.bool_(): pd.BooleanDtype(),
    pa.string(): pd.StringDtype(),
}
"""Nullable pandas types, so that a missing value stays missing."""


def concatenate(tables: Sequence[pa.Table]) -> pa.Table:
    """Put the rows of several files under one another; a column that one lacks is null there.

    Raises:
        CorruptFileError: the files do not agree on a column's type.
    """
    try:
        return pa.concat_tables(tables, promote_options="permissive")
    except (pa.ArrowTypeError, pa.ArrowInvalid) as error:
        raise CorruptFileError(f"files of one epoch contradict each other: {error}") from None


def to_frame(table: pa.Table) -> pd.DataFrame:
    """Return all columns but embeddings and probabilities, missing values as NA or NaN."""
    names = [n for n in table.column_names if not n.startswith(EMBEDDING) and n != PRED_PROBS]
    frame: pd.DataFrame = table.select(names).to_pandas(types_mapper=_TO_PANDAS.get)
    return frame


def is_null(table: pa.Table, column: str) -> NDArray[np.bool_]:
    """(N,) mask of the rows in which `column` is null; NaN is a value. All rows if it is absent."""
    if column not in table.column_names:
        return np.ones(table.num_rows, dtype=bool)
    mask: NDArray[np.bool_] = pc.is_null(table[column]).to_numpy()
    return mask


def to_matrix(table: pa.Table, column: str) -> NDArray[np.float32]:
    """Return a column of vectors as (N, D) float32; the row of a missing vector is NaN.

    Raises:
        CorruptFileError: the vectors differ in width.
    """
    chunks = table[column].chunks
    widths = {chunk.type.list_size for chunk in chunks if pa.types.is_fixed_size_list(chunk.type)}
    if len(widths) != 1 or any(not pa.types.is_fixed_size_list(chunk.type) for chunk in chunks):
        raise CorruptFileError(
            f"column {column!r} must hold vectors of one width, got {table[column].type}"
        )
    matrix = np.full((table.num_rows, widths.pop()), np.nan, dtype=np.float32)
    start = 0
    for chunk in chunks:
        _fill(matrix[start : start + len(chunk)], chunk)
        start += len(chunk)
    return matrix


def _fill(rows: NDArray[np.float32], chunk: pa.FixedSizeListArray) -> None:
    values = chunk.flatten().to_numpy(zero_copy_only=False).reshape(-1, rows.shape[1])
    if chunk.null_count:
        rows[chunk.is_valid().to_numpy(zero_copy_only=False)] = values
    else:
        rows[:] = values
