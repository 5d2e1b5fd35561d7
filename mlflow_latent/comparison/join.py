"""Two runs joined by (split, sample_id): the samples that both have, in one order."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mlflow_latent.errors import InputError
from mlflow_latent.schema import KEY, SAMPLE_ID, SPLIT, TARGET, sort_splits

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlflow_latent.comparison.side import Side

NAMED_IDS = 3  # that an error shows of each run


@dataclass(frozen=True, eq=False)
class Joined:
    """The S samples that both runs have, in the order of run a.

    Attributes:
        a: the first run, all its rows.
        b: the second run, all its rows.
        rows_a: (S,) their rows in run a.
        rows_b: (S,) their rows in run b.
    """

    a: Side
    b: Side
    rows_a: NDArray[np.intp]
    rows_b: NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.rows_a)

    @cached_property
    def frames(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """S rows of each run."""
        first = self.a.frame.iloc[self.rows_a].reset_index(drop=True)
        return first, self.b.frame.iloc[self.rows_b].reset_index(drop=True)

    @cached_property
    def split(self) -> NDArray[np.object_]:
        """(S,) split of each sample."""
        return self.frames[0][SPLIT].to_numpy(dtype=object)

    @property
    def splits(self) -> list[str]:
        """The splits that have shared samples, train first."""
        return sort_splits(set(self.split))

    @property
    def counts(self) -> dict[str, int]:
        """Shared samples by split."""
        return {name: int((self.split == name).sum()) for name in self.splits}

    def numbers(self, column: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return (S,) values of a numeric column in each run, NaN where missing or infinite."""
        return _numbers(self.frames[0], column), _numbers(self.frames[1], column)

    def categories(self, which: int, column: str = TARGET) -> pd.Series[Any] | None:
        """Return (S,) names of the classes in run a (0) or b (1); None if no sample has one."""
        frame, side = self.frames[which], (self.a, self.b)[which]
        if column not in frame or frame[column].isna().all():
            return None
        names = dict(enumerate(side.info.class_names))
        codes = frame[column].astype("Int64")
        known = {code: names.get(int(code), str(code)) for code in codes.dropna().unique()}
        return codes.map(known).astype("string")

    def members(self, samples: tuple[tuple[str, str], ...]) -> NDArray[np.intp]:
        """Return which of the S samples are among the given (split, sample_id)."""
        if not samples:
            return np.empty(0, dtype=np.intp)
        places = self._keys.get_indexer(pd.MultiIndex.from_tuples(list(samples)))
        return np.unique(places[places >= 0]).astype(np.intp)

    @cached_property
    def _keys(self) -> pd.MultiIndex:
        return _keys_of(self.frames[0])


def join(a: Side, b: Side) -> Joined:
    """Join two runs by (split, sample_id).

    Raises:
        InputError: no sample is in both.
    """
    keys_a, keys_b = _keys_of(a.frame), _keys_of(b.frame)
    found = keys_b.get_indexer(keys_a)
    rows_a = np.flatnonzero(found >= 0)
    if not len(rows_a):
        raise InputError(
            f"no sample is in both runs: {a.name} has {_examples(a)}, {b.name} has {_examples(b)};"
            " a sample must have the same split and sample_id in both"
        )
    return Joined(a, b, rows_a, found[rows_a].astype(np.intp))


def alone(side: Side, shared: NDArray[np.intp]) -> dict[str, int]:
    """Return how many samples of each split only this run has."""
    only = np.ones(len(side.frame), dtype=bool)
    only[shared] = False
    return side.counts(only)


def _keys_of(frame: pd.DataFrame) -> pd.MultiIndex:
    return pd.MultiIndex.from_frame(frame[KEY].astype(object))


def _numbers(frame: pd.DataFrame, column: str) -> NDArray[np.float64]:
    values = frame[column].to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where(np.isfinite(values), values, np.nan)


def _examples(side: Side) -> str:
    rows = side.frame.head(NAMED_IDS)
    named = [f"{row[SPLIT]}/{row[SAMPLE_ID]}" for _, row in rows.iterrows()]
    return ", ".join(repr(name) for name in named) or "none"
