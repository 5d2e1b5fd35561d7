"""The parts of `explorer.bin` that are not columns: places, similars, histories, pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np

from mlflow_latent.report.explorer.extras import ExtraProjection
from mlflow_latent.report.explorer.fidelity import MIN_NEIGHBORS, Fidelity
from mlflow_latent.report.explorer.header import (
    NO_ROW,
    HistoryHeader,
    NeighborsHeader,
    OverlaysHeader,
    ProbabilitiesHeader,
    ProjectionHeader,
    ThumbnailsHeader,
)
from mlflow_latent.report.explorer.numbers import BYTE, CODES, missing_code, quantize

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from mlflow_latent.report.explorer.arrays import ArrayWriter
    from mlflow_latent.report.explorer.extras import History, SampleObjects, Sheets
    from mlflow_latent.report.table import SampleTable

PROJECTION_BITS, CLASS_BITS = 16, 16
MOST_CLASSES = 65_535  # that an index of two bytes can name, the largest being "none"
PCA = ["pca_x", "pca_y"]
RELATIVE = 65_535  # of a picture's width or height
CERTAIN = 254  # code of a score of 1
CLIPPED = 99.5  # percentile of losses that the last code of a byte stands for
LEAST_EPOCHS = 2  # of a history


@dataclass(frozen=True)
class PartEncoder:
    """Writes the parts; each is None where there is nothing to write.

    Attributes:
        table: the report's samples.
        arrays: where the data go.
        fidelity: how exactly, and how much.
    """

    table: SampleTable
    arrays: ArrayWriter
    fidelity: Fidelity

    def projections(self, others: tuple[ExtraProjection, ...]) -> Iterator[ProjectionHeader]:
        """The report's own, PCA, then the others; each is written when it is asked for."""
        chosen = [*self._of_report(), *others][: self.fidelity.n_projections]
        return map(self._projection, chosen)

    def _of_report(self) -> list[ExtraProjection]:
        report, frame = self.table.report, self.table.frame
        if not self.table.has_projection:
            return []
        has_both = set(PCA) <= set(frame.columns)  # else PCA was asked for, or all that there is
        method = str(report.parameters.get("projection", "pca")) if has_both else "pca"
        points = {method: self.table.points}
        if has_both:
            points["pca"] = frame[PCA].to_numpy(dtype=np.float32, na_value=np.nan)
        return [
            ExtraProjection(name, report.epoch, report.layer, places)
            for name, places in points.items()
        ]

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

    def history(self, history: History | None) -> HistoryHeader | None:
        """Losses and predictions of the epochs, evenly spread ones where not all fit."""
        if history is None or not len(self.table) or not self.fidelity.history_entries:
            return None
        most = max(LEAST_EPOCHS, self.fidelity.history_entries // len(self.table))
        history = history.of_epochs(spread(len(history.epochs), most))
        loss, scale = None, None
        if history.loss is not None and np.isfinite(history.loss).any():
            bits = self.fidelity.history_bits
            codes, scale = quantize(history.loss, *_range(history.loss, bits), bits)
            loss = self.arrays.add(codes)
        prediction = None
        if history.prediction is not None:
            bits = BYTE if history.prediction.max(initial=-1) < missing_code(BYTE) else CLASS_BITS
            prediction = self.arrays.add(_class_codes(history.prediction, bits))
        return HistoryHeader(epochs=history.epochs, loss=loss, scale=scale, prediction=prediction)

    def neighbors(self) -> NeighborsHeader | None:
        """The similars of each sample, as many as the fidelity allows."""
        frame = self.table.frame
        if "neighbors" not in frame or not len(frame):
            return None
        lists = cast("list[NDArray[np.int64]]", frame["neighbors"].tolist())
        fair = max(MIN_NEIGHBORS, self.fidelity.neighbor_entries // len(frame))
        k = min(*map(len, (lists[0], lists[-1])), self.fidelity.n_neighbors, fair)
        if not k:
            return None
        found = np.vstack([row[:k] for row in lists])
        rows = np.where(found < 0, NO_ROW, found).astype(np.uint32)
        return NeighborsHeader(k=k, rows=self.arrays.add(rows))

    def probabilities(self, best: MostProbable | None) -> ProbabilitiesHeader | None:
        """The most probable classes of each sample."""
        if best is None:
            return None
        shares = np.rint(np.nan_to_num(np.clip(best.values, 0, 1)) * missing_code(BYTE))
        return ProbabilitiesHeader(
            k=best.classes.shape[1],
            classes=self.arrays.add(best.classes),
            values=self.arrays.add(shares.astype(np.uint8)),
        )

    def thumbnails(self, thumbnails: Sheets | None) -> ThumbnailsHeader | None:
        """Where each sample's picture is."""
        if thumbnails is None or not thumbnails.sheets:
            return None
        return ThumbnailsHeader(
            tile=self.arrays.add(thumbnails.tile.astype(np.uint32)), sheets=thumbnails.sheets
        )

    def overlays(self, objects: SampleObjects | None) -> OverlaysHeader | None:
        """Boxes and outlines."""
        if objects is None or not len(objects.category):
            return None
        score = np.clip(objects.score, 0, 1) * CERTAIN
        score = np.where(np.isfinite(score), np.rint(score), missing_code(BYTE))
        outlined = bool(len(objects.polygon))
        return OverlaysHeader(
            first=self.arrays.add(objects.first.astype(np.uint32)),
            box=self.arrays.add(_relative(objects.box)),
            category=self.arrays.add(_class_codes(objects.category, CLASS_BITS)),
            score=self.arrays.add(score.astype(np.uint8)),
            role=self.arrays.add(objects.is_prediction.astype(np.uint8)),
            polygon_first=(
                self.arrays.add(objects.polygon_first.astype(np.uint32)) if outlined else None
            ),
            polygon=self.arrays.add(_relative(objects.polygon)) if outlined else None,
        )


@dataclass(frozen=True, eq=False)
class MostProbable:
    """(N, k) classes, the most probable first, and their probabilities."""

    classes: NDArray[np.uint16]
    values: NDArray[np.float32]


def most_probable(pred_probs: NDArray[np.float32] | None, k: int) -> MostProbable | None:
    """Return the k most probable of (N, C) classes; None where there are no probabilities."""
    if pred_probs is None or not pred_probs.size or not k:
        return None
    k = min(k, pred_probs.shape[1])
    rows = np.arange(len(pred_probs))[:, None]
    best = np.argpartition(-pred_probs, k - 1, axis=1)[:, :k]
    order = np.lexsort((best, -pred_probs[rows, best]), axis=1)
    best = np.take_along_axis(best, order, axis=1)
    classes = np.minimum(best, MOST_CLASSES).astype(np.uint16)
    return MostProbable(classes, pred_probs[rows, best])


def spread(count: int, most: int) -> NDArray[np.intp]:
    """Return at most `most` places of `count`, evenly, the first and the last among them."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(np.intp))


def _range(loss: NDArray[np.float32], bits: int) -> tuple[float, float]:
    """A byte holds few steps: the largest losses share its last one."""
    finite = loss[np.isfinite(loss)]
    highest = np.percentile(finite, CLIPPED) if bits == BYTE else finite.max()
    return float(finite.min()), float(highest)


def _class_codes(classes: NDArray[np.int32], bits: int) -> NDArray[np.uint8 | np.uint16]:
    """Class indices as codes, the largest being "missing"; an index too large is missing."""
    known = (classes >= 0) & (classes < missing_code(bits))
    return np.where(known, classes, missing_code(bits)).astype(CODES[bits])


def _relative(values: NDArray[np.float32]) -> NDArray[np.uint16]:
    return np.rint(np.nan_to_num(np.clip(values, 0, 1)) * RELATIVE).astype(np.uint16)
