from __future__ import annotations

import pytest

from mlflow_latent.report.explorer import types
from mlflow_latent.report.explorer.header import ExplorerHeader, InsightHeader
from mlflow_latent.report.model import Insight


def test_the_page_has_the_types_of_the_header() -> None:
    if not types.TARGET.parent.is_dir():
        pytest.skip("the sources of the page are not here: this is not a source tree")
    assert types.TARGET.read_text(encoding="utf-8") == types.typescript(), (
        "ui/src/payload.ts is old: run `python -m mlflow_latent.report.explorer.types`"
    )


def test_every_field_of_the_header_is_in_its_interface() -> None:
    written = types.typescript()
    interface = written[written.index("interface ExplorerHeader") :]
    for name in ExplorerHeader.model_fields:
        assert f"readonly {name}: " in interface


def test_each_interface_is_there_once() -> None:
    names = [line for line in types.typescript().splitlines() if line.startswith("export inter")]
    assert len(names) == len(set(names)) > 10


def test_an_insight_of_the_page_says_all_that_the_report_says() -> None:
    assert set(InsightHeader.model_fields) == set(Insight.model_fields) - {"samples"} | {
        "key",
        "rows",
    }
