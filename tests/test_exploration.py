"""From captures on disk to what the page shows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from heating import make_heatmaps

from mlflow_latent.analysis import AnalysisOptions
from mlflow_latent.api.analyze import analyze
from mlflow_latent.api.reading import load_snapshot
from mlflow_latent.exploration import OTHER_EPOCHS, Exploration, history_by_epoch
from mlflow_latent.heatmaps import decode_heatmaps, heatmaps_folder, write_heatmaps
from mlflow_latent.measures import MeasureOptions
from mlflow_latent.media import SpriteWriter, media_folder
from mlflow_latent.overlays import OverlayWriter, SampleObject
from mlflow_latent.report.explorer.arrays import ExplorerFile
from mlflow_latent.report.explorer.rows import RowFinder
from mlflow_latent.schema import CaptureInfo
from mlflow_latent.store import CaptureStore, captures_shard, file_metadata, samples_shard

if TYPE_CHECKING:
    from pathlib import Path

    from mlflow_latent.report.explorer.extras import Extras

LAYERS = ("backbone", "head")
SIZES = {"train": 40, "val": 30}
OPTIONS = AnalysisOptions(measures=MeasureOptions(projection="pca"))


def ids_of(split: str) -> list[str]:
    return [f"{split}-{number}" for number in range(SIZES[split])]


def write(path: Path, columns: dict) -> None:
    info = CaptureInfo(layers=LAYERS, class_names=("cat", "dog"), supercategories={"cat": "pet"})
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns).replace_schema_metadata(file_metadata(info)), path)


def write_epoch(root: Path, epoch: int, split: str, *, embeddings: bool = True) -> None:
    size, random = SIZES[split], np.random.default_rng(epoch)
    order = random.permutation(size)  # loaders shuffle
    target = np.arange(size) % 2
    columns = {
        "sample_id": np.array(ids_of(split), dtype=object)[order],
        "split": [split] * size,
        "epoch": pa.array([epoch] * size, pa.int32()),
        "loss": pa.array((np.arange(size) / (1 + epoch))[order], pa.float32()),
        "prediction": pa.array(((target + (epoch == 0)) % 2)[order], pa.int32()),
    }
    if embeddings:
        for place, layer in enumerate(LAYERS):
            values = np.random.default_rng(place).normal(size=(size, 4)) + target[:, None] * 5
            values = (values + random.normal(scale=0.1, size=values.shape)).astype(np.float32)
            columns[f"embedding_{layer}"] = pa.FixedSizeListArray.from_arrays(
                pa.array(values[order].ravel()), 4
            )
    write(captures_shard(root, epoch, split, 0), columns)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Three epochs, the middle one without embeddings."""
    for split, size in SIZES.items():
        target = pa.array(np.arange(size) % 2, pa.int32())
        content = {"sample_id": ids_of(split), "split": [split] * size, "target": target}
        write(samples_shard(tmp_path, split), content)
        for epoch in range(3):
            write_epoch(tmp_path, epoch, split, embeddings=epoch != 1)
    return tmp_path


def explore(root: Path, options: AnalysisOptions = OPTIONS) -> tuple[Extras, pd.DataFrame]:
    from mlflow_latent import analysis

    store = CaptureStore(root)
    snapshot = load_snapshot(store)
    report = analysis.analyze(snapshot, options)
    return Exploration(store, snapshot, report, options.measures).gather("a run"), report.samples


def test_losses_and_predictions_of_every_epoch_are_by_row(root: Path) -> None:
    extras, frame = explore(root)
    assert extras.run_name == "a run"
    assert extras.supercategories == {"cat": "pet"}
    history = extras.history
    assert history is not None
    assert history.epochs == (0, 1, 2)
    assert history.loss is not None
    assert history.prediction is not None
    number = frame["sample_id"].str.rpartition("-")[2].astype(int).to_numpy()
    for place, epoch in enumerate(history.epochs):
        np.testing.assert_allclose(history.loss[place], number / (1 + epoch), rtol=1e-6)
        expected = (number + (epoch == 0)) % 2
        np.testing.assert_array_equal(history.prediction[place], expected)


