"""One sample of a real run as a figure."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

import mlflow_latent as ml
from mlflow_latent.errors import InputError
from mlflow_latent.heatmaps import heatmaps_folder, write_heatmaps
from mlflow_latent.report.heatmaps import Heatmap, HeatmapKind
from mlflow_latent.tracking import RunTracker

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.figure import Figure
    from mending import Mended

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_LATENT_CACHE", str(tmp_path_factory.getbasetemp() / "cache"))


def texts(figure: Figure) -> list[str]:
    from matplotlib.text import Text

    return [text.get_text() for text in figure.findobj(Text) if text.get_text()]


def test_the_sheet_says_what_is_known_of_a_sample(mended_runs: Mended, tmp_path: Path) -> None:
    leaked = min(mended_runs.leaked)
    figure = ml.show_sample(
        mended_runs.bad.run_id, leaked, split="val", tracking_uri=mended_runs.tracking_uri
    )
    said = texts(figure)
    assert f"Sample {leaked} of val" in said
    assert any("leakage: 12 samples of val are in train too" in text for text in said)
    assert any(text.startswith("predicted probabilities") for text in said)
    assert "epoch" in said
    assert "loss" in said
    assert any(text.startswith("brightness: ") for text in said)  # metadata with its value
    assert any(text.endswith("(label)") for text in said)
    assert {"train", "val"} & set(said)  # similars, named by their split
    pictures = [axes for part in figure.subfigs for axes in part.axes if axes.images]
    assert len(pictures) > 4  # its own and similar ones
    boxes = [patch for axes in pictures for patch in axes.patches]
    assert len(boxes) == 1  # the captured object
    figure.savefig(tmp_path / "sample.png")


def test_dark_is_dark_and_nothing_is_lost(mended_runs: Mended) -> None:
    place = {"split": "train", "tracking_uri": mended_runs.tracking_uri}
    light, dark = (
        ml.show_sample(mended_runs.bad.run_id, "0003", theme=theme, **place)  # type: ignore[arg-type]
        for theme in ("light", "dark")
    )
    assert texts(light) == texts(dark)
    corner = []
    for figure in (light, dark):
        shown = figure._repr_png_()  # type: ignore[attr-defined]  # what a notebook asks for
        corner.append(np.asarray(Image.open(io.BytesIO(shown)))[2, -2, :3].mean())
    assert corner[0] > 250
    assert corner[1] < 40


def test_heat_maps_are_there_if_the_run_has_them(mended_runs: Mended, tmp_path: Path) -> None:
    kind = HeatmapKind(
        what="class", method="occlusion", layer=None, label="class, occlusion", meaning="m",
        quantity="the log-odds of the class", measured="fall",
    )  # fmt: skip
    spot = np.zeros((16, 16), dtype=np.float32)
    spot[4:8, 4:8] = 1
    one = Heatmap("val", "1700", kind, "class 8", spot, (0.1, -0.2, 0.4))
    epoch = mended_runs.mended.report.epoch
    folder = heatmaps_folder(tmp_path, epoch)
    tracker = RunTracker(mended_runs.mended.run_id, mended_runs.tracking_uri)
    for path in write_heatmaps(folder, [one], epoch):
        tracker.upload(path, f"latent/{folder.relative_to(tmp_path).as_posix()}")

    figure = ml.show_sample(tracker.run_id, "1700", tracking_uri=mended_runs.tracking_uri)
    said = " ".join(" ".join(texts(figure)).split())
    assert "What the model looks at" in said
    assert "class 8: occlusion" in said
    assert "No better than random." in said


def test_a_report_alone_is_enough(mended_runs: Mended) -> None:
    report = mended_runs.bad.report
    (wrong,) = [i for i in report.insights if i.kind == "label_error" and i.split == "val"]
    said = texts(ml.show_sample(report, wrong.samples[0]))
    assert "no picture captured" in said
    assert any("label error" in text for text in said)


@pytest.mark.parametrize(
    ("sample", "more", "message"),
    [
        ("17", {}, "no sample '17' was captured"),
        ("0003", {"split": "val"}, "no sample '0003' in split 'val'"),
        ("0003", {"split": "vall"}, "split 'vall' was not captured; did you mean 'val'"),
        ("0003", {"theme": "drak"}, "there is no theme 'drak'; did you mean 'dark'"),
    ],
)
def test_what_cannot_be_shown(
    mended_runs: Mended, sample: str, more: dict[str, str], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        ml.show_sample(mended_runs.bad.report, sample, **more)  # type: ignore[arg-type]
