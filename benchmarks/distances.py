"""How many of a sample's nearest neighbors are of its own class: columns standardized, and as here.

    python benchmarks/distances.py

Real digits as pixels, and blobs of which only a few columns know. MNIST's pixels too, where
`MLFLOW_LATENT_TEST_DATA` names a folder with `mnist10k.npz`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from _planted.digits import has_mnist, load
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

from mlflow_latent.measures.reduction import fit_reduction

if TYPE_CHECKING:
    from collections.abc import Iterator

NEIGHBORS, COMPONENTS, ROWS = 10, 50, 3_000
Labelled = tuple[str, np.ndarray, np.ndarray]


def main() -> None:
    """Print a line for each data set."""
    for name, columns, label in data_sets():
        values = columns.astype(np.float32)
        standardized = PCA(min(COMPONENTS, values.shape[1])).fit_transform(
            StandardScaler().fit_transform(values)
        )
        ours = fit_reduction(values, np.zeros(len(values), np.intp), COMPONENTS, 0).apply(values)
        before, now = own_share(standardized, label), own_share(ours, label)
        print(f"{name}: {before:.2f} standardized, {now:.2f} here")


def own_share(places: np.ndarray, label: np.ndarray) -> float:
    """Share of the nearest neighbors that have the sample's own label."""
    import faiss

    points = np.ascontiguousarray(places, dtype=np.float32)
    near = faiss.knn(points, points, NEIGHBORS + 1)[1][:, 1:]
    return float((label[near] == label[:, None]).mean())


def data_sets() -> Iterator[Labelled]:
    """Give name, (N, D) columns and (N,) labels."""
    for source in ("digits", "mnist") if has_mnist() else ("digits",):
        images, labels = load(source)  # type: ignore[arg-type] - one of its two names
        yield f"{source}, pixels", images[:ROWS].reshape(len(images[:ROWS]), -1), labels[:ROWS]
    rng = np.random.default_rng(0)
    label = rng.integers(0, 10, ROWS)
    wide = blobs(rng, label, 12.0)
    yield "ten blobs in 16 of 768 columns", beside(rng, wide, 752, 1.0), label
    blob = blobs(rng, label, 6.0)
    yield "beside 200 faint columns of noise", beside(rng, blob, 200, 0.05), label
    yield "columns of any scale", blob * rng.lognormal(0, 2, 16) + 100, label
    yield "beside a column ten thousand times larger", beside(rng, blob, 1, 1e4), label


def blobs(rng: np.random.Generator, label: np.ndarray, apart: float) -> np.ndarray:
    """(N, 16) normal blobs whose centers lie so far from the middle."""
    centers = rng.normal(size=(10, 16))
    centers *= apart / np.linalg.norm(centers, axis=1, keepdims=True)
    return centers[label] + rng.normal(size=(len(label), 16))


def beside(rng: np.random.Generator, columns: np.ndarray, more: int, scale: float) -> np.ndarray:
    """Put columns of noise beside them."""
    return np.hstack([columns, scale * rng.normal(size=(len(columns), more))])


if __name__ == "__main__":
    main()
