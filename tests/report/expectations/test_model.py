from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from mlflow_latent.errors import CorruptFileError, InputError, NewerSchemaError
from mlflow_latent.report.expectations.model import (
    EarlierValue,
    Expectation,
    ExpectationResult,
    ExpectationResults,
)
from mlflow_latent.report.expectations.words import describe_counts, describe_result
from mlflow_latent.report.model import Insight

if TYPE_CHECKING:
    from pathlib import Path

SMALL = Expectation("size < 0.2", "loss / rest", "<=", 1.25)


def result(**changes: Any) -> ExpectationResult:
    content: dict[str, Any] = {"expectation": SMALL, "status": "failed", "n": 80, "value": 3.1}
    content |= {"interval": (2.1, 4.4)}
    return ExpectationResult(**(content | changes))


def results(*found: ExpectationResult) -> ExpectationResults:
    return ExpectationResults(run_id="r", epoch=3, confidence=0.95, results=found)


def test_an_expectation_says_what_it_expects() -> None:
    assert SMALL.text == SMALL.title == "loss / rest <= 1.25 where size < 0.2"
    assert Expectation("all", "loss", ">=", 1).text == "loss >= 1"
    worse = Expectation("all", "loss", "no worse than before", 0.1)
    assert worse.text == "loss no worse than before by more than 0.1"
    assert Expectation("all", "loss", "<=", 1, name="small cars").title == "small cars"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"threshold": "abc"}, "threshold is 'abc': input should be a valid number"),
        ({"threshold": "1.5"}, "threshold is '1.5'"),
        ({"threshold": True}, "threshold is True"),
        ({"threshold": float("nan")}, "threshold is nan: input should be a finite number"),
        ({"comparison": "<"}, "comparison is '<': input should be '<=', '>=' or 'no worse"),
        ({"filter": "size <"}, "filter: filter 'size <' cannot be read at its end"),
        ({"filter": 3}, "filter is 3"),
        ({"tresholds": 3}, "key 'tresholds' is unknown; did you mean 'threshold'"),
        ({"samples": {"val": [1]}}, r"samples[.]val[.]0 is 1: input should be a valid string"),
    ],
)
def test_what_is_no_expectation_is_said_in_one_line(changes: dict[str, Any], message: str) -> None:
    content: dict[str, Any] = {"filter": "all", "metric": "loss", "comparison": "<="}
    with pytest.raises(InputError, match=message) as error:
        Expectation(**(content | {"threshold": 1} | changes))
    assert "\n" not in str(error.value)


def test_an_insight_gives_its_samples_to_the_expectation_that_needs_them() -> None:
    insight = Insight(
        kind="weak", title="t", description="d", action="a", effect=2, effect_name="e",
        interval=(1, 3), p_value=0, q_value=0, severity=0, counts={}, base_rates={},
        samples=(("val", "a"), ("train", "a"), ("val", "b")),
        expectation=Expectation("in samples", "loss", "<=", 1),
    )  # fmt: skip
    guard = insight.guard()
    assert guard is not None
    assert guard.samples == {"val": ("a", "b"), "train": ("a",)}
    assert insight.model_copy(update={"expectation": SMALL}).guard() == SMALL
    assert insight.model_copy(update={"expectation": None}).guard() is None


def test_results_pass_only_if_all_pass() -> None:
    passed, undecided = result(status="passed"), result(status="undecided")
    assert results(passed, passed).passed
    assert not results(passed, undecided).passed
    assert results(passed, undecided).counts == {"passed": 1, "failed": 0, "undecided": 1}


def test_results_are_read_back(tmp_path: Path) -> None:
    written = results(result(before=(EarlierValue(run_id="q", name="q", n=0, reason="gone"),)))
    path = tmp_path / "r.json"
    path.write_text(written.to_json())
    assert ExpectationResults.load(path) == written
    path.write_text(written.to_json().replace('"schema_version": 1', '"schema_version": 2'))
    with pytest.raises(NewerSchemaError):
        ExpectationResults.load(path)
    path.write_text('{"schema_version": 1, "results": [{"expectation": {"filter": "all"}}]}')
    with pytest.raises(CorruptFileError):
        ExpectationResults.load(path)


def test_a_result_in_words() -> None:
    before = EarlierValue(run_id="q", name="first", n=79, value=1.06)
    lines = describe_result(result(before=(before,)), 0.95)
    assert lines == [
        "loss / rest <= 1.25 where size < 0.2",
        "loss / rest = 3.1 (95 % interval 2.1 to 4.4), n = 80",
        "runs before: first 1.06 (n = 79)",
    ]
    counted = result(value=0.0, interval=(0.0, 0.0))
    assert describe_result(counted, 0.95)[1] == "loss / rest = 0, n = 80"
    unknown = result(status="undecided", value=None, interval=(None, None), n=0, reason="no sample")
    assert describe_result(unknown, 0.95)[1:] == ["loss / rest: unknown, n = 0", "no sample"]
    assert describe_counts(results(result(), unknown)).strip() == (
        "2 expectations: 1 failed, 1 undecided"
    )
