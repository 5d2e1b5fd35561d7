"""Which sample each row is: ids from the batch, or from the dataset's order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    DistributedSampler,
    IterableDataset,
    SequentialSampler,
)

from mlflow_latent.errors import CaptureError
from mlflow_latent.schema import SAMPLE_ID

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from lightning_callbacks.settings import Key

_MEND = (
    "let the dataset return an id with each sample and pass sample_id=<its key or place in the "
    "batch>, or pass shuffle=False"
)


class SampleIds:
    """Names the rows of one pass through a loader.

    Ids come from `sample_id` if it is given, else from the key `sample_id` of the step's output or
    the batch, else from the dataset's order (`val-0`, `val-1`, …; the split is part of the id, so
    that the first sample of train is not taken for the first of val).

    Args:
        split: what the loader holds.
        loader: gives the batches in order.
        key: where in a batch the ids are.
    """

    def __init__(self, split: str, loader: Any, key: Key | None) -> None:
        self._split, self._loader, self._key = split, loader, key
        self._position = 0

    def next(self, outputs: Any, batch: Any, size: int) -> tuple[Sequence[Any], NDArray[np.bool_]]:
        """Return the (N,) ids of the next batch, and a mask without a sampler's padding.

        Raises:
            CaptureError: the ids cannot be found, or the order says nothing about them.
        """
        places = self._places(size)
        ids = self._given(outputs, batch)
        if ids is None:
            refuse_unordered(self._loader, self._split)
            ids = [f"{self._split}-{place}" for place in places]
        elif len(ids) != size:
            raise CaptureError(f"there are {len(ids)} sample ids for {size} rows of a batch")
        return ids, ~self._is_padding(places)

    def _places(self, size: int) -> NDArray[np.int64]:
        """Places in the dataset (in the sampler's order) of the rows of the next batch."""
        order = np.arange(self._position, self._position + size)
        self._position += size
        sampler = getattr(self._loader, "sampler", None)
        if isinstance(sampler, DistributedSampler):
            return sampler.rank + order * sampler.num_replicas
        return order

    def _is_padding(self, places: NDArray[np.int64]) -> NDArray[np.bool_]:
        sampler = getattr(self._loader, "sampler", None)
        if isinstance(sampler, DistributedSampler):
            # It repeats samples so that all processes get the same number.
            padding: NDArray[np.bool_] = places >= len(sampler.dataset)  # type: ignore[arg-type]
            return padding
        return np.zeros(len(places), dtype=bool)

    def _given(self, outputs: Any, batch: Any) -> list[Any] | None:
        if self._key is not None:
            return _listed(look_up(batch, self._key, "sample_id"))
        for source in (outputs, batch):
            if isinstance(source, Mapping) and SAMPLE_ID in source:
                return _listed(source[SAMPLE_ID])
        return None


def look_up(batch: Any, key: Key, argument: str) -> Any:
    """Return what is at a key or place of a batch, or what a function finds in it.

    Raises:
        CaptureError: it is not there.
    """
    if callable(key):
        return key(batch)
    try:
        return batch[key]
    except (KeyError, IndexError, TypeError) as error:
        has = f"keys {sorted(map(str, batch))}" if isinstance(batch, Mapping) else _describe(batch)
        raise CaptureError(f"{argument}={key!r} is not in the batch, which has {has}") from error


def refuse_unordered(loader: Any, split: str) -> None:
    """Refuse to name samples by their place where the places change.

    Raises:
        CaptureError: the loader shuffles, or its order is not known.
    """
    if not isinstance(loader, DataLoader):
        raise CaptureError(f"split {split!r} comes from {type(loader).__name__}; {_MEND}")
    if isinstance(loader.dataset, IterableDataset):
        raise CaptureError(f"split {split!r} is a stream, whose samples have no place; {_MEND}")
    if type(loader.batch_sampler) not in {BatchSampler, type(None)}:
        name = type(loader.batch_sampler).__name__
        raise CaptureError(f"split {split!r} is batched by {name}, in an unknown order; {_MEND}")
    sampler = loader.sampler
    in_turn = type(sampler) is DistributedSampler and not sampler.shuffle
    if not in_turn and type(sampler) is not SequentialSampler:
        name = type(sampler).__name__
        raise CaptureError(
            f"the loader of split {split!r} shuffles ({name}), so a place in it names no sample; "
            f"{_MEND}"
        )


def _listed(ids: Any) -> list[Any]:
    if isinstance(ids, Tensor):
        return ids.reshape(-1).tolist()
    return list(ids)


def _describe(batch: Any) -> str:
    if isinstance(batch, tuple | list):
        return f"{len(batch)} parts"
    return f"type {type(batch).__name__}"
