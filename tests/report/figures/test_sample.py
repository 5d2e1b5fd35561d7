"""A sample's sheet where little is known, or where it is hostile."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from expecting import make_frame, make_insight, make_report

from mlflow_latent.report.explorer.extras import History
from mlflow_latent.report.figures import style
from mlflow_latent.report.figures.sample import draw_sample
from mlflow_latent.report.sample import DrawnObject, Neighbor, SampleView
from mlflow_latent.report.table import SampleTable

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.figure import Figure

HOSTILE = "<b>$\\frac{1}$</b>\n\x00" + "x" * 300


def view(frame: pd.DataFrame, row: int = 0, **known: Any) -> SampleView:
    insights = known.pop("insights", ())
    return SampleView(SampleTable.of(make_report(frame, insights, epoch=1)), row, **known)


def texts(figure: Figure) -> str:
    from matplotlib.text import Text

    return "\n".join(text.get_text() for text in figure.findobj(Text))


def test_a_sample_of_which_only_the_id_is_known(tmp_path: Path) -> None:
    figure = draw_sample(view(pd.DataFrame({"sample_id": ["a"], "split": ["unlabeled"]})))
    figure.savefig(tmp_path / "a.png")
    said = texts(figure)
    for text in ("no label, no prediction", "no picture captured", "No insight holds this sample"):
        assert text in said


def test_hostile_names_are_drawn(tmp_path: Path) -> None:
    frame = make_frame(40).rename(columns={"meta_weather": f"meta_{HOSTILE}"})
    frame.loc[0, "sample_id"] = HOSTILE
    insight = make_insight("weak", (("val", HOSTILE),), title=HOSTILE)
    figure = draw_sample(view(frame, insights=(insight,)))
    figure.savefig(tmp_path / "a.png")
    assert "1. weak:" in texts(figure)


def test_objects_probabilities_and_history_are_drawn(tmp_path: Path) -> None:
    objects = (
        DrawnObject((0.1, 0.1, 0.5, 0.5), (), "car", None, is_prediction=False),
        DrawnObject((0.1, 0.1, 0.6, 0.5), ((0, 0), (1, 0), (1, 1)), "bus", 0.7, is_prediction=True),
    )
    history = History((0, 2), np.ones((2, 40), np.float32), np.zeros((2, 40), np.int32))
    known = view(
        make_frame(40),
        row=4,
        picture=np.zeros((8, 8, 3), np.uint8),
        objects=objects,
        pred_probs=np.array([0.2, 0.7, 0.1], np.float32),
        history=history,
        similar=(Neighbor(3), Neighbor(5, np.zeros((8, 8, 3), np.uint8))),
    )
    figure = draw_sample(known)
    figure.savefig(tmp_path / "a.png")
    said = texts(figure)
    for text in ("car", "bus 0.70", "labels: green", "median of val", "no picture"):
        assert text in said


def test_metrics_stand_where_there_are_no_probabilities() -> None:
    said = texts(draw_sample(view(make_frame(40))))
    assert "iou" in said
    assert "beside the medians of val" in said


def test_fields_are_told_the_most_unusual_first() -> None:
    frame = make_frame(200)
    frame["meta_usual"] = 1.0
    frame.loc[0, "meta_size"] = 99.0
    fields = view(frame).fields()
    assert fields[0].label == "size"
    assert fields[0].percentile == pytest.approx(1, abs=0.02)
    by_label = {one.label: one for one in fields}
    assert by_label["usual"].rarity == 1
    weather = frame["meta_weather"][frame["split"] == "val"].dropna()
    own = frame["meta_weather"][0]
    if "weather" in by_label:
        assert by_label["weather"].share == pytest.approx((weather == own).mean())


def test_a_dark_figure_has_no_light_paper_and_no_dark_ink() -> None:
    from matplotlib.colors import to_hex
    from matplotlib.text import Text

    figure = draw_sample(view(make_frame(40)), dark=True)
    colors = {to_hex(text.get_color()) for text in figure.findobj(Text) if text.get_text()}
    assert not colors & {style.INK, style.MUTED}
    assert to_hex(figure.get_facecolor()) == style.DARK[style.PAPER]
