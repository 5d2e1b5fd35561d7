"""Explains samples of a module: through its own step, so that whatever can be captured can be."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn import functional

from lightning_callbacks.batches import LOGITS
from lightning_callbacks.isolation import isolated
from lightning_callbacks.layers import find_layer, first_tensor, pool_with_gradient
from lightning_callbacks.probes import move_batch, step_of, validation_step
from lightning_callbacks.sample_ids import look_up
from lightning_callbacks.sample_search import SampleSearch
from lightning_callbacks.thumbnails import find_images
from lightning_callbacks.variants import repeated
from mlflow_latent.errors import CaptureError
from mlflow_latent.explain import Answers, Explained, ExplainOptions, Sample, make_heatmaps
from mlflow_latent.schema import LOSS, TARGET

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lightning_callbacks.settings import Key, Settings
    from mlflow_latent.explain import Wanted
    from mlflow_latent.schema import Task

MASKS = 3  # dimensions of (N, H, W) class indices


@dataclass(frozen=True)
class Reading:
    """What in a batch, a step's output and a module is what; see `LatentCapture`."""

    layer: str
    pool: str | Callable[[Any], Tensor] = "mean"
    logits: str | None = None
    loss: Callable[[Any, Any], Any] | None = None
    sample_id: Key | None = None
    target: Key | None = None
    task: Task = "classification"
    unlabeled: tuple[str, ...] = ()

    @classmethod
    def of(cls, settings: Settings, layer: str | None) -> Reading:
        """Take over what was captured."""
        return cls(
            layer=layer or settings.layers[0],
            pool=settings.pool,
            logits=settings.logits,
            loss=settings.loss,
            sample_id=settings.sample_id,
            target=settings.target,
            task=settings.task,
            unlabeled=settings.unlabeled,
        )


@dataclass(frozen=True)
class Runner:
    """How a module is run: by a trainer's strategy, or alone.

    Attributes:
        trainer: of the fit that ended; None where there is none.
        module: that is run.
    """

    trainer: Any
    module: Any

    def move(self, batch: Any) -> Any:
        """Return a batch as the step gets it."""
        if self.trainer is not None:
            return move_batch(self.trainer, self.module, batch, 0)
        first = next(self.module.parameters(), None)
        if first is None:
            return batch
        transfer = getattr(self.module, "_apply_batch_transfer_handler", None)
        if transfer is not None:
            batch = transfer(batch, device=first.device)
        return _cast(batch, first)

    def step(self, batch: Any) -> Any:
        """Return what the module makes of a batch."""
        if self.trainer is None:
            return step_of(self.module, labelled=True)(batch, 0, 0)
        with self.trainer.precision_plugin.val_step_context():
            return validation_step(self.trainer, self.module)(batch, 0, 0)


