from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from mlflow_latent.report.figures import marks


def test_an_outline_holds_most_of_its_points_and_few_others() -> None:

    rng = np.random.default_rng(0)
    inside = rng.normal(scale=0.05, size=(400, 2)).astype(np.float32)
    outside = rng.uniform(-1, 1, (400, 2))
    axes = Figure().add_subplot()
    assert marks.outline(axes, inside, colors=["red"]) is not None
    lines = axes.collections[0].get_paths()
    assert np.mean([any(p.contains_point(point) for p in lines) for point in inside]) > 0.85
    assert np.mean([any(p.contains_point(point) for p in lines) for point in outside]) < 0.1


def test_two_points_or_one_place_have_no_trouble() -> None:
    axes = Figure().add_subplot()
    assert marks.outline(axes, np.zeros((2, 2), dtype=np.float32)) is None
    assert marks.outline(axes, np.zeros((50, 2), dtype=np.float32), colors=["red"]) is not None


def test_labels_are_pushed_apart_but_stay_near() -> None:
    rng = np.random.default_rng(0)
    places = rng.normal(scale=15, size=(30, 2))
    widths = np.full(30, 16.0)
    moved = marks.push_apart(places, widths, rounds=300)
    gap = np.abs(moved[:, None] - moved[None])
    overlapping = (gap[..., 0] < 15) & (gap[..., 1] < marks.LABEL_HEIGHT - 1)
    assert overlapping.sum() == 30  # each with itself alone
    assert np.abs(moved - places).max() < 90
    alone = np.array([[0.0, 0.0], [100.0, 0.0]])
    assert np.abs(marks.push_apart(alone, widths[:2]) - alone).max() < 1
