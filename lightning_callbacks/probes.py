"""Run a loader through the module's own step, beside the training loop and unseen by it."""

from __future__ import annotations

import inspect
from itertools import islice
from typing import TYPE_CHECKING, Any

import torch
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader

from lightning_callbacks.isolation import isolated
from lightning_callbacks.layers import first_tensor

if TYPE_CHECKING:
    from collections.abc import Callable


def run_loader(
    trainer: Any,
    module: Any,
    loader: Any,
    record: Callable[[Any, Any], None],
    *,
    limit: float = float("inf"),
    dataloader_idx: int = 0,
    labelled: bool = True,
) -> None:
    """Hand the step's output and the batch, on the module's device, to `record`, batch by batch.

    Everything is as in the trainer's own validation (precision, transfer hooks, eval mode, no
    gradients), but what the step leaves behind is taken back at the end; see `isolated`.

    Args:
        trainer: fits the module.
        module: a LightningModule with a `validation_step`.
        loader: gives the batches; in distributed training, prepared by `distribute`.
        record: takes the output and the batch.
        limit: batches to run at most.
        dataloader_idx: what the step is told, if it asks.
        labelled: run `validation_step`; if False `predict_step`, or the module's `forward` on the
            batch's first tensor where there is no `predict_step`.
    """
    step = validation_step(trainer, module) if labelled else _prediction_step(module)
    with isolated(trainer, module):
        batches = loader if limit == float("inf") else islice(loader, int(limit))
        for number, batch in enumerate(batches):
            moved = move_batch(trainer, module, batch, dataloader_idx)
            with trainer.precision_plugin.val_step_context():
                outputs = step(moved, number, dataloader_idx)
            record(outputs, moved)


def distribute(trainer: Any, loader: Any) -> Any:
    """Give each process its share of a loader, as the trainer does for its own loaders."""
    if not isinstance(loader, DataLoader):
        return loader
    shuffles = isinstance(loader.sampler, torch.utils.data.RandomSampler)
    stage = type(trainer.state.stage).VALIDATING
    prepared = trainer._data_connector._prepare_dataloader(  # noqa: SLF001 - the only way in
        loader, shuffle=shuffles, mode=stage
    )
    return trainer.strategy.process_dataloader(prepared)


def move_batch(trainer: Any, module: Any, batch: Any, dataloader_idx: int) -> Any:
    """Return a batch as the module's step gets it: its precision, hooks and device."""
    batch = trainer.precision_plugin.convert_input(batch)
    batch = module._on_before_batch_transfer(  # noqa: SLF001 - as Lightning's own loops do
        batch, dataloader_idx=dataloader_idx
    )
    return trainer.strategy.batch_to_device(batch, dataloader_idx=dataloader_idx)


def validation_step(trainer: Any, module: Any) -> Callable[[Any, int, int], Any]:
    """Return the module's validation step, as the trainer runs it, of (batch, number, loader)."""
    # The wrapper of DDP would make processes wait for each other, and has nothing to add here.
    wrapped = isinstance(trainer.strategy.model, DistributedDataParallel)
    run = module.validation_step if wrapped else trainer.strategy.validation_step
    return _with_what_it_asks(module.validation_step, run)


def step_of(module: Any, *, labelled: bool) -> Callable[[Any, int, int], Any]:
    """Return what a module runs for a batch where no trainer is: a step, or the module itself.

    Args:
        module: a LightningModule, or any torch module.
        labelled: whether the batch has labels.
    """
    if labelled and hasattr(module, "validation_step"):
        return _with_what_it_asks(module.validation_step, module.validation_step)
    if hasattr(module, "predict_step"):
        return _prediction_step(module)
    return lambda batch, _number, _loader: module(first_tensor(batch))


def _prediction_step(module: Any) -> Callable[[Any, int, int], Any]:
    if _is_overridden(module, "predict_step"):
        return _with_what_it_asks(module.predict_step, module.predict_step)
    return lambda batch, _number, _loader: module(first_tensor(batch))


def _is_overridden(module: Any, name: str) -> bool:
    defined_in = next(base for base in type(module).__mro__ if name in vars(base))
    return defined_in.__name__ != "LightningModule"


def _with_what_it_asks(
    step: Callable[..., Any], run: Callable[..., Any]
) -> Callable[[Any, int, int], Any]:
    """Call a step with as many of (batch, batch_idx, dataloader_idx) as it takes."""
    parameters = inspect.signature(step).parameters
    positional = [p for p in parameters.values() if p.kind is not p.KEYWORD_ONLY]
    any_number = any(p.kind is p.VAR_POSITIONAL for p in positional)

    def call(batch: Any, number: int, loader: int) -> Any:
        if "dataloader_idx" in parameters:
            return run(batch, number, dataloader_idx=loader)
        return run(batch, number) if any_number or len(positional) > 1 else run(batch)

    return call