def test_other_epochs_and_layers_lie_over_the_analyzed_one(root: Path) -> None:
    extras, frame = explore(root)
    drawn = frame[["projection_x", "projection_y"]].to_numpy()
    named = [(other.epoch, other.layer) for other in extras.projections]
    assert named == [(0, "backbone"), (2, "head")]
    target = frame["target"].to_numpy(dtype=int)
    for other in extras.projections:
        assert other.method == "pca"
        assert np.isfinite(other.points).all()
        old, new = ([p[target == t].mean(axis=0) for t in (0, 1)] for p in (drawn, other.points))
        np.testing.assert_allclose(new, old, atol=0.25)
    moved = np.abs(extras.projections[0].points - drawn).max()
    assert 0 < moved < 0.4  # the same embedding but for a little noise


def test_samples_that_an_epoch_lacks_are_not_drawn_there(root: Path) -> None:
    captures_shard(root, 0, "val", 0).unlink()
    extras, frame = explore(root)
    missing = np.isnan(extras.projections[0].points).any(axis=1)
    np.testing.assert_array_equal(missing, (frame["split"] == "val").to_numpy())


def test_an_epoch_that_cannot_be_read_is_a_note(root: Path) -> None:
    for split in SIZES:
        path = captures_shard(root, 0, split, 0)
        content = bytearray(path.read_bytes())
        content[4:2000] = bytes(1996)  # pages, not the footer
        path.write_bytes(bytes(content))
    store = CaptureStore(root)
    snapshot = store.snapshot()
    from mlflow_latent import analysis

    report = analysis.analyze(snapshot, OPTIONS)
    extras = Exploration(store, snapshot, report, OPTIONS.measures).gather()
    assert [other.layer for other in extras.projections] == ["head"]
    assert any("epoch 0" in note for note in extras.notes)


def test_without_a_projection_there_are_no_others(root: Path) -> None:
    none = AnalysisOptions(measures=MeasureOptions(projection="none"))
    assert explore(root, none)[0].projections == ()


def test_of_many_epochs_some_are_drawn_the_first_among_them(root: Path) -> None:
    for epoch in range(3, 15):
        for split in SIZES:
            write_epoch(root, epoch, split)
    epochs = [p.epoch for p in explore(root)[0].projections if p.layer == "backbone"]
    assert len(epochs) == OTHER_EPOCHS
    assert (epochs[0], epochs[-1]) == (0, 13)


def test_pictures_and_boxes_come_along(root: Path) -> None:
    folder = media_folder(root / "media", "val")
    writer = SpriteWriter(folder, 8)
    writer.add(ids_of("val")[:2], np.full((2, 8, 8, 3), 99, dtype=np.uint8))
    writer.close()
    with OverlayWriter(folder) as overlays:
        overlays.add("val-1", [SampleObject("target", 1, (0, 0, 1, 1))])
    extras, frame = explore(root)
    assert extras.thumbnails is not None
    assert extras.pack is not None
    assert extras.objects is not None
    with_picture = frame["sample_id"][extras.thumbnails.tile != 0xFFFFFFFF]
    assert with_picture.tolist() == ["val-0", "val-1"]
    assert frame["sample_id"][np.diff(extras.objects.first) > 0].tolist() == ["val-1"]


def test_heatmaps_of_the_analyzed_epoch_come_along(root: Path) -> None:
    for epoch in (0, 2):
        write_heatmaps(heatmaps_folder(root, epoch), make_heatmaps([("val", "val-1")]), epoch)
    extras, _ = explore(root)
    assert list(extras.heatmaps) == ["val"]
    maps = decode_heatmaps(extras.heatmaps["val"])
    assert {one.sample_id for one in maps} == {"val-1"}


def test_one_epoch_has_no_history() -> None:
    frame = pd.DataFrame({"sample_id": ["a"], "split": ["val"], "epoch": [3], "loss": [0.5]})
    assert history_by_epoch(frame, RowFinder(frame), 1) is None
    assert history_by_epoch(None, RowFinder(frame), 1) is None


@pytest.mark.slow
def test_an_analysis_leaves_what_the_page_reads(root: Path) -> None:
    analyze(root, options=OPTIONS)
    folder = root / "analysis" / "epoch=00002"
    names = {path.name for path in folder.iterdir()}
    assert {"explorer.bin", "report.html", "summary.html", "report.json"} <= names
    first = (folder / "explorer.bin").read_bytes()
    header = ExplorerFile(first).header
    assert header.n == sum(SIZES.values())
    assert header.epoch == 2
    assert [(p.method, p.epoch, p.layer) for p in header.projections] == [
        ("pca", 2, "backbone"),
        ("pca", 0, "backbone"),
        ("pca", 2, "head"),
    ]
    analyze(root, options=OPTIONS)
    assert (folder / "explorer.bin").read_bytes() == first
