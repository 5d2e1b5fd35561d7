"""An insight's samples for another program."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from mlflow_latent.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from mlflow_latent.report.model import Report


def test_a_table_holds_every_sample_and_what_is_known_of_it(digits: Report, tmp_path: Path) -> None:
    path = digits.export(1, tmp_path / "weak.csv")

    table = pd.read_csv(path, dtype={"sample_id": str})
    keys = list(zip(table["split"], table["sample_id"], strict=True))
    assert keys == list(digits.insights[0].samples)
    known = digits.samples.set_index(["split", "sample_id"]).loc[keys, "loss"]
    assert table["loss"].to_numpy() == pytest.approx(known.to_numpy(), rel=1e-5)


def test_an_insight_alone_writes_its_keys(digits: Report, tmp_path: Path) -> None:
    table = pd.read_csv(digits.insights[0].export(str(tmp_path / "weak.csv")))
    assert list(table) == ["split", "sample_id"]
    assert len(table) == len(digits.insights[0].samples)


def test_a_list_is_what_a_loader_takes(digits: Report, tmp_path: Path) -> None:
    insight = digits.insights[0]
    split = insight.samples[0][0]

    path = insight.export(tmp_path / "weak.json", split=split)

    assert json.loads(path.read_text()) == [i for s, i in insight.samples if s == split]


def test_what_cannot_be_written_is_said(digits: Report, tmp_path: Path) -> None:
    insight = digits.insights[0]
    both = insight.model_copy(update={"samples": (("train", "a"), ("val", "a"))})
    with pytest.raises(InputError, match=r"choose split 'train' or 'val', or write a [.]csv"):
        both.export(tmp_path / "weak.json")
    with pytest.raises(InputError, match="no samples of split 'vall'; did you mean 'val'"):
        both.export(tmp_path / "weak.csv", split="vall")
    with pytest.raises(InputError, match=r"'weak.txt' must end in .csv"):
        both.export(tmp_path / "weak.txt")
    with pytest.raises(InputError, match=r"folder '.*nowhere' does not exist; make it first"):
        both.export(tmp_path / "nowhere" / "weak.csv")
    with pytest.raises(
        InputError, match=f"no insight 99; the report has 1 to {len(digits.insights)}"
    ):
        digits.export(99, tmp_path / "weak.csv")
    with pytest.raises(InputError, match="no insight 1; the report has none"):
        digits.model_copy(update={"insights": ()}).export(1, tmp_path / "weak.csv")
