"""One fit's captures: what is open, what is done, and where the files go."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from lightning_callbacks.drawing import OverlayTap
from lightning_callbacks.layers import LayerHooks
from lightning_callbacks.monitor import Monitor
from lightning_callbacks.probes import distribute, run_loader
from lightning_callbacks.settings import split_names
from lightning_callbacks.split_capture import SplitCapture
from lightning_callbacks.thumbnails import ThumbnailTap
from mlflow_latent.capture.recorder import Recorder
from mlflow_latent.media import MEDIA, SpriteWriter, media_folder
from mlflow_latent.overlays import OverlayWriter
from mlflow_latent.schema import OWN_POOL, CaptureInfo

if TYPE_CHECKING:
    from lightning_callbacks.explaining import Explainer
    from lightning_callbacks.notices import Notices
    from lightning_callbacks.settings import Settings
    from mlflow_latent.capture.spool import Spool
    from mlflow_latent.capture.uploader import Uploader


class CaptureSession:
    """What one process captures during one fit.

    Nothing here waits for other processes but `measure`.

    Args:
        settings: what to capture.
        trainer: fits.
        module: is fitted.
        spool: gets the files.
        notices: what there is to say.

    Attributes:
        spool: gets the files.
        uploader: carries them to MLflow; None where there is no run, and in all processes but one.
        monitor: knows the best epoch.

    Raises:
        LayerNotFoundError: the module has no layer of a wanted name.
    """

    def __init__(
        self,
        settings: Settings,
        trainer: Any,
        module: Any,
        spool: Spool,
        notices: Notices,
    ) -> None:
        self.spool = spool
        self.uploader: Uploader | None = None
        self._settings, self._trainer, self._module = settings, trainer, module
        self._notices = notices
        whole = () if settings.logits is None else (settings.logits,)
        self._hooks = LayerHooks(module, settings.layers, settings.pool, whole)
        self._recorder = Recorder(
            spool.latent,
            CaptureInfo(),  # known when an epoch begins
            rank=trainer.global_rank,
            processes=trainer.world_size,
            embedding_dtype=settings.embedding_dtype,
        )
        self.monitor = Monitor(settings, trainer, notices)
        self._kept = set(self._recorder.embedding_epochs())
        self._open: dict[str, SplitCapture] = {}
        self._probes = {name: distribute(trainer, to) for name, to in settings.probes.items()}
        self._epoch = -1

    def state_dict(self) -> dict[str, Any]:
        """Return what a resumed training goes on with."""
        return {
            "spool": str(self.spool.folder),
            "best_epoch": self.monitor.best_epoch,
            "best_value": self.monitor.best_value,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where an earlier training stopped, if it wrote to this spool."""
        if state.get("spool") == str(self.spool.folder) and state["best_epoch"] is not None:
            self.monitor.update(state["best_epoch"], state["best_value"])

    def begin(self, epoch: int) -> None:
        """Start an epoch: listen to the layers."""
        self.abandon()
        self._epoch = epoch
        self._recorder.info = _info(self._settings, self._trainer, self.spool.run_id)
        self._hooks.attach()

    def record(self, outputs: Any, batch: Any, loader_number: int) -> None:
        """Record a batch of the trainer's own validation."""
        loaders = validation_loaders(self._trainer)
        names = split_names(self._settings.splits, len(loaders))
        self._split(names[loader_number], loaders[loader_number]).record(outputs, batch)

    def validate(self) -> None:
        """Run the validation loaders once more, unseen: the last epoch had no validation."""
        _load_validation(self._trainer)
        loaders = validation_loaders(self._trainer)
        names = split_names(self._settings.splits, len(loaders))
        limits = self._trainer.num_val_batches
        for number, (name, loader) in enumerate(zip(names, loaders, strict=True)):
            self._run(name, loader, number, limits[number])

    def probe(self) -> None:
        """Run the probes, and hand over the rows that still wait on the device."""
        for name, loader in self._probes.items():
            self._run(name, loader, limit=self._settings.probe_batches)
        self._hooks.detach()
        for capture in self._open.values():
            capture.flush()

    def measure(self, *, fresh: bool) -> float:
        """Return what tells how good the epoch is; all processes must ask, and get the same.

        Args:
            fresh: whether the logged metrics are those of the captured weights.
        """
        losses = [capture.mean_loss for capture in self._open.values()]
        mean_loss = next((loss for loss in losses if not math.isnan(loss)), math.nan)
        return self.monitor.measure(self._trainer, mean_loss, fresh=fresh)

    def finish(self, value: float) -> None:
        """Put the epoch's files in their places, and take embeddings from superseded ones.

        Args:
            value: of the monitored metric at this epoch, the same in all processes; or NaN.
        """
        while self._open:
            split = next(iter(self._open))
            self._open[split].close()
            del self._open[split]
        if self._trainer.is_global_zero:
            self._recorder.remove_leftovers(self._epoch)
        self.monitor.update(self._epoch, value)
        self._kept.add(self._epoch)
        for epoch in self._settings.keep.superseded(
            self._kept, self._epoch, self.monitor.best_epoch
        ):
            self._recorder.drop_embeddings(epoch)
            self._kept.discard(epoch)

    def submit(self) -> None:
        """Hand everything that is new in the spool, of all processes, to the uploader."""
        if self.uploader is not None:
            for path in self.spool.pending():
                self.uploader.submit(path)

    def explainer(self, notices: Notices) -> Explainer | None:
        """Return what makes heat-maps of this module; None where they are not wanted."""
        options = self._settings.heatmaps
        if options is None:
            return None
        from lightning_callbacks.explaining import explain_safely
        from lightning_callbacks.module_explainer import Runner

        loaders = validation_loaders(self._trainer)
        names = split_names(self._settings.splits, len(loaders))
        every = {**dict(zip(names, loaders, strict=True)), **self._settings.probes}
        runner = Runner(self._trainer, self._module)
        return explain_safely(self._settings, runner, every, options, notices)

    def abandon(self) -> None:
        """Stop listening, throw away the rows of an unfinished epoch; earlier epochs stay."""
        self._hooks.detach()
        while self._open:
            self._open.popitem()[1].abort()

    def _run(self, split: str, loader: Any, number: int = 0, limit: float = math.inf) -> None:
        capture = self._split(split, loader)
        run_loader(
            self._trainer,
            self._module,
            loader,
            capture.record,
            limit=limit,
            dataloader_idx=number,
            labelled=split not in self._settings.unlabeled,
        )

    def _split(self, split: str, loader: Any) -> SplitCapture:
        if split not in self._open:
            self._open[split] = SplitCapture(
                self._settings,
                self._recorder,
                self._hooks,
                self._notices,
                epoch=self._epoch,
                split=split,
                loader=loader,
                labelled=split not in self._settings.unlabeled,
                thumbnails=self._thumbnails(split),
                overlays=self._overlays(split),
            )
        return self._open[split]

    def _thumbnails(self, split: str) -> ThumbnailTap | None:
        """Thumbnails are made once, together with what else a sample is."""
        source = self._settings.thumbnail
        if source is None or self._recorder.has_samples(split):
            return None
        folder = media_folder(self.spool.latent / MEDIA, split)
        writer = SpriteWriter(folder, self._settings.thumbnail_size, self._recorder.rank)
        return ThumbnailTap(writer, source, self._notices, split)

    def _overlays(self, split: str) -> OverlayTap | None:
        """Overlays are drawn anew at each captured epoch: predictions are those of the last."""
        source = self._settings.overlays
        if source is None:
            return None
        folder = media_folder(self.spool.latent / MEDIA, split)
        writer = OverlayWriter(folder, self._recorder.rank)
        return OverlayTap(writer, source, self._notices, split)


