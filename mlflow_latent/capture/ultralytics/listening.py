"""What a validation sees, listened to: batches, predictions, and the outputs of layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlflow_latent.errors import CaptureError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import Tensor
    from torch.nn import Module
    from torch.utils.hooks import RemovableHandle

VECTORS, MAPS = 2, 4  # dimensions of (N, D) and (N, C, H, W)
_COMPILED = "_orig_mod."


class ValidatorTap:
    """Listens to one run of a validator; its callbacks are told neither batches nor predictions.

    Args:
        validator: an Ultralytics validator, before its first batch.
        on_model: is given the torch module that is validated.
        on_batch: is given the predictions after suppression, and the batch, on their device.
    """

    def __init__(
        self,
        validator: Any,
        on_model: Callable[[Any], None],
        on_batch: Callable[[list[dict[str, Any]], dict[str, Any]], None],
    ) -> None:
        self._validator = validator
        begin, update = validator.init_metrics, validator.update_metrics

        def init_metrics(model: Any) -> None:
            begin(model)
            on_model(native_module(model))

        def update_metrics(predictions: Any, batch: Any) -> None:
            update(predictions, batch)
            on_batch(predictions, batch)

        validator.init_metrics, validator.update_metrics = init_metrics, update_metrics

    def close(self) -> None:
        """Leave the validator as it was."""
        for name in ("init_metrics", "update_metrics"):
            vars(self._validator).pop(name, None)


class LayerTap:
    """Listens to layers, and to what the model returns, while attached.

    A layer that runs more than once for a batch is taken as it ran last.

    Args:
        layers: names, as `named_modules()` lists them.
    """

    def __init__(self, layers: Sequence[str]) -> None:
        self._layers = tuple(layers)
        self._handles: list[RemovableHandle] = []
        self._outputs: dict[str, Any] = {}
        self._raw: Any = None

    def attach(self, module: Module) -> None:
        """Start listening to a model that has the layers."""
        self.detach()
        known = {name.replace(_COMPILED, ""): layer for name, layer in module.named_modules()}
        for name in self._layers:
            if name not in known:
                raise CaptureError(f"the model that is validated has no layer {name!r}")
            self._handles.append(known[name].register_forward_hook(self._listener(name)))
        self._handles.append(module.register_forward_hook(self._hear_raw))

    def detach(self) -> None:
        """Stop listening and leave the model as it was."""
        while self._handles:
            self._handles.pop().remove()
        self._outputs, self._raw = {}, None

    def take(self) -> tuple[dict[str, Tensor], Any]:
        """Return the last batch's pooled outputs by layer, and the raw predictions; forget them.

        Raises:
            CaptureError: a layer did not run, or returned no feature map.
        """
        outputs, raw = self._outputs, self._raw
        self._outputs, self._raw = {}, None
        missing = [layer for layer in self._layers if layer not in outputs]
        if missing:
            raise CaptureError(
                f"layer {missing[0]!r} did not run in this batch (a model compiled by "
                "torch.compile may pass over the hooks of its layers)"
            )
        return {layer: pooled(layer, outputs[layer]) for layer in self._layers}, raw

    def _listener(self, name: str) -> Callable[[Module, Any, Any], None]:
        def listen(_layer: Module, _inputs: Any, output: Any) -> None:
            self._outputs[name] = output  # pooled later, where a failure cannot hurt the model

        return listen

    def _hear_raw(self, _module: Module, _inputs: Any, output: Any) -> None:
        self._raw = output[1] if isinstance(output, tuple) and len(output) > 1 else None


def pooled(layer: str, output: Any) -> Tensor:
    """Return the mean over space of a layer's output.

    Args:
        layer: its name, for the message.
        output: (N, C, H, W) or (N, D).

    Returns:
        (N, C) float32, a copy.

    Raises:
        CaptureError: the output has another shape.
    """
    import torch

    if not isinstance(output, torch.Tensor) or output.ndim not in {VECTORS, MAPS}:
        shape = tuple(output.shape) if isinstance(output, torch.Tensor) else type(output).__name__
        raise CaptureError(
            f"layer {layer!r} returned {shape}; layers= takes those that return a feature map "
            "(N, C, H, W), e.g. the last of the backbone"
        )
    vectors = output.detach().float()
    return vectors.mean((2, 3)) if output.ndim == MAPS else vectors.clone()


def native_module(model: Any) -> Any:
    """Return the torch module that `named_modules` and the criterion are of, out of its wraps."""
    inner = model.model if getattr(model, "format", None) == "pt" else model
    return getattr(inner, "_orig_mod", inner)
