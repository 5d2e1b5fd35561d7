"""How two latent spaces agree on shared samples, and the regions of both taken together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import stats

from mlflow_latent.measures.clusters import find_clusters, region_counts
from mlflow_latent.measures.landmarks import choose_landmarks
from mlflow_latent.measures.neighbors import find_neighbors
from mlflow_latent.measures.reduction import fit_reduction
from mlflow_latent.report.comparison.model import Homogeneity, JointRegion, LatentAgreement

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from mlflow_latent.comparison.groups import Groups
    from mlflow_latent.comparison.join import Joined
    from mlflow_latent.measures.options import MeasureOptions

AGREEMENT_ROWS = (
    10_000  # shared samples drawn for CKA and neighbors: their errors are far below .01
)
NEIGHBORS = 15
MIN_AGREEMENT = 4  # the debiased estimator divides by n (n − 3)
TYPICAL = 8


Spaces = tuple["NDArray[np.float32]", "NDArray[np.float32]"]


def reduced_spaces(joined: Joined, options: MeasureOptions) -> Spaces:
    """Return (S, d) of each run: scaled, PCA, median norm 1, whatever its scale or width.

    The axes are fitted on the landmarks, which are enough of them, and all samples are placed.

    Raises:
        ValueError: a run has no embeddings; the message says which and why.
    """
    codes = _split_codes(joined)
    rows = choose_landmarks(codes, options.n_landmarks, options.random_state)
    fitted = [
        fit_reduction(part, codes[rows], options.n_components, options.random_state)
        for part in embeddings(joined, rows)
    ]
    first, second = embeddings(joined)
    return fitted[0].apply(first), fitted[1].apply(second)


def _split_codes(joined: Joined) -> NDArray[np.intp]:
    return pd.factorize(joined.split)[0].astype(np.intp)


def joint_regions(
    joined: Joined, spaces: Spaces, tested: str, options: MeasureOptions
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Return (S,) fine region of each shared sample, and its (S,) distance to the center.

    The two spaces are side by side; as both have a median norm of 1, neither counts for more.
    """
    space = np.ascontiguousarray(np.concatenate(spaces, axis=1))
    landmarks = choose_landmarks(_split_codes(joined), options.n_landmarks, options.random_state)
    count = region_counts(len(joined), joined.counts.get(tested, len(joined)), options)["fine"]
    found = find_clusters(space, landmarks, "fine", count, options)
    distance = np.linalg.norm(space - found.centers[found.labels], axis=1)
    return found.labels, distance


def describe_regions(
    joined: Joined,
    labels: NDArray[np.int32],
    distance: NDArray[np.float32],
    categories: Groups | None,
) -> Iterator[JointRegion]:
    """Yield what is in each joint region, the largest first."""
    ids = joined.frames[0]["sample_id"].to_numpy(dtype=object)
    order = np.lexsort((distance, labels))
    starts = np.searchsorted(labels[order], np.arange(int(labels.max()) + 2))
    for number in range(len(starts) - 1):
        members = order[starts[number] : starts[number + 1]]
        splits, sizes = np.unique(joined.split[members].astype(str), return_counts=True)
        main, share = _main_category(categories, members)
        yield JointRegion(
            id=f"joint/{number}",
            n=len(members),
            counts={str(s): int(n) for s, n in zip(splits, sizes, strict=True)},
            typical=tuple((str(joined.split[m]), str(ids[m])) for m in members[:TYPICAL]),
            main_category=main,
            main_category_share=share,
        )


def agreement(
    joined: Joined, spaces: Spaces, options: MeasureOptions, confidence: float
) -> LatentAgreement:
    """Measure how alike the two embeddings are, on a sample of the shared rows.

    Raises:
        ValueError: there are fewer than `MIN_AGREEMENT` shared samples.
    """
    if len(joined) < MIN_AGREEMENT:
        raise ValueError(f"{len(joined)} shared samples are too few, {MIN_AGREEMENT} are needed")
    rows = np.arange(len(joined))
    if len(rows) > AGREEMENT_ROWS:
        generator = np.random.default_rng(options.random_state)
        rows = np.sort(generator.choice(rows, AGREEMENT_ROWS, replace=False))
    overlap, k = neighbor_overlap(spaces[0][rows], spaces[1][rows], options.random_state)
    error = float(overlap.std(ddof=1)) / len(rows) ** 0.5
    reach = float(stats.norm.ppf((1 + confidence) / 2)) * error
    return LatentAgreement(
        n=len(rows),
        cka=debiased_cka(*embeddings(joined, rows)),
        k=k,
        neighbor_overlap=float(overlap.mean()),
        neighbor_overlap_interval=(float(overlap.mean()) - reach, float(overlap.mean()) + reach),
        chance=k / (len(rows) - 1),
    )


