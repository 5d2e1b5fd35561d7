from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from PIL import Image

from mlflow_latent.report.figures import population, style
from mlflow_latent.report.table import SampleTable

if TYPE_CHECKING:
    from pathlib import Path

    from mlflow_latent.report.model import Report


def pixels_of(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB")).reshape(-1, 3).astype(int)


def share_near(pixels: np.ndarray, color: str, reach: int = 24) -> float:
    wanted = np.array(to_rgb(color)) * 255
    return float((np.abs(pixels - wanted).max(axis=1) < reach).mean())


def test_each_split_has_its_own_color(rendered: Path) -> None:
    pixels = pixels_of(rendered / "population_split.png")
    assert share_near(pixels, style.SPLIT_COLORS["train"]) > 0.005
    assert share_near(pixels, style.SPLIT_COLORS["val"]) > 0.005
    assert share_near(pixels, style.SPLIT_COLORS["test"]) < 0.0005


def test_insights_are_outlined(digits: Report, rendered: Path, tmp_path: Path) -> None:
    quiet = digits.model_copy(update={"insights": ()}).with_samples(digits.samples)
    with style.drawing():
        place = style.save(
            population.by_loss(population.Population.of(SampleTable.of(quiet))), tmp_path / "a.png"
        )
    with_insights = share_near(pixels_of(rendered / "population_loss.png"), style.ALERT)
    assert with_insights > 5 * share_near(pixels_of(place), style.ALERT)


def middle_of_map(report: Report) -> np.ndarray:
    with style.drawing():
        figure = population.by_loss(population.Population.of(SampleTable.of(report)))
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
    x, y = figure.axes[0].transData.transform((0.0, 0.0))
    image = np.asarray(canvas.buffer_rgba())
    return image[int(image.shape[0] - y), int(x), :3].astype(int)


def test_the_highest_loss_lies_on_top_whatever_the_order(digits: Report) -> None:
    losses = np.array([5.0, *np.zeros(200)])
    frame = pd.DataFrame(
        {
            "sample_id": [str(n) for n in range(201)],
            "split": "val",
            "loss": losses,
            "projection_x": 0.0,
            "projection_y": 0.0,
        }
    )
    corners = frame.tail(2).assign(
        projection_x=[-1.0, 1.0], projection_y=[-1.0, 1.0], sample_id=["left", "right"]
    )
    bare = digits.model_copy(update={"insights": ()})
    for order in (frame, frame.iloc[::-1]):
        report = bare.with_samples(pd.concat([order, corners], ignore_index=True))
        assert middle_of_map(report).mean() < 90  # dark: not the pale of the 200 others


def test_a_heavy_tail_does_not_take_the_scale(digits: Report) -> None:
    loss = np.append(np.linspace(0, 1, 1000), 1e6)
    norm = style.loss_scale(loss)
    assert norm.vmax < 2
    frame = digits.samples.assign(loss=np.resize(loss, len(digits.samples)))
    report = digits.with_samples(frame)
    with style.drawing():
        figure = population.by_loss(population.Population.of(SampleTable.of(report)))
    assert any("99th percentile" in text.get_text() for text in figure.texts)


def test_negative_losses_have_a_scale() -> None:
    norm = style.loss_scale([-3.0, -1.0, np.nan, 0.5])
    assert norm(-3.0) == 0
    assert norm(10) == 1


def test_neighbors_on_the_map_differ_in_color() -> None:
    rng = np.random.default_rng(0)
    centers = rng.uniform(-1, 1, (40, 2))
    codes = np.repeat(np.arange(-1, 40), 20)
    points = np.concatenate([np.zeros((20, 2)), centers.repeat(20, axis=0)]).astype(np.float32)
    colors, places = population.color_neighbors(points, codes, np.arange(40))
    assert len(places) == 40
    assert set(colors[codes == -1]) == {len(style.CATEGORY_COLORS)}
    of_region = colors[20::20]
    for region in range(40):
        distance = np.linalg.norm(centers - centers[region], axis=1)
        assert of_region[np.argsort(distance)[1]] != of_region[region]


def test_many_classes_become_the_frequent_ones_and_the_rest() -> None:
    targets = np.concatenate([np.repeat(np.arange(30), np.arange(30, 0, -1)), [-1]])
    named, places, others = population.told_apart(targets, targets >= 0)
    assert named.tolist() == list(range(9))
    assert others == 21
    assert (places == len(style.CATEGORY_COLORS)).sum() == sum(range(1, 22))


def test_classes_keep_their_color_from_target_to_errors() -> None:
    targets = np.repeat(np.arange(4), 5)
    _, everyone, _ = population.told_apart(targets, np.ones(20, dtype=bool))
    _, wrong, _ = population.told_apart(targets, targets == 3)
    assert set(wrong) == {everyone[-1]} == {3}
