"""One split at one epoch: from batches and predictions to recorded rows."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np

from mlflow_latent.capture.ultralytics.detections import read_detections
from mlflow_latent.capture.ultralytics.losses import criterion_of, image_losses
from mlflow_latent.capture.ultralytics.matching import DIRECTIONS, MASK_DIRECTIONS
from mlflow_latent.capture.ultralytics.object_rows import ImageObjects
from mlflow_latent.capture.ultralytics.object_terms import CriterionTap, ObjectTerms
from mlflow_latent.capture.ultralytics.pictures import Frame, drawn_objects, thumbnail
from mlflow_latent.capture.ultralytics.said import said
from mlflow_latent.capture.ultralytics.samples import Labels, SampleNames, metadata_columns
from mlflow_latent.media import MEDIA, SpriteWriter, media_folder
from mlflow_latent.overlays import OverlayWriter
from mlflow_latent.schema import (
    META_PREFIX,
    METRIC_PREFIX,
    SAMPLE_ID,
    URI,
    embedding_column,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from torch import Tensor

    from mlflow_latent.capture.recorder import Recorder
    from mlflow_latent.capture.ultralytics.detections import Detections
    from mlflow_latent.capture.ultralytics.guard import Guard
    from mlflow_latent.capture.ultralytics.object_rows import ObjectRows
    from mlflow_latent.capture.ultralytics.settings import Settings
    from mlflow_latent.metadata import ClassNames

Columns = dict[str, Any]


class SplitCapture:
    """Records what a model makes of one split at one epoch.

    Args:
        settings: what to capture.
        recorder: writes it.
        guard: says what there is to say.
        epoch: the 0-based epoch that the weights had finished.
        split: its name.
        validator: knows classes, thresholds and how masks lie in a batch.
        dataset: gives the batches.
        names: of the classes.
        objects: records the split's single objects; None if they are not wanted.
    """

    def __init__(
        self,
        settings: Settings,
        recorder: Recorder,
        guard: Guard,
        *,
        epoch: int,
        split: str,
        validator: Any,
        dataset: Any,
        names: ClassNames,
        objects: ObjectRows | None = None,
    ) -> None:
        self.split = split
        self._objects = objects
        self._settings, self._guard, self._validator = settings, guard, validator
        self._labels = Labels.of(dataset, names)
        self._sample_name = SampleNames(getattr(dataset, "im_files", ()), settings.sample_id)
        self._rows = recorder.begin(epoch, split)
        folder = media_folder(recorder.root / MEDIA, split)
        self._overlays = OverlayWriter(folder)
        first = self._rows.wants_static
        self._sprites = SpriteWriter(folder, settings.thumbnail_size) if first else None

    def record(
        self,
        module: Any,
        predictions: list[dict[str, Tensor]],
        raw: Any,
        layers: Mapping[str, Tensor],
        batch: dict[str, Any],
        *,
        levels: Sequence[Tensor] = (),
    ) -> None:
        """Record one batch.

        Args:
            module: the model.
            predictions: of each image, after suppression.
            raw: what the model returned for the criterion; None if it did not.
            layers: (N, D) pooled outputs by layer.
            batch: as Ultralytics' validator has prepared it.
            levels: (N, C, H, W) maps of the head's levels, where objects are wanted.
        """
        ids = [self._sample_name(file) for file in batch["im_file"]]
        frames = [Frame.of(batch, number) for number in range(len(ids))]
        found = read_detections(self._validator, self._settings, predictions, batch)
        columns: Columns = {SAMPLE_ID: ids}
        losses, terms = self._losses(module, raw, batch)
        columns |= losses
        columns |= _metric_columns(found, masks="masks" in batch)
        columns |= said(predictions)
        columns |= {embedding_column(name): v.cpu().numpy() for name, v in layers.items()}
        if self._rows.wants_static:
            columns |= {URI: list(batch["im_file"])} | self._metadata(ids, frames, batch)
        kept = self._new(ids)
        if not kept:
            return
        if self._objects is not None:
            self._objects.add(
                [
                    ImageObjects(
                        ids[n],
                        batch["im_file"][n],
                        picture=batch["img"][n],
                        frame=frames[n],
                        size=_size(batch, n),
                        detections=found[n],
                        terms=terms[n],
                        maps=[level[n] for level in levels],
                        fields=_fields(columns, n),
                    )
                    for n in kept
                    if terms
                ]
            )
        self._rows.add({name: _taken(values, kept) for name, values in columns.items()})
        self._show([(ids[n], frames[n], found[n], n) for n in kept], batch)

    def close(self) -> list[Path]:
        """Put the files in their places and return them."""
        objects = self._objects.close() if self._objects is not None else []
        sprites = self._sprites.close() if self._sprites is not None else []
        return [*objects, *sprites, *self._overlays.close(), *self._rows.close()]

    def abort(self) -> None:
        """Throw away what was recorded."""
        if self._objects is not None:
            self._objects.abort()
        self._rows.abort()
        self._overlays.abort()
        if self._sprites is not None:
            self._sprites.abort()

    def _losses(
        self, module: Any, raw: Any, batch: dict[str, Any]
    ) -> tuple[Columns, list[ObjectTerms | None]]:
        """Losses of the images, and where objects are wanted those of each image's objects."""
        if raw is None:
            self._guard.warn(
                "loss",
                f"split {self.split!r} is captured without a loss, as the model returns no raw "
                "predictions (augment=True does that)"
                + ("; nor are its objects" if self._objects is not None else ""),
            )
            return {}, []
        n_classes = int(module.model[-1].nc)
        overlap = bool(self._validator.args.overlap_mask)
        criterion, terms = criterion_of(module), list[ObjectTerms | None]()
        tap = CriterionTap(criterion) if self._objects is not None else None

        def take(labels: dict[str, Any] | None) -> None:
            if tap is not None:
                terms.append(tap.take(labels))

        with tap or nullcontext():
            losses = image_losses(
                criterion, raw, batch, n_classes=n_classes, overlap=overlap, on_image=take
            )
        if len(batch["cls"]) and int(batch["cls"].max()) >= n_classes:
            self._guard.warn(
                f"classes of {self.split}",
                f"images of split {self.split!r} have objects of class "
                f"{int(batch['cls'].max())}, but the model knows {n_classes} classes, from 0: they "
                "have no loss",
            )
        return dict(losses), terms

    def _metadata(self, ids: list[str], frames: list[Frame], batch: dict[str, Any]) -> Columns:
        pictures = None
        if self._settings.statistics:
            images = batch["img"].float().clamp(0, 1).cpu()
            pictures = [f.cut(image).numpy() for f, image in zip(frames, images, strict=True)]
            if pictures[0].shape[0] not in {1, 3, 4}:  # infrared and the like have no color
                pictures = None
        sizes = [(int(height), int(width)) for height, width in batch["ori_shape"]]
        columns = metadata_columns(pictures, batch["im_file"], sizes, self._labels)
        if self._settings.metadata is not None:
            table = self._settings.metadata.reindex(ids)
            columns |= {f"{META_PREFIX}{name}": table[name].array for name in table}
        return columns

    def _new(self, ids: list[str]) -> list[int]:
        """Rows that were not there before: a list of files may name one twice."""
        seen = set(self._rows.sample_ids)
        kept = []
        for number, name in enumerate(ids):
            if name in seen:
                self._guard.warn(
                    f"twice in {self.split}",
                    f"split {self.split!r} has {name!r} more than once; the first is captured",
                )
            else:
                seen.add(name)
                kept.append(number)
        return kept

    def _show(
        self, samples: list[tuple[str, Frame, Detections, int]], batch: dict[str, Any]
    ) -> None:
        for name, frame, found, number in samples:
            shapes = self._labels.outlines(batch["im_file"][number])
            outlines = [None if s is None else frame.to_input(s) for s in shapes]
            self._overlays.add(
                name,
                [
                    *drawn_objects(
                        "target", frame, found.true_boxes, found.true_classes, outlines=outlines
                    ),
                    *drawn_objects(
                        "prediction",
                        frame,
                        found.boxes,
                        found.classes,
                        scores=found.scores,
                        outlines=found.outlines,
                    ),
                ],
            )
        if self._sprites is not None:
            size = self._settings.thumbnail_size
            tiles = [thumbnail(frame.cut(batch["img"][n]), size) for _, frame, _, n in samples]
            self._sprites.add([name for name, *_ in samples], np.stack(tiles))


def _metric_columns(found: list[Detections], *, masks: bool) -> Columns:
    names = [*DIRECTIONS, *(MASK_DIRECTIONS if masks else ())]
    metrics = [detections.metrics for detections in found]
    return {f"{METRIC_PREFIX}{name}": [each.get(name) for each in metrics] for name in names}


def _size(batch: Mapping[str, Any], number: int) -> tuple[int, int]:
    height, width = batch["ori_shape"][number]
    return int(height), int(width)


def _fields(columns: Columns, number: int) -> dict[str, Any]:
    """Metadata of one image by field."""
    names = [name for name in columns if name.startswith(META_PREFIX)]
    return {name.removeprefix(META_PREFIX): columns[name][number] for name in names}


def _taken(values: Any, rows: list[int]) -> Any:
    if isinstance(values, list):
        return [values[row] for row in rows]
    return values[rows]
