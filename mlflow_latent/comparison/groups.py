"""How shared samples are grouped: all, by category, by region, by metadata bin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mlflow_latent.comparison.comparable import different_labels
from mlflow_latent.curves import Bins, make_bins
from mlflow_latent.fields import Fields, collect_fields
from mlflow_latent.schema import KEY, META_PREFIX
from mlflow_latent.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from mlflow_latent.comparison.join import Joined
    from mlflow_latent.report.comparison.model import Grouping

TESTED_BINS = 5  # quantiles: ten would halve the samples of each
CLUSTERS = "cluster_fine"


@dataclass(frozen=True, eq=False)
class Groups:
    """One way of grouping S samples: `place` is the (S,) group of each, −1 for none."""

    grouping: Grouping
    place: NDArray[np.int64]
    labels: tuple[str, ...]
    edges: tuple[tuple[float, float] | None, ...]
    field: str | None = None


def overall(size: int) -> Groups:
    """All samples as one group."""
    return Groups("overall", np.zeros(size, dtype=np.int64), ("all",), (None,))


def by_name(grouping: Grouping, names: pd.Series[Any]) -> Groups:
    """Group by text; missing is no group."""
    codes, labels = pd.factorize(names.fillna("").astype(str), sort=True)
    place = np.where(names.isna().to_numpy(dtype=bool), -1, codes).astype(np.int64)
    return Groups(grouping, place, tuple(labels), (None,) * len(labels))


def by_number(grouping: Grouping, numbers: NDArray[np.integer], prefix: str) -> Groups:
    """Group by region number, −1 being no region."""
    known = np.unique(numbers[numbers >= 0])
    place = np.where(numbers >= 0, np.searchsorted(known, numbers), -1).astype(np.int64)
    labels = tuple(f"{prefix}/{number}" for number in known)
    return Groups(grouping, place, labels, (None,) * len(labels))


def by_category(joined: Joined) -> Iterator[Groups]:
    """Yield the groups by target class, and by super-category where that is coarser.

    Where the label spaces differ there are two: the categories of run a, and those of run b.
    """
    found = [joined.categories(0), joined.categories(1)]
    if different_labels(joined.a, joined.b) is None:
        names = found[0] if found[0] is not None else found[1]
        if names is not None:
            yield by_name("category", names)
    else:
        for grouping, names in (("category_a", found[0]), ("category_b", found[1])):
            if names is not None:
                yield by_name(grouping, names)  # type: ignore[arg-type]
    supers = _supercategories(joined, found)
    if supers is not None:
        yield by_name("supercategory", supers)


def by_region(joined: Joined) -> Iterator[Groups]:
    """Yield the groups by the fine regions of run a and of run b, where they were analyzed."""
    for which, key in ((0, "a"), (1, "b")):
        frame = joined.frames[which]
        if CLUSTERS in frame and frame[CLUSTERS].notna().any():
            numbers = frame[CLUSTERS].fillna(-1).to_numpy(dtype=np.int64)
            yield by_number(f"region_{key}", numbers, "fine")  # type: ignore[arg-type]


def by_metadata(fields: Fields) -> Iterator[Groups]:
    """Yield the groups by the bins of each field; of fields that say the same, by one's only."""
    for field in fields.leaders(fields.usable):
        bins = next(make_bins(field, TESTED_BINS))
        yield Groups("metadata", bins.place, bins.labels, bins.edges, field.name)


def shared_fields(joined: Joined) -> tuple[Fields, tuple[str, ...]]:
    """Return the metadata of the shared samples, and notes on where the runs disagree.

    Run a's value counts, and run b's where run a has none.
    """
    first, second = joined.frames
    names = [
        name
        for name in dict.fromkeys([*first.columns, *second.columns])
        if name.startswith(META_PREFIX)
    ]
    columns, notes = {}, []
    for name in names:
        if name in first and name in second:
            columns[name] = first[name].where(first[name].notna(), second[name])
            changed = _changed(first[name], second[name])
            if changed:
                notes.append(
                    f"{name.removeprefix(META_PREFIX)} differs between the runs in {changed}"
                    " shared samples; run a's values count"
                )
        else:
            columns[name] = first[name] if name in first else second[name]
    table = pd.concat([first[KEY], pd.DataFrame(columns, index=first.index)], axis=1)
    blank = np.zeros((len(table), 1), dtype=np.float32)  # fields know nothing of embeddings
    fields = collect_fields(Snapshot(frame=table, embedding=blank))
    return fields, (*notes, *fields.skipped)


def bins_of(fields: Fields) -> Iterator[tuple[str, Bins]]:
    """Yield every field's name with each of its binnings, for curves."""
    for field in fields.usable:
        for bins in make_bins(field):
            yield field.name, bins


def _changed(first: pd.Series[Any], second: pd.Series[Any]) -> int:
    both = first.notna() & second.notna()
    if pd.api.types.is_numeric_dtype(first) and pd.api.types.is_numeric_dtype(second):
        x, y = (
            column[both].to_numpy(dtype=np.float64, na_value=np.nan) for column in (first, second)
        )
        return int((~np.isclose(x, y, rtol=1e-4, atol=1e-6)).sum())  # stored as float32
    return int((first[both].astype(str) != second[both].astype(str)).sum())


def _supercategories(joined: Joined, found: list[pd.Series[Any] | None]) -> pd.Series[Any] | None:
    """Return (S,) super-category of each sample; a class without one stands for itself."""
    parent = joined.b.info.supercategories | joined.a.info.supercategories
    names = found[0] if found[0] is not None else found[1]
    if names is None or not parent:
        return None
    named = {name: parent.get(name, name) for name in names.dropna().unique()}
    coarser = len(set(named.values())) < len(named)
    return names.map(named).astype("string") if coarser else None
