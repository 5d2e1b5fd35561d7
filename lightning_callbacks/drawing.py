"""Boxes and outlines from a split's batches, to be drawn over its thumbnails."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlflow_latent.errors import CaptureError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from lightning_callbacks.notices import Notices
    from mlflow_latent.overlays import OverlayWriter, SampleObject


class OverlayTap:
    """Writes what is to be drawn over a split's samples as they pass.

    A failure in here costs the overlays and nothing else.

    Args:
        writer: writes them.
        source: function of (step output, batch) that returns each sample's objects.
        notices: what there is to say.
        split: whose samples pass.
    """

    def __init__(
        self,
        writer: OverlayWriter,
        source: Callable[[Any, Any], Sequence[Iterable[SampleObject]]],
        notices: Notices,
        split: str,
    ) -> None:
        self._writer, self._source = writer, source
        self._notices, self._split = notices, split
        self._is_off = False

    def take(
        self, outputs: Any, batch: Any, sample_ids: Sequence[Any], wanted: NDArray[np.bool_]
    ) -> None:
        """Write the objects of a batch.

        Args:
            outputs: what the step returned.
            batch: the batch, on its device.
            sample_ids: ids of the wanted rows.
            wanted: (N,) mask of the rows to keep.
        """
        if self._is_off:
            return
        try:
            found = _checked(list(self._source(outputs, batch)), len(wanted))
            kept = [objects for objects, want in zip(found, wanted, strict=True) if want]
            for sample_id, objects in zip(sample_ids, kept, strict=True):
                self._writer.add(str(sample_id), objects)
        except Exception as error:  # noqa: BLE001 - the rest of the capture does without
            self.abort()
            self._notices.say(
                f"overlays of {self._split}", f"no overlays: {type(error).__name__}: {error}"
            )

    def close(self) -> None:
        """Put the file in its place."""
        if not self._is_off:
            self._writer.close()

    def abort(self) -> None:
        """Stop; what was drawn is not shown."""
        self._is_off = True
        self._writer.abort()


def _checked(found: list[Iterable[SampleObject]], size: int) -> list[Iterable[SampleObject]]:
    if len(found) != size:
        raise CaptureError(
            f"overlays must return the objects of each of {size} samples, got {len(found)} lists"
        )
    return found
