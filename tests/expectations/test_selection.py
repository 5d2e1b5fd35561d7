"""Which samples a filter selects, against pandas."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from expecting import make_report

from mlflow_latent.errors import InputError
from mlflow_latent.expectations import Population
from mlflow_latent.expectations.selection import names_split, select, unknown_values
from mlflow_latent.report.expectations.filters import parse_filter

if TYPE_CHECKING:
    from numpy.typing import NDArray


def chosen(population: Population, text: str) -> NDArray[np.bool_]:
    return select(parse_filter(text), population)


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("all", "sample_id == sample_id"),
        ("size < 0.2", "meta_size < 0.2"),
        ("meta_size < 0.2 and loss >= 1", "meta_size < 0.2 and loss >= 1"),
        ("meta size > 0.8 or iou <= 0.1", "meta_size > 0.8 or metric_iou <= 0.1"),
        ('class == "dog"', "target == 1"),
        ('class == "it\'s \\"odd\\""', "target == 2"),
        ('predicted class in ["cat", "dog"]', "prediction in [0, 1]"),
        ("correct == false", "target != prediction"),
        ("target == 1 and not correct == true", "target == 1 and prediction != 1"),
        ('split == "val"', "split == 'val'"),
        ('sample_id in ["s1", "s7"]', "sample_id in ['s1', 's7']"),
        ("weather is missing", "meta_weather.isna()"),
        ("weather is not missing", "meta_weather.notna()"),
        ('weather == "sun"', "(meta_weather == 'sun').fillna(False)"),
        ('weather != "sun"', "(meta_weather == 'rain').fillna(False)"),
        ('not weather == "sun"', "~(meta_weather == 'sun').fillna(False)"),
        ("colored == true", "(meta_colored == True).fillna(False)"),
        ('colored == "True"', "(meta_colored == True).fillna(False)"),
        ("colored != true", "(meta_colored == False).fillna(False)"),
    ],
)
def test_a_filter_selects_what_pandas_does(population: Population, text: str, query: str) -> None:
    expected = population.frame.eval(query, engine="python")
    assert chosen(population, text).tolist() == expected.astype(bool).tolist()


def test_a_number_equals_what_the_file_holds_of_it() -> None:
    frame = pd.DataFrame({"sample_id": ["a", "b"], "split": "val", "loss": [1.0, 1.0]})
    frame["meta_x"] = np.array([0.1, 0.2], dtype=np.float32)
    assert chosen(Population(make_report(frame)), "x == 0.1").tolist() == [True, False]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sise < 1", "field 'sise' was not captured; did you mean 'size'"),
        ("weather > 1", "field 'weather' holds text, e.g. \"(sun|rain)\"; > compares numbers"),
        ('size == "a"', "field 'size' holds numbers, e.g. 0[.][0-9]+; \"a\" is text"),
        ("class == 1", "field 'class' holds text, e.g. .*; 1 is a number"),
        ("size == true", "true is yes or no"),
        ("colored < 1", "holds true or false; < compares numbers"),
        ("in samples", "none are listed"),
        ("in region", "none are listed"),
    ],
)
def test_what_the_run_cannot_answer_is_said(
    population: Population, text: str, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        chosen(population, text)


def test_a_text_that_no_sample_has_is_named_with_near_ones(population: Population) -> None:
    hint = unknown_values(parse_filter('class == "cta" and size < 1'), population)
    assert hint == "; no class is 'cta'; did you mean 'cat'?"
    assert unknown_values(parse_filter('not weather in ["snow", "sun"]'), population) == (
        "; no weather is 'snow'; there are: 'rain', 'sun'"
    )
    assert unknown_values(parse_filter('class == "cat" or size == 7'), population) == ""


def test_names_split() -> None:
    assert names_split(parse_filter('size < 1 and split == "train"'))
    assert not names_split(parse_filter("size < 1"))


def test_listed_samples_and_the_regions_that_mostly_hold_them(population: Population) -> None:
    frame = population.frame
    val = (frame["split"] == "val").to_numpy()
    listed = val & (frame["cluster_fine"] == 4).to_numpy()
    listed[np.flatnonzero(val & (frame["cluster_fine"] == 1).to_numpy())[0]] = True  # a stray

    assert (select(parse_filter("in samples"), population, listed) == listed).all()
    region = select(parse_filter("in region"), population, listed)
    assert (region == (frame["cluster_fine"] == 4)).all()  # train too, and not the stray's region


def test_a_region_of_training_samples_alone_is_found_by_them(population: Population) -> None:
    frame = population.frame
    listed = ((frame["split"] == "train") & (frame["cluster_fine"] == 2)).to_numpy()
    region = select(parse_filter("in region"), population, listed)
    assert (region == (frame["cluster_fine"] == 2)).all()
