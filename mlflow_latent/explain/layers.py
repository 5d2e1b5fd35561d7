"""Which layers can be looked into: those whose output still has places."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from mlflow_latent.errors import InputError, LayerNotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from torch import Tensor
    from torch.nn import Module

    Reshape = Callable[[Tensor], Tensor]

FEATURE_MAPS, TOKENS = 4, 3  # dimensions of (1, C, h, w) and (1, T, C)
LEAST_SIDE = 4  # of a feature map: fewer places say too little
FINER = 4  # times the places of the late layer that the middle one has, at least
MOST_EXTRA_TOKENS = 8  # before those of patches: of the class, of distillation, registers
_COMPILED = "_orig_mod."
_PASSING_ON = ("Pool", "Dropout", "DropPath", "Identity", "Upsample", "Flatten")
_NO_PLACES = (
    "no layer of the model has an output with places, (N, C, h, w) or tokens (N, T, C) of a grid, "
    "so there are maps of the input only; pass reshape=a function if one has"
)


@dataclass(frozen=True, eq=False)
class SpatialLayer:
    """A layer whose output has places.

    Attributes:
        name: as `model.named_modules()` has it.
        module: the layer.
        role: `late`, `middle`, or nothing where it was named.
        reshape: of its output, to (1, C, h, w); None where it is that already.
    """

    name: str
    module: Module
    role: str
    reshape: Reshape | None = None

    @property
    def words(self) -> str:
        """For people, e.g. `late layer (features.6)`."""
        return f"{self.role} layer ({self.name})".strip()


def choose_layers(
    model: Module,
    ask: Callable[[Tensor], Tensor],
    image: Tensor,
    names: Sequence[str] = (),
    reshape: Reshape | None = None,
) -> tuple[list[SpatialLayer], list[str]]:
    """Return the layers to look into, late ones first, and what there is to say.

    Args:
        model: has the layers.
        ask: runs it.
        image: (1, C, H, W).
        names: of layers; default a late one, and one before it of at least twice its resolution.
        reshape: of a layer's (1, …) output, to (1, C, h, w).

    Raises:
        LayerNotFoundError: the model has no layer of that name.
        InputError: a named layer's output is not spatial.
    """
    modules = {name.replace(_COMPILED, ""): layer for name, layer in model.named_modules() if name}
    for name in names:
        if name not in modules:
            raise LayerNotFoundError(name, modules)
    leaves = {name: layer for name, layer in modules.items() if _computes(layer)}
    wanted = {name: modules[name] for name in names} or leaves
    shapes = _shapes(wanted, ask, image)
    if names:
        return [_named(name, modules[name], shapes, image, reshape) for name in names], []
    maps = {name: shape for name, shape in shapes.items() if _is_map(shape)}
    if maps:
        return _of_maps(maps, modules), []
    tokens = {name: shape for name, shape in shapes.items() if _grid(shape, image)}
    if tokens:
        return _of_tokens(tokens, modules, ask, image), []
    return [], [_NO_PLACES]


def _computes(layer: Module) -> bool:
    """Whether a layer is no container, and does more than to scale, drop or pass on."""
    name = type(layer).__name__
    return not list(layer.children()) and not any(word in name for word in _PASSING_ON)


def _shapes(
    layers: Mapping[str, Module], ask: Callable[[Tensor], Tensor], image: Tensor
) -> dict[str, tuple[int, ...]]:
    """Shape of each layer's output, in the order in which the layers ran."""
    shapes: dict[str, tuple[int, ...]] = {}

    def listener(name: str) -> Callable[[Module, Any, Any], None]:
        def listen(_layer: Module, _inputs: Any, output: Any) -> None:
            first = output[0] if isinstance(output, tuple | list) and output else output
            if isinstance(first, torch.Tensor):
                shapes.pop(name, None)  # as it ran last
                shapes[name] = tuple(first.shape)

        return listen

    handles = [layer.register_forward_hook(listener(name)) for name, layer in layers.items()]
    try:
        with torch.no_grad():
            ask(image)
    finally:
        for handle in handles:
            handle.remove()
    return shapes


def _is_map(shape: tuple[int, ...]) -> bool:
    return len(shape) == FEATURE_MAPS and min(shape[2:]) >= LEAST_SIDE


