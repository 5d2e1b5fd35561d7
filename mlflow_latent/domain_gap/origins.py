"""The sets of samples that are compared, and all of them in one snapshot and one space."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mlflow_latent.errors import InputError, did_you_mean
from mlflow_latent.measures.domain import DomainPair
from mlflow_latent.report.domain_gap.model import GapOrigin
from mlflow_latent.schema import PREDICTION, SPLIT, TARGET

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mlflow_latent.domain_gap.options import GapOptions
    from mlflow_latent.snapshot import Snapshot


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

    @property
    def embedding(self) -> NDArray[np.float32]:
        """(n, D) of its samples, without a copy where they follow one another."""
        rows, embedding = self.rows, self.snapshot.embedding
        first, last = int(rows[0]), int(rows[-1])
        return embedding[first : last + 1] if last - first + 1 == len(rows) else embedding[rows]

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
class Both:
    """A source and a target in one snapshot, whose splits are their names, and in one space.

    Attributes:
        origins: source and target.
        names: of each.
        snapshot: N samples, those of the source first; their embeddings are the coordinates.
        pair: what is measured between them.
        notes: what a reader should know.
    """

    origins: tuple[Origin, Origin]
    names: tuple[str, str]
    snapshot: Snapshot
    pair: DomainPair
    notes: tuple[str, ...]

    @classmethod
    def of(
        cls,
        source: Origin,
        target: Origin,
        options: GapOptions,
        *,
        names: tuple[str, str] | None = None,
        components: int | None = None,
    ) -> Both:
        """Put two sets together.

        Args:
            source: the one.
            target: the other.
            options: how to measure.
            names: of both; default their splits, with the run where these are the same.
            components: in which distances are measured; default as many as the smaller can bear.

        Raises:
            InputError: the same samples are given twice, or their embeddings are of different
                layers or widths.
        """
        refuse_unlike((source, target))
        named = names or tuple(name_origins((source, target)))
        pair = DomainPair(
            source.embedding,
            target.embedding,
            n_components=options.n_components,
            confidence=options.confidence,
            components=components,
            random_state=options.random_state,
        )
        snapshot, notes = _join((source, target), named, np.concatenate([pair.source, pair.target]))
        return cls((source, target), (named[0], named[1]), snapshot, pair, tuple(notes))

    def rows(self, number: int) -> slice:
        """The rows of the source (0) or the target (1)."""
        size = len(self.pair.source)
        return slice(size) if number == 0 else slice(size, None)

    def mask(self, number: int) -> NDArray[np.bool_]:
        """(N,) mask of the same rows."""
        inside = np.zeros(len(self.snapshot), dtype=bool)
        inside[self.rows(number)] = True
        return inside


def refuse_unlike(origins: Sequence[Origin]) -> None:
    """Check that every two of the sets can be compared.

    Raises:
        InputError: the same samples are given twice, or their embeddings are of different layers
            or widths; the message names both.
    """
    for one, other in combinations(origins, 2):
        _refuse_unlike(one, other)


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


def _join(
    origins: Sequence[Origin], names: Sequence[str], reduced: NDArray[np.float32]
) -> tuple[Snapshot, list[str]]:
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
    # Columns that are empty everywhere in one of them would decide the type of all.
    frame = pd.concat([frame.dropna(axis=1, how="all") for frame in frames], ignore_index=True)
    joined = replace(
        first,
        frame=frame,
        embedding=reduced,
        pred_probs=None,
        history=None,
    )
    return joined, notes
