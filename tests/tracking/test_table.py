from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from mlflow_latent.tracking.table import insights_table, with_table

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow_latent.report.model import Insight, Report


def test_pandas_reads_it_as_mlflow_does(
    make_insight: Callable[..., Insight], make_report: Callable[..., Report]
) -> None:
    report = make_report(make_insight(title="<b>ü</b>"), make_insight("overfitting"))
    table = pd.read_json(io.StringIO(insights_table(report)), orient="split")
    assert list(table["rank"]) == [1, 2]
    assert list(table["kind"]) == ["low_performance", "overfitting"]
    assert table["title"][0] == "<b>ü</b>"
    assert table["effect (interval)"][0] == "loss ratio 3.1 (2.4 to 4)"
    assert table["separated by"][0] == "brightness lower"


def test_no_insights_make_an_empty_table(make_report: Callable[..., Report]) -> None:
    table = json.loads(insights_table(make_report()))
    assert table["data"] == []
    assert "title" in table["columns"]


@pytest.mark.parametrize("logged", [None, "", "not JSON", '[{"path": "t.json", "type": "table"}]'])
def test_is_named_once_beside_the_users_own_tables(logged: str | None) -> None:
    once = with_table(logged, "latent/insights.json")
    assert with_table(once, "latent/insights.json") == once
    assert ("t.json" in once) == ("t.json" in (logged or ""))
    assert json.loads(once)[-1] == {"path": "latent/insights.json", "type": "table"}
