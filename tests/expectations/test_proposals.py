from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from expecting import make_insight, make_report

from mlflow_latent.errors import InputError
from mlflow_latent.expectations import proposals
from mlflow_latent.expectations.proposals import LISTED_SAMPLES, samples_of
from mlflow_latent.report.expectations.model import Expectation

if TYPE_CHECKING:
    import pandas as pd

HERE = Expectation("in samples", "loss / rest", "<=", 1.5)


def test_few_samples_are_listed_and_many_are_named(frame: pd.DataFrame) -> None:
    few = make_insight("low_performance", (("val", "s0"),), expectation=HERE, severity=0.1)
    ids = tuple(("train", f"t{number}") for number in range(LISTED_SAMPLES + 1))
    many = make_insight("overfitting", ids, expectation=HERE, severity=0.2)
    rule = make_insight("metadata_loss", ids, expectation=Expectation("a < 1", "loss", "<=", 1))
    none = make_insight("third_party", ids)
    report = make_report(frame, (few, many, rule, none), run_id="run")

    by_rule, named, listed = proposals(report)  # the most severe first

    assert by_rule == rule.expectation
    assert listed.samples == {"val": ("s0",)}
    assert named.samples is None
    run_id, key = str(named.samples_of).split("/")
    assert run_id == "run"
    assert samples_of(report, key) == {"train": tuple(name for _, name in ids)}
    with pytest.raises(InputError, match="run 'run' has no insight 'x'"):
        samples_of(report, "x")


def test_without_a_run_all_samples_are_listed(frame: pd.DataFrame) -> None:
    ids = tuple(("train", f"t{number}") for number in range(LISTED_SAMPLES + 1))
    (listed,) = proposals(make_report(frame, (make_insight("x", ids, expectation=HERE),)))
    assert listed.samples == {"train": tuple(name for _, name in ids)}
