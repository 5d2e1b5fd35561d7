"""The outputs of named layers, pooled to one vector per sample as they come."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from mlflow_latent.errors import CaptureError, LayerNotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch.nn import Module
    from torch.utils.hooks import RemovableHandle

POOLS = ("mean", "max", "cls")
VECTORS, TOKENS = 2, 3  # dimensions of (N, D) and (N, T, C)
_COMPILED = "_orig_mod."


def find_layer(model: Module, name: str) -> Module:
    """Return the layer of that name, as `model.named_modules()` lists it.

    Raises:
        LayerNotFoundError: there is none.
    """
    layers: dict[str, Module] = {
        known.replace(_COMPILED, ""): layer for known, layer in model.named_modules()
    }
    layers.pop("")
    if name not in layers:
        raise LayerNotFoundError(name, layers)
    return layers[name]


class LayerHooks:
    """Listens to layers while attached.

    A layer that runs several times in one step is taken as it ran last. Outputs that are tuples or
    mappings are taken by their first tensor. Outputs are copied: later layers may work in place.

    Args:
        model: has the layers.
        pooled: layers whose output becomes one vector per sample.
        pool: see `pool_output`.
        whole: layers whose output is taken as it is, in float32.

    Raises:
        LayerNotFoundError: the model has no layer of that name.
    """

    def __init__(
        self,
        model: Module,
        pooled: Sequence[str],
        pool: str | Callable[[Any], Tensor],
        whole: Sequence[str] = (),
    ) -> None:
        self._listeners = [
            (find_layer(model, name), self._listener(name, pool)) for name in pooled
        ] + [(find_layer(model, name), self._listener(f"{name} whole", None)) for name in whole]
        self._pooled, self._whole = tuple(pooled), tuple(whole)
        self._handles: list[RemovableHandle] = []
        self._seen: dict[str, Tensor] = {}
        self._error: Exception | None = None

    def attach(self) -> None:
        """Start listening."""
        self.detach()
        self._seen.clear()
        self._handles = [layer.register_forward_hook(hook) for layer, hook in self._listeners]

    def detach(self) -> None:
        """Stop listening and leave the model as it was."""
        for handle in self._handles:
            handle.remove()
        self._handles = []

    def take(self) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Return this step's outputs by layer, pooled and whole, and forget them.

        Raises:
            CaptureError: a layer did not run, or its output cannot be pooled.
        """
        seen, self._seen = self._seen, {}
        error, self._error = self._error, None
        if error is not None:
            raise error
        try:
            return (
                {name: seen[name] for name in self._pooled},
                {name: seen[f"{name} whole"] for name in self._whole},
            )
        except KeyError as missing:
            name = str(missing.args[0]).removesuffix(" whole")
            raise CaptureError(
                f"layer {name!r} did not run in this step; name one that the step calls "
                "(a model compiled by torch.compile may pass over the hooks of its layers)"
            ) from None

    def _listener(
        self, key: str, pool: str | Callable[[Any], Tensor] | None
    ) -> Callable[[Module, Any, Any], None]:
        def listen(_layer: Module, _inputs: Any, output: Any) -> None:
            try:  # nothing that goes wrong here may end the user's own forward pass
                with torch.no_grad():
                    self._seen[key] = _whole(output) if pool is None else pool_output(output, pool)
            except Exception as error:  # noqa: BLE001 - raised by `take`
                self._error = _named(error, key)

        return listen


def pool_output(output: Any, pool: str | Callable[[Any], Tensor]) -> Tensor:
    """Return one vector per sample of a layer's output.

    Args:
        output: (N, D) vectors, (N, C, *spatial) feature maps, or (N, T, C) tokens; or a tuple or
            mapping whose first tensor is one of these.
        pool: `mean` or `max` over space or tokens, `cls` for the first token, or a function of the
            output that returns (N, D).

    Returns:
        (N, D) float32, a copy, pooled in float32 so that half precision does not overflow.

    Raises:
        CaptureError: the output has another shape.
    """
    return pool_with_gradient(output, pool).detach().to(torch.float32, copy=True)


def pool_with_gradient(output: Any, pool: str | Callable[[Any], Tensor]) -> Tensor:
    """Return the same, neither copied nor cut off from what it was computed from."""
    if not callable(pool):
        return _pooled(first_tensor(output), pool)
    vectors = pool(output)
    if getattr(vectors, "ndim", None) != VECTORS:
        raise CaptureError(f"pool must return a tensor of shape (N, D), got {_shape(vectors)}")
    return vectors


def first_tensor(output: Any) -> Tensor:
    """Return the first tensor in nested tuples, lists and mappings.

    Raises:
        CaptureError: there is none.
    """
    if isinstance(output, Tensor):
        return output
    inner = output.values() if isinstance(output, Mapping) else output
    if isinstance(inner, tuple | list) or isinstance(output, Mapping):
        for value in inner:
            if isinstance(value, Tensor | tuple | list | Mapping):
                return first_tensor(value)
    raise CaptureError(f"it returned no tensor but {type(output).__name__}; pass pool=a function")


def _pooled(tensor: Tensor, pool: str) -> Tensor:
    if pool == "cls":
        if tensor.ndim != TOKENS:
            raise CaptureError(f"pool='cls' takes tokens (N, T, C), got {_shape(tensor)}")
        return tensor[:, 0]
    if tensor.ndim <= VECTORS:
        if tensor.ndim == 0:
            raise CaptureError("its output is a single number, not one vector per sample")
        return tensor.reshape(len(tensor), -1)
    over = (1,) if tensor.ndim == TOKENS else tuple(range(2, tensor.ndim))
    if pool == "max":
        return tensor.amax(over)
    return tensor.mean(over, dtype=torch.float32)


def _whole(output: Any) -> Tensor:
    return first_tensor(output).detach().to(torch.float32, copy=True)


def _named(error: Exception, key: str) -> Exception:
    if not isinstance(error, CaptureError):
        return error
    return CaptureError(f"layer {key.removesuffix(' whole')!r}: {error}")


def _shape(value: Any) -> str:
    return str(tuple(value.shape)) if isinstance(value, Tensor) else type(value).__name__
