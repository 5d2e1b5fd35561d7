from __future__ import annotations

from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from mlflow_latent.report import overview
from mlflow_latent.report.figures import style
from mlflow_latent.report.model import Report

if TYPE_CHECKING:
    from pathlib import Path

LONG = "a title that says in very many words what could be said in few of them " * 9


def bare(report: Report) -> Report:
    nothing = {"insights": (), "regions": (), "curves": (), "run_id": None, "epoch": None}
    return Report.model_validate(report.model_copy(update=nothing).model_dump())


def boxes(report: Report) -> list[tuple[float, ...]]:
    with style.drawing():
        figure = overview.draw(report)
        FigureCanvasAgg(figure).draw()
    return [tuple(axes.get_position(original=True).bounds) for axes in figure.axes[:3]]


def texts(report: Report) -> list[str]:
    with style.drawing():
        figure = overview.draw(report)
    return [text.get_text() for text in figure.findobj(mpl.text.Text)]


def test_it_is_one_picture_of_one_size(digits: Report, tmp_path: Path) -> None:
    first = overview.render_overview(digits, tmp_path / "deep" / "latent_overview.png")
    second = overview.render_overview(bare(digits), tmp_path / "other.png")
    with Image.open(first) as one, Image.open(second) as other:
        assert one.size == other.size
        assert np.asarray(one.convert("L")).std() > 20


def test_maps_have_the_same_place_and_limits_in_every_run(digits: Report) -> None:
    squeezed = digits.samples.assign(projection_y=digits.samples["projection_y"] * 0.2)
    other = digits.model_copy(update={"insights": ()}).with_samples(squeezed)
    assert boxes(digits) == boxes(other)
    with style.drawing():
        limits = [overview.draw(report).axes[0].get_ylim() for report in (digits, other)]
    assert limits[0] == limits[1]


def test_similar_runs_share_the_scale_of_loss() -> None:
    scales = [style.loss_scale(np.linspace(0, top, 500), round_up=True).vmax for top in (3.1, 4.4)]
    assert scales == [5.0, 5.0]


def test_insights_are_told_with_effect_and_interval(digits: Report) -> None:
    written = texts(digits)
    for insight in digits.insights:
        assert insight.title in " ".join(" ".join(written).split())
    assert sum("95 % interval" in text for text in written) == len(digits.insights)


def test_a_long_title_is_cut_and_more_insights_are_counted(digits: Report) -> None:
    insight = digits.insights[0].model_copy(update={"title": LONG})
    report = digits.model_copy(update={"insights": (insight,) * 40})
    written = texts(report.with_samples(digits.samples))
    assert "and 35 more in report.html" in written
    assert max(len(text) for text in written) < 140


@pytest.mark.parametrize(
    "reason",
    [
        "nothing passed the tests at an error budget of 5 %",
        "no sample has a place on the map and a loss",
        "no metadata field to draw a measure against",
    ],
)
def test_what_is_not_there_is_said(digits: Report, reason: str) -> None:
    assert reason in [" ".join(text.split()) for text in texts(bare(digits))]


def test_a_small_split_is_not_drowned(digits: Report) -> None:
    frame = digits.samples.copy()
    frame["split"] = np.where(np.arange(len(frame)) % 60 == 0, "val", "train")
    frame["projection_x"] = frame["projection_y"] = 0.0
    with style.drawing():
        figure = overview.draw(digits.with_samples(frame))
        by_split = next(a for a in figure.axes if a.get_title(loc="left") == "by split")
    top = by_split.collections[-1]
    assert mpl.colors.to_hex(top.get_facecolor()[0]) == style.SPLIT_COLORS["val"].lower()
    assert len(top.get_offsets()) == (frame["split"] == "val").sum()
