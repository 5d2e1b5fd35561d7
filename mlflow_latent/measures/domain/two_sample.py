"""Are two samples of one distribution? A classifier and a kernel ask, permutations answer.

Both are exact at any size and any imbalance: under the null hypothesis the labels are exchangeable,
and everything that is fitted beforehand (axes, features, folds, bandwidth) does not know them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.measures.domain.features import FeatureMap, median_distance
from mlflow_latent.measures.domain.sampling import draw_both
from mlflow_latent.measures.domain.separator import FITTED_ROWS, Regression, folds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

KERNEL_ROWS = 1_000  # of each sample: N² pairs are compared
PERMUTATIONS = 499  # the smallest p-value of both tests together is .004
BATCH = 250  # permutations at a time: memory, and a chance to stop
ROUNDING = 1e-6  # of a statistic: the same labels may be summed in another order
ENOUGH = 20  # permutations that reach the statistic after which no more are needed


@dataclass(frozen=True)
class TwoSampleTest:
    """What a test of "both samples are of one distribution" found.

    Attributes:
        name: `classifier` or `kernel`.
        statistic: cross-validated AUC, or the squared maximum mean discrepancy (unbiased).
        p_value: share of the permutations, the observed one among them, that reach the statistic.
        permutations: how many were made.
        chance: mean and standard deviation of the statistic over the permutations.
        n_source: rows of the source that were used.
        n_target: rows of the target that were used.
    """

    name: str
    statistic: float
    p_value: float
    permutations: int
    chance: tuple[float, float]
    n_source: int
    n_target: int


def classifier_test(
    source: NDArray[np.float32],
    target: NDArray[np.float32],
    *,
    permutations: int = PERMUTATIONS,
    random_state: int = 0,
) -> TwoSampleTest:
    """Classifier two-sample test: can a classifier tell held-out samples apart?

    Source: Lopez-Paz & Oquab 2017, with the AUC in place of the accuracy, so that the sizes of the
    samples do not matter, and permutations in place of a normal approximation.

    Args:
        source: (n, d) coordinates.
        target: (m, d) coordinates.
        permutations: at most; fewer where `ENOUGH` reach the statistic early.
        random_state: seed of rows, folds and permutations.
    """
    rows = draw_both(len(source), len(target), FITTED_ROWS, random_state)
    points = np.concatenate([source[rows[0]], target[rows[1]]])
    seen = FeatureMap.fit(points, random_state)(points)
    parts = [
        (held_out, rest, Regression.on(seen[rest]))
        for rest, held_out in folds(len(points), random_state)
    ]
    # Ties are broken by the order of rows, which therefore must not follow the labels.
    order = np.random.default_rng(random_state).permutation(len(points))

    def statistics(labels: NDArray[np.float32]) -> NDArray[np.float64]:
        scores = np.empty(labels.shape, dtype=np.float32)
        for held_out, rest, regression in parts:
            weights = regression.weights(labels[rest])
            scores[held_out] = (seen[held_out] - regression.middle) @ weights
        return areas(scores[order], labels[order])

    sizes = len(rows[0]), len(rows[1])
    return _permute("classifier", statistics, sizes, permutations, random_state)


def kernel_test(
    source: NDArray[np.float32],
    target: NDArray[np.float32],
    *,
    permutations: int = PERMUTATIONS,
    random_state: int = 0,
) -> TwoSampleTest:
    """Maximum mean discrepancy of a Gaussian kernel, its bandwidth the median distance.

    Source: Gretton et al. 2012, eq. 3 (unbiased) and section 8; permutations for the p-value.

    Args:
        source: (n, d) coordinates, at least 2 rows.
        target: (m, d) coordinates, at least 2 rows.
        permutations: at most; fewer where `ENOUGH` reach the statistic early.
        random_state: seed of rows and permutations.
    """
    rows = draw_both(len(source), len(target), KERNEL_ROWS, random_state)
    points = np.concatenate([source[rows[0]], target[rows[1]]])
    kernel = gaussian_kernel(points, median_distance(points, random_state))
    total = kernel.sum(axis=0, dtype=np.float64)
    n, m = len(rows[0]), len(rows[1])

    def statistics(labels: NDArray[np.float32]) -> NDArray[np.float64]:
        within = np.einsum("ik,ik->k", labels, kernel @ labels, dtype=np.float64)
        reached = total @ labels.astype(np.float64)  # pairs of a source row with any row
        across = reached - within
        other = total.sum() - 2 * reached + within
        found: NDArray[np.float64] = (
            within / (n * (n - 1)) + other / (m * (m - 1)) - 2 * across / (n * m)
        )
        return found

    return _permute("kernel", statistics, (n, m), permutations, random_state)


def gaussian_kernel(points: NDArray[np.float32], bandwidth: float) -> NDArray[np.float32]:
    """Return (N, N) float32 similarities 0…1, the diagonal being 0: no row is its own pair."""
    squares = np.einsum("ij,ij->i", points, points)
    kernel = points @ points.T
    kernel *= -2
    kernel += squares[:, None]
    kernel += squares[None, :]
    np.maximum(kernel, 0, out=kernel)
    kernel *= -1 / (2 * bandwidth**2) if bandwidth > 0 else 0
    np.exp(kernel, out=kernel)
    np.fill_diagonal(kernel, 0)
    return kernel


def areas(scores: NDArray[np.floating], labels: NDArray[np.floating]) -> NDArray[np.float64]:
    """(k,) AUC of each of k columns: probability that a row labelled 1 scores above one of 0."""
    order = np.argsort(scores, axis=0, kind="stable")
    ranked = np.take_along_axis(labels, order, axis=0)
    ones = ranked.sum(axis=0, dtype=np.float64)
    ranks = np.arange(1.0, len(scores) + 1) @ ranked.astype(np.float64)
    found: NDArray[np.float64] = (ranks - ones * (ones + 1) / 2) / (ones * (len(scores) - ones))
    return found


def _permute(
    name: str,
    statistics: Callable[[NDArray[np.float32]], NDArray[np.float64]],
    sizes: tuple[int, int],
    permutations: int,
    random_state: int,
) -> TwoSampleTest:
    """Compare the statistic of the true labels with that of permuted ones."""
    true = np.repeat(np.array([1, 0], dtype=np.float32), sizes)
    observed = float(statistics(true[:, None])[0])
    reached = observed - ROUNDING * abs(observed)
    found: list[NDArray[np.float64]] = []
    for batch in _batches(true, permutations, random_state):
        found.append(statistics(batch))
        if sum(int((part >= reached).sum()) for part in found) >= ENOUGH:
            break  # source: Besag & Clifford 1991, sequential Monte Carlo p-values
    chance = np.concatenate(found)
    return TwoSampleTest(
        name=name,
        statistic=observed,
        p_value=(1 + int((chance >= reached).sum())) / (1 + len(chance)),
        permutations=len(chance),
        chance=(float(chance.mean()), float(chance.std())),
        n_source=sizes[0],
        n_target=sizes[1],
    )


def _batches(
    labels: NDArray[np.float32], permutations: int, random_state: int
) -> Iterator[NDArray[np.float32]]:
    """Yield (N, ≤ BATCH) columns of permuted labels."""
    generator = np.random.default_rng([random_state, 1])
    for start in range(0, permutations, BATCH):
        columns = np.repeat(labels[:, None], min(BATCH, permutations - start), axis=1)
        yield generator.permuted(columns, axis=0)