def _of_maps(
    shapes: Mapping[str, tuple[int, ...]], modules: Mapping[str, Module]
) -> list[SpatialLayer]:
    """The last layer of the coarsest resolution, and the last finer one that runs before it."""
    places = {name: shape[2] * shape[3] for name, shape in shapes.items()}
    order = list(places)
    coarsest = min(places.values())
    late = max((name for name in order if places[name] == coarsest), key=order.index)
    before = order[: order.index(late)]
    finer = [name for name in before if places[name] >= FINER * coarsest]
    chosen = [SpatialLayer(late, modules[late], "late")]
    if finer:
        least = min(places[name] for name in finer)
        middle = max((name for name in finer if places[name] == least), key=order.index)
    elif len(before) > 1:
        middle = before[len(before) // 2]
    else:
        return chosen
    return [*chosen, SpatialLayer(middle, modules[middle], "middle")]


def _of_tokens(
    shapes: Mapping[str, tuple[int, ...]],
    modules: Mapping[str, Module],
    ask: Callable[[Tensor], Tensor],
    image: Tensor,
) -> list[SpatialLayer]:
    """The last normalization whose patches still reach the answer, and the one half way there.

    After the last attention only the token of the class does.
    """
    norms = [name for name in shapes if "norm" in type(modules[name]).__name__.lower()]
    order = norms or list(shapes)
    reaching = [name for name in order if _reaches(modules[name], shapes[name], ask, image)]
    if not reaching:
        return []
    chosen = dict.fromkeys([reaching[-1], reaching[len(reaching) // 2]])
    return [
        SpatialLayer(name, modules[name], role, _tokens_to_map(image))
        for name, role in zip(chosen, ("late", "middle"), strict=False)
    ]


def _reaches(
    layer: Module, shape: tuple[int, ...], ask: Callable[[Tensor], Tensor], image: Tensor
) -> bool:
    from captum.attr import LayerGradientXActivation

    found = LayerGradientXActivation(ask, layer).attribute(image.clone().requires_grad_(), target=0)
    grid = _grid(shape, image)
    if grid is None:
        return False
    patches = found[:, shape[1] - grid[0] * grid[1] :]
    return bool(patches.abs().max() > 0)


def _named(
    name: str,
    module: Module,
    shapes: Mapping[str, tuple[int, ...]],
    image: Tensor,
    reshape: Reshape | None,
) -> SpatialLayer:
    if name not in shapes:
        raise InputError(f"layer {name!r} did not run, or returned no tensor; name another one")
    shape = shapes[name]
    if reshape is not None:
        return SpatialLayer(name, module, "", reshape)
    if len(shape) == FEATURE_MAPS and min(shape[2:]) > 1:
        return SpatialLayer(name, module, "")
    if _grid(shape, image):
        return SpatialLayer(name, module, "", _tokens_to_map(image))
    raise InputError(
        f"layer {name!r} returns {tuple(shape)}, which has no places; name one that returns "
        "(N, C, h, w) or tokens (N, T, C) of a grid, or pass reshape=a function of its output that "
        "returns (1, C, h, w)"
    )


def _grid(shape: tuple[int, ...], image: Tensor) -> tuple[int, int] | None:
    """Rows and columns of tokens (1, T, C), of the image's proportions, after a few others."""
    if len(shape) != TOKENS:
        return None
    height, width = image.shape[2:]
    for extra in range(min(MOST_EXTRA_TOKENS, shape[1]) + 1):
        patches = shape[1] - extra
        rows = round(math.sqrt(patches * height / width))
        if rows >= 2 and patches == rows * round(rows * width / height):  # noqa: PLR2004 - a grid
            return rows, patches // rows
    return None


def _tokens_to_map(image: Tensor) -> Reshape:
    def reshape(tokens: Tensor) -> Tensor:
        grid = _grid(tuple(tokens.shape), image)
        if grid is None:
            raise InputError(f"tokens {tuple(tokens.shape)} are no grid")
        rows, columns = grid
        patches = tokens[:, tokens.shape[1] - rows * columns :]
        return patches.transpose(1, 2).reshape(len(tokens), -1, rows, columns)

    return reshape
