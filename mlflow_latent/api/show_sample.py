"""`ml.show_sample`: one sample of a run as a figure."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import pandas as pd

from mlflow_latent.errors import InputError, LatentError, did_you_mean
from mlflow_latent.exploration import history_by_epoch
from mlflow_latent.heatmaps import Heatmaps, heatmaps_folder
from mlflow_latent.imaging import pillow_open
from mlflow_latent.media import MEDIA, Thumbnails
from mlflow_latent.overlays import OverlayReader
from mlflow_latent.report.explorer.rows import RowFinder
from mlflow_latent.report.figures.sample import MOST_MAPS, MOST_NEIGHBORS, draw_sample
from mlflow_latent.report.heatmaps import leading
from mlflow_latent.report.model import Report
from mlflow_latent.report.sample import DrawnObject, Neighbor, SampleView
from mlflow_latent.report.table import SampleTable
from mlflow_latent.schema import KEY
from mlflow_latent.similarity import find_rows
from mlflow_latent.store import CaptureStore

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from mlflow_latent.report.explorer.extras import History
    from mlflow_latent.report.heatmaps import Heatmap

Theme = Literal["light", "dark"]


def show_sample(
    run: str | Report,
    sample_id: str | int | tuple[str, str],
    *,
    split: str | None = None,
    epoch: int | None = None,
    theme: Theme = "light",
    tracking_uri: str | None = None,
) -> Figure:
    """Draw one sample: what it is, what the model made of it, and why it is in an insight.

    Its picture with labels and predictions, class probabilities, loss over the epochs, heat-maps if
    there are any, its metadata among the samples of its split, similar samples of every split, and
    the insights that hold it.

    Args:
        run: the id of an analyzed MLflow run; or a report, which has no pictures and no epochs.
        sample_id: an id, `"train/<id>"` or `("train", <id>)` where an id is in several splits.
        split: its split, if the id alone does not tell.
        epoch: 0-based; default the newest that was analyzed.
        theme: `light` or `dark`.
        tracking_uri: where the run lives; default as MLflow is configured.

    Returns:
        A matplotlib figure: a notebook shows it, `figure.savefig("sample.png")` writes it.

    Raises:
        InputError: no such sample or theme, or one id in several splits.
        TrackingError: the run was not analyzed, or cannot be reached.
    """
    if theme not in get_args(Theme):
        raise InputError(f"there is no theme {theme!r}{did_you_mean(str(theme), get_args(Theme))}")
    asked = sample_id if split is None else (split, str(sample_id))
    if isinstance(run, Report):
        table = SampleTable.of(run)
        row = int(find_rows(table.frame, asked)[0])
        view = SampleView(table, row, similar=_similar(table, row, None))
    else:
        view = _of_run(run, asked, epoch, tracking_uri)
    return draw_sample(view, dark=theme == "dark")


def _of_run(
    run: str, asked: str | int | tuple[str, str], epoch: int | None, tracking_uri: str | None
) -> SampleView:
    from mlflow_latent.tracking import RunTracker

    tracker = RunTracker(run, tracking_uri)
    report = tracker.read_report(epoch)
    table = SampleTable.of(report)
    row = int(find_rows(table.frame, asked)[0])
    latent = tracker.download_latent(report.epoch, media=True)
    thumbnails = Thumbnails(latent / MEDIA)
    store = CaptureStore(latent)
    key = str(table.split[row]), str(table.frame["sample_id"].iloc[row])
    return SampleView(
        table,
        row,
        picture=_decoded(thumbnails(*key)),
        objects=_objects(latent / MEDIA, table, row),
        pred_probs=_probabilities(store, report, table, row),
        history=_history(store, table, report.epoch),
        heatmaps=_heatmaps(latent, report.epoch, key),
        similar=_similar(table, row, thumbnails),
    )


def _decoded(content: bytes | None) -> NDArray[np.uint8] | None:
    """Return (H, W, 3) of an encoded thumbnail."""
    if content is None:
        return None
    with pillow_open(io.BytesIO(content)) as image:
        return np.asarray(image.convert("RGB"), dtype=np.uint8)


def _objects(media: Path, table: SampleTable, row: int) -> tuple[DrawnObject, ...]:
    """Return the boxes and outlines of one sample, labels first."""
    frame = table.frame.iloc[[row]].reset_index(drop=True)
    found = OverlayReader(media, []).read(frame, RowFinder(frame))
    if found is None:
        return ()
    objects = [
        DrawnObject(
            box=tuple(found.box[place].tolist()),
            outline=tuple(
                map(
                    tuple,
                    found.polygon[
                        found.polygon_first[place] : found.polygon_first[place + 1]
                    ].tolist(),
                )
            ),
            category=table.class_name(int(found.category[place])),
            score=float(found.score[place]) if np.isfinite(found.score[place]) else None,
            is_prediction=bool(found.is_prediction[place]),
        )
        for place in range(len(found.box))
    ]
    return tuple(sorted(objects, key=lambda one: one.is_prediction))


def _probabilities(
    store: CaptureStore, report: Report, table: SampleTable, row: int
) -> NDArray[np.float32] | None:
    """Return (C,) of one sample; None where the captures have none."""
    try:
        snapshot = store.snapshot(report.epoch, report.layer)
    except LatentError:
        return None
    if snapshot.pred_probs is None:
        return None
    place = RowFinder(snapshot.frame).locate(table.frame.iloc[[row]][KEY])[0]
    return None if place < 0 else np.asarray(snapshot.pred_probs[place])


def _history(store: CaptureStore, table: SampleTable, epoch: int | None) -> History | None:
    learned = [number for number in store.epochs() if number <= (epoch or 0)]
    try:
        history = store.history(learned)
    except LatentError:
        return None
    return history_by_epoch(history, RowFinder(table.frame), len(table))


def _heatmaps(latent: Path, epoch: int | None, key: tuple[str, str]) -> tuple[Heatmap, ...]:
    """Return the maps to show: one for each sort of question first, then the others."""
    maps = Heatmaps(heatmaps_folder(latent, epoch))(*key)
    first = leading(maps)
    return (*first, *(one for one in maps if one not in first))[:MOST_MAPS]


def _similar(table: SampleTable, row: int, thumbnails: Thumbnails | None) -> tuple[Neighbor, ...]:
    """Return the nearest of each split, as the report lists them, so that none is left out."""
    if "neighbors" not in table.frame:
        return ()
    near = np.asarray(table.frame["neighbors"].iloc[row], dtype=np.int64)
    ranks = pd.Series(table.split[near]).groupby(table.split[near]).cumcount().to_numpy()
    each = -(-MOST_NEIGHBORS // max(1, len(table.splits)))
    order = np.lexsort((np.arange(len(near)), ranks >= each))[:MOST_NEIGHBORS]
    chosen = near[np.sort(order)].tolist()
    return tuple(Neighbor(place, _picture(table, place, thumbnails)) for place in chosen)


def _picture(
    table: SampleTable, row: int, thumbnails: Thumbnails | None
) -> NDArray[np.uint8] | None:
    if thumbnails is None:
        return None
    return _decoded(thumbnails(str(table.split[row]), str(table.frame["sample_id"].iloc[row])))
