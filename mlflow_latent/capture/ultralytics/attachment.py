"""`attach`: when to capture."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlflow_latent.capture.keep import BEST, LAST, KeepEmbeddings
from mlflow_latent.capture.ultralytics.delivery import (
    Delivery,
    Occasion,
    experiment_name,
    run_name,
)
from mlflow_latent.capture.ultralytics.guard import Guard
from mlflow_latent.capture.ultralytics.session import CaptureSession
from mlflow_latent.capture.ultralytics.settings import (
    Settings,
    check_model,
    layer_names,
    object_splits,
    probe_sources,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from mlflow_latent.capture.arrow import EmbeddingType
    from mlflow_latent.capture.ultralytics.settings import Layers, NamingFunction, Probes

CONFIDENCE = 0.25
"""From which on a prediction counts: what Ultralytics shows by default when it predicts."""
IOU = 0.5
"""Overlap from which on a prediction has found an object: that of mAP50."""


def attach(
    model: Any,
    *,
    layers: Layers | None = None,
    probes: Probes = ("train",),
    confidence: float = CONFIDENCE,
    iou: float = IOU,
    statistics: bool = True,
    metadata: pd.DataFrame | None = None,
    supercategories: Mapping[str, str] | None = None,
    sample_id: NamingFunction | None = None,
    thumbnail_size: int = 96,
    every_n_epochs: int = 1,
    keep_embeddings: str | int | Sequence[str | int] = (LAST, BEST),
    objects: bool | Sequence[str] = False,
    embedding_dtype: EmbeddingType = "float16",
    spool: Path | str | None = None,
    run_id: str | None = None,
    tracking_uri: str | None = None,
    analyze: bool = True,
    strict: bool = False,
) -> UltralyticsCapture:
    """Capture every image's embedding, loss, metrics and metadata when `model` trains or validates.

    Call it before `model.train(…)` or `model.val(…)`. Nothing that goes wrong in here ends or
    changes a training: it warns once and gets out of the way. Training on several GPUs is not
    captured: Ultralytics starts processes of its own for that, which know of no callback.

    Args:
        model: a YOLO that detects or segments, with PyTorch weights.
        layers: whose outputs, averaged over space, are the embeddings: names as
            `model.model.named_modules()` has them, or places in the list of layers. Default: the
            last layer of the backbone.
        probes: further splits to capture after each validation, without augmentation: entries of
            the data file, or a mapping of names to image folders. One pass over these images each;
            `()` for none.
        confidence: from which on a prediction counts in an image's metrics, and is drawn.
        iou: overlap from which on a prediction has found an object.
        statistics: compute brightness, sharpness, colors, … of each image, once.
        metadata: more fields, as a table indexed by sample id.
        supercategories: of class names.
        sample_id: function of an image's path; default: the file's name, or, where names are there
            twice, the path below the split's folder.
        thumbnail_size: side of a thumbnail, in pixels.
        every_n_epochs: capture every so many epochs, and always the last.
        keep_embeddings: epochs that keep their embeddings: `all`, `last`, `best` (by Ultralytics'
            fitness), numbers. All else of every captured epoch is kept.
        objects: capture each true object too, in a run of its own below this one: True, or the
            names of the splits whose objects are wanted, e.g. `("val",)`.
        embedding_dtype: `float16` or `float32`.
        spool: folder for the files until they are uploaded; default `.mlflow_latent` in
            Ultralytics' folder of the training.
        run_id: MLflow run; default: the run that Ultralytics logs to, else a new one.
        tracking_uri: where `run_id`, or the new run, lives.
        analyze: run the analysis at the end.
        strict: raise what would otherwise be a warning.

    Returns:
        What was attached; its `detach()` takes it off again. Attaching again replaces it.

    Raises:
        InputError: the model or an argument cannot be used.
        LayerNotFoundError: the model has no such layer.
    """
    module = check_model(model)
    settings = Settings(
        layers=layer_names(module, layers),
        probes=probe_sources(probes),
        task=model.task,
        confidence=confidence,
        iou=iou,
        statistics=statistics,
        metadata=metadata,
        supercategories=dict(supercategories or {}),
        sample_id=sample_id,
        thumbnail_size=thumbnail_size,
        every_n_epochs=every_n_epochs,
        keep=KeepEmbeddings.parse(keep_embeddings),
        objects=object_splits(module, objects),
        embedding_dtype=embedding_dtype,
        spool=None if spool is None else Path(spool),
        run_id=run_id,
        tracking_uri=tracking_uri,
        analyze=analyze,
        strict=strict,
    )
    return UltralyticsCapture(model, settings)


class UltralyticsCapture:
    """Listens to a model's trainings and validations; made by `attach`.

    Args:
        model: a YOLO.
        settings: what to capture.
    """

    def __init__(self, model: Any, settings: Settings) -> None:
        self.settings = settings
        self._model = model
        self._guard = Guard(strict=settings.strict)
        self._session: CaptureSession | None = None
        self._trainer: Any = None
        self._has_trained = False
        _remove(model)
        for event in EVENTS:
            model.add_callback(event, getattr(self, event))

    def detach(self) -> None:
        """Take the callbacks off the model."""
        _remove(self._model)

    # Ultralytics' events: a guard and one call

    def on_train_start(self, trainer: Any) -> None:
        """Find the run, and open the spool."""
        self._guard = Guard(strict=self.settings.strict)
        self._trainer, self._session, self._has_trained = trainer, None, True
        self._guard.attempt(lambda: self._start(trainer))

    def on_val_start(self, validator: Any) -> None:
        """Listen to a validation of the training, or to one that is alone."""
        if self._trainer is not None:
            self._guard.attempt(lambda: self._listen(self._trainer, validator))
        elif not self._has_trained:
            self._guard = Guard(strict=self.settings.strict)
            self._guard.attempt(lambda: self._listen_alone(validator))

    def on_val_end(self, validator: Any) -> None:
        """Leave validator and model as they were; a validation that is alone ends here."""
        session = self._session
        if session is None:
            return
        # After a failure too: Ultralytics pickles the model next, with the hooks that are on it.
        session.stop_listening()
        if self._guard.is_off:
            session.abandon()
        if self._trainer is None and not validator.training:
            self._guard.attempt(lambda: session.finish(math.nan))
            self._deliver()

    def on_fit_epoch_end(self, trainer: Any) -> None:
        """Run the probes, and finish the epoch.

        It comes once more after the last epoch, for the best weights: nothing is open then.
        """
        session = self._session
        if session is not None and session.is_open:
            self._guard.attempt(lambda: session.probe(trainer))
            self._guard.attempt(lambda: session.finish(_fitness(trainer)))
            if self._guard.is_off:
                session.close()

    def on_train_end(self, trainer: Any) -> None:  # noqa: ARG002 - an event
        """Upload what is left, and analyze, while Ultralytics' own run is still active."""
        self._deliver()

    def teardown(self, trainer: Any) -> None:  # noqa: ARG002 - an event
        """Leave whole files behind when a training breaks."""
        session, self._session, self._trainer = self._session, None, None
        if session is not None:
            session.close()
            session.delivery.stop()

    # What the events call

    def _start(self, trainer: Any) -> None:
        occasion = Occasion(
            save_dir=Path(trainer.save_dir),
            experiment=experiment_name(trainer.args),
            name=run_name(trainer.args.name or "train"),
            resumed=bool(trainer.resume),
            first_epoch=trainer.start_epoch,
        )
        self._open(occasion)
        if self._session is not None and trainer.best_fitness is not None:
            best = trainer.stopper.best_epoch - 1  # it counts from 1
            self._session.remember_best(best, float(trainer.best_fitness))

    def _open(self, occasion: Occasion) -> None:
        delivery = Delivery.open(self.settings, occasion, self._guard)
        self._session = CaptureSession(self.settings, delivery, self._guard)

    def _listen(self, trainer: Any, validator: Any) -> None:
        if self._session is not None and validator.training and self._is_due(trainer):
            self._session.listen(validator, trainer.epoch)

    def _listen_alone(self, validator: Any) -> None:
        split = validator.args.split
        name = run_name(f"{Path(str(validator.args.model or 'model')).stem} {split}")
        folder = Path(validator.save_dir)
        self._open(Occasion(folder, experiment_name(validator.args), name))
        if self._session is not None:
            epoch = (getattr(self._model, "ckpt", None) or {}).get("epoch", 0)
            self._session.listen(validator, max(int(epoch), 0))  # −1 when training was finished

    def _is_due(self, trainer: Any) -> bool:
        finishing = trainer.epoch + 1
        is_last = finishing >= trainer.epochs or trainer.stop
        return bool(is_last or finishing % self.settings.every_n_epochs == 0)

    def _deliver(self) -> None:
        session, self._session = self._session, None
        if session is None:
            return
        session.close()
        session.delivery.finish(analyze=self.settings.analyze and bool(session.captured))


EVENTS = (
    "on_train_start",
    "on_val_start",
    "on_val_end",
    "on_fit_epoch_end",
    "on_train_end",
    "teardown",
)


def _remove(model: Any) -> None:
    for event in EVENTS:
        kept = [
            callback
            for callback in model.callbacks.get(event, [])
            if not isinstance(getattr(callback, "__self__", None), UltralyticsCapture)
        ]
        model.callbacks[event] = kept


def _fitness(trainer: Any) -> float:
    return math.nan if trainer.fitness is None else float(trainer.fitness)
