"""Which samples a filter selects."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from mlflow_latent.errors import InputError, did_you_mean
from mlflow_latent.report.expectations.filters import (
    Both,
    Condition,
    Either,
    Everything,
    Filter,
    Listed,
    Missing,
    Not,
    OneOf,
    Value,
    fields_of,
    write_value,
)
from mlflow_latent.schema import SPLIT

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from mlflow_latent.expectations.population import Population

    Mask = NDArray[np.bool_]

MOSTLY = 0.5  # share of a region's samples from which it is about those that are listed
MANY_VALUES = 1_000  # different texts among which a likely one is not sought
_ORDERS: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def select(tree: Filter, population: Population, listed: Mask | None = None) -> Mask:
    """(N,) mask of the samples that a filter selects, of all splits.

    A sample without a value meets no condition on that field, `!=` included; `not` is all others.

    Args:
        tree: as read.
        population: N samples.
        listed: (N,) mask of those that the expectation lists, if it does.

    Raises:
        InputError: the filter names a field that is not there, compares text with a number, or
            speaks of samples where none are listed.
    """
    if isinstance(tree, Everything):
        return np.ones(len(population), dtype=bool)
    if isinstance(tree, Listed):
        return _listed(tree, population, listed)
    if isinstance(tree, Not):
        return ~select(tree.part, population, listed)
    if isinstance(tree, Both | Either):
        join = np.logical_and if isinstance(tree, Both) else np.logical_or
        masks = [select(part, population, listed) for part in tree.parts]
        return np.asarray(join.reduce(masks), dtype=bool)
    return _condition(tree, population.field(tree.field))


def unknown_values(tree: Filter, population: Population) -> str:
    """Name the texts that a filter asks for and no sample has, for one that selects nothing."""
    parts = tree.parts if isinstance(tree, Both | Either) else (tree,)
    if isinstance(tree, Not):
        parts = (tree.part,)
    if parts != (tree,):
        return "".join(unknown_values(part, population) for part in parts)
    wanted = tree.among if isinstance(tree, OneOf) else ()
    if isinstance(tree, Condition) and tree.operator == "==":
        wanted = (tree.value,)
    return "".join(
        _unknown(tree.field, value, population)
        for value in wanted
        if isinstance(tree, Condition | OneOf) and isinstance(value, str)
    )


def names_split(tree: Filter) -> bool:
    """Whether a filter says itself which splits it is about."""
    return SPLIT in fields_of(tree)


def _unknown(field: str, value: str, population: Population) -> str:
    known = population.field(field).dropna().astype(str).unique()
    if value in known or len(known) > MANY_VALUES:
        return ""
    return f"; no {field} is {value!r}{did_you_mean(value, known)}"


def _listed(tree: Listed, population: Population, listed: Mask | None) -> Mask:
    if listed is None:
        raise InputError("filter speaks of samples, but none are listed: give `samples`")
    return _regions_of(population, listed) if tree.region else listed


def _regions_of(population: Population, listed: Mask) -> Mask:
    """The samples of the fine regions that mostly hold listed ones, as the tested split tells.

    A run that was trained on more samples has another latent space and other regions; the tested
    split is the same in both, so where its listed samples are the region is.
    """
    if "cluster_fine" not in population.frame:
        raise InputError("filter speaks of a region, but the analysis has none")
    clusters = population.frame["cluster_fine"].to_numpy()
    counted = population.split == population.report.tested_split
    if not (counted & listed).any():
        counted = population.splits_of(listed)
    size = int(clusters.max(initial=0)) + 1
    all_there = np.bincount(clusters[counted], minlength=size)
    theirs = np.bincount(clusters[counted & listed], minlength=size)
    chosen = (theirs > 0) & (theirs >= MOSTLY * all_there)
    return np.asarray(chosen[clusters], dtype=bool)


def _condition(tree: Condition | OneOf | Missing, column: pd.Series[Any]) -> Mask:
    present = column.notna().to_numpy(dtype=bool)
    if isinstance(tree, Missing):
        return ~present
    if isinstance(tree, OneOf):
        masks = [_is(column, value, tree.field) for value in tree.among]
        return np.asarray(np.logical_or.reduce(masks), dtype=bool)
    if tree.operator == "==":
        return _is(column, tree.value, tree.field)
    if tree.operator == "!=":
        return present & ~_is(column, tree.value, tree.field)
    if not _is_number(column):
        raise InputError(_mismatch(column, tree.field, f"{tree.operator} compares numbers"))
    # Of what the file holds as float32 too, as slices are tested: the same rule, the same samples.
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    with np.errstate(invalid="ignore"):
        return np.asarray(_ORDERS[tree.operator](values, tree.value), dtype=bool)


def _is(column: pd.Series[Any], value: Value, field: str) -> Mask:
    if isinstance(value, str):
        if _is_number(column):
            raise InputError(_mismatch(column, field, f"{write_value(value)} is text"))
        return (column.astype("string") == value).fillna(value=False).to_numpy(dtype=bool)
    if isinstance(value, bool):
        if not pd.api.types.is_bool_dtype(column):
            raise InputError(_mismatch(column, field, f"{write_value(value)} is yes or no"))
        return (column == value).fillna(value=False).to_numpy(dtype=bool)
    if not _is_number(column):
        raise InputError(_mismatch(column, field, f"{write_value(value)} is a number"))
    values = column.to_numpy(dtype=np.float64, na_value=np.nan)
    return np.asarray((values == value) | (values == float(np.float32(value))), dtype=bool)


def _is_number(column: pd.Series[Any]) -> bool:
    return bool(pd.api.types.is_numeric_dtype(column)) and not pd.api.types.is_bool_dtype(column)


def _mismatch(column: pd.Series[Any], field: str, given: str) -> str:
    example = column.dropna()
    if _is_number(column):
        kind = "numbers"
    else:
        kind = "true or false" if pd.api.types.is_bool_dtype(column) else "text"
    shown = ""
    if len(example) and kind != "true or false":
        first = example.iloc[0]
        shown = f", e.g. {write_value(str(first)) if kind == 'text' else f'{float(first):.3g}'}"
    return f"field {field!r} holds {kind}{shown}; {given}"
