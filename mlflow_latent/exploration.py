"""What the explorer shows beyond the report: histories, thumbnails, other layers and epochs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mlflow_latent.errors import LatentError
from mlflow_latent.heatmaps import heatmaps_file, heatmaps_folder
from mlflow_latent.measures.companion import project_beside
from mlflow_latent.media import MEDIA
from mlflow_latent.overlays import OverlayReader
from mlflow_latent.packing import SheetPacker
from mlflow_latent.report.explorer.extras import ExtraProjection, Extras, History
from mlflow_latent.report.explorer.rows import RowFinder
from mlflow_latent.report.table import SampleTable
from mlflow_latent.schema import EPOCH, KEY, LOSS, PREDICTION, SPLIT
from mlflow_latent.sheets import find_sheets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from mlflow_latent.measures.options import MeasureOptions
    from mlflow_latent.report.model import Report
    from mlflow_latent.snapshot import Snapshot
    from mlflow_latent.store import CaptureStore

OTHER_EPOCHS = 8  # drawn beside the analyzed one; the first and the last kept are among them
OTHER_LAYERS = 4


@dataclass
class Exploration:
    """Gathers what belongs beside a report that was made of captures.

    Attributes:
        store: the captures.
        snapshot: what was analyzed.
        report: what was found, with its table of samples.
        options: of the measures.
        progress: told what is being done, in a few words.
    """

    store: CaptureStore
    snapshot: Snapshot
    report: Report
    options: MeasureOptions
    progress: Callable[[str], None] = lambda _: None
    _notes: list[str] = field(default_factory=list)

    def gather(self, run_name: str | None = None) -> Extras:
        """Return it all; what cannot be read is a note, and never an error."""
        frame = self.snapshot.frame
        finder = RowFinder(frame)
        media = self.store.root / MEDIA
        projections = tuple(self._projections(finder))
        sheets = find_sheets(media, frame, finder)
        return Extras(
            run_name=run_name,
            supercategories=self.snapshot.info.supercategories,
            projections=projections,
            history=history_by_epoch(self.snapshot.history, finder, len(frame)),
            pred_probs=self.snapshot.pred_probs,
            thumbnails=sheets,
            pack=SheetPacker(self.store.root, sheets).pack if sheets else None,
            objects=OverlayReader(media, self._notes).read(frame, finder),
            heatmaps=self._heatmaps(),
            notes=tuple(self._notes),
        )

    def _heatmaps(self) -> dict[str, bytes]:
        """Return the file of heat-maps of each split that has one at the epoch analyzed."""
        folder = heatmaps_folder(self.store.root, self.report.epoch)
        names = {split: folder / heatmaps_file(split) for split in self.snapshot.splits}
        return {split: path.read_bytes() for split, path in names.items() if path.is_file()}

    def _projections(self, finder: RowFinder) -> Iterator[ExtraProjection]:
        drawn = SampleTable.of(self.report).points
        if self.options.projection == "none" or not np.isfinite(drawn).any():
            return
        for epoch, layer in self._others():
            self.progress(f"projection of epoch {epoch}, layer {layer or 'unnamed'}")
            try:
                other = self.store.snapshot(epoch, layer)
            except LatentError as error:
                self._notes.append(f"epoch {epoch}, layer {layer!r} is not drawn: {error}")
                continue
            points = self._place(other, drawn, finder)
            yield ExtraProjection(self.options.projection, epoch, layer, points)

    def _others(self) -> Iterator[tuple[int, str | None]]:
        """Other epochs of the analyzed layer, then other layers of the analyzed epoch."""
        analyzed, layer = self.snapshot.epoch, self.snapshot.layer
        epochs = [e for e in self.store.embedding_epochs(layer) if e != analyzed]
        kept = np.linspace(0, len(epochs) - 1, min(len(epochs), OTHER_EPOCHS)).round()
        yield from ((epochs[place], layer) for place in kept.astype(int).tolist())
        layers = [name for name in self.store.layers() if name != layer]
        drawable = [name for name in layers if analyzed in self.store.embedding_epochs(name)]
        yield from ((analyzed or 0, name) for name in drawable[:OTHER_LAYERS])

    def _place(
        self, other: Snapshot, drawn: NDArray[np.float32], finder: RowFinder
    ) -> NDArray[np.float32]:
        """Return (N, 2) where the samples are in the projection of `other`, NaN if they are not."""
        rows = finder.locate(other.frame[KEY])
        known = np.flatnonzero(rows >= 0)
        there = np.full((len(other), 2), np.nan, dtype=np.float32)
        there[known] = drawn[rows[known]]
        codes = pd.factorize(other.frame[SPLIT])[0]
        points = project_beside(
            other.embedding,
            codes,
            there,
            self.options,
            start_there=other.layer == self.snapshot.layer,
        )
        placed = np.full_like(drawn, np.nan)
        placed[rows[known]] = points[known]
        return placed


def history_by_epoch(history: pd.DataFrame | None, finder: RowFinder, size: int) -> History | None:
    """Return a history of rows per sample and epoch as arrays of epochs × samples.

    Args:
        history: as `Snapshot.history`.
        finder: of the rows of the samples.
        size: N, how many samples.

    Returns:
        None where fewer than two epochs were captured.
    """
    if history is None or history[EPOCH].nunique() < 2:  # noqa: PLR2004 - one is no history
        return None
    places, epochs = pd.factorize(history[EPOCH], sort=True)
    rows = finder.locate(history[KEY])
    known = rows >= 0
    place, row = places[known], rows[known]
    loss = prediction = None
    if LOSS in history:
        loss = np.full((len(epochs), size), np.nan, dtype=np.float32)
        loss[place, row] = history[LOSS].to_numpy(np.float32, na_value=np.nan)[known]
    if PREDICTION in history:
        prediction = np.full((len(epochs), size), -1, dtype=np.int32)
        prediction[place, row] = history[PREDICTION].fillna(-1).to_numpy(np.int32)[known]
    return History(tuple(int(epoch) for epoch in epochs), loss, prediction)
