"""Expectations in a user's repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings, strategies as st

from mlflow_latent.errors import InputError
from mlflow_latent.expectations import read_expectations, write_expectations
from mlflow_latent.report.expectations.filters import write_value
from mlflow_latent.report.expectations.model import Expectation

if TYPE_CHECKING:
    from pathlib import Path

ENTRY = "filter: all\n    metric: loss\n    comparison: <=\n    threshold: 1"


def read(text: str | bytes, tmp_path: Path) -> list[Expectation]:
    path = tmp_path / "expectations.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_expectations(path)


def test_a_file_is_read(tmp_path: Path) -> None:
    text = f"expectations:\n  - name: first\n    {ENTRY}\n  - {ENTRY}\n"
    first, second = read(text, tmp_path)
    assert first == Expectation("all", "loss", "<=", 1, name="first")
    assert second == Expectation("all", "loss", "<=", 1)
    assert read(f"  - {ENTRY}\n", tmp_path) == [second]  # a bare list


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    expectations = [
        Expectation('class == "it\'s \\"odd\\""', "loss / rest", ">=", 1.25, name="a: 'b' # c"),
        Expectation("in samples", "gap", "<=", -3, samples={"val": ("007", "no", "a, b", "1e3")}),
        Expectation("in region", "odds_ratio", "no worse than before", 0, samples_of="run/key"),
    ]
    text = write_expectations(expectations, "first line\nsecond line")
    assert text.startswith("# first line\n# second line\nexpectations:\n  - name:")
    assert read(text, tmp_path) == expectations


@example(name="\x85", value="\u2028 \n\t\r\x00")
@settings(deadline=None, max_examples=100)
@given(name=st.text(max_size=30), value=st.text(max_size=30))
def test_any_name_and_any_class_survive_the_file(
    name: str, value: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    expectation = Expectation(f"class == {write_value(value)}", "loss", "<=", 1, name=name)
    text = write_expectations([expectation])
    assert read(text, tmp_path_factory.mktemp("file")) == [expectation]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "holds no expectations: it needs a list below `expectations:`"),
        ("expectations: []", "holds no expectations"),
        ("expectations: 3", "holds no expectations"),
        ("expectation: []", "key 'expectation' is unknown; did you mean 'expectations'"),
        ("expectations: [", "is not YAML: .*"),
        ("expectations: [3]", "expectation 1 is 3; it needs filter, metric, comparison, threshold"),
        ("expectations:\n  - metric: loss", "expectation 1: key 'filter' is missing"),
        (
            f"expectations:\n  - {ENTRY.replace('metric', 'metrik')}",
            "expectation 1: key 'metric' is missing; there is 'metrik'",
        ),
        (
            f"expectations:\n  - name: small\n    {ENTRY}\n  - name: big\n    {ENTRY} %",
            r"expectation 2 \(big\): threshold is '1 %': input should be a valid number",
        ),
        (f"expectations:\n  - {ENTRY}\n    threshold: 2", "key 'threshold' is there twice"),
        (f"expectations:\n  - {ENTRY}\n    samples: 3", "samples is 3"),
        ("!!python/object/apply:os.system ['true']", "is not YAML: .*python"),
        (b"\xff\xfe\x00", "cannot be read|is not YAML"),
        ("[" * 10_000, "cannot be read|is not YAML"),
        ("a: &a [x]\nexpectations: *a", "key 'a' is unknown"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(text: str | bytes, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message) as error:
        read(text, tmp_path)
    assert "expectations.yaml" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read: No such file"):
        read_expectations(tmp_path / "nope.yaml")
    with pytest.raises(InputError, match="cannot be read: Is a directory"):
        read_expectations(tmp_path)
