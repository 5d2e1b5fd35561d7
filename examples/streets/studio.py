"""Makes the images of a data set, one at a time: each depends on nothing but its number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from mlflow_latent_examples.streets.annotations import CATEGORIES, annotate
from mlflow_latent_examples.streets.files import SPLITS, write_yolo
from mlflow_latent_examples.streets.scene import photograph

if TYPE_CHECKING:
    from pathlib import Path

    from mlflow_latent_examples.streets.camera import Camera
    from mlflow_latent_examples.streets.plan import Plan
    from mlflow_latent_examples.streets.scene import Conditions

FIRST_ID = {"train": 1, "val": 500_001}  # COCO's ids do not repeat between its splits
MOST_OF_AN_IMAGE = 1000  # objects
QUALITY = 90  # of the JPEGs

Record = dict[str, Any]


@dataclass(frozen=True)
class Made:
    """An image that has been written.

    Attributes:
        image: its entry in COCO's file.
        annotations: those of its objects.
        truth: what was done to it.
        truths: what its objects are.
    """

    image: Record
    annotations: list[Record]
    truth: Record
    truths: list[Record]


@dataclass(frozen=True)
class Studio:
    """Where images are made.

    Attributes:
        folder: of the data set.
        seed: of everything.
        camera: what scenes are seen through.
        plan: what is planted.
        width: pixels of an image.
        height: pixels of an image.
    """

    folder: Path
    seed: int
    camera: Camera
    plan: Plan
    width: int
    height: int

    def make(self, split: str, index: int) -> Made:
        """Draw and write an image; return what is known of it."""
        rng = np.random.default_rng([self.seed, SPLITS.index(split), index])
        conditions = self.plan.draw(split, rng)
        frame = photograph(conditions, self.camera, (self.width, self.height), rng)
        labelled = annotate(frame, self.plan.mistaken if conditions.relabeled else {})
        image = frame.image
        if conditions.grayscale:  # some saved as if they had colors, as one finds them
            image = image.convert("L").convert("L" if index % 2 else "RGB")

        number = FIRST_ID[split] + index
        name = f"{number:012d}"
        image.save(self.folder / "images" / f"{split}2017" / f"{name}.jpg", quality=QUALITY)
        first = number * MOST_OF_AN_IMAGE
        annotations = [
            {"id": first + place, "image_id": number, **one.annotation}
            for place, one in enumerate(labelled)
        ]
        labels = self.folder / "labels" / f"{split}2017" / f"{name}.txt"
        write_yolo(labels, annotations, self.width, self.height)
        whose = {"split": split, "image_id": number, "file_name": f"{name}.jpg"}
        truths = [
            {**whose, "annotation_id": first + place, **one.truth}
            for place, one in enumerate(labelled)
        ]
        record = {"id": number, "file_name": f"{name}.jpg"}
        record |= {"width": self.width, "height": self.height}
        return Made(record, annotations, {**whose, **_summary(conditions, truths)}, truths)


def _summary(conditions: Conditions, truths: list[Record]) -> Record:
    """What an image was made to be, and its objects by their true categories."""
    kinds = [truth["category"] for truth in truths]
    return {
        "night": conditions.night,
        "far": conditions.far,
        "grayscale": conditions.grayscale,
        "mislabeled": sum(truth["mislabeled"] for truth in truths),
        "objects": len(truths),
        **{name: kinds.count(name) for name in (str(one["name"]) for one in CATEGORIES)},
    }
