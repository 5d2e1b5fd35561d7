"""One row per true object: what it is, what the model made of it, and a picture."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np

from mlflow_latent.capture.ultralytics.levels import pool
from mlflow_latent.capture.ultralytics.matching import overlaps
from mlflow_latent.capture.ultralytics.pictures import thumbnail
from mlflow_latent.capture.ultralytics.samples import SIZE_FIELDS
from mlflow_latent.media import MEDIA, SpriteWriter, media_folder
from mlflow_latent.metadata import metadata_functions
from mlflow_latent.metadata.functions.truncation import TOUCH
from mlflow_latent.schema import (
    META_PREFIX,
    METRIC_PREFIX,
    PRED_PROBS,
    PREDICTION,
    SAMPLE_ID,
    TARGET,
    URI,
    embedding_column,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import Tensor

    from mlflow_latent.capture.recorder import Recorder
    from mlflow_latent.capture.ultralytics.detections import Detections
    from mlflow_latent.capture.ultralytics.object_terms import ObjectTerms
    from mlflow_latent.capture.ultralytics.pictures import Frame
    from mlflow_latent.metadata import ClassNames
    from mlflow_latent.schema import Direction

OBJECT_DIRECTIONS: dict[str, Direction] = {
    "found": "higher",
    "iou": "higher",
    "confidence": "higher",
    "loss_added": "lower",
}
"""The metrics of an object, and which way is better."""
IDENTITY = "#"  # between an image's sample id and the number of the object in its label file
IMAGE = "image"
SHARED = frozenset({"n_objects"})  # of the fields about an image's objects: their crowding
SMALL, MEDIUM = 32**2, 96**2  # square pixels: COCO's limits
THUMBNAIL = 64  # pixels: there are many more objects than images
MARGIN = 0.2  # of a box's sides, that its picture shows around it


class ObjectRows:
    """Records the objects of one split at one epoch.

    Args:
        recorder: of objects.
        epoch: the 0-based epoch that the weights had finished.
        split: its name.
        names: of the classes.
        layer: whose maps the embeddings are pooled from.
        thumbnail_size: side of a picture, in pixels.
    """

    def __init__(
        self,
        recorder: Recorder,
        *,
        epoch: int,
        split: str,
        names: ClassNames,
        layer: str,
        thumbnail_size: int,
    ) -> None:
        self._names, self._column = names, embedding_column(layer)
        self._rows = recorder.begin(epoch, split)
        self._size = min(thumbnail_size, THUMBNAIL)
        folder = media_folder(recorder.root / MEDIA, split)
        self._sprites = SpriteWriter(folder, self._size) if self._rows.wants_static else None

    def add(self, images: Sequence[ImageObjects]) -> None:
        """Record the objects of some images; those without objects, or without terms, have none."""
        known = [image for image in images if image.terms is not None]
        if not known:
            return
        columns = _joined([self._columns(image) for image in known])
        self._rows.add(columns)
        if self._sprites is not None:
            tiles = [tile for image in known for tile in image.pictures(self._size)]
            self._sprites.add(columns[SAMPLE_ID], np.stack(tiles))

    def close(self) -> list[Path]:
        """Put the files in their places and return them."""
        sprites = self._sprites.close() if self._sprites is not None else []
        return [*sprites, *self._rows.close()]

    def abort(self) -> None:
        """Throw away what was recorded."""
        self._rows.abort()
        if self._sprites is not None:
            self._sprites.abort()

    def _columns(self, image: ImageObjects) -> dict[str, list[Any]]:
        columns = image.results() | {self._column: list(image.embeddings())}
        if self._rows.wants_static:
            columns |= image.facts(self._names)
        return columns


class ImageObjects:
    """The true objects of one image, and what is known of them.

    Args:
        sample_id: of the image.
        file: its path.
        picture: (C, H, W) the input, with its padding.
        frame: where the image is in it.
        size: (height, width) of the image in its file, in pixels.
        detections: what was found in it.
        terms: of the criterion; None without objects or without a loss.
        maps: (C, H, W) of each level.
        fields: metadata of the image.
    """

    def __init__(
        self,
        sample_id: str,
        file: str,
        *,
        picture: Tensor,
        frame: Frame,
        size: tuple[int, int],
        detections: Detections,
        terms: ObjectTerms | None,
        maps: Sequence[Tensor],
        fields: Mapping[str, Any],
    ) -> None:
        self.terms = terms
        self._sample_id, self._file = sample_id, file
        self._picture, self._frame, self._maps = picture, frame, maps
        self._height, self._width = size
        self._found, self._fields = detections, fields

    def __len__(self) -> int:
        return len(self._found.true_boxes)

    def results(self) -> dict[str, list[Any]]:
        """What the model made of each object."""
        terms = self.terms
        if terms is None:
            return {}
        probabilities = terms.probabilities.cpu().numpy()
        hit = ~np.isnan(self._found.true_iou)
        metrics = {
            "found": hit.astype(np.float64).tolist(),
            "iou": _nullable(self._found.true_iou),
            "confidence": _nullable(self._found.true_scores),
            "loss_added": terms.added.cpu().tolist(),
        }
        return {
            SAMPLE_ID: [f"{self._sample_id}{IDENTITY}{number}" for number in range(len(self))],
            **{name: _nullable(values.cpu().numpy()) for name, values in terms.losses.items()},
            **{f"{METRIC_PREFIX}{name}": values for name, values in metrics.items()},
            PREDICTION: probabilities.argmax(1).tolist(),
            PRED_PROBS: list(probabilities),
        }

    def embeddings(self) -> NDArray[np.float32]:
        """(K, C) of each object."""
        boxes = self._picture.new_tensor(self._found.true_boxes, dtype=self._maps[0].dtype).float()
        pooled: NDArray[np.float32] = pool(self._maps, boxes, self._picture.shape[1]).cpu().numpy()
        return pooled

    def facts(self, names: ClassNames) -> dict[str, list[Any]]:
        """What each object is, in the image of the file."""
        classes = self._found.true_classes.astype(int).tolist()
        shares = self._shares()
        pixels = shares * [self._width, self._height, self._width, self._height]
        sides = np.clip(pixels[:, 2:] - pixels[:, :2], 0, None)
        area = sides.prod(1)
        fields: dict[str, list[Any]] = {
            IMAGE: [self._sample_id] * len(self),
            "area": (area / (self._width * self._height)).tolist(),
            "size": ["small" if a < SMALL else "medium" if a < MEDIUM else "large" for a in area],
            "width": sides[:, 0].tolist(),
            "height": sides[:, 1].tolist(),
            "aspect_ratio": [w / h if h > 0 else None for w, h in sides.tolist()],
            "center_x": shares[:, 0::2].mean(1).tolist(),
            "center_y": shares[:, 1::2].mean(1).tolist(),
            "occlusion": _occlusion(pixels).tolist(),
            "is_truncated": _is_truncated(pixels, self._width, self._height).tolist(),
        }
        if names.supercategories:
            groups = names.supercategories
            fields["supercategory"] = [groups.get(names.names.get(i, "")) for i in classes]
        fields |= {name: [value] * len(self) for name, value in self._of_image()}
        return {
            TARGET: classes,
            URI: [self._file] * len(self),
            **{f"{META_PREFIX}{name}": values for name, values in fields.items()},
        }

    def pictures(self, size: int) -> list[NDArray[np.uint8]]:
        """A picture of each object, with a little of what is around it."""
        frame = self._frame
        low = np.array([frame.left, frame.top])
        high = low + np.array([frame.width, frame.height])
        tiles = []
        for box in self._found.true_boxes:
            margin = MARGIN * (box[2:] - box[:2])
            first = np.clip(np.floor(box[:2] - margin), low, high - 1).astype(int)
            last = np.clip(np.ceil(box[2:] + margin), first + 1, high).astype(int)
            cut = self._picture[:, first[1] : last[1], first[0] : last[0]]
            tiles.append(thumbnail(cut, size))
        return tiles

    def _shares(self) -> NDArray[np.float64]:
        """(K, 4) boxes cut to the image, as shares of it."""
        frame = self._frame
        offset = np.tile([frame.left, frame.top], 2)
        shares = (self._found.true_boxes - offset) / np.tile([frame.width, frame.height], 2)
        return np.asarray(np.clip(shares, 0, 1), dtype=np.float64)

    def _of_image(self) -> list[tuple[str, Any]]:
        """Fields of the image that say something of each object in it."""
        return [(name, value) for name, value in self._fields.items() if _is_of_each(name)]


@functools.cache
def _is_of_each(field: str) -> bool:
    """Whether an image's field is each object's too: not its size, nor sums over objects."""
    if field in SHARED or field in SIZE_FIELDS:
        return field in SHARED
    return not any(function.quantity(field) for function in metadata_functions("objects"))


def _joined(parts: list[dict[str, list[Any]]]) -> dict[str, Any]:
    """The rows of several images; a loss that no object of an image has is missing there."""
    names = dict.fromkeys(name for part in parts for name in part)
    sizes = [len(part[SAMPLE_ID]) for part in parts]
    found: dict[str, Any] = {
        name: [
            value
            for part, size in zip(parts, sizes, strict=True)
            for value in part.get(name, [None] * size)
        ]
        for name in names
    }
    vectors = {name for name in found if isinstance(found[name][0], np.ndarray)}
    return {name: np.stack(v) if name in vectors else v for name, v in found.items()}


def _occlusion(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """(K,) the largest intersection ÷ union with another true box, 0 without one."""
    shared = overlaps(boxes, boxes)
    np.fill_diagonal(shared, 0.0)
    return np.asarray(shared.max(axis=1))


def _is_truncated(boxes: NDArray[np.float64], width: int, height: int) -> NDArray[np.bool_]:
    left, top, right, bottom = boxes.T
    beside = (left < TOUCH) | (right > width - TOUCH)
    return np.asarray(beside | (top < TOUCH) | (bottom > height - TOUCH))


def _nullable(values: NDArray[np.floating]) -> list[float | None]:
    return [None if np.isnan(value) else float(value) for value in values]
