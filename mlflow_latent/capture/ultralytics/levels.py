"""What the levels of a detector see: maps for small, middle and large objects, of one width."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlflow_latent.errors import CaptureError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor
    from torch.nn import Module
    from torch.utils.hooks import RemovableHandle

BRANCH = "cv3"  # of the head: what the classes are read from, as wide at every level
LAST_BUT_CLASSES = -2
BINS = 3  # of a box's sides, in which values are taken
CELLS = 14
"""Cells that an object should be wide on its level (Lin et al. 2017, Feature Pyramid Networks, eq.
1: an object of 224 pixels belongs to the level of stride 16)."""


class LevelTap:
    """Listens to the class branch of a detector's head, level by level, while attached."""

    def __init__(self) -> None:
        self._handles: list[RemovableHandle] = []
        self._maps: list[Any] = []

    def attach(self, module: Module) -> None:
        """Start listening.

        Raises:
            CaptureError: the model's head has no such branch.
        """
        self.detach()
        branches = getattr(head_of(module), BRANCH, None)
        if branches is None or not len(branches):
            raise CaptureError(
                "objects=True takes the head of a YOLO11 or YOLOv8 model; "
                f"{type(head_of(module)).__name__} has no {BRANCH!r}"
            )
        self._maps = [None] * len(branches)
        for place, branch in enumerate(branches):
            layer = branch[LAST_BUT_CLASSES]
            self._handles.append(layer.register_forward_hook(self._listener(place)))

    def detach(self) -> None:
        """Stop listening and leave the model as it was."""
        while self._handles:
            self._handles.pop().remove()
        self._maps = []

    def take(self) -> list[Tensor]:
        """Return the last batch's maps, (N, C, H, W) each, finest first; forget them.

        Raises:
            CaptureError: a level did not run.
        """
        maps, self._maps = self._maps, [None] * len(self._maps)
        if any(found is None for found in maps):
            raise CaptureError(
                "the head's levels did not run in this batch (a model compiled by torch.compile may"
                " pass over the hooks of its layers)"
            )
        return maps

    def _listener(self, place: int) -> Any:
        def listen(_layer: Module, _inputs: Any, output: Any) -> None:
            self._maps[place] = output

        return listen


def head_of(module: Any) -> Any:
    """Return the last layer of an Ultralytics model, that detects."""
    return module.model[-1]


def level_name(module: Any) -> str:
    """Return what the levels' branch is called in `named_modules()`."""
    return f"model.{len(module.model) - 1}.{BRANCH}"


def pool(maps: Sequence[Tensor], boxes: Tensor, input_height: int) -> Tensor:
    """Return an embedding of each object of one image: the mean of its box on the level that fits.

    Values between the cells' centers are interpolated (RoIAlign, He et al. 2017, Mask R-CNN), so
    that two small objects in one cell differ.

    Args:
        maps: (C, H, W) of each level, finest first.
        boxes: (K, 4) left, top, right, bottom in pixels of the input.
        input_height: of the input, in pixels.

    Returns:
        (K, C) float32.
    """
    import torch
    from torchvision.ops import roi_align

    strides = torch.tensor([input_height / level.shape[1] for level in maps], device=boxes.device)
    sides = (boxes[:, 2:] - boxes[:, :2]).clamp(min=0).prod(1).sqrt()
    fitting = (sides[:, None] >= CELLS * strides).sum(1) - 1
    found = boxes.new_zeros((len(boxes), len(maps[0])))
    for place, level in enumerate(maps):
        rows = fitting.clamp(min=0) == place
        if rows.any():
            means: Tensor = roi_align(
                level[None].float(),
                [boxes[rows].float()],
                output_size=BINS,
                spatial_scale=1 / float(strides[place]),
                sampling_ratio=2,
                aligned=True,
            )
            found[rows] = means.mean((2, 3))
    return found
