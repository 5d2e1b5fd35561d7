"""Make `explorer.bin` of any size, or of a run's captures.

`python -m benchmarks._explorer.data 122000 FILE` makes a data set of that many samples, analyzes it
and writes what the page reads; `python -m benchmarks._explorer.data CAPTURES FILE` does the same
with a folder of captures.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from mlflow_latent.analysis import AnalysisOptions, analyze
from mlflow_latent.api.reading import load_snapshot
from mlflow_latent.exploration import Exploration
from mlflow_latent.measures import MeasureOptions
from mlflow_latent.report.explorer.encode import encode_explorer
from mlflow_latent.report.explorer.extras import Extras, History
from mlflow_latent.snapshot import Snapshot
from mlflow_latent.store import CaptureStore

N_CLASSES, N_BLOBS, N_COLUMNS, N_EPOCHS = 20, 60, 16, 8
MISSING_NOISE = 0.1  # share of samples whose noise nobody measured
UMAP_ROWS = 200_000  # beyond, PCA: a benchmark of the page need not wait for a layout


def make_snapshot(n: int, seed: int = 0) -> Snapshot:
    """Return n samples of 20 classes in 60 blobs: one camera and one blob are hard."""
    random = np.random.default_rng(seed)
    blob = random.integers(N_BLOBS, size=n)
    centers = random.normal(scale=3.0, size=(N_BLOBS, N_COLUMNS))
    embedding = (centers[blob] + random.normal(size=(n, N_COLUMNS))).astype(np.float32)
    metadata = _metadata(n, random)
    target = (blob % N_CLASSES).astype(np.int32)
    hard = (metadata["camera"] == "fisheye") * 0.8 + (blob == 7) * 1.5 + metadata["is_night"] * 0.3  # noqa: PLR2004
    probabilities = _probabilities(target, hard.to_numpy(dtype=float), random)
    loss = -np.log(np.maximum(probabilities[np.arange(n), target], 1e-6))
    return Snapshot.from_arrays(
        sample_id=[f"image-{number:07d}" for number in range(n)],
        split=random.choice(["train", "val"], size=n, p=[0.7, 0.3]),
        embedding=embedding,
        loss=loss.astype(np.float32),
        target=target,
        prediction=probabilities.argmax(axis=1),
        pred_probs=probabilities,
        metadata=metadata,
        class_names=[f"class {number}" for number in range(N_CLASSES)],
        epoch=N_EPOCHS - 1,
        layer="backbone",
    )


def make_history(snapshot: Snapshot, seed: int = 1) -> History:
    """Return losses that fall over the epochs to those of the snapshot."""
    random = np.random.default_rng(seed)
    n = len(snapshot)
    last = snapshot.loss if snapshot.loss is not None else np.zeros(n, np.float32)
    start = random.gamma(4.0, 0.7, size=n)
    share = np.linspace(1, 0, N_EPOCHS)[:, None]
    loss = share * start + (1 - share) * last + share * random.normal(0, 0.2, (N_EPOCHS, n))
    prediction = np.tile(snapshot.frame["prediction"].to_numpy(np.int32), (N_EPOCHS, 1))
    guesses = random.random((N_EPOCHS, n)) < share * 0.8
    prediction[guesses] = random.integers(N_CLASSES, size=int(guesses.sum()))
    return History(tuple(range(N_EPOCHS)), np.maximum(loss, 0).astype(np.float32), prediction)


def _metadata(n: int, random: np.random.Generator) -> pd.DataFrame:
    brightness = random.beta(4, 3, n)
    return pd.DataFrame(
        {
            "brightness": brightness,
            "contrast": np.abs(random.normal(0.3, 0.1, n)),
            "sharpness": random.lognormal(2, 1, n),
            "hue_mean": random.uniform(0, 360, n),
            "color_temperature": random.normal(5500, 900, n),
            "noise": np.where(random.random(n) < MISSING_NOISE, np.nan, random.gamma(2, 0.01, n)),
            "width": random.choice([320, 480, 640, 800, 1024], n),
            "number_of_objects": random.poisson(6, n),
            "bbox_area_mean": random.beta(1, 6, n),
            "camera": random.choice(["front", "rear", "left", "right", "fisheye"], n),
            "weather": random.choice(np.array(["sun", "rain", "fog", None], dtype=object), n),
            "city": random.choice(np.array([f"city {c}" for c in range(300)]), n),
            "is_night": brightness < 0.35,  # noqa: PLR2004
        }
    )


def _probabilities(target: np.ndarray, hard: np.ndarray, random: np.random.Generator) -> np.ndarray:
    logits = random.normal(size=(len(target), N_CLASSES))
    logits[np.arange(len(target)), target] += 4.5 - 1.6 * hard
    weights = np.exp(logits)
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)


def make_explorer(n: int) -> bytes:
    """Return `explorer.bin` of n synthetic samples."""
    snapshot = make_snapshot(n)
    options = AnalysisOptions(
        measures=MeasureOptions(projection="umap" if n <= UMAP_ROWS else "pca")
    )
    report = analyze(snapshot, options)
    extras = Extras(
        run_name=f"synthetic, {n:,} samples",
        history=make_history(snapshot),
        pred_probs=snapshot.pred_probs,
    )
    return encode_explorer(report, extras)


def explore_captures(folder: Path) -> bytes:
    """Return `explorer.bin` of a folder of captures."""
    store, options = CaptureStore(folder), AnalysisOptions()
    snapshot = load_snapshot(store)
    report = analyze(snapshot, options)
    extras = Exploration(store, snapshot, report, options.measures).gather(folder.name)
    return encode_explorer(report, extras)


def main(source: str, file: str) -> None:
    """Write the data of `source`, a number of samples or a folder of captures."""
    content = make_explorer(int(source)) if source.isdecimal() else explore_captures(Path(source))
    Path(file).write_bytes(content)
    print(f"{file}: {len(content) / 1e6:.1f} MB")


if __name__ == "__main__":
    main(*sys.argv[1:])
