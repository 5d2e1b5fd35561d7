from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import mlflow_latent as ml
from mlflow_latent_examples.camera_tuning import changes, tune
from mlflow_latent_examples.streets.camera import Camera


def test_tuning_takes_over_what_the_gap_names() -> None:
    rng = np.random.default_rng(0)
    size = 200
    ours = {"field_of_view": 58.0, "lens_distortion": 0.0, "corner_light": 1.0}
    theirs = {"field_of_view": 95.0, "lens_distortion": 0.9, "corner_light": 0.7}
    colors = {"red_mean": 0.5, "green_mean": 0.5, "blue_mean": 0.5}
    shaded = {"red_mean": 0.4, "green_mean": 0.4, "blue_mean": 0.3}
    rows = [ours | colors] * size + [theirs | shaded] * size
    metadata = pd.DataFrame(rows) + rng.normal(0, 0.005, (2 * size, len(rows[0])))
    snapshot = ml.Snapshot.from_arrays(
        sample_id=np.arange(2 * size),
        split=np.repeat(["synthetic", "target"], size),
        embedding=rng.normal(size=(2 * size, 4)) + np.repeat([0, 1], size)[:, None],
        metadata=metadata,
    )
    tuned = tune(Camera(), ml.gap(snapshot, source="synthetic", target="target"))
    assert tuned.field_of_view == pytest.approx(95, abs=0.1)
    assert tuned.fisheye == pytest.approx(0.9, abs=0.01)
    assert 0.3 < tuned.vignette < 0.5
    red, green, blue = tuned.color_gain
    assert red == pytest.approx(green, abs=0.02)
    assert blue / red == pytest.approx(0.75, abs=0.02)
    assert red == pytest.approx(0.8 / (1 - tuned.vignette / 3), abs=0.02)
    assert changes(Camera(), tuned).startswith("field_of_view ")


def test_a_gap_that_names_nothing_tunes_nothing() -> None:
    size = 100
    snapshot = ml.Snapshot.from_arrays(
        sample_id=np.arange(2 * size),
        split=np.repeat(["synthetic", "target"], size),
        embedding=np.random.default_rng(0).normal(size=(2 * size, 4)),
    )
    tuned = tune(Camera(), ml.gap(snapshot, source="synthetic", target="target"))
    assert tuned == Camera()
    assert changes(Camera(), tuned) == "nothing to tune"
