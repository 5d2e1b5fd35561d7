"""Losses of single images, by the model's own criterion and gains.

Ultralytics' loss is normalized over a batch: what an image adds to it depends on its neighbors.
So the criterion is called on each image's slice of the raw predictions, as if it were alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from mlflow_latent.errors import CaptureError
from mlflow_latent.schema import LOSS, LOSS_PREFIX

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SUFFIX = "_loss"  # of the names that Ultralytics gives the parts
SEMANTIC = "sem"  # a part of newer segmentation models, always 0 in those without such an output


def criterion_of(module: Any) -> Any:
    """Return a model's criterion, made as its training makes it.

    Args:
        module: an Ultralytics detection or segmentation model; `args` may be a mapping, as it is
            in a checkpoint, where the criterion needs attributes and all gains.
    """
    if getattr(module, "criterion", None) is None:
        from ultralytics.utils import DEFAULT_CFG_DICT, IterableSimpleNamespace

        given = module.args
        mapping = given if isinstance(given, Mapping) else vars(given)
        module.args = IterableSimpleNamespace(**{**DEFAULT_CFG_DICT, **mapping})
        try:
            module.criterion = module.init_criterion()
        finally:
            module.args = given
    return module.criterion


def image_losses(
    criterion: Any,
    raw: Any,
    batch: Mapping[str, Any],
    *,
    n_classes: int,
    overlap: bool,
    on_image: Callable[[dict[str, Any] | None], None] = lambda _: None,
) -> dict[str, list[float | None]]:
    """Return the loss of each image and its parts, with their gains.

    Args:
        criterion: of the model.
        raw: its raw predictions for N images, nested mappings and sequences of (N, …) tensors.
        batch: the batch, normalized as Ultralytics does, on the device of `raw`.
        n_classes: of the model; an image with an object of a class beyond has no loss.
        overlap: whether the batch's masks are one map (N, H, W) per image.
        on_image: told after each image what labels the criterion was called with, None where they
            cannot be used.

    Returns:
        `loss`, `loss_box`, `loss_cls`, …: N values each.

    Raises:
        CaptureError: this version of Ultralytics does not name the parts.
    """
    import torch

    found: list[Any] = []
    usable: list[bool] = []
    names: list[str] = []
    for number in range(len(batch["img"])):
        alone = image_labels(batch, number, overlap=overlap)
        known = not len(alone["cls"]) or bool(alone["cls"].max() < n_classes)
        usable.append(known)
        if not known:
            alone = {key: value[:0] for key, value in alone.items()}
        total, parts = criterion(_slice(raw, number), alone)
        if not isinstance(parts, Mapping):
            raise CaptureError("the criterion does not name its parts; upgrade ultralytics")
        names = [LOSS, *map(loss_column, parts)]
        found.append(torch.stack([total.sum(), *parts.values()]).detach().float())
        on_image(alone if known else None)
    values: NDArray[np.float32] = torch.stack(found).cpu().numpy()
    rows = [
        row if ok else [None] * len(names) for row, ok in zip(values.tolist(), usable, strict=True)
    ]
    columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
    if not _is_semantic(raw):
        columns.pop(f"{LOSS_PREFIX}{SEMANTIC}", None)
    return columns


def loss_column(name: str) -> str:
    """Return the column of a part of the loss, by the name that Ultralytics gives it."""
    return f"{LOSS_PREFIX}{name.removesuffix(_SUFFIX)}"


def image_labels(batch: Mapping[str, Any], number: int, *, overlap: bool) -> dict[str, Any]:
    """Return the labels of one image as a batch of one."""
    import torch

    rows = batch["batch_idx"] == number
    alone = {key: batch[key][rows] for key in ("cls", "bboxes")}
    alone["batch_idx"] = torch.zeros_like(batch["batch_idx"][rows])
    if "masks" in batch:
        alone["masks"] = batch["masks"][number : number + 1] if overlap else batch["masks"][rows]
    if "sem_masks" in batch:
        alone["sem_masks"] = batch["sem_masks"][number : number + 1]
    return alone


def _slice(raw: Any, number: int) -> Any:
    """One image of nested predictions, in full precision: a criterion in half overflows."""
    if isinstance(raw, Mapping):
        return {key: _slice(value, number) for key, value in raw.items()}
    if isinstance(raw, list | tuple):
        return type(raw)(_slice(value, number) for value in raw)
    return raw[number : number + 1].float()


def _is_semantic(raw: Any) -> bool:
    return isinstance(raw, Mapping) and (
        isinstance(raw.get("proto"), tuple) or any(map(_is_semantic, raw.values()))
    )
