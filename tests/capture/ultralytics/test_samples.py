"""Names of samples, and thumbnails whose boxes lie where the objects are."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import torch

from mlflow_latent.capture.ultralytics.pictures import Frame, drawn_objects, thumbnail
from mlflow_latent.capture.ultralytics.samples import Labels, SampleNames
from mlflow_latent.metadata import ClassNames


def test_a_file_is_called_by_its_name_and_by_its_folder_only_where_it_must() -> None:
    assert SampleNames(["/d/a/1.jpg", "/d/b/2.jpg"], None)("/d/b/2.jpg") == "2.jpg"
    assert SampleNames(["/d/a/1.jpg", "/d/b/1.jpg"], None)("/d/b/1.jpg") == "b/1.jpg"
    assert SampleNames(["/d/a/1.jpg", "/d/a/1.jpg"], None)("/d/a/1.jpg") == "1.jpg"
    assert SampleNames(["/d/a/1.jpg"], lambda path: path[3:])("/d/a/1.jpg") == "a/1.jpg"
    assert SampleNames([], None)("/d/a/1.jpg") == "1.jpg"


def test_a_box_is_drawn_where_its_object_is() -> None:
    """A white object in a dark, wide image, padded as Ultralytics pads."""
    image = torch.full((3, 64, 96), 114 / 255)
    image[:, 12:52, 8:88] = 0.0
    image[:, 22:42, 48:68] = 1.0  # of the image: x 0.5…0.75, y 0.25…0.75
    batch = {
        "img": image[None],
        "ori_shape": [(80, 160)],
        "ratio_pad": [((0.5, 0.5), (8, 12))],
    }
    frame = Frame.of(batch, 0)
    assert frame == Frame(8, 12, 80, 40)
    tile = thumbnail(frame.cut(image), 80)
    assert tile.shape == (80, 80, 3)
    assert not tile[:20].any()  # black above and below a wide image
    assert not tile[60:].any()
    corners = frame.to_input(np.array([[0.5, 0.25], [0.75, 0.75]])).reshape(1, 4)
    (drawn,) = drawn_objects("target", frame, corners, np.array([2]))
    left, top, right, bottom = (round(80 * share) for share in drawn.box)
    inside = np.zeros((80, 80), dtype=bool)
    inside[top:bottom, left:right] = True
    np.testing.assert_array_equal(tile[..., 0] == 255, inside)


def test_an_outline_has_no_more_points_than_are_seen() -> None:
    frame = Frame(0, 0, 100, 100)
    angle = np.linspace(0, 6.28, 1000)
    circle = 50 + 40 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    (drawn,) = drawn_objects(
        "prediction", frame, np.array([[10.0, 10, 90, 90]]), np.array([0]),
        scores=np.array([0.5]), outlines=[circle],
    )  # fmt: skip
    assert drawn.polygon is not None
    assert 6 <= len(drawn.polygon) <= 2 * 48


def test_labels_of_a_class_beyond_the_model_s_and_of_unknown_files() -> None:
    record = {
        "im_file": "a.jpg",
        "cls": np.array([[0.0], [7.0]]),
        "bboxes": np.array([[0.5, 0.5, 0.2, 0.2], [0.5, 0.5, 0.9, 0.9]]),
        "segments": [],
    }
    labels = Labels.of(SimpleNamespace(labels=[record]), ClassNames.of(["car"]))
    assert labels.metadata("a.jpg", 100, 50)["n_objects"] == 1
    assert labels.metadata("b.jpg", 100, 50) == {}
    assert labels.outlines("a.jpg") == [None, None]
    assert Labels.of(object(), ClassNames.of(["car"])).metadata("a.jpg", 10, 10) == {}
