"""Real digits through a model that is trained here, on the labels that a plant may have changed.

scikit-learn's 1,797 digits of 8 × 8, and MNIST's first 10,000 of 28 × 28 where
`MLFLOW_LATENT_TEST_DATA` names a folder that holds `mnist10k.npz`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
from sklearn.datasets import load_digits

from _planted.space import history_of, softmax
from mlflow_latent.snapshot import Snapshot

Source = Literal["digits", "mnist"]
EPOCHS, BATCH, CLASSES = 10, 64, 10
RATE: dict[Source, float] = {"digits": 3e-3, "mnist": 1e-3}
TRAIN_SHARE = 0.67
DATA_FOLDER = "MLFLOW_LATENT_TEST_DATA"


@dataclass(frozen=True, eq=False)
class Trained:
    """What a model made of N images.

    Attributes:
        embedding: (N, D) output of the layer before the last, after the last epoch.
        stages: (E, N, C) class probabilities after each epoch.
    """

    embedding: np.ndarray
    stages: list[np.ndarray]


def has_mnist() -> bool:
    """Whether MNIST is there."""
    return (Path(os.environ.get(DATA_FOLDER, "")) / "mnist10k.npz").is_file()


@cache
def load(source: Source) -> tuple[np.ndarray, np.ndarray]:
    """(N, H, W) float32 images within 0 … 1, and their (N,) labels."""
    if source == "digits":
        images, labels = load_digits(return_X_y=True)
        return (images.reshape(-1, 8, 8) / 16).astype(np.float32), labels.astype(np.int64)
    with np.load(Path(os.environ[DATA_FOLDER]) / "mnist10k.npz") as data:
        return (data["images"] / 255).astype(np.float32), data["labels"].astype(np.int64)


def split_rows(source: Source, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return images and labels in random order, and the (N,) split of each."""
    images, labels = load(source)
    order = np.random.default_rng(seed).permutation(len(labels))
    train = int(TRAIN_SHARE * len(labels))
    split = np.repeat(["train", "val"], [train, len(labels) - train]).astype(object)
    return images[order], labels[order], split


def train(images: np.ndarray, target: np.ndarray, learned: np.ndarray, seed: int) -> Trained:
    """Train on the rows of the mask `learned`, and look at all rows after each epoch."""
    import torch

    torch.manual_seed(seed)
    source: Source = "digits" if images.shape[1] == 8 else "mnist"  # noqa: PLR2004 - 8 × 8
    body, head = _network(source)
    pixels = torch.as_tensor(images).unsqueeze(1)
    rows, goal = torch.as_tensor(np.flatnonzero(learned)), torch.as_tensor(target)
    parameters = [*body.parameters(), *head.parameters()]
    optimizer = torch.optim.Adam(parameters, lr=RATE[source])
    stages = []
    for _ in range(EPOCHS):
        for batch in rows[torch.randperm(len(rows))].split(BATCH):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(head(body(pixels[batch])), goal[batch]).backward()
            optimizer.step()
        with torch.no_grad():
            embedding = torch.cat([body(part) for part in pixels.split(2048)])
            stages.append(softmax(head(embedding).double().numpy()))
    return Trained(embedding.numpy(), stages)


def _network(source: Source) -> tuple:  # type: ignore[type-arg] - torch is imported late
    """Return the layers up to the embedding, and the last."""
    from torch import nn

    if source == "digits":
        body = nn.Sequential(nn.Flatten(), nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 64))
        return nn.Sequential(body, nn.ReLU()), nn.Linear(64, CLASSES)
    convolutions = nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
    )  # fmt: skip
    body = nn.Sequential(convolutions, nn.Flatten(), nn.Linear(32 * 49, 64), nn.ReLU())
    return body, nn.Linear(64, CLASSES)


def snapshot_of(
    model: Trained, target: np.ndarray, split: np.ndarray, *, epochs: int = EPOCHS
) -> Snapshot:
    """Return what was captured, of the last epoch only or with a history."""
    sample_id = np.arange(len(target)).astype(str)
    last = model.stages[-1]
    history = history_of(split, sample_id, target, model.stages)
    return Snapshot.from_arrays(
        sample_id=sample_id,
        split=split,
        embedding=model.embedding,
        loss=history.loss.to_numpy()[-len(target) :],
        target=target,
        prediction=last.argmax(axis=1),
        pred_probs=last,
        epoch=EPOCHS - 1,
        history=history if epochs > 1 else None,
    )
