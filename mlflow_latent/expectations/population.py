"""The samples of a run as expectations speak of them: fields by name, findings by kind."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mlflow_latent.errors import InputError, did_you_mean
from mlflow_latent.fields import PREDICTED_CLASS
from mlflow_latent.insights.registry import insight_kinds
from mlflow_latent.insights.words import CLASS
from mlflow_latent.report.explorer.rows import RowFinder
from mlflow_latent.schema import (
    LOSS_PREFIX,
    META_PREFIX,
    METRIC_PREFIX,
    PREDICTION,
    SPLIT,
    TARGET,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from numpy.typing import NDArray

    from mlflow_latent.report.model import Insight, Report

CORRECT = "correct"
PREFIXES = ("", META_PREFIX, METRIC_PREFIX, LOSS_PREFIX)  # that a field may be named without


@dataclass(frozen=True, eq=False)
class Population:
    """N samples of an analyzed run.

    Attributes:
        report: with its table of samples.
    """

    report: Report

    @property
    def frame(self) -> pd.DataFrame:
        """N rows."""
        return self.report.samples

    def __len__(self) -> int:
        return len(self.frame)

    @cached_property
    def split(self) -> NDArray[np.object_]:
        """(N,) split of each."""
        return self.frame[SPLIT].to_numpy(dtype=object)

    @cached_property
    def finder(self) -> RowFinder:
        """Of rows by their key."""
        return RowFinder(self.frame)

    def splits_of(self, chosen: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """(N,) mask of all samples of the splits that some are in.

        Args:
            chosen: (N,) mask of those.
        """
        codes = self._split_codes
        there = np.unique(codes[chosen])
        return np.isin(codes, there)

    @cached_property
    def _split_codes(self) -> NDArray[np.int64]:
        return pd.factorize(self.split)[0].astype(np.int64)

    def require_splits(self) -> tuple[str, str]:
        """Return the tested split and the one that it is compared with.

        Raises:
            InputError: one of them was not captured.
        """
        tested, reference = self.report.tested_split, self.report.reference_split
        if tested is None or reference is None:
            there = ", ".join(map(repr, sorted(set(self.split))))
            raise InputError(f"it compares two splits, train and val; captured: {there}")
        return tested, reference

    def field(self, name: str) -> pd.Series[Any]:
        """Return (N,) a field by the name that insights and the explorer give it.

        Args:
            name: `class`, `predicted class`, `correct`, or a column of the table of samples with
                or without its prefix (`meta_`, `metric_`, `loss_`), spaces for underscores.

        Raises:
            InputError: there is none of that name.
        """
        if name in (CLASS, PREDICTED_CLASS) and (codes := self._codes(name)) is not None:
            return codes.map(self._class_names).astype("string")
        if name == CORRECT and CORRECT not in self.frame:
            return self._correct()
        for prefix in PREFIXES:
            for spelled in (name, name.replace(" ", "_")):
                if prefix + spelled in self.frame:
                    return self.frame[prefix + spelled]
        raise InputError(f"field {name!r} was not captured{did_you_mean(name, self.names)}")

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of all fields, as insights give them."""
        made = [name for name in (CLASS, PREDICTED_CLASS) if self._codes(name) is not None]
        plain = [str(column).removeprefix(META_PREFIX) for column in self.frame]
        return tuple(dict.fromkeys([*made, *plain]))

    def kinds(self) -> list[str]:
        """Return the kinds of insight that the analysis may have found."""
        known = {kind.name for kind in insight_kinds()}
        return sorted(known | {insight.kind for insight in self.report.insights})

    def found(self, kind: str) -> NDArray[np.bool_]:
        """(N,) mask of the samples in insights of a kind, those merged into others included."""
        pairs = [pair for insight in _all(self.report.insights, kind) for pair in insight.samples]
        return self.mask(pairs)

    def mask(self, pairs: Iterable[tuple[str, str]]) -> NDArray[np.bool_]:
        """(N,) mask of the (split, sample_id) that there are."""
        mask = np.zeros(len(self), dtype=bool)
        mask[self.finder.rows(list(pairs))] = True
        return mask

    def listed(self, samples: Mapping[str, Iterable[str]]) -> NDArray[np.bool_]:
        """(N,) mask of the samples of which there are ids, by split."""
        return self.mask((split, sample_id) for split, ids in samples.items() for sample_id in ids)

    def _codes(self, name: str) -> pd.Series[Any] | None:
        column = TARGET if name == CLASS else PREDICTION
        return self.frame.get(column)

    @cached_property
    def _class_names(self) -> Mapping[int, str]:
        names = self.report.class_names
        codes = {
            int(code)
            for column in (TARGET, PREDICTION)
            if column in self.frame
            for code in self.frame[column].dropna().unique()
        }
        return {code: names[code] if code < len(names) else str(code) for code in codes}

    def _correct(self) -> pd.Series[Any]:
        for column in (TARGET, PREDICTION):
            if column not in self.frame:
                raise InputError(f"it needs the {column} of each sample, which was not captured")
        target, prediction = self.frame[TARGET], self.frame[PREDICTION]
        return (target == prediction).astype("boolean").where(target.notna() & prediction.notna())


def _all(insights: Iterable[Insight], kind: str) -> Iterator[Insight]:
    for insight in insights:
        if insight.kind == kind:
            yield insight
        yield from _all(insight.children, kind)
