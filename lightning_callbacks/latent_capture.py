"""The callback: when to capture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lightning_callbacks.delivery import (
    analyze_captures,
    create_spool,
    join_spool,
    start_uploader,
)
from lightning_callbacks.frameworks import CallbackBase
from lightning_callbacks.notices import Notices
from lightning_callbacks.runs import explain_file_store
from lightning_callbacks.safety import Safety
from lightning_callbacks.session import CaptureSession
from lightning_callbacks.settings import Settings, heatmap_options, metadata_sources
from mlflow_latent.capture.keep import BEST, LAST, KeepEmbeddings
from mlflow_latent.errors import CaptureError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from torch import Tensor

    from lightning_callbacks.settings import Key, MetadataSource
    from mlflow_latent.capture.arrow import EmbeddingType
    from mlflow_latent.explain import ExplainOptions
    from mlflow_latent.overlays import SampleObject
    from mlflow_latent.schema import Direction, Task

LAST_SECONDS = 5.0
"""To upload when a training breaks: somebody waits at the keyboard, and `sync` does the rest."""


class LatentCapture(CallbackBase):
    """Captures every sample's embedding, loss, prediction and metadata at each validation epoch.

    Nothing that goes wrong in here ends or changes a training: the callback warns once and gets out
    of the way.

    Args:
        layer: whose output is the embedding, as `model.named_modules()` names it; one or several.
            A layer that runs more than once in a step is taken as it ran last.
        pool: makes one vector of a sample's feature map (N, C, *space) or tokens (N, T, C): `mean`,
            `max`, `cls` (the first token), or a function of the output that returns (N, D).
        logits: layer whose output (N, C) are the logits; prediction, probabilities and the
            per-sample cross-entropy then come from it, and `validation_step` need not change.
        loss: function of (step output, batch) that returns the (N,) losses; default: the step's
            output, or its key `loss`.
        sample_id: where in the batch the ids are: a key, a place, or a function of the batch.
            Default: the key `sample_id` of the step's output or batch, else the dataset's order.
        target: the same for the class index; default: the batch's second part or key `target`. A
            negative one means "no label".
        metadata: function of the batch that returns names and (N,) values, or a table indexed by
            sample id; or several of these. Asked once per sample, at the first captured epoch.
            `mlflow_latent.metadata` makes both, of images, boxes and masks.
        thumbnail: `auto` takes the batch's first image tensor (N, 1 or 3, H, W), scaled by the
            least and greatest value in the split's first batch; or a function of the batch that
            returns one; None for none.
        thumbnail_size: side of a thumbnail, in pixels.
        overlays: function of (step output, batch) that returns, for each sample, what is drawn over
            its thumbnail: `mlflow_latent.overlays.SampleObject`, or what
            `mlflow_latent.outlines.outline_map` makes of a segmentation. Asked at each captured
            epoch.
        probes: further loaders to capture after validation, by split name, e.g. the training set
            without augmentation. They run through `validation_step` in eval mode, and leave the
            module, its metrics, logged values and all random numbers as they were.
        unlabeled: splits that have no labels; as probes they run through `predict_step`, or through
            the module itself.
        splits: names of the validation loaders; default `val`, `val_1`, ….
        every_n_epochs: capture every so many epochs, and always the last.
        keep_embeddings: epochs that keep their embeddings: `all`, `last`, `best`, numbers. All else
            of every captured epoch is kept.
        monitor: logged metric that says which epoch is best; default: what the trainer's
            checkpoints or early stopping monitor, else the mean loss of the first split.
        mode: whether the least (`min`) or greatest (`max`) value of `monitor` is best.
        class_names: names of the classes, by index; default: the validation dataset's `classes`.
        task: what the model does.
        metrics: whether a per-sample `metric_<name>` is better `higher` (default) or `lower`.
        embedding_dtype: `float16` or `float32`.
        spool: folder for the files until they are uploaded; default `.mlflow_latent` in the
            trainer's `default_root_dir`. In distributed training all processes must see it.
        run_id: MLflow run; default: the run of the trainer's MLFlowLogger, else the active run.
        tracking_uri: where `run_id` lives.
        analyze: run the analysis when fitting ends.
        heatmaps: with the analysis, make heat-maps of the worst and the most typical samples of
            each insight: True, or `mlflow_latent.ExplainOptions`, which bound number and time.
        strict: raise what would otherwise be a warning.

    Raises:
        InputError: an argument cannot be used.

    Example:
        >>> capture = LatentCapture("backbone", logits="head")
        >>> capture.settings.layers
        ('backbone',)
    """

    _session: CaptureSession | None
    _restored: dict[str, Any]  # what an earlier training, resumed here, left in its checkpoint
    _is_on: bool  # in all processes: capture has started, and not failed
    _capturing: bool  # between the start and the end of a validation that is captured
    _finished_epoch: int | None
    _captured_epoch: int | None

    def __init__(
        self,
        layer: str | Sequence[str],
        *,
        pool: str | Callable[[Any], Tensor] = "mean",
        logits: str | None = None,
        loss: Callable[[Any, Any], Any] | None = None,
        sample_id: Key | None = None,
        target: Key | None = None,
        metadata: MetadataSource | Sequence[MetadataSource] | None = None,
        thumbnail: str | Callable[[Any], Any] | None = "auto",
        thumbnail_size: int = 64,
        overlays: Callable[[Any, Any], Sequence[Iterable[SampleObject]]] | None = None,
        probes: Mapping[str, Any] | None = None,
        unlabeled: Sequence[str] = ("unlabeled",),
        splits: Sequence[str] = (),
        every_n_epochs: int = 1,
        keep_embeddings: str | int | Sequence[str | int] = (LAST, BEST),
        monitor: str | None = None,
        mode: str = "min",
        class_names: Sequence[str] = (),
        task: Task = "classification",
        metrics: Mapping[str, Direction] | None = None,
        embedding_dtype: EmbeddingType = "float16",
        spool: Path | str | None = None,
        run_id: str | None = None,
        tracking_uri: str | None = None,
        analyze: bool = True,
        heatmaps: bool | ExplainOptions = False,
        strict: bool = False,
    ) -> None:
        super().__init__()
        self.settings = Settings(
            layers=(layer,) if isinstance(layer, str) else tuple(layer),
            pool=pool,
            logits=logits,
            loss=loss,
            sample_id=sample_id,
            target=target,
            metadata=metadata_sources(metadata),
            thumbnail=thumbnail,
            thumbnail_size=thumbnail_size,
            overlays=overlays,
            probes=dict(probes or {}),
            unlabeled=tuple(unlabeled),
            splits=tuple([splits] if isinstance(splits, str) else splits),
            every_n_epochs=every_n_epochs,
            keep=KeepEmbeddings.parse(keep_embeddings),
            monitor=monitor,
            mode=mode,
            class_names=tuple(class_names),
            task=task,
            metrics=dict(metrics or {}),
            embedding_dtype=embedding_dtype,
            spool=spool,
            run_id=run_id,
            tracking_uri=tracking_uri,
            analyze=analyze,
            heatmaps=heatmap_options(heatmaps),
            strict=strict,
        )
        self._reset()

    # Hooks: a guard and one call

    def setup(self, trainer: Any, pl_module: Any, stage: str) -> None:  # noqa: ARG002 - a hook
        """Forget an earlier fit."""
        if stage == "fit":
            self._reset()

    def on_train_start(self, trainer: Any, pl_module: Any) -> None:
        """Check the arguments against the model, and open the spool."""
        if not trainer.fast_dev_run:
            self._start(trainer, pl_module)

    def on_validation_start(self, trainer: Any, pl_module: Any) -> None:  # noqa: ARG002 - a hook
        """Start capturing an epoch."""
        self._capturing = self._is_on and self._is_due(trainer) and not trainer.sanity_checking
        if self._capturing:
            self._safety.attempt(lambda: self._current.begin(trainer.current_epoch))

    def on_validation_batch_end(  # noqa: PLR0917 - Lightning's signature
        self,
        trainer: Any,  # noqa: ARG002 - a hook
        pl_module: Any,  # noqa: ARG002 - a hook
        outputs: Any,
        batch: Any,
        batch_idx: int,  # noqa: ARG002 - a hook
        dataloader_idx: int = 0,
    ) -> None:
        """Record a batch."""
        if self._capturing:
            self._safety.attempt(lambda: self._current.record(outputs, batch, dataloader_idx))

    def on_validation_end(self, trainer: Any, pl_module: Any) -> None:  # noqa: ARG002 - a hook
        """Run the probes, and put the epoch's files in their places."""
        if self._capturing:
            self._finish(trainer, trainer.current_epoch, fresh=True)

    def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:  # noqa: ARG002 - a hook
        """Note what the weights have finished; without validation, run the probes here."""
        self._finished_epoch = trainer.current_epoch
        if self._is_on and self._is_due(trainer) and not trainer.enable_validation:
            self._capture_apart(trainer, trainer.current_epoch)

    def on_train_end(self, trainer: Any, pl_module: Any) -> None:  # noqa: ARG002 - a hook
        """Capture the last epoch if it was not."""
        if self._is_on and self._finished_epoch not in {None, self._captured_epoch}:
            self._capture_apart(trainer, self._finished_epoch)

    def on_fit_end(self, trainer: Any, pl_module: Any) -> None:  # noqa: ARG002 - a hook
        """Upload what is left, and analyze."""
        if self._session is not None and trainer.is_global_zero:
            self._deliver(self._session)

    def on_exception(self, trainer: Any, pl_module: Any, exception: BaseException) -> None:  # noqa: ARG002 - a hook
        """Leave whole files behind when the training breaks."""
        explain_file_store(exception)
        if self._session is not None:
            self._safety.attempt(self._stop)

    def state_dict(self) -> dict[str, Any]:
        """Return what a resumed training goes on with."""
        return dict(self._restored) if self._session is None else self._session.state_dict()

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Remember what an earlier training captured."""
        self._restored = dict(state_dict)

    # What the hooks call

    def _reset(self) -> None:
        self._notices = Notices()
        self._safety = Safety(self._notices, strict=self.settings.strict)
        self._session = None
        self._restored = {}
        self._is_on = self._capturing = False
        self._finished_epoch = self._captured_epoch = None

    @property
    def _current(self) -> CaptureSession:
        if self._session is None:
            raise CaptureError("capture has not started")
        return self._session

    def _is_due(self, trainer: Any) -> bool:
        finishing = trainer.current_epoch + 1
        return bool(
            finishing % self.settings.every_n_epochs == 0 or finishing == trainer.max_epochs
        )

    def _start(self, trainer: Any, module: Any) -> None:
        folder = self._safety.attempt(lambda: self._create(trainer))
        folder = trainer.strategy.broadcast(folder)
        self._safety.attempt(lambda: self._open(trainer, module, folder))
        self._go_on(trainer)

    def _create(self, trainer: Any) -> str | None:
        if not trainer.is_global_zero:
            return None
        earlier = self._restored.get("spool")
        return str(create_spool(self.settings, trainer, earlier, self._notices).folder)

    def _open(self, trainer: Any, module: Any, folder: str | None) -> None:
        session = CaptureSession(self.settings, trainer, module, join_spool(folder), self._notices)
        session.load_state_dict(self._restored)
        if trainer.is_global_zero:
            session.uploader = start_uploader(session.spool)
        self._session = session

    def _go_on(self, trainer: Any) -> bool:
        """Whether all processes are well; if one is not, all of them stop capturing."""
        self._is_on = self._safety.agree(trainer)
        if not self._is_on and self._session is not None:
            self._session.abandon()
            self._capturing = False
        return self._is_on

    def _finish(self, trainer: Any, epoch: int, *, fresh: bool) -> None:
        self._capturing = False
        session = self._current
        if self._go_on(trainer):
            self._safety.attempt(session.probe)
        if self._is_on and self._go_on(trainer):
            value = session.measure(fresh=fresh)
            self._safety.attempt(lambda: session.finish(value))
        if self._is_on and self._go_on(trainer):
            self._safety.attempt(session.submit)
            self._captured_epoch = epoch

    def _capture_apart(self, trainer: Any, epoch: int | None) -> None:
        self._safety.attempt(lambda: self._current.begin(-1 if epoch is None else epoch))
        self._safety.attempt(self._current.validate)
        self._finish(trainer, -1 if epoch is None else epoch, fresh=False)

    def _stop(self) -> None:
        self._current.abandon()
        if self._current.uploader is not None:
            self._current.uploader.close(timeout=LAST_SECONDS)

    def _deliver(self, session: CaptureSession) -> None:
        summary = session.uploader.close() if session.uploader is not None else None
        if self.settings.analyze and self._captured_epoch is not None:
            away = summary is not None and summary.left > 0
            explain = session.explainer(self._notices)
            analyze_captures(session.spool, self._notices, server_away=away, explain=explain)
