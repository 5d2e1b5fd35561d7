"""Rows that cannot be used: which they are, and how that is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.schema import (
    KEY,
    LEFT_OUT,
    LOSS,
    NAMED_ROWS,
    SAMPLE_ID,
    SPLIT,
    TARGET,
    DroppedRows,
    sort_splits,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd
    from numpy.typing import NDArray

UNUSABLE = "is NaN or infinite (float32 ends at 3.4e+38)"
NAMED_COLUMNS = 3


def name_dropped(frame: pd.DataFrame, what: str, mask: NDArray[np.bool_]) -> list[DroppedRows]:
    """Count and name the rows whose embedding or loss cannot be used, by split.

    Args:
        frame: N rows with their keys.
        what: `embedding` or `loss`.
        mask: (N,) of the rows.
    """
    rows = frame.loc[mask, KEY]
    ids = {
        name: tuple(rows.loc[rows[SPLIT] == name, SAMPLE_ID]) for name in sort_splits(rows[SPLIT])
    }
    return [
        DroppedRows(
            reason=f"{what} {UNUSABLE}",
            split=name,
            count=len(of_split),
            sample_ids=of_split[:NAMED_ROWS],
        )
        for name, of_split in ids.items()
    ]


def unlabelled_rows(frame: pd.DataFrame) -> NDArray[np.bool_]:
    """(N,) mask of the rows of splits in which no row has a loss or a target."""
    present = [frame[name].notna() for name in (LOSS, TARGET) if name in frame]
    if not present:
        return np.ones(len(frame), dtype=bool)
    labelled = np.any([values.to_numpy(dtype=bool) for values in present], axis=0)
    with_labels = set(frame.loc[labelled, SPLIT])
    return ~frame[SPLIT].isin(with_labels).to_numpy(dtype=bool)


def broken_columns(embedding: NDArray[np.float32]) -> str:
    """Name the columns for which no row can be used, where others are whole; else nothing."""
    broken = ~np.isfinite(embedding).any(axis=0) if len(embedding) else np.zeros(0, bool)
    if broken.all() or not broken.any():
        return ""
    places = np.flatnonzero(broken)
    first = ", ".join(map(str, places[:NAMED_COLUMNS]))
    more = ", …" if len(places) > NAMED_COLUMNS else ""
    return f"; column {first}{more} of the embedding is so in every row: leave it out"


def lost_splits(
    frame: pd.DataFrame, keep: NDArray[np.bool_], dropped: Iterable[DroppedRows]
) -> list[str]:
    """Say which splits have no row left, as if they had not been captured."""
    left = set(frame.loc[keep, SPLIT])
    reasons: dict[str, list[str]] = {}
    for rows in dropped:
        reasons.setdefault(rows.split, []).append(rows.reason)
    return [
        f"{LEFT_OUT}split {name!r}, of which no row can be used: {' or '.join(why)}"
        for name, why in reasons.items()
        if name not in left
    ]
