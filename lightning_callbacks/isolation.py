"""Run a module's own step without leaving a trace of it.

A probe runs the user's `validation_step`, which may log, update metrics, append to lists, draw
random numbers and write buffers. `isolated` puts all of that back, bit by bit and in place: other
objects may hold references to the same tensors and lists.

Out of reach: what a step does to the world outside the module (files, `mlflow.log_metric`).
"""

from __future__ import annotations

import random
from collections import deque
from contextlib import ExitStack, contextmanager
from functools import partial
from types import FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

_LOGGING = ("log", "log_dict", "log_image", "print")
_SIMPLE = (str, bytes, int, float, complex, bool, type(None), type, FunctionType, MethodType)
_FOREIGN = (ModuleType, Dataset, DataLoader, nn.Parameter, torch.optim.Optimizer)
_FOREIGN_PACKAGES = {
    *("pytorch_lightning", "lightning", "lightning_callbacks", "torch", "mlflow", "logging"),
    *("threading", "_thread", "multiprocessing", "concurrent", "queue", "asyncio"),
}


@contextmanager
def isolated(trainer: Any, module: Any) -> Iterator[None]:
    """Evaluate inside, and leave module, trainer and random numbers exactly as they were.

    Args:
        trainer: fits the module; None where nothing does.
        module: a LightningModule, or any torch module.
    """
    with ExitStack() as stack:
        stack.enter_context(_random_numbers())
        stack.enter_context(_stage(trainer))
        stack.enter_context(_module_state(module))
        stack.enter_context(_muted(trainer, module))
        stack.enter_context(torch.no_grad())
        module.eval()
        yield


@contextmanager
def _random_numbers() -> Iterator[None]:
    """Python, numpy and torch, on the processor and on every accelerator in use."""
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()  # noqa: NPY002 - the global state
    devices = _accelerator_states()
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])  # noqa: NPY002 - the global state
        torch.set_rng_state(states[2])
        if devices is not None:
            torch.cuda.set_rng_state_all(devices)


def _accelerator_states() -> list[Tensor] | None:
    in_use = torch.cuda.is_available() and torch.cuda.is_initialized()  # type: ignore[no-untyped-call]
    return torch.cuda.get_rng_state_all() if in_use else None


@contextmanager
def _stage(trainer: Any) -> Iterator[None]:
    if trainer is None:
        yield
        return
    stage = trainer.state.stage
    trainer.validating = True
    try:
        yield
    finally:
        trainer.state.stage = stage


@contextmanager
def _muted(trainer: Any, module: Any) -> Iterator[None]:
    """Take away the ways a step logs: its own, and the trainer's loggers."""
    loggers = [] if trainer is None else trainer.loggers
    hidden = {name: vars(module)[name] for name in _LOGGING if name in vars(module)}
    for name in _LOGGING:
        vars(module)[name] = _ignore
    if loggers:
        trainer.loggers = [_Silence() for _ in loggers]
    try:
        yield
    finally:
        if loggers:
            trainer.loggers = loggers
        for name in _LOGGING:
            vars(module).pop(name, None)
        vars(module).update(hidden)


def _ignore(*_arguments: Any, **_options: Any) -> None:
    """Do nothing."""


class _Silence:
    """A logger, its experiment, and whatever is called on these: nothing happens."""

    def __getattr__(self, name: str) -> _Silence:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *_arguments: Any, **_options: Any) -> _Silence:
        return self


@contextmanager
def _module_state(module: nn.Module) -> Iterator[None]:
    """Everything that hangs on the module but its parameters: modes, buffers, metrics, lists."""
    keeper = StateKeeper()
    keeper.keep(module)
    try:
        yield
    finally:
        keeper.restore()


