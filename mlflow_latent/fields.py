"""The fields that can explain an insight: the user's metadata and what follows from the target.

A field is numbers, or categories as codes. Fields that say nearly the same (mean, median and
minimum of one thing) are grouped, so that a reader sees one fact.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import stats

from mlflow_latent.schema import PREDICTION, TARGET

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from mlflow_latent.snapshot import Snapshot

MAX_CATEGORIES = 50  # the rest is "other": a reader cannot tell more apart
OTHER = "(other)"
PREDICTED_CLASS = "predicted class"
SIMILAR = 0.95  # Spearman's rho or Cramér's V from which two fields say the same
SIMILARITY_ROWS = 5_000  # rows on which similarity is measured
MIN_SHARED_ROWS = 10  # fewer are alike by chance
ROUNDING = 1e-9  # of a sum of squares
MOSTLY_NAMED = 0.5  # share of samples that the kept categories must hold: the rest is no fact
ID_LIKE = 0.5  # share of distinct values from which text is taken for an id


@dataclass(frozen=True, eq=False)
class Field:
    """One field of N samples.

    Attributes:
        name: as the user named it, or `class`, `predicted class`, and the class distances.
        column: (N,) float64 numbers, NaN where missing; or category codes, −1 where missing.
        categories: the names of the codes; empty for numbers.
        derived: whether it follows from what the model made of the sample, so that nobody can
            collect more samples by it.
    """

    name: str
    column: NDArray[np.float64]
    categories: tuple[str, ...] = ()
    derived: bool = False

    @property
    def present(self) -> NDArray[np.bool_]:
        """(N,) mask of the samples that have a value."""
        return self.column >= 0 if self.categories else ~np.isnan(self.column)


@dataclass(frozen=True, eq=False)
class Fields:
    """All usable fields; why the others are not; which say nearly the same."""

    usable: tuple[Field, ...]
    skipped: tuple[str, ...] = ()

    @cached_property
    def similar(self) -> dict[str, tuple[str, ...]]:
        """For each field, the other fields that say nearly the same."""
        numbers = [field for field in self.usable if not field.categories]
        near = {(a.name, b.name) for a, b in _alike_numbers(numbers)}
        for a, b in combinations([field for field in self.usable if field.categories], 2):
            if _association(a, b) >= SIMILAR:
                near |= {(a.name, b.name), (b.name, a.name)}
        names = [field.name for field in self.usable]
        return {a: tuple(b for b in names if (a, b) in near) for a in names}

    def leaders(self, order: Sequence[Field]) -> list[Field]:
        """Keep the first of each group of similar fields, in the order given."""
        kept: list[Field] = []
        for field in order:
            if not any(field.name in self.similar[leader.name] for leader in kept):
                kept.append(field)
        return kept


def collect_fields(snapshot: Snapshot, derived: pd.DataFrame | None = None) -> Fields:
    """Gather the fields of a snapshot.

    Args:
        snapshot: N samples with metadata.
        derived: N rows of fields that were computed from embeddings and target.
    """
    usable, skipped = [], []
    target = snapshot.codes(TARGET)
    made = {PREDICTED_CLASS, *(derived.columns if derived is not None else ())}
    for name, values in _columns(snapshot, derived):
        make = _categorical if _is_text(values) else _numeric
        field = replace(make(name, values), derived=name in made)
        reason = _unusable(field, values)
        if name in snapshot.metadata and not reason and _is_target(values, target):
            reason = "explains nothing: it is the class under another name"
        if reason:
            skipped.append(f"field {name!r} {reason}")
        else:
            usable.append(field)
    return Fields(tuple(usable), tuple(skipped))


def _columns(
    snapshot: Snapshot, derived: pd.DataFrame | None
) -> Iterable[tuple[str, pd.Series[Any]]]:
    for name, column in ((TARGET, "class"), (PREDICTION, PREDICTED_CLASS)):
        codes = snapshot.codes(name)
        if codes is not None:
            names = {code: snapshot.class_name(int(code)) for code in np.unique(codes) if code >= 0}
            yield column, pd.Series(codes).map(names).astype("string")
    yield from snapshot.metadata.items()  # type: ignore[misc]
    if derived is not None:
        yield from derived.items()  # type: ignore[misc]


def _is_text(values: pd.Series[Any]) -> bool:
    return bool(pd.api.types.is_bool_dtype(values)) or not pd.api.types.is_numeric_dtype(values)


def _numeric(name: str, values: pd.Series[Any]) -> Field:
    return Field(name, values.to_numpy(dtype=np.float64, na_value=np.nan))


def _categorical(name: str, values: pd.Series[Any]) -> Field:
    text = values.astype("string").where(values.notna())
    counts = text.value_counts()
    ordered = sorted(counts.index, key=lambda value: (-int(counts[value]), value))
    kept = sorted(ordered[:MAX_CATEGORIES])
    code = {value: place for place, value in enumerate(kept)}
    code |= dict.fromkeys(ordered[MAX_CATEGORIES:], len(kept))
    categories = (*kept, OTHER) if len(ordered) > MAX_CATEGORIES else tuple(kept)
    codes = text.map(code).to_numpy(dtype=np.float64, na_value=np.nan)
    return Field(name, np.nan_to_num(codes, nan=-1), categories or (OTHER,))


def _unusable(field: Field, values: pd.Series[Any]) -> str | None:
    present = field.column[field.present]
    if not len(present):
        return "explains nothing: it is missing everywhere"
    if (present == present[0]).all():
        value, missing = values.dropna().iloc[0], len(values) - len(present)
        if missing:
            return f"was not tested: it is {value} wherever it is not missing"
        return f"explains nothing: it is {value} everywhere"
    return _too_many_texts(field, values.nunique()) if field.categories else None


def _too_many_texts(field: Field, distinct: int) -> str | None:
    present = field.column[field.present]
    if distinct > max(MAX_CATEGORIES, ID_LIKE * len(present)):
        return f"was not tested: its {distinct} different texts in {len(present)} samples are ids"
    named = float((present < MAX_CATEGORIES).mean())
    if named < MOSTLY_NAMED:
        return (
            f"was not tested: its {MAX_CATEGORIES} most frequent texts of {distinct} are only "
            f"{named:.0%} of the samples: they are names of groups"
        )
    return None


def _is_target(values: pd.Series[Any], target: NDArray[np.int32] | None) -> bool:
    """Whether every value stands for one class and every class for one value."""
    if target is None:
        return False
    codes, distinct = pd.factorize(values)
    known = (codes >= 0) & (target >= 0)
    classes = len(np.unique(target[known]))
    if classes < 2 or len(distinct) != classes or known.sum() <= classes:  # noqa: PLR2004
        return False
    return len(np.unique(codes[known] * (int(target.max()) + 1) + target[known])) == classes


def _alike_numbers(fields: Sequence[Field]) -> Iterator[tuple[Field, Field]]:
    """Yield all ordered pairs of number fields that say nearly the same.

    Spearman's rho for all pairs at once, from sums over the rows that both fields have. Where one
    field lacks rows of the other, each keeps the ranks among its own.
    """
    if not fields:
        return
    columns = np.stack([_spread(field.column) for field in fields], axis=1)
    present = (~np.isnan(columns)).astype(np.float64)
    ranks = stats.rankdata(columns, axis=0, nan_policy="omit")
    ranks = np.nan_to_num(ranks - (present.sum(axis=0) + 1) / 2)  # 0 is the middle rank
    shared = present.T @ present
    sums = ranks.T @ present  # [a, b]: of a, over the rows that b has too
    squares = (ranks**2).T @ present
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = squares - sums**2 / shared
        spread = np.where(spread > ROUNDING * squares, spread, np.nan)  # one value in these rows
        rho = (ranks.T @ ranks - sums * sums.T / shared) / np.sqrt(spread * spread.T)
    alike = (np.abs(rho) >= SIMILAR) & (shared >= MIN_SHARED_ROWS)
    np.fill_diagonal(alike, val=False)
    for a, b in np.argwhere(alike):
        yield fields[a], fields[b]


def _association(a: Field, b: Field) -> float:
    """How much two category fields say the same: Cramér's V, and that each tells the other.

    V alone is 1 too where the one only groups the other, as countries group cities; so it is at
    most the share of samples in which the more frequent partner of a category is met.
    """
    codes = np.stack([_spread(field.column) for field in (a, b)]).astype(np.int64)
    codes = codes[:, (codes >= 0).all(axis=0)]
    table = np.zeros((len(a.categories), len(b.categories)), dtype=np.int64)
    np.add.at(table, (codes[0], codes[1]), 1)
    table = table[table.any(axis=1)][:, table.any(axis=0)]
    if min(table.shape) < 2:  # noqa: PLR2004 - one category on either side tells nothing
        return 0.0
    told = min(table.max(axis=axis).sum() for axis in (0, 1)) / table.sum()
    return min(float(told), float(stats.contingency.association(table, method="cramer")))


def _spread(column: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return `SIMILARITY_ROWS` values from all over a column; the same rows of each."""
    size = min(len(column), SIMILARITY_ROWS)
    values: NDArray[np.float64] = column[np.linspace(0, len(column) - 1, size).astype(int)]
    return values
