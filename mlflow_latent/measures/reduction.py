"""The embedding, made into few columns in which Euclidean distance means something."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

CHUNK_ROWS = 4_096  # rows at a time: 9 MB of a 576-D embedding, which stay in the cache
SCALE_ROWS = 16_384  # rows from which the typical norm is measured
QUIETEST, LOUDEST = 0.1, 2.0  # weights of a column that varies much less, or more, than the median
CONSTANT_RANGE = 1e-6  # a column whose range is below this share of its size is rounding noise
MAX_COVARIANCE_COLUMNS = 4_096  # wider embeddings are sketched first: eigh is cubic in the columns
SKETCH_COLUMNS = 2_048
SMALLEST_EIGENVALUE = 1e-6  # relative to the largest; below it float32 holds only noise
OUTLIER_RADIUS = 5.0  # times the median norm
SHIFT_DEVIATIONS = 4.0  # standard deviations above chance at which a split counts as shifted


@dataclass(frozen=True, eq=False)
class Reduction:
    """A fitted scaling of the columns and PCA, which also places new embeddings.

    Attributes:
        center: (D,) float64 mean of each column.
        weights: (D, d) float32 scaling and principal axes in one matrix.
        n_constant: columns that hold one value and were left out.
        is_sketched: whether the embedding was too wide for an exact PCA.
    """

    center: NDArray[np.float64]
    weights: NDArray[np.float32]
    n_constant: int
    is_sketched: bool

    def apply(self, embedding: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return (M, d) float32 coordinates of (M, D) embeddings.

        Rows beyond `OUTLIER_RADIUS` are drawn in to it: a few far ones would otherwise own
        clusters alone. They remain the farthest.
        """
        reduced = self.unbounded(embedding)
        norm = np.linalg.norm(reduced, axis=1)
        far = norm > OUTLIER_RADIUS
        reduced[far] *= (OUTLIER_RADIUS / norm[far])[:, None]
        return reduced

    def unbounded(self, embedding: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return (M, d) float32 coordinates, far rows where they are."""
        return _project(embedding, self.center, self.weights)


def fit_reduction(
    embedding: NDArray[np.float32],
    split_codes: NDArray[np.intp],
    n_components: int,
    random_state: int,
) -> Reduction:
    """Scale the columns, then keep the principal components; scaled to a median norm of 1.

    What varies more says more, within reason. Standardized columns would all count alike: units
    that are nearly dead, and hundreds that are only noise, would outweigh the few that tell samples
    apart. As captured, one column on another scale would be all there is. So a standardized column
    weighs as the root of its deviation ÷ the median one, and above it as the deviation itself,
    within `QUIETEST` … `LOUDEST`. Source of the root: Pareto scaling, van den Berg et al. 2006.

    Rows count alike, so that where splits do not differ, chance patterns of a small split are not
    fitted (they would pass for a difference). Where the mean of a split is shifted by more than
    chance, the shift is weighted as if splits were of equal size: a small unlabeled set must not
    drown beside a large train set.

    Args:
        embedding: (N, D) float32, any scale.
        split_codes: (N,) number of the split of each row, from 0.
        n_components: most components to keep.
        random_state: seed of the sketch of very wide embeddings.

    Returns:
        The fitted reduction. Its axes have deterministic signs.
    """
    center, scale = _column_scales(embedding)
    varying = scale > 0
    inverse = np.divide(_loudness(scale), scale, out=np.zeros_like(scale), where=varying)
    basis, is_sketched = _basis(inverse, random_state)
    covariance, means = _covariance(embedding, center, basis, split_codes)
    covariance += _shift_scatter(covariance, means, np.bincount(split_codes))
    axes = _principal_axes(covariance, n_components)
    exact = basis @ axes if is_sketched else inverse[:, None] * axes
    typical = _typical_norm(embedding, center, exact)
    weights = np.ascontiguousarray(exact / typical, dtype=np.float32)
    return Reduction(center, weights, int((~varying).sum()), is_sketched)


def _loudness(scale: NDArray[np.float64]) -> NDArray[np.float64]:
    """(D,) weight of each standardized column, of (D,) standard deviations, 0 where constant."""
    varying = scale > 0
    ratio = scale / np.median(scale[varying]) if varying.any() else scale
    weight = np.where(ratio < 1, np.sqrt(ratio), ratio)
    return np.where(varying, np.clip(weight, QUIETEST, LOUDEST), 0.0)


def _chunks(rows: int) -> Iterator[slice]:
    return (slice(start, start + CHUNK_ROWS) for start in range(0, rows, CHUNK_ROWS))


def _column_scales(
    embedding: NDArray[np.float32],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return (D,) mean and standard deviation in float64; a deviation of 0 means constant."""
    center, low, high = _center_and_bounds(embedding)
    extent = high.astype(np.float64) - low
    size = np.maximum(np.abs(low), np.abs(high)).astype(np.float64)
    varying = extent > CONSTANT_RANGE * size
    # Divided by the extent before squaring, so that no scale overflows float32.
    unit = np.divide(1.0, extent, out=np.zeros_like(extent), where=varying).astype(np.float32)
    offset, squares = center.astype(np.float32), np.zeros_like(center)
    for rows in _chunks(len(embedding)):
        part = (embedding[rows] - offset) * unit
        squares += np.einsum("ij,ij->j", part, part)
    return center, np.sqrt(squares / len(embedding)) * extent * varying


def _center_and_bounds(
    embedding: NDArray[np.float32],
) -> tuple[NDArray[np.float64], NDArray[np.float32], NDArray[np.float32]]:
    """Return (D,) mean, smallest and largest value, reading the embedding once."""
    total = np.zeros(embedding.shape[1])
    low, high = embedding[0].copy(), embedding[0].copy()
    for rows in _chunks(len(embedding)):
        part = embedding[rows]
        total += part.sum(axis=0, dtype=np.float64)
        np.minimum(low, part.min(axis=0), out=low)
        np.maximum(high, part.max(axis=0), out=high)
    return total / len(embedding), low, high


def _basis(inverse: NDArray[np.float64], random_state: int) -> tuple[NDArray[np.float64], bool]:
    """Return the (D,) scaling, or for very wide embeddings a (D, SKETCH_COLUMNS) sketch of it.

    Source: Johnson and Lindenstrauss 1984: a random projection keeps distances within a few
    percent at this width.
    """
    if len(inverse) <= MAX_COVARIANCE_COLUMNS:
        return inverse, False
    generator = np.random.default_rng(random_state)
    sketch = generator.standard_normal((len(inverse), SKETCH_COLUMNS)) / np.sqrt(SKETCH_COLUMNS)
    return inverse[:, None] * sketch, True


def _covariance(
    embedding: NDArray[np.float32],
    center: NDArray[np.float64],
    basis: NDArray[np.float64],
    split_codes: NDArray[np.intp],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the (B, B) covariance and the (S, B) means of the splits, in units of the basis."""
    offset, axes = center.astype(np.float32), basis.astype(np.float32)
    columns = basis.shape[-1]
    n_splits = int(split_codes.max()) + 1
    product = np.zeros((columns, columns))
    sums = np.zeros((n_splits, columns))
    for rows in _chunks(len(embedding)):
        part = embedding[rows] - offset
        part = part @ axes if axes.ndim > 1 else part * axes
        product += part.T @ part
        member = split_codes[rows] == np.arange(n_splits)[:, None]
        sums += member.astype(np.float32) @ part
    counts = np.bincount(split_codes, minlength=n_splits)
    return product / len(embedding), sums / counts[:, None]


def _shift_scatter(
    covariance: NDArray[np.float64], means: NDArray[np.float64], counts: NDArray[np.intp]
) -> NDArray[np.float64]:
    """Return the scatter to add so that shifted small splits count as if splits were equal.

    The squared shift of a split of n rows is by chance about trace(C) / n, with a standard
    deviation of sqrt(2 trace(C²)) / n. Only what is beyond it is counted.
    """
    total = float(counts.sum())
    scatter = np.zeros_like(covariance)
    spread = float(np.sqrt(2 * np.square(covariance).sum()))
    for mean, count in zip(means, counts, strict=True):
        wanted = 1 / len(counts) - count / total
        shift = float(mean @ mean)
        chance = float(np.trace(covariance)) / count
        if wanted > 0 and shift > chance + SHIFT_DEVIATIONS * spread / count:
            scatter += wanted * (1 - chance / shift) * np.outer(mean, mean)
    return scatter


def _principal_axes(covariance: NDArray[np.float64], n_components: int) -> NDArray[np.float64]:
    """Return (B, d) axes, largest variance first; d is 1 where nothing varies."""
    from scipy.linalg import eigh

    size = len(covariance)
    first = max(0, size - n_components)
    values, axes = eigh(covariance, subset_by_index=(first, size - 1))
    values, axes = values[::-1], axes[:, ::-1]
    kept = max(1, int((values > SMALLEST_EIGENVALUE * max(values[0], 0.0)).sum()))
    axes = axes[:, :kept]
    largest = np.abs(axes).argmax(axis=0)
    signs = np.where(axes[largest, np.arange(kept)] < 0, -1.0, 1.0)
    return np.ascontiguousarray(axes * signs)


def _project(
    embedding: NDArray[np.float32], center: NDArray[np.float64], weights: NDArray[np.float32]
) -> NDArray[np.float32]:
    reduced = np.empty((len(embedding), weights.shape[1]), dtype=np.float32)
    offset = center.astype(np.float32)
    for rows in _chunks(len(embedding)):
        np.matmul(embedding[rows] - offset, weights, out=reduced[rows])
    return reduced


def _typical_norm(
    embedding: NDArray[np.float32], center: NDArray[np.float64], weights: NDArray[np.float64]
) -> float:
    """Return the median norm of the projected rows; if most are at the center, the largest."""
    step = max(1, len(embedding) // SCALE_ROWS)
    reduced = _project(embedding[::step], center, weights.astype(np.float32))
    norm = np.linalg.norm(reduced, axis=1)
    return float(np.median(norm) or norm.max() or 1.0)
