"""Batches of variants of one sample: what a step needs to be asked about changed images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

TEXT = (str, bytes)


def row_of(batch: Any, row: int, size: int) -> Any:
    """Return one sample of a batch as a batch of one.

    Args:
        batch: nested tuples, lists and mappings of (N, …) tensors and of lists of N.
        row: of the sample.
        size: N.
    """
    if isinstance(batch, Tensor):
        return batch[row : row + 1] if batch.ndim and len(batch) == size else batch
    if isinstance(batch, Mapping):
        return {key: row_of(part, row, size) for key, part in batch.items()}
    if isinstance(batch, tuple | list):
        if _are_rows(batch, size):
            return type(batch)([batch[row]])
        return _alike(batch, [row_of(part, row, size) for part in batch])
    return batch


def repeated(batch: Any, images: Tensor, variants: Tensor) -> Any:
    """Return a batch of one, repeated as often as there are variants of its images.

    Args:
        batch: of one sample.
        images: (1, C, H, W), the very tensor that is in it.
        variants: (n, C, H, W) to be in its place.
    """
    count = len(variants)
    if isinstance(batch, Tensor):
        return variants if batch is images else _expanded(batch, count)
    if isinstance(batch, Mapping):
        return {key: repeated(part, images, variants) for key, part in batch.items()}
    if isinstance(batch, tuple | list):
        if _are_rows(batch, 1):
            return type(batch)([batch[0]] * count)
        return _alike(batch, [repeated(part, images, variants) for part in batch])
    return batch


def _expanded(tensor: Tensor, count: int) -> Tensor:
    return tensor.expand(count, *tensor.shape[1:]) if tensor.ndim and len(tensor) == 1 else tensor


def _are_rows(parts: tuple[Any, ...] | list[Any], size: int) -> bool:
    """Whether a list holds something for each sample, and is not a list of the batch's parts."""
    if len(parts) != size:
        return False
    return not any(
        isinstance(part, Mapping | tuple | list)
        or (isinstance(part, Tensor) and part.ndim > 0 and len(part) == size)
        for part in parts
    )


def _alike(before: tuple[Any, ...] | list[Any], parts: list[Any]) -> Any:
    if hasattr(before, "_fields"):  # a named tuple
        return type(before)(*parts)
    return type(before)(parts)
