"""Boxes: counts, geometry, occlusion and truncation, worked out by hand."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.extra.numpy import arrays

from mlflow_latent.errors import InputError
from mlflow_latent.metadata import ClassNames, Objects, detection_metadata, metadata_functions

NAMES = ClassNames.of(["car", "bus", "dog"], {"car": "vehicle", "bus": "vehicle", "dog": "animal"})


def describe(boxes: Any, classes: Any = None, **options: Any) -> dict[str, Any]:
    """Of an image of 100 × 50 pixels."""
    classes = [0] * len(boxes) if classes is None else classes
    options = {"width": 100, "height": 50, "names": NAMES} | options
    return detection_metadata(Objects.of(boxes, classes, **options))


def test_counts() -> None:
    fields = describe([[0, 0, 9, 9]] * 4, [0, 0, 1, 2])
    assert fields["n_objects"] == 4
    assert fields["n_classes"] == 3
    assert (fields["count_car"], fields["count_bus"], fields["count_dog"]) == (2, 1, 1)
    assert fields["supercategory_count_vehicle"] == 3
    assert fields["supercategory_count_animal"] == 1


def test_geometry() -> None:
    fields = describe([[0, 0, 20, 10], [40, 20, 20, 20], [80, 30, 10, 20]])
    area = np.array([200, 400, 200]) / 5000
    assert fields["bbox_area_mean"] == pytest.approx(area.mean())
    assert fields["bbox_area_median"] == pytest.approx(0.04)
    assert fields["bbox_area_min"] == pytest.approx(0.04)
    assert fields["bbox_area_max"] == pytest.approx(0.08)
    assert fields["bbox_area_var"] == pytest.approx(area.var())
    assert fields["bbox_aspect_ratio_mean"] == pytest.approx((2 + 1 + 0.5) / 3)
    assert fields["bbox_aspect_ratio_median"] == 1
    assert fields["bbox_x_mean"] == pytest.approx((10 + 50 + 85) / 300)
    assert fields["bbox_y_min"] == pytest.approx(5 / 50)
    assert fields["bbox_y_max"] == pytest.approx(40 / 50)


def test_one_box_has_no_variance() -> None:
    assert describe([[10, 10, 10, 10]])["bbox_area_var"] == 0


@pytest.mark.parametrize(
    ("boxes", "mean", "greatest"),
    [
        ([[10, 10, 10, 10]], 0, 0),
        ([[10, 10, 10, 10], [30, 10, 10, 10]], 0, 0),
        ([[10, 10, 10, 10], [20, 10, 10, 10]], 0, 0),  # side by side
        ([[10, 10, 10, 10], [10, 10, 10, 10]], 1, 1),
        ([[10, 10, 20, 10], [20, 10, 20, 10]], 100 / 300, 100 / 300),
        ([[10, 10, 20, 20], [15, 15, 10, 10]], 0.25, 0.25),  # one within the other
        ([[10, 10, 40, 10], [10, 10, 10, 40]], 100 / 700, 100 / 700),  # no squares
        ([[0, 0, 10, 10], [5, 0, 10, 10], [50, 0, 10, 10]], 1 / 9, 1 / 3),
    ],
)
def test_occlusion(boxes: Any, mean: float, greatest: float) -> None:
    fields = describe(boxes)
    assert fields["occlusion_mean"] == pytest.approx(mean)
    assert fields["occlusion_max"] == pytest.approx(greatest)


@pytest.mark.parametrize(
    ("box", "touches"),
    [
        ([10, 10, 10, 10], 0),
        ([0, 10, 10, 10], 1),
        ([0.6, 10, 10, 10], 1),
        ([1, 1, 98, 48], 0),
        ([10, 40, 10, 10], 1),
        ([90, 10, 10, 10], 1),
        ([10, -5, 10, 10], 1),
    ],
)
def test_truncation(box: list[float], touches: float) -> None:
    assert describe([box])["truncation"] == touches
    assert describe([box, [30, 20, 5, 5]])["truncation"] == touches / 2


def test_an_image_without_objects() -> None:
    fields = describe([])
    counts = {name: value for name, value in fields.items() if value is not None}
    assert set(counts.values()) == {0}
    assert {"n_objects", "n_classes", "count_car", "count_bus"} <= set(counts)
    assert fields["occlusion_mean"] is None
    assert fields["truncation"] is None
    assert fields["bbox_area_mean"] is None
    assert set(fields) == set(describe([[1, 1, 5, 5]]))


@pytest.mark.parametrize(
    "box",
    [
        [10, 10, 0, 10],
        [10, 10, 10, 0],
        [10, 10, -5, 10],
        [200, 10, 10, 10],  # beside the image
        [-20, 10, 10, 10],
        [10, 50, 10, 10],
        [np.nan, 10, 10, 10],
        [np.inf, 10, 10, 10],
        [10, 10, np.inf, 10],
        [10, 10, -np.inf, 10],
    ],
)
def test_a_box_of_nothing_is_counted_apart(box: list[float]) -> None:
    good = [10, 10, 20, 10]
    fields = describe([good, box])
    assert fields == describe([good]) | {"n_invalid_boxes": 1}


def test_a_box_beyond_the_image_is_cut() -> None:
    fields = describe([[-10, -10, 30, 30], [80, 30, 1e300, 1e300]])
    assert fields["bbox_area_max"] == pytest.approx(400 / 5000)
    assert fields["bbox_x_min"] == pytest.approx(10 / 100)
    assert fields["bbox_x_max"] == pytest.approx(90 / 100)
    assert fields["truncation"] == 1


def test_crowds_are_counted_apart() -> None:
    boxes = [[10, 10, 20, 10], [0, 0, 100, 50]]
    assert describe(boxes, crowd=[0, 1]) == describe(boxes[:1]) | {"n_crowd_regions": 1}


@pytest.mark.parametrize(
    ("box_format", "box"),
    [
        ("xywh", [10, 20, 30, 10]),
        ("xyxy", [10, 20, 40, 30]),
        ("cxcywh", [25, 25, 30, 10]),
        ("cxcywhn", [0.25, 0.5, 0.3, 0.2]),
    ],
)
def test_box_formats(box_format: Any, box: list[float]) -> None:
    assert describe([box], box_format=box_format) == pytest.approx(describe([[10, 20, 30, 10]]))


@pytest.mark.parametrize(
    ("boxes", "classes", "options", "reason"),
    [
        ([[1, 2, 3]], [0], {}, r"shape \(1, 4\).*got \(1, 3\)"),
        ([[1, 2, 3, 4]], [0, 1], {}, r"shape \(2, 4\)"),
        ([[1, 2, 3, 4], [1, 2]], [0, 1], {}, "boxes must be numbers"),
        ([["a"] * 4], [0], {}, "boxes must be numbers"),
        ([[1, 2, 3, 4]], [7], {}, "class 7 has no name; class names are given for 3 indices, 0…2"),
        ([[1, 2, 3, 4]], [0.5], {}, "a class is a whole number, got 0.5"),
        ([[1, 2, 3, 4]], [np.nan], {}, "a class is a whole number, got nan"),
        ([[1, 2, 3, 4]], [0], {"width": 0}, "got 0×50"),
        ([[1, 2, 3, 4]], [0], {"box_format": "xyhw"}, "got 'xyhw'"),
        ([[1, 2, 3, 4]], [0], {"crowd": [0, 0]}, "crowd has the shape"),
    ],
)
def test_what_are_no_boxes_is_refused(
    boxes: Any, classes: Any, options: dict[str, Any], reason: str
) -> None:
    with pytest.raises(InputError, match=reason):
        describe(boxes, classes, **options)


def pixelwise(boxes: np.ndarray) -> list[float]:
    """Intersection over union of all pairs, by counting pixels."""
    canvas = np.zeros((len(boxes), 50, 100), bool)
    for mask, (left, top, width, height) in zip(canvas, boxes, strict=True):
        mask[max(top, 0) : max(top + height, 0), max(left, 0) : max(left + width, 0)] = True
    drawn = [mask for mask in canvas if mask.any()]
    return [(a & b).sum() / (a | b).sum() for a, b in combinations(drawn, 2)]


BOXES = arrays(np.int64, st.tuples(st.integers(0, 8), st.just(4)), elements=st.integers(-20, 120))


@settings(max_examples=100, deadline=None)
@given(BOXES)
def test_occlusion_counted_in_pixels(boxes: np.ndarray) -> None:
    fields = describe(boxes)
    expected = pixelwise(boxes)
    if fields["n_objects"] > 1:
        assert fields["occlusion_mean"] == pytest.approx(np.mean(expected))
        assert fields["occlusion_max"] == pytest.approx(np.max(expected))


@settings(max_examples=100, deadline=None)
@given(BOXES, st.randoms())
def test_ranges_and_order(boxes: np.ndarray, random: Any) -> None:
    fields = describe(boxes)
    for function in metadata_functions("objects"):
        names = [name for name in fields if function.quantity(name)]
        assert names
        for name in names:
            quantity = function.quantity(name)
            assert fields[name] is None or quantity.least <= fields[name] <= quantity.greatest
    assert fields["n_objects"] + fields["n_invalid_boxes"] == len(boxes)
    assert (fields["truncation"] is None) == (fields["n_objects"] == 0)

    order = list(range(len(boxes)))
    random.shuffle(order)
    shuffled = describe(boxes[order])
    assert [v is None for v in shuffled.values()] == [v is None for v in fields.values()]
    there = {name: value for name, value in fields.items() if value is not None}
    assert {name: shuffled[name] for name in there} == pytest.approx(there, rel=1e-9, abs=1e-12)


def test_many_objects() -> None:
    rng = np.random.default_rng(0)
    boxes = rng.integers(0, 50, (2000, 4))
    fields = describe(boxes, rng.integers(0, 3, 2000))
    assert fields["n_objects"] == fields["count_car"] + fields["count_bus"] + fields["count_dog"]
