"""`similar`: the samples nearest to one sample, to the middle of several, or to an embedding."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from mlflow_latent.columns import as_matrix
from mlflow_latent.errors import InputError, did_you_mean
from mlflow_latent.measures import Measures
from mlflow_latent.schema import LOSS, PREDICTION, SAMPLE_ID, SPLIT, TARGET, sort_splits

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from mlflow_latent.measures import MeasureOptions
    from mlflow_latent.report.model import Report
    from mlflow_latent.snapshot import Snapshot

SampleKey = str | int | tuple[str, str]
Query = SampleKey | Sequence[SampleKey] | Sequence[float] | np.ndarray[Any, Any]

RANK, DISTANCE = "rank", "distance"
FIRST = [RANK, SPLIT, SAMPLE_ID, DISTANCE, LOSS, TARGET, PREDICTION]
NEAR_NAMES = (
    500  # ids before and after an unknown one, in order, among which a likely one is sought
)
SPARE = 8  # more than asked for: the search loses small distances to rounding


def find_similar(
    snapshot: Snapshot,
    query: Query,
    *,
    k: int = 20,
    split: str | None = None,
    options: MeasureOptions | None = None,
) -> pd.DataFrame:
    """Find the k samples nearest to a query; see `mlflow_latent.similar`.

    Args:
        snapshot: N samples.
        query: an id, several, or an embedding.
        k: how many.
        split: look only there.
        options: of the reduction in which distances are measured.
    """
    require_count(k)
    candidates = _candidates(snapshot.frame, split)
    asked = None if is_vector(query) else find_rows(snapshot.frame, query)
    measures = Measures(snapshot, options)
    if asked is None:
        place = _place(measures, query)
    else:
        place = measures.reduction.unbounded(snapshot.embedding[asked]).mean(axis=0)
        candidates[asked] = False
    rows, distances = _nearest(measures, place, np.flatnonzero(candidates), k)
    return as_table(snapshot.frame, rows, distances)


def similar_in_report(
    report: Report, query: Query, *, k: int = 20, split: str | None = None
) -> pd.DataFrame:
    """Look a sample's neighbors up in the report's table; distances are not known there.

    Raises:
        InputError: the table cannot answer: it lists some neighbors of each sample and no more.
    """
    require_count(k)
    table = report.samples
    mend = "give the snapshot or the folder of captures instead of the report"
    if is_vector(query):
        raise InputError(f"a report has no embeddings to compare with; {mend}")
    asked = find_rows(table, query)
    if len(asked) > 1:
        raise InputError(f"a report has no embeddings, so no middle of several samples; {mend}")
    near = np.asarray(table["neighbors"].iloc[asked[0]], dtype=np.intp)
    near = near[_candidates(table, split)[near]]
    others = int(_candidates(table, split).sum()) - 1
    if len(near) < min(k, others):
        where = f" in {split!r}" if split else ""
        raise InputError(f"the report lists {len(near)} neighbors{where}, k is {k}; {mend}")
    rows = near[:k]
    return as_table(table.drop(columns="neighbors"), rows, np.full(len(rows), np.nan))


def is_vector(query: Query) -> bool:
    """Whether a query is an embedding (floating-point numbers) and not ids."""
    if isinstance(query, np.ndarray):
        return bool(np.issubdtype(query.dtype, np.floating))
    if isinstance(query, str | int | np.integer | tuple) or not query:
        return False
    return all(isinstance(value, float | np.floating) for value in query)


def find_rows(frame: pd.DataFrame, query: Query) -> NDArray[np.intp]:
    """Return the row of each sample that a query names.

    Args:
        frame: N rows with `split` and `sample_id`.
        query: an id, `split/id`, a pair (split, id), or several of them.

    Raises:
        InputError: no such sample, or one id in several splits.
    """
    if not isinstance(query, Iterable | int | np.integer):
        raise InputError(f"a sample is an id or a pair (split, id), got {query!r:.60}")
    several = not isinstance(query, str | int | np.integer | tuple)
    keys = list(query) if several else [query]  # type: ignore[arg-type]
    if not keys:
        raise InputError("there is no sample id to find similar samples of")
    return np.array([_find_row(frame, key) for key in keys])


def as_table(
    frame: pd.DataFrame, rows: NDArray[np.integer], distances: NDArray[np.floating]
) -> pd.DataFrame:
    """Make the table of found samples: nearest first, what matters first."""
    table = frame.iloc[rows].reset_index(drop=True)
    table[RANK] = np.arange(1, len(rows) + 1)
    table[DISTANCE] = distances.astype(np.float32)
    first = [name for name in FIRST if name in table]
    return table[[*first, *(name for name in table if name not in first)]]


def require_count(k: object) -> None:
    """Refuse a number of samples that is none.

    Raises:
        InputError: `k` is not a positive whole number.
    """
    if isinstance(k, bool) or not isinstance(k, int | np.integer) or k < 1:
        raise InputError(f"k must be a whole number from 1, got {k!r}")


def _candidates(frame: pd.DataFrame, split: str | None) -> NDArray[np.bool_]:
    if split is None:
        return np.ones(len(frame), dtype=bool)
    there = sort_splits(frame[SPLIT].unique())
    if split not in there:
        raise InputError(f"split {split!r} was not captured{did_you_mean(split, there)}")
    return np.array(frame[SPLIT] == split, dtype=bool)


def _find_row(frame: pd.DataFrame, key: Any) -> int:
    if isinstance(key, tuple):
        return _in_split(frame, *_as_pair(key))
    name = str(key)
    rows = np.flatnonzero(frame[SAMPLE_ID] == name)
    if len(rows) == 1:
        return int(rows[0])
    if len(rows) > 1:
        places = [f"{split}/{name}" for split in frame[SPLIT].iloc[rows]]
        raise InputError(
            f"sample_id {name!r} is in {len(rows)} splits; name one of them: {', '.join(places)}"
        )
    split, slash, rest = name.partition("/")
    if slash and (frame[SPLIT] == split).any():
        return _in_split(frame, split, rest)
    raise InputError(f"no sample {name!r} was captured{_likely(name, frame[SAMPLE_ID])}")


def _as_pair(key: tuple[Any, ...]) -> tuple[str, str]:
    if len(key) != 2:  # noqa: PLR2004 - a pair
        raise InputError(f"a sample is an id or a pair (split, id), got {key!r}")
    return str(key[0]), str(key[1])


def _in_split(frame: pd.DataFrame, split: str, name: str) -> int:
    of_split = _candidates(frame, split)
    rows = np.flatnonzero(of_split & (frame[SAMPLE_ID] == name).to_numpy(dtype=bool))
    if not len(rows):
        likely = _likely(name, frame.loc[of_split, SAMPLE_ID])
        raise InputError(f"no sample {name!r} in split {split!r}{likely}")
    return int(rows[0])


def _likely(name: str, known: pd.Series[str]) -> str:
    """Look only at ids that begin alike: comparing with a million of them takes minutes."""
    names = sorted(set(known))
    at = bisect_left(names, name)
    return did_you_mean(name, names[max(0, at - NEAR_NAMES) : at + NEAR_NAMES])


def _place(measures: Measures, query: Query) -> NDArray[np.float32]:
    columns = measures.snapshot.embedding.shape[1]
    vectors = as_matrix("embedding", np.atleast_2d(np.asarray(query)))
    if vectors.shape[1] != columns:
        raise InputError(f"the embedding has {columns} columns, got {vectors.shape[1]} numbers")
    if not np.isfinite(vectors).all():
        raise InputError("the embedding holds NaN or infinity")
    return np.asarray(measures.reduction.unbounded(vectors).mean(axis=0))


def _nearest(
    measures: Measures, place: NDArray[np.float32], candidates: NDArray[np.intp], k: int
) -> tuple[NDArray[np.intp], NDArray[np.floating]]:
    """Return the k nearest candidates and their distances; ties by row number."""
    import faiss

    if not len(candidates):
        return candidates, np.empty(0, dtype=np.float32)
    points = measures.reduction.unbounded(measures.snapshot.embedding[candidates])
    wanted = min(k + SPARE, len(candidates))
    found = np.sort(faiss.knn(place[None], points, wanted)[1][0])
    distances = np.linalg.norm(points[found] - place, axis=1)
    order = np.argsort(distances, kind="stable")[:k]
    return candidates[found[order]], distances[order]
