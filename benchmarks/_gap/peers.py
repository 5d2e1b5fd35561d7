"""Published tests of "two samples are of one distribution", re-implemented shortly.

- `bbsd`: black-box shift detection, Kolmogorov–Smirnov on each softmax output, Bonferroni (Lipton
  et al. 2018; recommended by Rabanser et al. 2019, Failing Loudly; alibi-detect `KSDrift` on a
  model's outputs). The model is a logistic regression, fitted on other samples of the source.
- `ks pca`: the same on 32 principal components of the source (Rabanser et al. 2019, `PCAd`).
- `mmd`: Gaussian kernel, median bandwidth, 100 permutations, on the standardized embedding (Gretton
  et al. 2012; alibi-detect `MMDDrift`, torchdrift `KernelMMDDriftDetector`).
- `classifier`: half of the samples train a logistic regression, a binomial test of its accuracy on
  the other half, sets cut to one size (Lopez-Paz & Oquab 2017; alibi-detect `ClassifierDrift`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import stats
from scipy.spatial.distance import pdist, squareform
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

if TYPE_CHECKING:
    from _gap.shifts import Sets

COMPONENTS, PERMUTATIONS, MMD_ROWS = 32, 100, 500


def bbsd(sets: Sets, random: np.random.Generator) -> float:
    """p-value."""
    fitted = random.permutation(len(sets.source)) < len(sets.source) // 2
    scaler = StandardScaler().fit(sets.source[fitted])
    model = LogisticRegression(max_iter=200)
    model.fit(scaler.transform(sets.source[fitted]), sets.classes[fitted])
    outputs = [
        model.predict_proba(scaler.transform(part)) for part in (sets.source[~fitted], sets.target)
    ]
    return _smirnov(outputs[0], outputs[1])


def ks_pca(sets: Sets, _: np.random.Generator) -> float:
    """p-value."""
    scaler = StandardScaler().fit(sets.source)
    reduced = PCA(COMPONENTS, random_state=0).fit(scaler.transform(sets.source))
    parts = [reduced.transform(scaler.transform(part)) for part in (sets.source, sets.target)]
    return _smirnov(parts[0], parts[1])


def mmd(sets: Sets, random: np.random.Generator) -> float:
    """p-value."""
    scaler = StandardScaler().fit(sets.source)
    parts = [
        scaler.transform(part)[random.permutation(len(part))[:MMD_ROWS]]
        for part in (sets.source, sets.target)
    ]
    squared = pdist(np.concatenate(parts), "sqeuclidean")
    kernel = squareform(np.exp(-squared / (2 * np.median(squared))))
    labels = np.repeat([1.0, 0.0], [len(parts[0]), len(parts[1])])
    drawn = [_mmd(kernel, labels)]
    drawn += [_mmd(kernel, random.permutation(labels)) for _ in range(PERMUTATIONS)]
    return float(np.mean(np.array(drawn) >= drawn[0]))


def classifier(sets: Sets, random: np.random.Generator) -> float:
    """p-value."""
    size = min(len(sets.source), len(sets.target))
    parts = [part[random.permutation(len(part))[:size]] for part in (sets.source, sets.target)]
    points, labels = np.concatenate(parts), np.repeat([0, 1], size)
    fitted = random.permutation(2 * size) < size
    scaler = StandardScaler().fit(points[fitted])
    model = LogisticRegression(max_iter=200).fit(scaler.transform(points[fitted]), labels[fitted])
    right = model.predict(scaler.transform(points[~fitted])) == labels[~fitted]
    return float(stats.binomtest(int(right.sum()), len(right), 0.5, "greater").pvalue)


def _smirnov(first: np.ndarray, second: np.ndarray) -> float:
    found = [stats.ks_2samp(a, b).pvalue for a, b in zip(first.T, second.T, strict=True)]
    return min(1.0, min(found) * len(found))


def _mmd(kernel: np.ndarray, labels: np.ndarray) -> float:
    n, m = labels.sum(), (1 - labels).sum()
    within = labels @ kernel @ labels / (n * (n - 1))
    other = (1 - labels) @ kernel @ (1 - labels) / (m * (m - 1))
    return float(within + other - 2 * (labels @ kernel @ (1 - labels)) / (n * m))


PEERS = {"bbsd": bbsd, "ks pca": ks_pca, "mmd": mmd, "classifier": classifier}
