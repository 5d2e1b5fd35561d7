"""Arrays as a user has them, made into typed columns, or refused with a reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mlflow_latent.errors import InputError
from mlflow_latent.schema import (
    EPOCH,
    KEY,
    LOSS,
    MARGIN,
    PREDICTION,
    SAMPLE_ID,
    SPLIT,
)

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

MATRIX_DIMENSIONS = 2
SOME_ROWS = 100
LARGEST_CODE = 2**31 - 1  # class indices and epochs are 32-bit integers in the tables
LARGEST_MARGIN = 1.001  # a difference of two probabilities, as float32 rounds it
CLASS_INDICES = "class indices (integers, 0 or more)"
EPOCHS = "0-based epochs (integers, 0 or more)"
NUMBER_CLASSES = (
    "number the classes from 0 (`pandas.factorize` does) and give their names as class_names"
)


def as_matrix(name: str, values: ArrayLike, size: int | None = None) -> NDArray[np.float32]:
    """Return (N, D) float32, without a copy where it is that already."""
    try:
        given = np.asarray(values)
    except (TypeError, ValueError) as error:
        why = _ragged(values) or str(error)
        raise InputError(f"{name} must be numbers of shape (N, D): {why}") from None
    _refuse_complex(name, given)
    try:
        with np.errstate(over="ignore", under="ignore"):  # beyond float32 is infinite: rows drop
            matrix = np.asarray(given, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name} must be numbers of shape (N, D): {error}") from None
    if matrix.ndim != MATRIX_DIMENSIONS or matrix.shape[1] == 0:
        raise InputError(f"{name} must have shape (N, D) with D > 0, got {matrix.shape}")
    if size is not None and len(matrix) != size:
        raise InputError(f"{name} has {len(matrix)} rows, but embedding has {size}")
    if given.dtype == np.float64:
        _refuse_lost_differences(name, given, matrix)
    return matrix


def _ragged(values: Any) -> str | None:
    """Say which row of a list is not as long as the first one."""
    sizes = [np.size(row) if row is not None else 0 for row in values]
    odd = next((row for row, size in enumerate(sizes) if size != sizes[0]), None)
    return f"row 0 has {sizes[0]} values, row {odd} has {sizes[odd]}" if odd else None


def _refuse_complex(name: str, values: NDArray[Any] | pd.Series[Any]) -> None:
    if np.issubdtype(getattr(values.dtype, "type", object), np.complexfloating):
        raise InputError(
            f"{name} holds complex numbers ({values.dtype}); give real ones, e.g. numpy.abs of them"
        )


def _refuse_lost_differences(
    name: str, given: NDArray[np.float64], matrix: NDArray[np.float32]
) -> None:
    """Raise where rows differ, but by less than float32 can tell at their size."""
    some = matrix[:SOME_ROWS]  # nearly always enough to see that rows differ
    if not len(matrix) or (some != some[0]).any() or (matrix != matrix[0]).any():
        return
    if not (given != given[0]).any():
        return
    raise InputError(
        f"the rows of {name} differ by less than float32 can tell at values about "
        f"{np.abs(given).max():.1e}; subtract the mean of each column and divide by its spread"
    )


def as_keys(sample_id: ArrayLike, split: ArrayLike, size: int) -> pd.DataFrame:
    """Return the frame of `sample_id` and `split`, each pair of which is there once."""
    ids = one_dimensional("sample_id", sample_id, size)
    splits = np.full(size, split, dtype=object) if isinstance(split, str) else split
    names = one_dimensional("split", splits, size)
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
    column = _to_numbers(name, values, size, "numbers")
    with np.errstate(over="ignore", under="ignore"):  # beyond float32 is infinite
        return column.to_numpy(dtype=np.float64, na_value=np.nan).astype(np.float32)


def as_codes(name: str, values: ArrayLike, size: int, what: str = CLASS_INDICES) -> pd.Series[Any]:
    """Return (N,) nullable Int32 class indices, or epochs."""
    mend = f"; {NUMBER_CLASSES}" if what == CLASS_INDICES else ""
    column = _to_numbers(name, values, size, what, mend)
    numbers = column.to_numpy(dtype=np.float64, na_value=np.nan)
    whole = np.isnan(numbers) | (np.isfinite(numbers) & (numbers == np.floor(numbers)))
    if not whole.all():
        row = int(np.argmin(whole))
        raise InputError(f"{name} must be {what}, got {column.iloc[row]} in row {row}{mend}")
    if (numbers < 0).any():
        row = int(np.argmax(numbers < 0))
        raise InputError(
            f"{name} must be 0 or more, got {numbers[row]:.0f} in row {row}; leave missing values"
            " empty (None or NaN)"
        )
    if (numbers > LARGEST_CODE).any():
        row = int(np.argmax(numbers > LARGEST_CODE))
        raise InputError(f"{name} is {column.iloc[row]} in row {row}, over {LARGEST_CODE}{mend}")
    return pd.Series(numbers).astype("Int32")


def _to_numbers(
    name: str, values: ArrayLike, size: int, what: str, mend: str = ""
) -> pd.Series[Any]:
    column = pd.Series(one_dimensional(name, values, size))
    _refuse_complex(name, column)
    if column.dtype.kind in "mM":
        raise InputError(f"{name} must be {what}, got {column.dtype}{mend}")
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(object)
    try:
        return pd.to_numeric(column)
    except (TypeError, ValueError):
        known = pd.to_numeric(column.map(_scalar), errors="coerce")
        row = int(np.argmax((known.isna() & ~column.map(_is_missing)).to_numpy()))
        value = f"{column.iloc[row]!r:.60}"
        raise InputError(f"{name} must be {what}, got {value} in row {row}{mend}") from None


def _scalar(value: Any) -> Any:
    return value if np.isscalar(value) else None


def _is_missing(value: Any) -> bool:
    return bool(np.ndim(value) == 0 and pd.isna(value))


def as_history(history: Any) -> pd.DataFrame:
    """Return the rows per sample and epoch with ids as text and numbers as numbers."""
    wanted = ", ".join((*KEY, EPOCH))
    if not isinstance(history, pd.DataFrame):
        raise InputError(
            f"history must be a pandas DataFrame with the columns {wanted}, got "
            f"{type(history).__name__}"
        )
    missing = [name for name in (*KEY, EPOCH) if name not in history]
    if missing:
        there = ", ".join(map(str, history.columns)) or "its columns: it has none"
        raise InputError(
            f"history must have the columns {wanted}; {', '.join(missing)} is not among {there}"
        )
    size = len(history)
    columns: dict[str, Any] = {name: history[name].astype(str).to_numpy() for name in KEY}
    epoch = history[EPOCH].to_numpy()
    columns[EPOCH] = as_codes(f"history[{EPOCH!r}]", epoch, size, EPOCHS)
    for name in (LOSS, MARGIN, PREDICTION):
        if name in history:
            columns[name] = as_numbers(f"history[{name!r}]", history[name].to_numpy(), size)
    _refuse_wide_margins(columns.get(MARGIN))
    return pd.DataFrame(columns)


def _refuse_wide_margins(margin: NDArray[np.float32] | None) -> None:
    wide = np.abs(margin) > LARGEST_MARGIN if margin is not None else np.zeros(0, bool)
    if margin is not None and wide.any():
        row = int(np.argmax(wide))
        raise InputError(
            f"history[{MARGIN!r}] must be within -1…1, got {margin[row]:.4g} in row {row}; give the"
            " probability of the target minus the largest other one, not logits"
        )


def one_dimensional(name: str, values: Any, size: int) -> NDArray[Any] | pd.Series[Any]:
    """Return one value per sample, or refuse.

    Raises:
        InputError: another shape or length, or text that is not Unicode.
    """
    if isinstance(values, pd.Series):
        column: Any = values.reset_index(drop=True)
    else:
        column = np.asarray(values) if hasattr(values, "__array__") else _from_list(name, values)
    if column.ndim != 1:
        raise InputError(f"{name} must have one value per sample, got shape {column.shape}")
    if len(column) != size:
        raise InputError(f"{name} has {len(column)} values, but embedding has {size} rows")
    if column.dtype == object:
        _refuse_broken_text(name, column)
    return column  # type: ignore[no-any-return]


def _from_list(name: str, values: Any) -> NDArray[Any] | pd.Series[Any]:
    rows = list(values) if not np.isscalar(values) and hasattr(values, "__iter__") else values
    try:
        return pd.Series(rows) if isinstance(rows, list) else np.asarray(rows)
    except UnicodeEncodeError:
        _refuse_broken_text(name, rows)
        raise
    except ValueError as error:
        raise InputError(f"{name} must be one-dimensional: {error}") from None


def _refuse_broken_text(name: str, rows: Any) -> None:
    """Raise where a text holds half a character, as file names that were decoded wrongly do."""
    for row, value in enumerate(rows):
        if isinstance(value, str) and not _is_unicode(value):
            raise InputError(
                f"{name} holds text that is not Unicode in row {row}: {value!a:.60}; decode it"
                " with errors='replace'"
            )


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


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
