"""Which captures to download: embeddings are a hundred times larger than all the rest."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlflow_latent.errors import MissingCaptureError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from mlflow_latent.tracking.artifacts import Artifact

HISTORY_BYTES = 1 << 30  # what the other epochs' losses and predictions may cost to download
LIKELY_EMBEDDINGS = 0.5  # an epoch this large beside the largest one still has its embeddings

_EPOCH = re.compile(r"/epoch=(\d+)/")


@dataclass(frozen=True)
class Selection:
    """The files to download, and the epochs left out since they would cost too much."""

    files: tuple[Artifact, ...]
    left_out: tuple[int, ...]


def select_captures(
    files: Iterable[Artifact], epoch: int | None, history_bytes: int = HISTORY_BYTES
) -> Selection:
    """Choose the wanted epoch whole, and as many others as `history_bytes` allows.

    A listing tells sizes and not columns: without a wanted epoch, the newest of those that are
    about as large as the largest is taken to have embeddings.

    Args:
        files: all below `latent/captures`.
        epoch: the epoch to analyze, or None for the newest with embeddings.
        history_bytes: for the other epochs together; the smallest are taken first.

    Raises:
        MissingCaptureError: there are no captures, or none of `epoch`.
    """
    epochs = by_epoch(files)
    if not epochs:
        raise MissingCaptureError("there are no captures")
    if epoch is not None and epoch not in epochs:
        known = ", ".join(map(str, sorted(epochs)))
        raise MissingCaptureError(f"there are no captures of epoch {epoch}, only of {known}")
    sizes = {number: sum(file.size or 0 for file in group) for number, group in epochs.items()}
    wanted = _newest_with_embeddings(sizes) if epoch is None else epoch
    chosen, spent = [wanted], 0
    left_out: list[int] = []
    for number in sorted(sizes.keys() - {wanted}, key=lambda number: (sizes[number], number)):
        spent += sizes[number]
        (chosen if spent <= history_bytes else left_out).append(number)
    selected = [file for number in sorted(chosen) for file in epochs[number]]
    return Selection(tuple(selected), tuple(sorted(left_out)))


def by_epoch(files: Iterable[Artifact]) -> dict[int, list[Artifact]]:
    """Group artifacts by the epoch in their path; those without one are left out."""
    groups: dict[int, list[Artifact]] = {}
    for file in files:
        match = _EPOCH.search(file.path)
        if match:
            groups.setdefault(int(match[1]), []).append(file)
    return groups


def _newest_with_embeddings(sizes: Mapping[int, int]) -> int:
    threshold = LIKELY_EMBEDDINGS * max(sizes.values())
    return max(number for number, size in sizes.items() if size >= threshold)
