from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from mlflow_latent.report.explorer.arrays import ExplorerFile
from mlflow_latent.report.explorer.encode import encode_explorer
from mlflow_latent.report.explorer.extras import (
    ExtraProjection,
    Extras,
    History,
    SampleObjects,
    Sheets,
)
from mlflow_latent.report.explorer.fidelity import LEVELS, Fidelity
from mlflow_latent.report.explorer.header import NO_ROW, SheetHeader
from mlflow_latent.report.model import Report

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from mlflow_latent.report.explorer.header import ArrayRef, ProjectionHeader


@pytest.fixture
def read(
    make_report: Callable[..., Report], make_table: Callable[..., pd.DataFrame]
) -> Callable[..., ExplorerFile]:
    """Encode n samples with these columns and extras, and read them back."""

    def encoded(
        n: int, extras: Extras | None = None, level: Fidelity = LEVELS[0], **columns: object
    ) -> ExplorerFile:
        return ExplorerFile(encode_explorer(make_report(make_table(n, **columns)), extras, level))

    return encoded


def points(read: ExplorerFile, projection: ProjectionHeader) -> np.ndarray:
    codes = np.stack([read.array(projection.x), read.array(projection.y)], axis=1)
    return np.where(codes == 65_535, np.nan, codes / 65_534 * 2 - 1)


def objects(first: list[int], category: list[int], **changes: np.ndarray) -> SampleObjects:
    m = len(category)
    content = {
        "box": np.tile(np.float32([0.0, 0.25, 0.5, 1.0]), (m, 1)),
        "score": np.linspace(0, 1, m, dtype=np.float32),
        "is_prediction": np.arange(m) % 2 == 1,
        "polygon_first": np.zeros(m + 1, dtype=np.int64),
        "polygon": np.empty((0, 2), dtype=np.float32),
    }
    return SampleObjects(
        first=np.array(first), category=np.array(category, dtype=np.int32), **(content | changes)
    )


@pytest.mark.parametrize("level", LEVELS)
def test_the_same_report_gives_the_same_bytes(digits: Report, level: Fidelity) -> None:
    assert encode_explorer(digits, None, level) == encode_explorer(digits, None, level)


@pytest.mark.parametrize("n", [0, 1, 2])
@pytest.mark.parametrize("level", LEVELS)
def test_hardly_any_samples(read: Callable[..., ExplorerFile], n: int, level: Fidelity) -> None:
    found = read(
        n,
        Extras(
            history=History((0, 1), np.ones((2, n), np.float32), np.zeros((2, n), np.int32)),
            pred_probs=np.ones((n, 1), np.float32),
        ),
        level,
        loss=np.full(n, np.nan, dtype=np.float32),
        projection_x=np.zeros(n),
        projection_y=np.zeros(n),
        neighbors=[np.arange(n - 1)] * n,
    )
    assert found.header.n == n
    assert all(header.data.length == n for header in found.header.columns)
    assert (found.header.projections == ()) is (n == 0)
    assert (found.header.neighbors is None) is (n < 2 or not level.n_neighbors)


def test_a_report_without_its_table_has_no_samples(digits: Report) -> None:
    found = ExplorerFile(encode_explorer(Report.model_validate(digits.model_dump())))
    assert found.header.n == 0
    assert len(found.header.insights) == len(digits.insights)
    assert {header.rows.length for header in found.header.insights} == {0}


def test_projections_are_the_own_pca_and_the_others(read: Callable[..., ExplorerFile]) -> None:
    other = ExtraProjection("umap", 3, "head", np.float32([[1, 1], [np.nan, 0], [-1, 0]]))
    columns = {
        "projection_x": [-1.0, 0.123, np.nan],
        "projection_y": [1.0, 0.5, np.nan],
        "pca_x": [0.0, 0.5, 1.0],
        "pca_y": [0.0, 0.0, 0.0],
    }
    found = read(3, Extras(projections=(other,)), **columns)
    methods = [(p.method, p.epoch, p.layer) for p in found.header.projections]
    assert methods == [("umap", None, None), ("pca", None, None), ("umap", 3, "head")]
    expected = np.array([[-1, 1], [0.123, 0.5], [np.nan, np.nan]])
    np.testing.assert_allclose(points(found, found.header.projections[0]), expected, atol=2e-5)
    moved = points(found, found.header.projections[2])
    np.testing.assert_allclose(moved, [[1, 1], [np.nan, np.nan], [-1, 0]], atol=2e-5)
    assert found.header.projections[2].x.type == "u16"


def test_a_projection_that_fell_back_is_called_pca(read: Callable[..., ExplorerFile]) -> None:
    """The options ask for UMAP, but there is no PCA beside it: it is PCA itself."""
    found = read(1, projection_x=[0.0], projection_y=[0.0])
    assert [projection.method for projection in found.header.projections] == ["pca"]


def test_without_a_projection_nothing_is_drawn(read: Callable[..., ExplorerFile]) -> None:
    other = ExtraProjection("umap", 3, None, np.zeros((2, 2), np.float32))
    assert read(2).header.projections == ()
    assert len(read(2, Extras(projections=(other,))).header.projections) == 1


def test_history_is_epoch_by_epoch(read: Callable[..., ExplorerFile]) -> None:
    loss = np.float32([[4.0, 2.0, np.nan], [1.0, 0.0, 3.0]])
    prediction = np.int32([[0, 1, -1], [2, 1, 0]])
    found = read(3, Extras(history=History((0, 5), loss, prediction)))
    history = found.header.history
    assert history is not None
    assert history.scale is not None
    assert history.epochs == (0, 5)
    codes = found.array(history.loss).reshape(2, 3)
    np.testing.assert_allclose(
        np.where(codes == 65_535, np.nan, history.scale.offset + history.scale.factor * codes),
        loss,
        atol=4 / 65_534,
    )
    assert found.array(history.prediction).tolist() == [0, 1, 255, 2, 1, 0]


