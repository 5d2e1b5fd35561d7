"""Find samples again in a loader, by their ids."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from torch.utils.data import DataLoader, IterableDataset

from lightning_callbacks.layers import first_tensor
from lightning_callbacks.sample_ids import SampleIds
from lightning_callbacks.thumbnails import find_images
from lightning_callbacks.variants import row_of
from mlflow_latent.errors import CaptureError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lightning_callbacks.settings import Key

UNREADABLE = 3  # samples that cannot be read, which a note names


class SampleSearch:
    """Looks for samples: at their place in the data set, else by going through the loader.

    Args:
        split: what the loader holds.
        loader: as it was captured.
        key: where in a batch the ids are.
        end: of the time for it, by `time.monotonic`.

    Attributes:
        notes: what was not found, and why.
    """

    def __init__(self, split: str, loader: Any, key: Key | None, end: float) -> None:
        self.notes: list[str] = []
        self._split, self._loader, self._key, self._end = split, loader, key, end

    def find(self, ids: set[str]) -> Iterator[tuple[str, Any]]:
        """Yield each sample's id, and a batch that holds it alone."""
        loader, left, split = self._loader, set(ids), self._split
        if self._key is None and _has_places(loader):
            places = {f"{split}-{place}": place for place in range(len(loader.dataset))}
            for sample_id in sorted(left & places.keys(), key=places.__getitem__):
                left.discard(sample_id)
                try:
                    batch = loader.collate_fn([loader.dataset[places[sample_id]]])
                except Exception as error:  # noqa: BLE001 - a file that is gone costs its own maps
                    self._note_unreadable(sample_id, error)
                else:
                    yield sample_id, batch
        if left:
            yield from self._scan(left)

    def _note_unreadable(self, sample_id: str, error: Exception) -> None:
        if len(self.notes) < UNREADABLE:
            self.notes.append(
                f"sample {sample_id!r} cannot be read: {type(error).__name__}: {error}"
            )

    def _scan(self, left: set[str]) -> Iterator[tuple[str, Any]]:
        loader = _in_order(self._loader)
        names = SampleIds(self._split, loader, self._key)
        for batch in loader:
            images = find_images(batch, _count(batch))
            if images is None or not left or time.monotonic() > self._end:
                break
            ids, _ = names.next(None, batch, len(images))
            for row, sample_id in enumerate(map(str, ids)):
                if sample_id in left:
                    left.discard(sample_id)
                    yield sample_id, row_of(batch, row, len(images))
        if left:
            self.notes.append(
                f"{len(left)} samples of {self._split!r} were not found again, e.g. {min(left)!r}"
            )


def _has_places(loader: Any) -> bool:
    return (
        isinstance(loader, DataLoader)
        and not isinstance(loader.dataset, IterableDataset)
        and hasattr(loader.dataset, "__len__")
        and loader.collate_fn is not None
    )


def _in_order(loader: Any) -> Any:
    """A loader of the same samples in the data set's order, in this process, all of them."""
    if not _has_places(loader):
        return loader
    return DataLoader(
        loader.dataset, batch_size=loader.batch_size or 1, collate_fn=loader.collate_fn
    )


def _count(batch: Any) -> int:
    """Samples in a batch: the length of its first tensor."""
    try:
        return len(first_tensor(batch))
    except (CaptureError, TypeError):
        return 0
