"""Columns that another program wrote, or wrote otherwise than the tables have them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pandas.api.types import is_numeric_dtype

from mlflow_latent.columns import as_codes, as_numbers
from mlflow_latent.field_columns import as_fields
from mlflow_latent.schema import (
    LOSS,
    LOSS_PREFIX,
    META_PREFIX,
    METRIC_PREFIX,
    PREDICTION,
    TARGET,
)

if TYPE_CHECKING:
    import pandas as pd

USUAL = ("float32", "Int64", "boolean", "string")  # of metadata
NUMBERS = (LOSS_PREFIX, METRIC_PREFIX)


def as_captured(frame: pd.DataFrame) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return the columns of captured rows as a snapshot has them, and what the reader should know.

    A negative class index is a missing one: −1 is what many programs write.

    Raises:
        InputError: class indices or losses are none.
    """
    size = len(frame)
    for name in frame.columns:
        if name in (TARGET, PREDICTION):
            frame[name] = as_codes(name, _without_negative(frame[name]), size)
        if (name == LOSS or name.startswith(NUMBERS)) and str(frame[name].dtype) != "float32":
            frame[name] = as_numbers(name, frame[name], size)
    odd = [
        name
        for name in frame.columns
        if name.startswith(META_PREFIX) and str(frame[name].dtype) not in USUAL
    ]
    given = frame[odd].rename(columns=lambda name: name.removeprefix(META_PREFIX))
    fields, notes = as_fields(given, size)
    return frame.drop(columns=odd).join(fields.add_prefix(META_PREFIX)), notes


def _without_negative(codes: pd.Series[Any]) -> pd.Series[Any]:
    return codes.mask(codes < 0) if is_numeric_dtype(codes) else codes
