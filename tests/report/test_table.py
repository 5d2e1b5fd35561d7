from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mlflow_latent.report.model import Report
from mlflow_latent.report.table import SampleTable, region_number


def test_a_report_without_samples_is_an_empty_table(digits: Report) -> None:
    bare = Report.model_validate(digits.model_dump())
    table = SampleTable.of(bare)
    assert len(table) == 0
    assert not table.has_projection
    assert table.loss is None
    assert table.rows(digits.insights[0].samples).size == 0


def test_rows_are_found_by_split_and_id(digits: Report) -> None:
    table = SampleTable.of(digits)
    rows = table.rows([("val", "not there"), *digits.insights[1].samples])
    found = list(zip(table.split[rows], table.frame["sample_id"].iloc[rows], strict=True))
    assert found == list(digits.insights[1].samples)
    assert table.members(digits.insights[1]).sum() == len(found)


def test_the_same_id_in_two_splits_is_two_samples(digits: Report) -> None:
    frame = pd.DataFrame({"sample_id": ["a", "a"], "split": ["train", "val"]})
    table = SampleTable.of(digits.with_samples(frame))
    assert table.rows([("val", "a")]).tolist() == [1]


def test_missing_codes_are_minus_one(digits: Report) -> None:
    frame = pd.DataFrame(
        {
            "sample_id": ["a", "b"],
            "split": "val",
            "target": pd.array([3, None], dtype="Int32"),
            "loss": [np.nan, np.nan],
        }
    )
    table = SampleTable.of(digits.with_samples(frame))
    assert table.target is not None
    assert table.target.tolist() == [3, -1]
    assert table.loss is None
    assert table.class_name(99) == "99"


@pytest.mark.parametrize(("region", "number"), [("coarse/3", 3), ("fine/12", 12), ("odd", None)])
def test_a_regions_number_ends_its_id(region: str, number: int | None) -> None:
    assert region_number(region) == number
