"""The language of slices: what it reads, what it refuses, and that what is written is read back."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, strategies as st

from mlflow_latent.errors import InputError
from mlflow_latent.report.expectations.filters import (
    Both,
    Condition,
    Either,
    Everything,
    Listed,
    Missing,
    Not,
    OneOf,
    fields_of,
    needs_samples,
    parse_filter,
    write_field,
    write_value,
)

SIZE = Condition("size", "<", 0.2)
CAR = Condition("class", "==", "car")


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("all", Everything()),
        ("size < 0.2", SIZE),
        ("meta size < 0.2", Condition("meta size", "<", 0.2)),
        ("x >= -1.5e-3", Condition("x", ">=", -0.0015)),
        ('size < 0.2 and class == "car"', Both((SIZE, CAR))),
        ("size < .2 or size is missing", Either((SIZE, Missing("size")))),
        ("size is not missing", Not(Missing("size"))),
        ("is_colored == true", Condition("is_colored", "==", True)),
        ('predicted class != "it\'s"', Condition("predicted class", "!=", "it's")),
        (r'class == "say \"hi\" \\"', Condition("class", "==", 'say "hi" \\')),
        ("class == 'say \"hi\"'", Condition("class", "==", 'say "hi"')),
        ('weather in ["rain", "night"]', OneOf("weather", ("rain", "night"))),
        ("k not in [1, 2]", Not(OneOf("k", (1.0, 2.0)))),
        ("`a < b` == 3", Condition("a < b", "==", 3.0)),
        ("`tick``tack` == 3", Condition("tick`tack", "==", 3.0)),
        ("count/of-cars.2 == 3", Condition("count/of-cars.2", "==", 3.0)),
        ("größe < 3", Condition("größe", "<", 3.0)),
        ("in samples", Listed(region=False)),
        ("in region and not size < 0.2", Both((Listed(region=True), Not(SIZE)))),
    ],
)
def test_a_filter_is_read(text: str, tree: object) -> None:
    assert parse_filter(text) == tree


def test_and_binds_more_than_or_and_parentheses_most() -> None:
    a, b, c = (Condition(name, "<", 1.0) for name in "abc")
    assert parse_filter("a < 1 or b < 1 and c < 1") == Either((a, Both((b, c))))
    assert parse_filter("(a < 1 or b < 1) and c < 1") == Both((Either((a, b)), c))
    assert parse_filter("not a < 1 and b < 1") == Both((Not(a), b))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "it is empty"),
        ("  ", "it is empty"),
        ("size", "expected a comparison of 'size'"),
        ("size <", "at its end: expected a value"),
        ("size = 3", 'a comparison is "=="'),
        ("class == car", 'put text in quotes: "car"'),
        ('class == "car', 'the quote " is not closed'),
        ('size < "a"', "< compares numbers"),
        ("size < true", "< compares numbers"),
        ("0.1 < size", "expected the name of a field"),
        ("a < 1 b < 2", 'expected "and", "or" or the end'),
        ("(a < 1", r'expected "\)"'),
        ("a in []", "expected a value"),
        ("a in 3", r'expected "\["'),
        ("a is 3", 'expected "missing"'),
        ("in train", 'expected "region"'),
        ("a < 1; import os", "';' means nothing here"),
        ("__import__('os').system('x')", "'.' means nothing here"),
        ("a < 1_000", "means nothing here|expected"),
        ("(" * 100 + "a < 1", "more than 50 levels deep"),
        ("not " * 10_000 + "a < 1", "more than 50 levels deep"),
    ],
)
def test_what_is_no_filter_is_refused_and_the_place_is_named(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as error:
        parse_filter(text)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 400


@given(name=st.text(min_size=1), value=st.text())
def test_any_field_and_any_text_can_be_written_and_read_back(name: str, value: str) -> None:
    text = f"{write_field(name)} == {write_value(value)}"
    assert parse_filter(text) == Condition(name, "==", value)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_written_as_the_very_number(value: float) -> None:
    assert parse_filter(f"x >= {write_value(value)}") == Condition("x", ">=", value)


@given(st.text())
def test_any_text_is_a_filter_or_an_input_error(text: str) -> None:
    with suppress(InputError):  # nothing else may come of it
        parse_filter(text)


def test_what_a_filter_speaks_of() -> None:
    tree = parse_filter("(a < 1 or not b is missing) and in samples")
    assert fields_of(tree) == {"a", "b"}
    assert needs_samples(tree)
    assert not needs_samples(parse_filter("a < 1"))
