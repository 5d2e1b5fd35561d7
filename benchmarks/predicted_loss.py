"""How right predicted losses are: on digits, under shifts that are known, beside simpler ways.

    python benchmarks/predicted_loss.py --repeats 5

A network learns a part of scikit-learn's digits; its losses on val are learned from; those of other
digits, as they are or changed, are predicted and held against the truth. Beside it: ranking by
the entropy of the class probabilities alone, by the distance to the validation samples, and by the
mean loss of the nearest ones.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import stats
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from mlflow_latent.measures import MeasureOptions, Measures
from mlflow_latent.measures.loss_features import Surroundings
from mlflow_latent.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from mlflow_latent.measures.predicted_loss import PredictedLoss

    Images = NDArray[np.float64]
    Change = Callable[[Images, np.random.Generator], Images]

TRAIN, VAL = 500, 500
HIDDEN, ITERATIONS = 32, 60
SIDE = 8
CHANGES: dict[str, Change] = {
    "none": lambda images, _: images,
    "noise": lambda images, rng: np.clip(images + rng.normal(0, 0.25, images.shape), 0, 1),
    "more noise": lambda images, rng: np.clip(images + rng.normal(0, 0.5, images.shape), 0, 1),
    "darker": lambda images, _: images * 0.5,
    "moved": lambda images, _: np.roll(images.reshape(-1, SIDE, SIDE), 1, axis=2).reshape(
        len(images), -1
    ),
    "inverted": lambda images, _: 1 - images,
}


@dataclass(frozen=True)
class Outcome:
    """One data set: how well losses of the changed digits were ordered, and how sure it was."""

    change: str
    seed: int
    rank_correlation: float
    by_entropy: float
    by_distance: float
    by_neighbors: float
    stated_correlation: float
    coverage: float
    stated_coverage: float
    mean_predicted: float
    mean_true: float
    mean_val: float
    decile_error: float
    outside: float
    seconds: float


def outcomes(seed: int) -> Iterator[Outcome]:
    """Yield the outcome of every change for one network."""
    rng = np.random.default_rng(seed)
    images, labels = load_digits(return_X_y=True)
    images, order = images / 16, rng.permutation(len(labels))
    train, val, new = np.split(order, [TRAIN, TRAIN + VAL])
    network = MLPClassifier((HIDDEN,), max_iter=ITERATIONS, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        network.fit(images[train], labels[train])
    for name, change in CHANGES.items():
        seen = np.concatenate([images[val], change(images[new], rng)])
        truth = labels[np.concatenate([val, new])]
        yield _outcome(name, seed, seen, truth, network)


def _outcome(name: str, seed: int, seen: Images, truth: NDArray[Any], network: Any) -> Outcome:
    probabilities = network.predict_proba(seen)
    likely = np.clip(probabilities[np.arange(len(seen)), truth], 1e-12, 1)
    loss, is_val = -np.log(likely), np.arange(len(seen)) < VAL
    embedding = np.maximum(seen @ network.coefs_[0] + network.intercepts_[0], 0)
    snapshot = Snapshot.from_arrays(
        sample_id=np.arange(len(seen)),
        split=np.where(is_val, "val", "unlabeled"),
        embedding=embedding,
        loss=np.where(is_val, loss, np.nan),
        pred_probs=probabilities,
    )
    measures = Measures(snapshot, MeasureOptions(projection="none"))
    _ = measures.duplicates
    started = time.perf_counter()
    found = measures.predicted_loss("val")
    seconds = time.perf_counter() - started
    return Outcome(name, seed, **_scores(found, measures, loss, ~is_val), seconds=seconds)


def _scores(
    found: PredictedLoss, measures: Measures, loss: NDArray[np.float64], new: NDArray[np.bool_]
) -> dict[str, float]:
    def rank(values: NDArray[Any]) -> float:
        return float(stats.spearmanr(values, loss[new]).statistic)

    probabilities = measures.snapshot.pred_probs
    assert probabilities is not None  # noqa: S101 - tells the type checker
    entropy = -(probabilities * np.log(np.clip(probabilities, 1e-12, 1))).sum(axis=1)
    around = Surroundings.of(
        np.ascontiguousarray(measures.reduced[new]), np.ascontiguousarray(measures.reduced[~new])
    )
    near = around.features(loss[~new], np.ones(int((~new).sum()), dtype=bool))[:, 1]
    held = (found.low <= loss) & (loss <= found.high)
    tenths = np.array([[one.predicted, one.actual] for one in found.deciles])
    return {
        "rank_correlation": rank(found.value[new]),
        "by_entropy": rank(entropy[new]),
        "by_distance": rank(around.remoteness),
        "by_neighbors": rank(near),
        "stated_correlation": found.correlation,
        "coverage": float(held[new].mean()),
        "stated_coverage": found.coverage,
        "mean_predicted": float(found.value[new].mean()),
        "mean_true": float(loss[new].mean()),
        "mean_val": float(loss[~new].mean()),
        "decile_error": float(np.abs(tenths[:, 0] - tenths[:, 1]).mean() / tenths[:, 1].mean()),
        "outside": float(found.outside[new].mean()),
    }


def main() -> None:
    """Print the means over the repeats, by change."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="print every outcome")
    options = parser.parse_args()
    rows = [asdict(one) for seed in range(options.repeats) for one in outcomes(seed)]
    if options.json:
        print(json.dumps(rows))
        return
    table = pd.DataFrame(rows).drop(columns="seed").groupby("change", sort=False).mean()
    print(table.T.to_string(float_format="{:.3f}".format))


if __name__ == "__main__":
    main()
