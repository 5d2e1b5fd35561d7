"""What the explorer shows beyond a report and its table of samples."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy as np
    from numpy.typing import NDArray

    from mlflow_latent.report.explorer.header import SheetHeader


@dataclass(frozen=True, eq=False)
class ExtraProjection:
    """Places of the samples by another method, layer or epoch.

    Attributes:
        method: `umap`, `tsne` or `pca`.
        epoch: 0-based.
        layer: whose embedding was projected.
        points: (N, 2) float32 within −1…1, NaN where a sample was not projected.
    """

    method: str
    epoch: int | None
    layer: str | None
    points: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class History:
    """How N samples were learned over E epochs.

    Attributes:
        epochs: (E,) ascending.
        loss: (E, N) float32, NaN where missing; None if no loss was captured.
        prediction: (E, N) class index, −1 where missing; None if none was captured.
    """

    epochs: tuple[int, ...]
    loss: NDArray[np.float32] | None = None
    prediction: NDArray[np.int32] | None = None

    def of_epochs(self, places: NDArray[np.intp]) -> History:
        """Return the history of some epochs, given by their places."""
        return History(
            tuple(self.epochs[place] for place in places.tolist()),
            None if self.loss is None else self.loss[places],
            None if self.prediction is None else self.prediction[places],
        )


@dataclass(frozen=True, eq=False)
class Sheets:
    """Thumbnails: (N,) uint32 tile of each sample over all sheets (`NO_ROW` is none), and those."""

    tile: NDArray[np.uint32]
    sheets: tuple[SheetHeader, ...]


@dataclass(frozen=True, eq=False)
class SampleObjects:
    """Boxes and outlines of N samples: M objects in the order of the samples.

    Attributes:
        first: (N + 1,) where each sample's objects begin.
        box: (M, 4) x0, y0, x1, y1 relative to the picture, 0…1.
        category: (M,) class index.
        score: (M,) 0…1, NaN where there is none.
        is_prediction: (M,) else it is a target.
        polygon_first: (M + 1,) where each object's points begin.
        polygon: (points, 2) x, y relative to the picture.
    """

    first: NDArray[np.int64]
    box: NDArray[np.float32]
    category: NDArray[np.int32]
    score: NDArray[np.float32]
    is_prediction: NDArray[np.bool_]
    polygon_first: NDArray[np.int64]
    polygon: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Extras:
    """Everything beside the report; all of it may be missing.

    Attributes:
        run_name: of the run in MLflow.
        supercategories: by class name.
        projections: beside the report's own.
        history: of losses and predictions.
        pred_probs: (N, C) float32 class probabilities.
        thumbnails: where each sample's picture is.
        objects: boxes and outlines to draw over them.
        pack: gives the pictures of rows inside the page itself, the first ones first, as many as
            fit into that many bytes; None where there are none.
        heatmaps: the file of heat-maps of each split that has one, for a page that is a file.
        notes: what could not be read.
    """

    run_name: str | None = None
    supercategories: Mapping[str, str] = field(default_factory=dict)
    projections: tuple[ExtraProjection, ...] = ()
    history: History | None = None
    pred_probs: NDArray[np.float32] | None = None
    thumbnails: Sheets | None = None
    objects: SampleObjects | None = None
    pack: Callable[[NDArray[np.int64], int], Sheets | None] | None = None
    heatmaps: Mapping[str, bytes] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
