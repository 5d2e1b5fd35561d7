"""Runs to explore in a browser: scikit-learn's digits, learned by a small network, captured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier

from mlflow_latent.api.analyze import analyze
from mlflow_latent.capture.recorder import Recorder
from mlflow_latent.media import MEDIA, SpriteWriter, media_folder
from mlflow_latent.overlays import OverlayWriter, SampleObject
from mlflow_latent.schema import CaptureInfo

if TYPE_CHECKING:
    from pathlib import Path

    from mlflow import MlflowClient
    from numpy.typing import NDArray

    from mlflow_latent.measures.options import ProjectionMethod
    from mlflow_latent.report.model import Report

EPOCHS = 3
TRAIN = 1347  # the rest, a quarter, is for validation: digits that other people wrote
PIXEL_MAX = 16
TILE = 32  # pixels of a thumbnail's side
HOSTILE = "<img src=x onerror=\"document.title='pwned'\">"
LONG = "x" * 10_000


@dataclass(frozen=True)
class Explored:
    """A run and what its analysis says."""

    run_id: str
    report: Report
    captures: Path


@dataclass(frozen=True)
class Samples:
    """What is captured of a data set: a row each.

    Attributes:
        sample_id: (N,) names.
        split: (N,) of each sample.
        target: (N,) class index, −1 where nobody knows it.
        metadata: N rows.
        pictures: (N, side, side) uint8.
    """

    sample_id: NDArray[np.object_]
    split: NDArray[np.object_]
    target: NDArray[np.int64]
    metadata: pd.DataFrame
    pictures: NDArray[np.uint8]
    class_names: tuple[str, ...] = tuple(str(digit) for digit in range(10))


def digits() -> Samples:
    """The 1,797 digits as `examples/digits.py` has them."""
    images, target = load_digits(return_X_y=True)
    ink = images.reshape(-1, 8, 8) / PIXEL_MAX
    rows = np.arange(8)
    mass = ink.sum((1, 2))
    metadata = pd.DataFrame(
        {
            "brightness": ink.mean((1, 2)),
            "contrast": ink.std((1, 2)),
            "center_row": (ink.sum(2) @ rows) / mass,
            "width": (ink.max(1) > 0.5).sum(1),
            "camera": np.where(np.arange(len(ink)) % 3 == 0, "left", "right"),
        }
    )
    return Samples(
        np.array([f"{number:04d}" for number in range(len(ink))], dtype=object),
        np.where(np.arange(len(ink)) < TRAIN, "train", "val").astype(object),
        target,
        metadata,
        np.kron((255 * ink).astype(np.uint8), np.ones((TILE // 8, TILE // 8), np.uint8)),
    )


def hostile() -> Samples:
    """Some digits whose every name is markup, or very long."""
    kept = np.r_[0:60, TRAIN : TRAIN + 60]
    world = digits()
    names = np.array([f"{HOSTILE}{number}" for number in kept], dtype=object)
    names[0] = LONG
    metadata = world.metadata.loc[kept].reset_index(drop=True)
    metadata[f"a {HOSTILE}"] = metadata["brightness"]
    metadata["place"] = np.where(np.arange(len(kept)) % 2, HOSTILE, LONG)
    return Samples(
        names,
        world.split[kept],
        world.target[kept],
        metadata,
        world.pictures[kept],
        (HOSTILE, LONG, *world.class_names[2:]),
    )


def of_three_origins() -> Samples:
    """Some digits, and unlabeled ones that somebody wrote with a broader pen."""
    kept = np.r_[0:500, TRAIN : TRAIN + 200, TRAIN + 200 : TRAIN + 320]
    world = digits()
    bold = np.arange(len(kept)) >= 700
    pictures = world.pictures[kept]
    pictures[bold] = np.maximum(pictures[bold], np.roll(pictures[bold], TILE // 8, axis=2))
    metadata = world.metadata.loc[kept].reset_index(drop=True)
    metadata["brightness"] = pictures.mean((1, 2)) / 255
    return Samples(
        np.array([f"{number:04d}" for number in kept], dtype=object),
        np.where(bold, "unlabeled", world.split[kept]).astype(object),
        np.where(bold, -1, world.target[kept]),
        metadata,
        pictures,
    )


def write_captures(
    folder: Path, samples: Samples, seed: int, *, width: int = 32, boxes: bool = False
) -> Path:
    """Train a small network, and record each of its epochs as the callback does."""
    pixels = samples.pictures[:, :: TILE // 8, :: TILE // 8].reshape(len(samples.target), -1) / 255
    is_train = samples.split == "train"
    net = MLPClassifier((width,), learning_rate_init=0.004, batch_size=32, random_state=seed)
    info = CaptureInfo(layers=("hidden",), class_names=samples.class_names)
    recorder = Recorder(folder, info)
    for epoch in range(EPOCHS):
        for _ in range(2):
            net.partial_fit(pixels[is_train], samples.target[is_train], classes=range(10))
        hidden = np.maximum(pixels @ net.coefs_[0] + net.intercepts_[0], 0)
        columns = _columns(samples, net.predict_proba(pixels)) | {"embedding_hidden": hidden}
        for split in pd.unique(samples.split):
            rows = recorder.begin(epoch, split)
            chosen = samples.split == split
            known = (samples.target[chosen] >= 0).all()
            names = columns if known else columns.keys() - {"loss", "target"}
            rows.add({name: columns[name][chosen] for name in names})
            rows.close()
    for split in pd.unique(samples.split):
        _write_pictures(folder / MEDIA, samples, split)
        if boxes:
            _write_boxes(folder / MEDIA, samples, split)
    return folder


def _columns(samples: Samples, probabilities: NDArray[np.float64]) -> dict[str, Any]:
    chosen = probabilities[np.arange(len(samples.target)), samples.target]
    metadata = {f"meta_{name}": values.to_numpy() for name, values in samples.metadata.items()}
    return {
        "sample_id": samples.sample_id,
        "loss": -np.log(np.maximum(chosen, 1e-6)),
        "target": samples.target,
        "prediction": probabilities.argmax(1),
        "pred_probs": probabilities,
        **metadata,
    }


def _write_pictures(media: Path, samples: Samples, split: str) -> None:
    rows = np.flatnonzero(samples.split == split)
    sprites = SpriteWriter(media_folder(media, split), TILE)
    names = samples.sample_id[rows].tolist()
    sprites.add(names, np.repeat(samples.pictures[rows][..., None], 3, axis=3))
    sprites.close()


def _write_boxes(media: Path, samples: Samples, split: str) -> None:
    """A box around the ink of each."""
    rows = np.flatnonzero(samples.split == split)
    with OverlayWriter(media_folder(media, split)) as overlays:
        for row in rows:
            box = _ink_box(samples.pictures[row])
            thing = SampleObject("target", int(samples.target[row]), box)
            overlays.add(str(samples.sample_id[row]), [thing])


def _ink_box(picture: NDArray[np.uint8]) -> tuple[float, float, float, float]:
    rows, columns = np.nonzero(picture)
    if not len(rows):
        return 0.0, 0.0, 1.0, 1.0
    ends = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
    return tuple(float(end) / TILE for end in ends)  # type: ignore[return-value]


def log_captures(client: MlflowClient, experiment: str, name: str, captures: Path) -> str:
    """Make a run with captures; returns its id."""
    from mlflow_latent.tracking.run import CAPTURES_TAG

    run_id = str(client.create_run(experiment, run_name=name).info.run_id)
    client.log_artifacts(run_id, str(captures), "latent")
    client.set_tag(run_id, CAPTURES_TAG, "yes")
    client.set_terminated(run_id)
    return run_id


def explore(
    client: MlflowClient,
    experiment: str,
    name: str,
    captures: Path,
    projection: ProjectionMethod = "pca",
) -> Explored:
    """Make a run with captures, and analyze it as `mlflow-latent analyze` does."""
    run_id = log_captures(client, experiment, name, captures)
    report = analyze(
        captures, run_id=run_id, tracking_uri=client.tracking_uri, projection=projection
    )
    return Explored(run_id, report, captures)