class StateKeeper:
    """Remembers the content of an object and of what it holds, and puts it back in place."""

    def __init__(self) -> None:
        self._restores: list[Callable[[], None]] = []
        self._seen: dict[int, Any] = {}  # keeps them alive too: ids of dead objects are reused

    def keep(self, value: Any) -> None:
        """Remember `value` and all that is reached from it."""
        waiting = [value]
        while waiting:
            item = waiting.pop()
            if isinstance(item, _SIMPLE) or id(item) in self._seen or _is_foreign(item):
                continue
            self._seen[id(item)] = item
            waiting.extend(self._keep_one(item))

    def restore(self) -> None:
        """Put everything back."""
        for restore in reversed(self._restores):
            restore()

    def _keep_one(self, item: Any) -> list[Any]:
        """Remember one object, return what it holds."""
        if (restore := _generator_keeper(item)) is not None:
            self._restores.append(restore)
            return []
        if isinstance(item, Tensor):
            self._restores.append(_tensor_keeper(item))
        elif isinstance(item, np.ndarray):
            self._restores.append(_array_keeper(item))
        elif isinstance(item, dict | list | set | deque):
            self._restores.append(_container_keeper(item))
        return _held_by(item)


def _held_by(item: Any) -> list[Any]:
    held = list(item.values()) if isinstance(item, dict) else []
    if isinstance(item, list | set | deque | tuple | frozenset):
        held = list(item)
    if hasattr(item, "__dict__") and not isinstance(item, Tensor):
        held.append(vars(item))
    return held


def _container_keeper(item: Any) -> Callable[[], None]:
    content = list(item.items()) if isinstance(item, dict) else list(item)
    grow = item.extend if isinstance(item, list | deque) else item.update

    def restore() -> None:
        now = list(item.items()) if isinstance(item, dict) else list(item)
        if not _same(now, content):
            item.clear()
            grow(content)

    return restore


def _same(now: list[Any], before: list[Any]) -> bool:
    """Whether two lists hold the very same objects (pairs of them, for a mapping)."""
    if len(now) != len(before):
        return False
    return all(
        a is b or (isinstance(a, tuple) and isinstance(b, tuple) and _pairs_match(a, b))
        for a, b in zip(now, before, strict=True)
    )


def _pairs_match(now: tuple[Any, ...], before: tuple[Any, ...]) -> bool:
    return len(now) == len(before) and all(a is b for a, b in zip(now, before, strict=True))


def _array_keeper(array: NDArray[Any]) -> Callable[[], None]:
    content = array.copy()

    def restore() -> None:
        if array.tobytes() != content.tobytes():
            np.copyto(array, content)

    return restore


def _tensor_keeper(tensor: Tensor) -> Callable[[], None]:
    content = tensor.detach().clone()
    version = None if tensor.is_inference() else tensor._version  # noqa: SLF001 - its only name

    def restore() -> None:
        # Writing where nothing changed would break graphs that wait for their backward pass.
        if version is not None and tensor._version == version:  # noqa: SLF001 - its only name
            return
        with torch.inference_mode(tensor.is_inference()), torch.no_grad():
            tensor.resize_(content.shape).copy_(content)

    return restore


def _generator_keeper(item: Any) -> Callable[[], None] | None:
    """How to put a random generator back, None if `item` is none."""
    if isinstance(item, torch.Generator):
        return _torch_keeper(item)
    if isinstance(item, np.random.Generator):
        return partial(setattr, item.bit_generator, "state", item.bit_generator.state)
    if isinstance(item, np.random.RandomState):
        return partial(item.set_state, item.get_state())
    if isinstance(item, random.Random):
        return partial(item.setstate, item.getstate())
    return None


def _torch_keeper(generator: torch.Generator) -> Callable[[], None]:
    state = generator.get_state()

    def restore() -> None:
        generator.set_state(state)

    return restore


def _is_foreign(item: Any) -> bool:
    """What is not the module's own: the trainer, data, threads; weights, which a step reads."""
    if isinstance(item, _FOREIGN):
        return True
    if isinstance(item, nn.Module | Tensor | torch.Generator):
        return False
    return type(item).__module__.partition(".")[0] in _FOREIGN_PACKAGES
