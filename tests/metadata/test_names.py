"""Class names as parts of field names."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from mlflow_latent.errors import InputError
from mlflow_latent.metadata import ClassNames, Objects, detection_metadata
from mlflow_latent.metadata.names import slugs

HOSTILE = [
    "a/b",
    "a b",
    'say "hi"',
    "it's",
    "🚗",
    "🚗🚗",
    "猫",
    "Žlutý kůň",
    "",
    " ",
    "?",
    "a" * 5000,
]


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("person", "person"),
        ("traffic light", "traffic_light"),
        ("Traffic  Light!", "traffic_light"),
        ("a/b\\c", "a_b_c"),
        ('"quoted"', "quoted"),
        ("🚗", "automobile"),
        ("🐕 dog", "dog_dog"),
        ("猫", "猫"),
        ("Žlutý kůň", "žlutý_kůň"),
        ("T-shirt", "t_shirt"),
        ("x²", "x2"),
    ],
)
def test_slugs(name: str, slug: str) -> None:
    assert slugs([name]) == {name: slug}


def test_colliding_names_stay_apart_whatever_their_order() -> None:
    names = ["car", "Car", "CAR", "car ", "car_", "c a r"]
    found = slugs(names)
    assert len(set(found.values())) == len(names)
    assert found["c a r"] == "c_a_r"
    assert slugs(names[::-1]) == slugs(sorted(names)) == found


@given(st.lists(st.text(max_size=8), max_size=12))
def test_every_name_has_its_own_slug(names: list[str]) -> None:
    found = slugs(names)
    assert set(found) == set(names)
    assert len(set(found.values())) == len(found)
    for slug in found.values():
        assert slug
        assert not set(slug) & set("/\\'\" \n\t<>")
        slug.encode()  # no half of a surrogate pair


def test_a_slug_that_looks_like_a_hashed_one_collides_with_nothing() -> None:
    hashed = slugs(["Car", "car"])["Car"]
    found = slugs(["Car", "car", hashed])
    assert len(set(found.values())) == 3


def test_hostile_names_have_their_fields() -> None:
    objects = Objects.of([[0, 0, 5, 5]], [4], width=9, height=9, names=HOSTILE)
    fields = detection_metadata(objects)
    counts = {name: value for name, value in fields.items() if name.startswith("count_")}
    assert len(counts) == len(HOSTILE)
    assert [name for name, value in counts.items() if value] == ["count_automobile"]
    assert max(map(len, fields)) < 100


def test_indices_that_share_a_name_are_one_class() -> None:
    objects = Objects.of(
        [[0, 0, 5, 5]] * 2, [1, 7], width=9, height=9, names={1: "car", 7: "car", 9: "bus"}
    )
    fields = detection_metadata(objects)
    assert (fields["count_car"], fields["n_classes"]) == (2, 1)


def test_a_class_and_a_supercategory_of_one_name_have_different_fields() -> None:
    names = ClassNames.of(["person", "car"], {"person": "person", "car": "vehicle"})
    fields = detection_metadata(Objects.of([[0, 0, 5, 5]], [0], width=9, height=9, names=names))
    assert fields["count_person"] == fields["supercategory_count_person"] == 1
    assert fields["supercategory_count_vehicle"] == 0


def test_supercategories_of_unknown_classes_are_refused() -> None:
    with pytest.raises(InputError, match="'lorry', which is not among the class names"):
        ClassNames.of(["car"], {"lorry": "vehicle"})
