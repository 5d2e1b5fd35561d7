"""Wrong labels that were planted into drawn scenes come first among the suspicious ones.

A classifier of the scenes' vehicles is quick to train, so that this can be held to the truth at
each run. What else was planted shows on more scenes than fit into a test: docs/segmentation.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from skimage.feature import hog
from sklearn.decomposition import PCA
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_predict
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import mlflow_latent as ml
from mlflow_latent_examples.street_scenes import make_scenes

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow
CLASSES = ("car", "bus", "truck", "train")
LEAST_AREA = 100  # pixels


class World:
    """Vehicles of drawn scenes, a classifier's view of them, and the report."""

    def __init__(self, folder: Path) -> None:
        truth = pd.read_csv(folder / "truth_objects.csv")
        wanted = truth["category"].isin(CLASSES) & (truth["area"] >= LEAST_AREA)
        self.truth = truth[wanted].reset_index(drop=True)
        crops = np.stack([crop(folder, row) for row in self.truth.itertuples()])
        features = np.stack([describe(one) for one in crops])
        target = self.truth["label"].map(CLASSES.index).to_numpy()
        train = (self.truth["split"] == "train").to_numpy()
        probabilities, embedding = classify(features, target, train)
        self.report = ml.analyze(
            ml.Snapshot.from_arrays(
                sample_id=self.truth["annotation_id"].astype(str),
                split=self.truth["split"],
                embedding=embedding,
                loss=-np.log(probabilities[np.arange(len(target)), target] + 1e-9),
                target=target,
                prediction=probabilities.argmax(1),
                pred_probs=probabilities,
                class_names=CLASSES,
                metadata=pd.DataFrame(
                    {
                        "box_area": self.truth["w"] * self.truth["h"],
                        "brightness": crops.mean((1, 2, 3)),
                        "saturation": (crops.max(-1) - crops.min(-1)).mean((1, 2)),
                    }
                ),
            ),
            projection="pca",
        )

    def of_val(self, column: str) -> np.ndarray:
        """Values of the validation objects, in the order of the truth."""
        values = self.report.samples[column].to_numpy()
        return values[(self.truth["split"] == "val").to_numpy()]


def crop(folder: Path, row: Any) -> np.ndarray:
    with Image.open(folder / "images" / f"{row.split}2017" / row.file_name) as image:
        box = (row.x, row.y, row.x + row.w, row.y + row.h)
        return np.asarray(image.convert("RGB").crop(box).resize((48, 32)), dtype=np.float32) / 255


def describe(pixels: np.ndarray) -> np.ndarray:
    """Gradients of the stretched luma, and a few colors."""
    gray = pixels.mean(-1)
    low, high = np.quantile(gray, [0.02, 0.98])
    stretched = np.clip((gray - low) / (high - low + 0.02), 0, 1)
    edges = hog(stretched, orientations=8, pixels_per_cell=(8, 8), cells_per_block=(1, 1))
    return np.concatenate([edges, pixels[::8, ::8].ravel()])


def classify(
    features: np.ndarray, target: np.ndarray, train: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities, out of fold on train, and an embedding."""
    network = MLPClassifier((128,), alpha=1, early_stopping=True, random_state=0)
    model = make_pipeline(StandardScaler(), PCA(60, random_state=0), network)
    probabilities = np.zeros((len(target), len(CLASSES)))
    probabilities[train] = cross_val_predict(
        model, features[train], target[train], cv=3, method="predict_proba"
    )
    model.fit(features[train], target[train])
    probabilities[~train] = model.predict_proba(features[~train])
    return probabilities, model[:-1].transform(features).astype(np.float32)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(make_scenes(tmp_path_factory.mktemp("planted"), train=160, val=120))


def test_wrong_labels_come_first(world: World) -> None:
    # One annotator takes cars and buses for trucks, in one image of twelve.
    val = world.truth.query("split == 'val'")
    wrong = val["mislabeled"].to_numpy()
    suspicion = -world.of_val("label_quality").astype(float)
    assert wrong.sum() > 15
    assert roc_auc_score(wrong, suspicion) > 0.9
    first = np.argsort(suspicion)[::-1][: wrong.sum()]
    assert wrong[first].mean() > 0.5  # by chance: one in 17
