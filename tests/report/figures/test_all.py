"""What is true of every figure: it opens, fits its labels, and is the same each time."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from mlflow_latent.report.figures import (
    curves,
    insight,
    population,
    regions,
    render_figures,
    style,
)
from mlflow_latent.report.model import Report
from mlflow_latent.report.table import SampleTable

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.figure import Figure

EXPECTED = [
    "population_loss",
    "population_split",
    "population_cluster_coarse",
    "population_cluster_fine",
    "population_target",
    "population_errors",
    "train_vs_val",
    "region_loss",
    "curve_brightness",
    "curve_stroke",
    "insight_01_low_performance",
    "insight_02_overfitting",
    "insight_03_over_representation",
    "insight_04_under_representation",
]
LONG = "a class whose name goes on and on for sixty letters or more, {}"
ODD = ["$x_1$ and $", "$\\frac{$", "_hidden", "亮度 🙂", "<img src=x>", "two\nlines\x00", "", LONG]


def figures_of(report: Report) -> dict[str, Figure]:
    table = SampleTable.of(report)
    return dict(
        chain(
            population.draw_all(table),
            regions.draw_all(report),
            curves.draw_all(report),
            insight.draw_all(table),
        )
    )


def outside(figure: Figure) -> list[str]:
    """Texts that reach over the figure's edge, where they would be cut."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    renderer = canvas.get_renderer()
    width, height = figure.bbox.size
    cut = []
    for text in figure.findobj(mpl.text.Text):
        if text.get_visible() and text.get_text().strip() and text.get_clip_on() is False:
            box = text.get_window_extent(renderer)
            if box.x0 < -1 or box.y0 < -1 or box.x1 > width + 1 or box.y1 > height + 1:
                cut.append(text.get_text())
    return cut


def test_every_figure_is_drawn(rendered: Path) -> None:
    assert sorted(path.stem for path in rendered.glob("*.png")) == sorted(EXPECTED)
    for path in rendered.glob("*.png"):
        with Image.open(path) as image:
            pixels = np.asarray(image.convert("L"))
        assert pixels.std() > 5, f"{path.name} is blank"


def test_no_text_is_cut(digits: Report) -> None:
    names = tuple(LONG.format(number) for number in range(80))
    areas = tuple(r.model_copy(update={"main_class": LONG}) for r in digits.regions)
    report = digits.model_copy(update={"class_names": names, "regions": areas})
    with style.drawing():
        assert {name: cut for name, f in figures_of(report).items() if (cut := outside(f))} == {}


def test_labels_of_any_kind_are_drawn(digits: Report) -> None:
    names = tuple(ODD[number % len(ODD)] for number in range(80))
    bins = digits.curves[2].series["train"]
    odd_bins = tuple(bins[0].model_copy(update={"label": name}) for name in ODD)
    curve = digits.curves[2].model_copy(update={"field": ODD[2], "series": {"_my": odd_bins}})
    report = digits.model_copy(update={"class_names": names, "curves": (curve,), "layer": ODD[0]})
    with style.drawing():
        for figure in figures_of(report).values():
            FigureCanvasAgg(figure).draw()


def test_the_same_report_gives_the_same_bytes_whatever_the_caller_set(
    digits: Report, rendered: Path, tmp_path: Path
) -> None:
    changed = {"font.size": 30, "axes.facecolor": "black", "savefig.bbox": "tight"}
    with mpl.rc_context(changed):
        again = render_figures(digits, tmp_path)
        assert mpl.rcParams["axes.facecolor"] == "black"
    assert again
    for path in again:
        assert path.read_bytes() == (rendered / path.name).read_bytes(), path.name


def test_without_samples_the_document_is_still_drawn(digits: Report, tmp_path: Path) -> None:
    bare = Report.model_validate(digits.model_dump())
    names = [path.stem for path in render_figures(bare, tmp_path)]
    assert names == ["train_vs_val", "region_loss", "curve_brightness", "curve_stroke"]


def test_nothing_but_places(digits: Report, tmp_path: Path) -> None:
    frame = digits.samples[["sample_id", "split", "projection_x", "projection_y"]].head(1)
    empty = {"insights": (), "regions": (), "curves": (), "splits": ()}
    report = digits.model_copy(update=empty).with_samples(frame)
    assert [path.stem for path in render_figures(report, tmp_path)] == ["population_split"]


@pytest.mark.slow
def test_122_000_samples_take_seconds(rendered_large: tuple[Path, float]) -> None:
    folder, seconds = rendered_large
    paths = list(folder.glob("*.png"))
    assert len(paths) == len(EXPECTED)
    assert sum(path.stat().st_size for path in paths) < 8_000_000
    assert seconds < 20  # of the processor: 5 on an idle one