class ModuleExplainer:
    """Explains samples of a module that was trained, and leaves it as it was.

    Args:
        reading: what is what.
        runner: runs the module.
        loaders: by split.
        options: how many maps, how long.
    """

    def __init__(
        self,
        reading: Reading,
        runner: Runner,
        loaders: Mapping[str, Any],
        options: ExplainOptions,
    ) -> None:
        self._reading, self._runner = reading, runner
        self._loaders, self._options = loaders, options
        self._seen: dict[str, Any] = {}
        self._notes: list[str] = []

    def explain(self, wanted: Sequence[Wanted], class_names: Sequence[str]) -> Explained:
        """Return the maps of samples.

        Args:
            wanted: those that matter most first.
            class_names: by class index.
        """
        module = self._runner.module
        with isolated(self._runner.trainer, module), self._listening():
            made = make_heatmaps(
                self._samples(wanted), module, class_names=class_names, options=self._options
            )
        return Explained(made.heatmaps, (*made.notes, *self._notes))

    def _samples(self, wanted: Sequence[Wanted]) -> Iterator[Sample]:
        """In the order in which they are wanted, as far as they are found in time."""
        end = time.monotonic() + self._options.seconds
        found: dict[tuple[str, str], Any] = {}
        splits = dict.fromkeys(one.split for one in wanted)
        for split in splits:
            ids = {one.sample_id for one in wanted if one.split == split}
            if split not in self._loaders or split in self._reading.unlabeled:
                self._notes.append(f"samples of {split!r} have no heat-maps: it has no labels")
                continue
            search = SampleSearch(split, self._loaders[split], self._reading.sample_id, end)
            for sample_id, batch in search.find(ids):
                found[split, sample_id] = batch
            self._notes += search.notes
        for one in wanted:
            batch = found.pop((one.split, one.sample_id), None)
            if batch is not None:
                yield self._sample(one, batch)

    def _sample(self, wanted: Wanted, batch: Any) -> Sample:
        batch = self._runner.move(batch)
        images = find_images(batch, 1)
        if images is None:
            raise CaptureError("no image tensor (1, 1 or 3, H, W) is in the batch")
        target = self._target(batch)

        def run(variants: Tensor) -> Answers:
            self._seen.clear()
            inputs = repeated(batch, images, variants.to(images.dtype))
            with torch.enable_grad() if variants.requires_grad else torch.no_grad():
                outputs = self._runner.step(inputs)
                return self._answers(outputs, inputs, target, len(variants))

        is_class = isinstance(target, Tensor) and not target.ndim
        return Sample(
            split=wanted.split,
            sample_id=wanted.sample_id,
            image=images,
            run=run,
            target=int(target) if is_class and target is not None else target,
            region=wanted.region,
        )

    def _target(self, batch: Any) -> Tensor | None:
        """() class index or (H, W) class indices of a batch of one."""
        if self._reading.target is not None:
            target = look_up(batch, self._reading.target, TARGET)
        elif isinstance(batch, dict):
            target = batch.get(TARGET)
        else:
            target = batch[1] if isinstance(batch, tuple | list) and len(batch) > 1 else None
        usable = isinstance(target, Tensor) and not target.is_floating_point()
        return target[0] if usable and target is not None and target.ndim in {1, MASKS} else None

    def _answers(self, outputs: Any, inputs: Any, target: Tensor | None, count: int) -> Answers:
        logits = self._logits(outputs)
        return Answers(
            logits=logits,
            loss=self._losses(outputs, inputs, logits, target, count),
            embedding=self._seen.get("embedding"),
        )

    def _logits(self, outputs: Any) -> Tensor | None:
        given = outputs.get(LOGITS) if isinstance(outputs, dict) else None
        logits = self._seen.get(LOGITS, given)
        if self._reading.task not in {"classification", "segmentation"}:
            return None
        return logits if isinstance(logits, Tensor) and logits.ndim in {1, 2, 4} else None

    def _losses(
        self, outputs: Any, inputs: Any, logits: Tensor | None, target: Tensor | None, count: int
    ) -> Tensor | None:
        """(n,) losses: the step's own, if they have a gradient, or the cross-entropy."""
        if self._reading.loss is not None:
            given = self._reading.loss(outputs, inputs)
        else:
            given = outputs.get(LOSS) if isinstance(outputs, dict) else outputs
        if _is_each(given, count):
            own: Tensor = given
            return own
        if logits is None or target is None or logits.ndim == 1 or logits.shape[1] == 1:
            return None
        if not 0 <= int(target.max()) < logits.shape[1]:
            return None
        same = target.to(logits.device).long()[None].expand(count, *target.shape)
        if logits.shape[2:] != same.shape[1:]:
            return None
        losses = functional.cross_entropy(logits.float(), same, reduction="none")
        return losses.flatten(1).mean(1) if losses.ndim > 1 else losses

    @contextmanager
    def _listening(self) -> Iterator[None]:
        """Keep what the layers of the embedding and of the logits return, with its gradient."""
        reading, module = self._reading, self._runner.module
        embedded = find_layer(module, reading.layer)
        answering = find_layer(module, reading.logits) if reading.logits else module
        handles = [
            embedded.register_forward_hook(
                self._listener("embedding", lambda out: pool_with_gradient(out, reading.pool))
            ),
            answering.register_forward_hook(self._listener(LOGITS, first_tensor)),
        ]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()
            self._seen.clear()

    def _listener(self, name: str, read: Callable[[Any], Tensor]) -> Callable[..., None]:
        def listen(_layer: Any, _inputs: Any, output: Any) -> None:
            try:
                self._seen[name] = read(output)
            except CaptureError:  # then there are no maps of it
                self._seen.pop(name, None)

        return listen


def _cast(batch: Any, like: Tensor) -> Any:
    """Move a batch to where a parameter is, its floating-point numbers in that one's precision."""
    if isinstance(batch, Tensor):
        dtype = like.dtype if batch.is_floating_point() and like.is_floating_point() else None
        return batch.to(like.device, dtype)
    if isinstance(batch, Mapping):
        return {key: _cast(value, like) for key, value in batch.items()}
    if isinstance(batch, tuple | list):
        return [_cast(value, like) for value in batch]
    return batch


def _is_each(losses: Any, count: int) -> bool:
    """Whether there is a loss for each of n variants, with its gradient where one is wanted."""
    if not isinstance(losses, Tensor) or losses.shape != (count,):
        return False
    return losses.requires_grad or not torch.is_grad_enabled()