def validation_loaders(trainer: Any) -> list[Any]:
    """Return the trainer's validation loaders, in its order; none before it has made them."""
    loop = trainer.fit_loop.epoch_loop.val_loop
    combined = loop._combined_loader  # noqa: SLF001 - what `val_dataloaders` reads, but in order
    return [] if combined is None else list(combined.flattened)


def _load_validation(trainer: Any) -> None:
    """Let the trainer make its validation loaders, if it never came to that."""
    if trainer.val_dataloaders is None and trainer.enable_validation:
        stage = trainer.state.stage
        trainer.validating = True
        trainer.fit_loop.epoch_loop.val_loop.setup_data()
        trainer.state.stage = stage


def _info(settings: Settings, trainer: Any, run_id: str | None) -> CaptureInfo:
    return CaptureInfo(
        task=settings.task,
        class_names=settings.class_names or _class_names(trainer),
        layers=settings.layers,
        pool=settings.pool if isinstance(settings.pool, str) else OWN_POOL,
        logits=settings.logits,
        metrics=dict(settings.metrics),
        run_id=run_id,
    )


def _class_names(trainer: Any) -> tuple[str, ...]:
    """The names a torchvision-like validation dataset has for its classes."""
    for loader in validation_loaders(trainer):
        dataset: Any = getattr(loader, "dataset", None)
        while hasattr(dataset, "dataset"):  # a subset
            dataset = dataset.dataset
        names = getattr(dataset, "classes", None)
        if isinstance(names, list | tuple) and all(isinstance(name, str) for name in names):
            return tuple(names)
    return ()