def test_a_history_of_bytes_clips_the_largest_losses(read: Callable[..., ExplorerFile]) -> None:
    loss = np.linspace(0, 1, 1000, dtype=np.float32)[None].repeat(2, axis=0)
    loss[0, 0] = 1e6
    found = read(1000, Extras(history=History((0, 1), loss)), LEVELS[2])
    history = found.header.history
    assert history is not None
    assert history.scale is not None
    assert history.prediction is None
    codes = found.array(history.loss)
    assert codes[0] == 254
    assert history.scale.factor * 254 < 1.01


def test_epochs_are_thinned_where_there_are_too_many(read: Callable[..., ExplorerFile]) -> None:
    epochs, few = 30, Fidelity(history_entries=50)
    loss = np.arange(epochs * 10, dtype=np.float32).reshape(epochs, 10)
    found = read(10, Extras(history=History(tuple(range(epochs)), loss)), few)
    history = found.header.history
    assert history is not None
    assert len(history.epochs) == 5
    assert (history.epochs[0], history.epochs[-1]) == (0, 29)
    assert history.loss is not None
    assert history.loss.length == 50


def test_similars_are_the_nearest_first(read: Callable[..., ExplorerFile]) -> None:
    lists = [np.array([1, 2]), np.array([2, 0]), np.array([0, -1])]
    found = read(3, neighbors=lists)
    neighbors = found.header.neighbors
    assert neighbors is not None
    assert neighbors.k == 2
    assert found.array(neighbors.rows).tolist() == [1, 2, 2, 0, 0, NO_ROW]


def test_a_million_samples_get_fewer_similars(read: Callable[..., ExplorerFile]) -> None:
    lists = [np.arange(15)] * 1000
    for entries, k in ((10**6, 15), (7_000, 7), (0, 3)):
        found = read(1000, None, Fidelity(neighbor_entries=entries), neighbors=lists)
        assert found.header.neighbors is not None
        assert found.header.neighbors.k == k


def test_the_most_probable_classes_first(read: Callable[..., ExplorerFile]) -> None:
    probabilities = np.float32([[0.1, 0.2, 0.4, 0.3], [0.25, 0.25, 0.25, 0.25]])
    found = read(2, Extras(pred_probs=probabilities))
    best = found.header.probabilities
    assert best is not None
    assert best.k == 3
    assert found.array(best.classes)[:3].tolist() == [2, 3, 1]
    np.testing.assert_allclose(found.array(best.values)[:3] / 255, [0.4, 0.3, 0.2], atol=1 / 255)
    assert set(found.array(best.classes)[3:].tolist()) <= {0, 1, 2, 3}


def test_probabilities_of_two_classes(read: Callable[..., ExplorerFile]) -> None:
    best = read(1, Extras(pred_probs=np.float32([[0.4, 0.6]]))).header.probabilities
    assert best is not None
    assert best.k == 2


def test_thumbnails_keep_their_tiles(read: Callable[..., ExplorerFile]) -> None:
    sheet = SheetHeader(path="latent/media/split=val/sprite-000.webp", first=0, count=2,
                        tile_size=16, columns=32)  # fmt: skip
    sheets = Sheets(np.array([1, NO_ROW], dtype=np.uint32), (sheet,))
    found = read(2, Extras(thumbnails=sheets))
    thumbnails = found.header.thumbnails
    assert thumbnails is not None
    assert found.array(thumbnails.tile).tolist() == [1, NO_ROW]
    assert thumbnails.sheets == (sheet,)


def test_boxes_come_with_their_samples(read: Callable[..., ExplorerFile]) -> None:
    found = read(
        3, Extras(objects=objects([0, 2, 2, 3], [7, 8, -1], score=np.float32([np.nan, 0.5, 1])))
    )
    overlays = found.header.overlays
    assert overlays is not None
    assert overlays.polygon is None

    def numbers(reference: ArrayRef) -> list[int]:
        return found.array(reference).tolist()

    assert numbers(overlays.first) == [0, 2, 2, 3]
    assert numbers(overlays.category) == [7, 8, 65_535]
    assert numbers(overlays.score) == [255, 127, 254]
    assert numbers(overlays.role) == [0, 1, 0]
    assert numbers(overlays.box)[:4] == [0, 16_384, 32_768, 65_535]


def test_outlines_come_with_their_boxes(read: Callable[..., ExplorerFile]) -> None:
    outline = np.float32([[0, 0], [1, 0], [1, 1]])
    found = read(
        1,
        Extras(objects=objects([0, 2], [1, 1], polygon_first=np.array([0, 0, 3]), polygon=outline)),
    )
    overlays = found.header.overlays
    assert overlays is not None
    assert overlays.polygon is not None
    assert overlays.polygon_first is not None
    assert found.array(overlays.polygon_first).tolist() == [0, 0, 3]
    assert found.array(overlays.polygon).tolist() == [0, 0, 65_535, 0, 65_535, 65_535]


def test_notes_of_what_could_not_be_read_are_told(read: Callable[..., ExplorerFile]) -> None:
    assert read(1, Extras(notes=("epoch 3 is broken",))).header.notes == ("epoch 3 is broken",)