def debiased_cka(first: NDArray[np.floating], second: NDArray[np.floating]) -> float | None:
    """Linear centered kernel alignment of (N, D1) and (N, D2) rows of the same samples.

    With the unbiased estimator of HSIC, so that unrelated spaces are at 0 however wide they are
    (the plain estimator nears 1 as D passes N). None where an embedding does not vary.
    Source: Kornblith et al. 2019; Song et al. 2012, eq. 5 (unbiased HSIC).
    """
    x, y = (_unit(np.asarray(values, dtype=np.float64)) for values in (first, second))
    own = _unbiased_hsic(x, x) * _unbiased_hsic(y, y)
    return float(_unbiased_hsic(x, y) / np.sqrt(own)) if own > 0 else None


def _unit(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Centered and scaled, which changes nothing but keeps sums small."""
    centered = values - values.mean(axis=0)
    size = float(np.sqrt(np.square(centered).sum() / len(centered)))
    unit: NDArray[np.float64] = centered / size if size > 0 else centered
    return unit


def _unbiased_hsic(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """Of linear kernels with empty diagonals, from (D1, D2) sums: never an (N, N) matrix."""
    n = len(x)
    diagonal_x, diagonal_y = np.square(x).sum(axis=1), np.square(y).sum(axis=1)
    rows_x = x @ x.sum(axis=0) - diagonal_x
    rows_y = y @ y.sum(axis=0) - diagonal_y
    trace = float(np.square(x.T @ y).sum() - diagonal_x @ diagonal_y)
    total = float(rows_x.sum()) * float(rows_y.sum()) / ((n - 1) * (n - 2))
    cross = 2 * float(rows_x @ rows_y) / (n - 2)
    return (trace + total - cross) / (n * (n - 3))


def neighbor_overlap(
    first: NDArray[np.float32], second: NDArray[np.float32], random_state: int = 0
) -> tuple[NDArray[np.float64], int]:
    """Return (N,) share of each row's k nearest rows that are the same in both spaces, and k."""
    found = [find_neighbors(s, NEIGHBORS, random_state=random_state) for s in (first, second)]
    k, width = found[0].k, len(first)
    offset = np.arange(width)[:, None] * width
    both = np.isin(found[0].indices + offset, found[1].indices + offset)
    return np.asarray(both.mean(axis=1), dtype=np.float64), k


def find_homogeneity(
    groups: Sequence[Groups], clusters: Sequence[Groups], random_state: int
) -> Iterator[Homogeneity]:
    """Yield the homogeneity of both runs' clusters for each kind of categories.

    Args:
        groups: of S samples; those by category are used.
        clusters: of the same samples, of run a and of run b.
        random_state: seed of the shuffled categories.
    """
    for one in groups:
        known = one.place >= 0
        for run in clusters:
            known = known & (run.place >= 0)
        if "category" not in one.grouping or not known.any():
            continue
        truth = one.place[known]
        shuffled = np.random.default_rng(random_state).permutation(truth)
        found = [run.place[known] for run in clusters]
        yield Homogeneity(
            categories=one.grouping,
            n=len(truth),
            n_categories=len(np.unique(truth)),
            regions_a=len(np.unique(found[0])),
            regions_b=len(np.unique(found[1])),
            a=_homogeneity(truth, found[0]),
            b=_homogeneity(truth, found[1]),
            chance_a=_homogeneity(shuffled, found[0]),
            chance_b=_homogeneity(shuffled, found[1]),
        )


def embeddings(
    joined: Joined, rows: NDArray[np.intp] | slice = slice(None)
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the (S, D) embeddings of each run, or those of some of the shared samples.

    Raises:
        ValueError: a run has none; the message says which and why.
    """
    for side in (joined.a, joined.b):
        if side.embedding is None:
            raise ValueError(side.missing or f"{side.name} has no embeddings")
    assert joined.a.embedding is not None  # noqa: S101 - tells the type checker
    assert joined.b.embedding is not None  # noqa: S101 - tells the type checker
    return joined.a.embedding[joined.rows_a[rows]], joined.b.embedding[joined.rows_b[rows]]


def _homogeneity(truth: NDArray[np.int64], found: NDArray[np.int64]) -> float:
    from sklearn.metrics import homogeneity_score

    return float(homogeneity_score(truth, found))


def _main_category(
    categories: Groups | None, members: NDArray[np.intp]
) -> tuple[str | None, float | None]:
    if categories is None:
        return None, None
    place = categories.place[members]
    place = place[place >= 0]
    if not len(place):
        return None, None
    counts = np.bincount(place)
    return categories.labels[int(counts.argmax())], float(counts.max() / len(place))
