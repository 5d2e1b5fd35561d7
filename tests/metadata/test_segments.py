"""Masks: percents, instances and their sizes, worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.extra.numpy import arrays

from mlflow_latent.errors import InputError
from mlflow_latent.metadata import (
    ClassNames,
    Segments,
    mask_metadata,
    metadata_functions,
    segmentation_metadata,
)

NAMES = ClassNames.of({1: "car", 2: "bus", 3: "dog"}, {"car": "vehicle", "bus": "vehicle"})


def block(top: int, left: int, height: int, width: int) -> np.ndarray:
    """A mask of 10 × 10 pixels, so that an area is its percent."""
    mask = np.zeros((10, 10), bool)
    mask[top : top + height, left : left + width] = True
    return mask


def describe(masks: Any, classes: Any, **options: Any) -> dict[str, Any]:
    options = {"width": 10, "height": 10, "names": NAMES} | options
    return segmentation_metadata(Segments.of_instances(masks, classes, **options))


def test_instances() -> None:
    cars = [block(0, 0, 2, 5), block(5, 5, 2, 2)]
    fields = describe([*cars, block(2, 0, 3, 10)], [1, 1, 2])
    assert (fields["percent_car"], fields["percent_bus"], fields["percent_dog"]) == (14, 30, 0)
    assert (fields["instances_car"], fields["instances_bus"], fields["instances_dog"]) == (2, 1, 0)
    assert (fields["size_car"], fields["size_bus"], fields["size_dog"]) == (7, 30, None)
    assert fields["supercategory_percent_vehicle"] == 44
    assert fields["supercategory_instances_vehicle"] == 3
    assert fields["supercategory_size_vehicle"] == pytest.approx(44 / 3)
    assert fields["background_percent"] == 56


def test_pixels_under_two_masks_count_once_for_their_class() -> None:
    fields = describe([block(0, 0, 4, 5), block(2, 0, 4, 5), block(0, 0, 1, 10)], [1, 1, 2])
    assert fields["percent_car"] == 30
    assert fields["size_car"] == 20
    assert fields["supercategory_percent_vehicle"] == 35
    assert fields["background_percent"] == 65


def test_a_crowd_covers_pixels_and_is_no_instance() -> None:
    fields = describe([block(0, 0, 1, 10), block(5, 0, 5, 10)], [1, 1], crowd=[0, 1])
    assert fields["percent_car"] == 60
    assert fields["instances_car"] == 1
    assert fields["size_car"] == 10


def test_an_empty_mask_is_no_instance() -> None:
    assert describe([block(0, 0, 0, 0)], [1]) == describe([], [])
    assert describe([], [])["background_percent"] == 100
    assert describe([], [])["instances_car"] == 0
    assert describe([], [])["size_car"] is None


def test_a_map_of_classes() -> None:
    classes = block(0, 0, 2, 10) * 1 + block(5, 0, 3, 10) * 2
    fields = mask_metadata(classes, NAMES)
    assert (fields["percent_car"], fields["percent_bus"], fields["percent_dog"]) == (20, 30, 0)
    assert fields["supercategory_percent_vehicle"] == 50
    assert fields["background_percent"] == 50
    assert fields["instances_car"] is None  # who knows how many cars 20 pixels are?
    assert fields["size_car"] is None
    assert set(fields) == set(describe([], []))


def test_ignored_pixels_are_in_no_figure() -> None:
    classes = block(0, 0, 2, 10) * 1 + block(5, 0, 5, 10) * 255
    fields = mask_metadata(classes, NAMES)
    assert fields["percent_car"] == 40
    assert fields["background_percent"] == 60
    negative = np.where(classes == 255, -1, classes)
    assert mask_metadata(negative, NAMES) == fields
    everything = mask_metadata(np.full((4, 4), 255), NAMES)
    assert set(everything.values()) == {None}


def test_the_background_may_be_among_the_names_or_not() -> None:
    classes = block(0, 0, 2, 10) * 1
    named = mask_metadata(classes, ["background", "car", "bus"])
    assert named == mask_metadata(classes, {1: "car", 2: "bus"})
    assert "percent_background" not in named
    without = mask_metadata(classes, ["road", "car"], background=None)
    assert (without["percent_road"], without["percent_car"]) == (80, 20)
    assert without["background_percent"] == 0


@pytest.mark.parametrize(
    ("mask", "reason"),
    [
        (np.zeros((4, 4, 1), int), r"got int64 of shape \(4, 4, 1\)"),
        (np.zeros((4, 4)), "got float64"),
        (np.full((4, 4), 9), "class 9 has no name"),
    ],
)
def test_what_is_no_map_of_classes_is_refused(mask: np.ndarray, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        mask_metadata(mask, NAMES)


@pytest.mark.parametrize(
    ("masks", "classes", "options", "reason"),
    [
        (np.zeros((2, 9, 10)), [1, 1], {}, r"\(2, 10, 10\).*got \(2, 9, 10\)"),
        (np.zeros((2, 10, 10)), [1], {}, r"\(1, 10, 10\)"),
        (np.zeros((1, 10, 10)), [4], {}, "class 4 has no name"),
        (np.zeros((1, 10, 10)), [1], {"crowd": [0, 1]}, "crowd has the shape"),
    ],
)
def test_what_are_no_masks_is_refused(
    masks: Any, classes: Any, options: dict[str, Any], reason: str
) -> None:
    with pytest.raises(InputError, match=reason):
        describe(masks, classes, **options)


@settings(max_examples=100, deadline=None)
@given(
    arrays(np.uint8, st.tuples(st.integers(1, 6), st.integers(1, 6)), elements=st.integers(0, 3))
)
def test_percents_of_a_map_add_up_and_agree_with_its_masks(classes: np.ndarray) -> None:
    fields = mask_metadata(classes, NAMES)
    parts = [fields[f"percent_{name}"] for name in ("car", "bus", "dog")]
    assert sum(parts) + fields["background_percent"] == pytest.approx(100)

    height, width = classes.shape
    masks = [classes == index for index in (1, 2, 3)]
    same = describe(masks, [1, 2, 3], width=width, height=height)
    for name, value in fields.items():
        if "percent" in name:
            assert same[name] == pytest.approx(value)
    for function in metadata_functions("segments"):
        for name, value in same.items():
            quantity = function.quantity(name)
            assert value is None or quantity is None or quantity.least <= value <= quantity.greatest
