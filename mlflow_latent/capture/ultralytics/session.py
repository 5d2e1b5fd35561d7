"""The captures of one training, or of one validation."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from mlflow_latent.capture.recorder import Recorder
from mlflow_latent.capture.ultralytics.levels import LevelTap, level_name
from mlflow_latent.capture.ultralytics.listening import LayerTap, ValidatorTap
from mlflow_latent.capture.ultralytics.matching import DIRECTIONS, MASK_DIRECTIONS
from mlflow_latent.capture.ultralytics.object_rows import OBJECT_DIRECTIONS, ObjectRows
from mlflow_latent.capture.ultralytics.probes import Probes
from mlflow_latent.capture.ultralytics.settings import TASKS
from mlflow_latent.capture.ultralytics.split_capture import SplitCapture
from mlflow_latent.metadata import ClassNames
from mlflow_latent.schema import CaptureInfo

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mlflow_latent.capture.ultralytics.delivery import Delivery
    from mlflow_latent.capture.ultralytics.guard import Guard
    from mlflow_latent.capture.ultralytics.settings import Settings


class CaptureSession:
    """What is captured during one training, or one validation.

    Args:
        settings: what to capture.
        delivery: takes the files.
        guard: attempts what may fail.

    Attributes:
        delivery: takes the files.
        captured: the epochs that were, now.
    """

    def __init__(self, settings: Settings, delivery: Delivery, guard: Guard) -> None:
        self.delivery = delivery
        self.captured: list[int] = []
        self._settings, self._guard = settings, guard
        self._recorder = Recorder(
            delivery.spool.latent, CaptureInfo(), embedding_dtype=settings.embedding_dtype
        )
        self._objects = _object_recorder(settings, delivery)
        self._layers, self._levels = LayerTap(settings.layers), LevelTap()
        self._probes = Probes(settings)
        self._kept = set(self._recorder.embedding_epochs())
        self._best: tuple[int | None, float] = (None, -math.inf)
        self._open: dict[str, SplitCapture] = {}
        self._tap: ValidatorTap | None = None
        self._validator: Any = None
        self._module: Any = None
        self._epoch = -1

    @property
    def is_open(self) -> bool:
        """Whether an epoch has begun that is not finished."""
        return bool(self._open)

    def remember_best(self, epoch: int, fitness: float) -> None:
        """Take over which epoch was best before this training was resumed."""
        if epoch in self._kept:
            self._best = (epoch, fitness)

    def listen(self, validator: Any, epoch: int) -> None:
        """Capture the validation that begins now.

        Args:
            validator: an Ultralytics validator, before its first batch.
            epoch: 0-based, that the weights had finished.
        """
        self.abandon()
        self._epoch, self._validator = epoch, validator
        self._tap = ValidatorTap(
            validator,
            lambda model: self._guard.attempt(lambda: self._meet(model)),
            lambda predictions, batch: self._guard.attempt(
                lambda: self._record(validator.args.split, predictions, batch)
            ),
        )

    def stop_listening(self) -> None:
        """Leave validator and model as they were; the epoch stays open."""
        if self._tap is not None:
            self._tap.close()
            self._tap = None
        self._layers.detach()
        self._levels.detach()

    def probe(self, trainer: Any) -> None:
        """Capture the probes' splits with the weights that were validated."""
        self._attach(self._module)
        try:
            for split in self._settings.probes:
                if split in self._open:  # the validation's own
                    continue
                loader = self._probes.loader(trainer, split)
                self._begin(split, loader.dataset)
                for predictions, batch in self._probes.run(trainer, self._module, loader):
                    self._record(split, predictions, batch)
        finally:
            self._layers.detach()
            self._levels.detach()

    def finish(self, fitness: float) -> None:
        """Put the epoch's files in their places, and take embeddings from superseded ones.

        Args:
            fitness: Ultralytics' measure of these weights, more is better; or NaN.
        """
        while self._open:
            split = next(iter(self._open))
            self._open[split].close()
            del self._open[split]
        self.captured.append(self._epoch)
        self._kept.add(self._epoch)
        if fitness > self._best[1]:
            self._best = (self._epoch, fitness)
        for epoch in self._settings.keep.superseded(self._kept, self._epoch, self._best[0]):
            for recorder in filter(None, (self._recorder, self._objects)):
                recorder.drop_embeddings(epoch)
            self._kept.discard(epoch)
        self.delivery.submit()

    def abandon(self) -> None:
        """Stop listening, throw away the rows of an unfinished epoch; earlier epochs stay."""
        self.stop_listening()
        while self._open:
            self._open.popitem()[1].abort()

    def close(self) -> None:
        """Let go of what belongs to the training."""
        self.abandon()
        self._probes.close()

    def _meet(self, module: Any) -> None:
        self._module = module
        self._recorder.info = self._info(module.names)
        if self._objects is not None:
            self._objects.info = self._object_info(self._recorder.info, module)
        self._attach(module)
        self._begin(self._validator.args.split, self._validator.dataloader.dataset)

    def _attach(self, module: Any) -> None:
        self._layers.attach(module)
        if self._objects is not None:
            self._levels.attach(module)

    def _begin(self, split: str, dataset: Any) -> None:
        names = ClassNames.of(
            self._names(self._validator.data["names"]), self._settings.supercategories
        )
        objects = None
        if self._objects is not None and self._settings.wants_objects(split):
            objects = ObjectRows(
                self._objects,
                epoch=self._epoch,
                split=split,
                names=names,
                layer=level_name(self._module),
                thumbnail_size=self._settings.thumbnail_size,
            )
        self._open[split] = SplitCapture(
            self._settings,
            self._recorder,
            self._guard,
            epoch=self._epoch,
            split=split,
            validator=self._validator,
            dataset=dataset,
            names=names,
            objects=objects,
        )

    def _record(self, split: str, predictions: Any, batch: dict[str, Any]) -> None:
        layers, raw = self._layers.take()
        levels = self._levels.take() if self._objects is not None else ()
        self._open[split].record(self._module, predictions, raw, layers, batch, levels=levels)

    def _names(self, names: Mapping[int, str]) -> dict[int, str]:
        return {int(number): str(name) for number, name in names.items()}

    def _info(self, names: Mapping[int, str]) -> CaptureInfo:
        found = self._names(names)
        masks = MASK_DIRECTIONS if self._settings.task == "segment" else {}
        return CaptureInfo(
            task=TASKS[self._settings.task],
            class_names=tuple(found.get(n, str(n)) for n in range(max(found, default=-1) + 1)),
            supercategories=dict(self._settings.supercategories),
            layers=self._settings.layers,
            pool="mean",
            metrics={**DIRECTIONS, **masks},
            run_id=self.delivery.spool.run_id,
        )

    def _object_info(self, images: CaptureInfo, module: Any) -> CaptureInfo:
        """Of objects: one class each, so what finds wrong labels of a classifier finds theirs."""
        run_id = self.delivery.objects.spool.run_id if self.delivery.objects else None
        changes = {
            "task": "classification",
            "layers": (level_name(module),),
            "metrics": OBJECT_DIRECTIONS,
            "run_id": run_id,
        }
        return images.model_copy(update=changes)


def _object_recorder(settings: Settings, delivery: Delivery) -> Recorder | None:
    if delivery.objects is None:
        return None
    dtype = settings.embedding_dtype
    return Recorder(delivery.objects.spool.latent, CaptureInfo(), embedding_dtype=dtype)
