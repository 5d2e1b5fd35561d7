"""The sets of samples that are compared, and all of them in one snapshot and one space."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mlflow_latent.errors import InputError, did_you_mean
from mlflow_latent.measures.landmarks import choose_landmarks
from mlflow_latent.measures.reduction import Reduction, fit_reduction
from mlflow_latent.report.domain_gap.model import GapOrigin
from mlflow_latent.schema import PREDICTION, SPLIT, TARGET

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mlflow_latent.snapshot import Snapshot

FITTED_ROWS = 12_000  # on which the axes are fitted; all samples are placed


@dataclass(frozen=True, eq=False)
class Origin:
    """One set of samples: a split of a snapshot.

    Attributes:
        snapshot: that holds it.
        split: which of its splits.
        run_id: the run it was read from, if it was.
        run_name: that run's name.

    Raises:
        InputError: the snapshot has no such split.
    """

    snapshot: Snapshot
    split: str
    run_id: str | None = None
    run_name: str | None = None

    def __post_init__(self) -> None:
        there = self.snapshot.splits
        if self.split not in there:
            raise InputError(
                f"split {self.split!r} was not captured{did_you_mean(self.split, there)}"
            )

    @cached_property
    def rows(self) -> NDArray[np.intp]:
        """(n,) row numbers of its samples."""
        return np.flatnonzero(self.snapshot.rows(self.split))

    def is_same(self, other: Origin) -> bool:
        """Whether both are the same samples."""
        if self.split != other.split:
            return False
        if self.run_id is not None and self.run_id == other.run_id:
            return self.snapshot.epoch == other.snapshot.epoch
        return self.snapshot is other.snapshot

    def describe(self, name: str) -> GapOrigin:
        """Return what a document says of it."""
        return GapOrigin(
            name=name,
            split=self.split,
            run_id=self.run_id,
            run_name=self.run_name,
            epoch=self.snapshot.epoch,
            layer=self.snapshot.layer,
            n=len(self.rows),
        )


def name_origins(origins: Sequence[Origin]) -> list[str]:
    """Return a name for each: its split, with the run where that is not enough."""
    splits = [origin.split for origin in origins]
    names = []
    for number, origin in enumerate(origins):
        name = origin.split
        if splits.count(name) > 1:
            name = f"{name} of {origin.run_name or origin.run_id or f'set {number + 1}'}"
        names.append(name if name not in names else f"{name} ({number + 1})")
    return names


@dataclass(frozen=True, eq=False)
class Pool:
    """All origins in one snapshot, whose splits are their names, and in one reduced space.

    Attributes:
        origins: K of them.
        names: of each.
        snapshot: N samples, those of the first origin first.
        reduction: the axes, fitted on all together.
        reduced: (N, d) float32 coordinates.
        notes: what a reader should know.
    """

    origins: tuple[Origin, ...]
    names: tuple[str, ...]
    snapshot: Snapshot
    reduction: Reduction
    reduced: NDArray[np.float32]
    notes: tuple[str, ...]

    @classmethod
    def of(cls, origins: Sequence[Origin], n_components: int, random_state: int) -> Pool:
        """Put origins together.

        Raises:
            InputError: the same samples are given twice, or their embeddings are of different
                layers or widths.
        """
        for one, other in combinations(origins, 2):
            _refuse_unlike(one, other)
        names = name_origins(origins)
        snapshot, notes = _join(origins, names)
        codes = np.repeat(np.arange(len(origins)), [len(origin.rows) for origin in origins])
        fitted = choose_landmarks(codes, FITTED_ROWS, random_state)
        reduction = fit_reduction(
            snapshot.embedding[fitted], codes[fitted], n_components, random_state
        )
        reduced = reduction.apply(snapshot.embedding)
        return cls(tuple(origins), tuple(names), snapshot, reduction, reduced, tuple(notes))

    def rows(self, number: int) -> slice:
        """The rows of an origin."""
        sizes = [len(origin.rows) for origin in self.origins]
        return slice(sum(sizes[:number]), sum(sizes[: number + 1]))


def _refuse_unlike(one: Origin, other: Origin) -> None:
    if one.is_same(other):
        where = f" of run {one.run_id}" if one.run_id else ""
        raise InputError(f"split {one.split!r}{where} is given twice; compare it with another set")
    first, second = one.snapshot, other.snapshot
    if first.layer and second.layer and first.layer != second.layer:
        raise InputError(
            f"{one.split!r} is of layer {first.layer!r}, {other.split!r} of layer "
            f"{second.layer!r}; compare embeddings of one layer"
        )
    widths = first.embedding.shape[1], second.embedding.shape[1]
    if widths[0] != widths[1]:
        raise InputError(
            f"{one.split!r} has {widths[0]} embedding columns, {other.split!r} has {widths[1]}; "
            "compare embeddings of one model and one layer"
        )


def _join(origins: Sequence[Origin], names: Sequence[str]) -> tuple[Snapshot, list[str]]:
    first, notes = origins[0].snapshot, []
    frames = [
        origin.snapshot.frame.iloc[origin.rows].assign(**{SPLIT: name})
        for origin, name in zip(origins, names, strict=True)
    ]
    spaces = {origin.snapshot.info.class_names for origin in origins}
    if len(spaces) > 1:
        frames = [frame.drop(columns=[TARGET, PREDICTION], errors="ignore") for frame in frames]
        notes.append("the label spaces differ: classes are not compared")
    if len({(origin.run_id, origin.snapshot.epoch) for origin in origins}) > 1:
        notes.append(
            "the sets were captured in different runs or epochs: if the weights were not the same, "
            "what differs may be the model and not the data"
        )
    parts = [origin.snapshot.embedding[origin.rows] for origin in origins]
    # Columns that are empty everywhere in one of them would decide the type of all.
    frame = pd.concat([frame.dropna(axis=1, how="all") for frame in frames], ignore_index=True)
    joined = replace(
        first,
        frame=frame,
        embedding=parts[0] if len(parts) == 1 else np.concatenate(parts),
        pred_probs=None,
        history=None,
    )
    return joined, notes
