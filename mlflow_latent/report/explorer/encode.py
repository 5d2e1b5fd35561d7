"""`explorer.bin`: a report and its samples as compact columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.report.explorer.arrays import ArrayWriter
from mlflow_latent.report.explorer.columns import ColumnEncoder
from mlflow_latent.report.explorer.extras import ExtraProjection, Extras
from mlflow_latent.report.explorer.fidelity import FULL, MIN_NEIGHBORS, Fidelity
from mlflow_latent.report.explorer.findings import encode_insights, encode_regions
from mlflow_latent.report.explorer.header import (
    NO_ROW,
    ExplorerHeader,
    HistoryHeader,
    NeighborsHeader,
    OverlaysHeader,
    ProbabilitiesHeader,
    ProjectionHeader,
    ThumbnailsHeader,
)
from mlflow_latent.report.explorer.numbers import CODES, missing_code, quantize
from mlflow_latent.report.explorer.rows import RowFinder
from mlflow_latent.report.table import SampleTable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlflow_latent.report.explorer.extras import History, SampleObjects, Sheets
    from mlflow_latent.report.model import Report

PROJECTION_BITS = 16
MOST_CLASSES = 65_535  # that an index of two bytes can name, the largest being "none"
PCA = ["pca_x", "pca_y"]
RELATIVE = 65_535  # of a picture's width or height


def encode_explorer(
    report: Report, extras: Extras | None = None, fidelity: Fidelity = FULL
) -> bytes:
    """Return the content of `explorer.bin`.

    Args:
        report: with its table of samples; without, there are no samples to see.
        extras: what is shown beside it.
        fidelity: how exactly numbers are written, and how much of the rest.

    Returns:
        The same bytes for the same report, extras and fidelity.
    """
    return _Encoder(SampleTable.of(report), extras or Extras(), fidelity).encode()


class _Encoder:
    def __init__(self, table: SampleTable, extras: Extras, fidelity: Fidelity) -> None:
        self.table, self.extras, self.fidelity = table, extras, fidelity
        self.arrays = ArrayWriter()

    def encode(self) -> bytes:
        report, finder = self.table.report, RowFinder(self.table.frame)
        probabilities = most_probable(self.extras.pred_probs, self.fidelity.n_probabilities)
        certainty = None if probabilities is None else probabilities[1][:, 0]
        columns = ColumnEncoder(self.table, self.arrays, self.fidelity)
        header = ExplorerHeader(
            n=len(self.table),
            run_id=report.run_id,
            run_name=self.extras.run_name,
            epoch=report.epoch,
            layer=report.layer,
            task=report.task,
            class_names=report.class_names,
            supercategories=dict(self.extras.supercategories),
            tested_split=report.tested_split,
            reference_split=report.reference_split,
            confidence=report.confidence,
            error_budget=report.error_budget,
            splits=report.splits,
            regions=encode_regions(self.table, finder),
            curves=report.curves,
            not_applicable=report.not_applicable,
            dropped=report.dropped,
            notes=(*report.notes, *self.extras.notes),
            tests=report.tests,
            projections=tuple(map(self._projection, self._chosen_projections())),
            columns=columns.encode(certainty),
            insights=encode_insights(self.table, finder, self.arrays),
            probabilities=self._probabilities(probabilities),
            thumbnails=self._thumbnails(self.extras.thumbnails),
            neighbors=self._neighbors(),
            history=self._history(self.extras.history),
            overlays=self._overlays(self.extras.objects),
        )
        return self.arrays.finish(header)

    def _chosen_projections(self) -> list[ExtraProjection]:
        """The report's own, PCA, then the others; as many as the fidelity allows."""
        report, frame = self.table.report, self.table.frame
        has_both = set(PCA) <= set(frame.columns)  # else PCA was asked for, or all that there is
        method = str(report.parameters.get("projection", "pca")) if has_both else "pca"
        chosen = []
        if self.table.has_projection:
            chosen.append(ExtraProjection(method, report.epoch, report.layer, self.table.points))
        if has_both:
            points = frame[PCA].to_numpy(dtype=np.float32, na_value=np.nan)
            chosen.append(ExtraProjection("pca", report.epoch, report.layer, points))
        return [*chosen, *self.extras.projections][: self.fidelity.n_projections]

    def _projection(self, projection: ExtraProjection) -> ProjectionHeader:
        codes = [quantize(axis, -1.0, 1.0, PROJECTION_BITS)[0] for axis in projection.points.T]
        hidden = ~np.isfinite(projection.points).all(axis=1)
        for axis in codes:
            axis[hidden] = missing_code(PROJECTION_BITS)
        return ProjectionHeader(
            method=projection.method,
            epoch=projection.epoch,
            layer=projection.layer,
            x=self.arrays.add(codes[0]),
            y=self.arrays.add(codes[1]),
        )

    def _history(self, history: History | None) -> HistoryHeader | None:
        if history is None or not len(self.table):
            return None
        most = max(2, self.fidelity.history_entries // len(self.table))
        history = history.of_epochs(spread(len(history.epochs), most))
        loss, scale = None, None
        if history.loss is not None and np.isfinite(history.loss).any():
            low, high = _range(history.loss, self.fidelity.history_bits)
            codes, scale = quantize(history.loss, low, high, self.fidelity.history_bits)
            loss = self.arrays.add(codes)
        prediction = None
        if history.prediction is not None:
            prediction = self.arrays.add(_class_codes(history.prediction))
        return HistoryHeader(epochs=history.epochs, loss=loss, scale=scale, prediction=prediction)

    def _neighbors(self) -> NeighborsHeader | None:
        frame = self.table.frame
        if "neighbors" not in frame or not len(frame):
            return None
        found = np.vstack(frame["neighbors"].to_numpy())
        fair = max(MIN_NEIGHBORS, self.fidelity.neighbor_entries // len(frame))
        k = min(found.shape[1], self.fidelity.n_neighbors, fair)
        if not k:
            return None
        rows = np.where(found[:, :k] < 0, NO_ROW, found[:, :k]).astype(np.uint32)
        return NeighborsHeader(k=k, rows=self.arrays.add(rows))

    def _probabilities(
        self, probabilities: tuple[NDArray[np.uint16], NDArray[np.float32]] | None
    ) -> ProbabilitiesHeader | None:
        if probabilities is None:
            return None
        classes, values = probabilities
        shares = np.rint(np.nan_to_num(np.clip(values, 0, 1)) * missing_code(8)).astype(np.uint8)
        return ProbabilitiesHeader(
            k=classes.shape[1], classes=self.arrays.add(classes), values=self.arrays.add(shares)
        )

    def _thumbnails(self, thumbnails: Sheets | None) -> ThumbnailsHeader | None:
        if thumbnails is None or not thumbnails.sheets:
            return None
        return ThumbnailsHeader(
            tile=self.arrays.add(thumbnails.tile.astype(np.uint32)), sheets=thumbnails.sheets
        )

    def _overlays(self, objects: SampleObjects | None) -> OverlaysHeader | None:
        if objects is None or not len(objects.category):
            return None
        score = np.where(np.isfinite(objects.score), np.clip(objects.score, 0, 1) * 254, 255)
        outlined = bool(len(objects.polygon))
        return OverlaysHeader(
            first=self.arrays.add(objects.first.astype(np.uint32)),
            box=self.arrays.add(_relative(objects.box)),
            category=self.arrays.add(_class_codes(objects.category, 16)),
            score=self.arrays.add(np.rint(score).astype(np.uint8)),
            role=self.arrays.add(objects.is_prediction.astype(np.uint8)),
            polygon_first=(
                self.arrays.add(objects.polygon_first.astype(np.uint32)) if outlined else None
            ),
            polygon=self.arrays.add(_relative(objects.polygon)) if outlined else None,
        )


def most_probable(
    pred_probs: NDArray[np.float32] | None, k: int
) -> tuple[NDArray[np.uint16], NDArray[np.float32]] | None:
    """Return (N, k) the most probable classes, first the most probable, and their probabilities."""
    if pred_probs is None or not pred_probs.size or not k:
        return None
    k = min(k, pred_probs.shape[1])
    rows = np.arange(len(pred_probs))[:, None]
    best = np.argpartition(-pred_probs, k - 1, axis=1)[:, :k]
    order = np.lexsort((best, -pred_probs[rows, best]), axis=1)
    best = np.take_along_axis(best, order, axis=1)
    classes = np.where(best < MOST_CLASSES, best, MOST_CLASSES).astype(np.uint16)
    return classes, pred_probs[rows, best]


def spread(count: int, most: int) -> NDArray[np.intp]:
    """Return at most `most` places of `count`, evenly, the first and the last among them."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(np.intp))


def _range(loss: NDArray[np.float32], bits: int) -> tuple[float, float]:
    """A byte holds few steps: the largest losses of all share the last one."""
    finite = loss[np.isfinite(loss)]
    low = float(finite.min())
    high = float(finite.max() if bits > 8 else np.percentile(finite, CLIPPED))  # noqa: PLR2004
    return low, high


CLIPPED = 99.5  # percentile


def _class_codes(
    classes: NDArray[np.int32], bits: int | None = None
) -> NDArray[np.uint8 | np.uint16]:
    """Class indices as codes, the largest being "missing"; an index too large is missing."""
    highest = int(classes.max(initial=-1))
    bits = bits or (8 if highest < missing_code(8) else 16)
    known = (classes >= 0) & (classes < missing_code(bits))
    return np.where(known, classes, missing_code(bits)).astype(CODES[bits])


def _relative(values: NDArray[np.float32]) -> NDArray[np.uint16]:
    return np.rint(np.nan_to_num(np.clip(values, 0, 1)) * RELATIVE).astype(np.uint16)
