"""Thumbnails from the batches of a split's first captured epoch."""

from __future__ import annotations

from typing import Any, Protocol


class ThumbnailTap(Protocol):
    """Takes pictures of samples."""

    def take(self, batch: Any, sample_ids: list[Any], wanted: Any) -> None: ...
    def close(self) -> None: ...
    def abort(self) -> None: ...
