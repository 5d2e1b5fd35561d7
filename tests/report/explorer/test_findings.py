from __future__ import annotations

import re
from typing import TYPE_CHECKING

from mlflow_latent.report.explorer.arrays import ExplorerFile
from mlflow_latent.report.explorer.encode import encode_explorer
from mlflow_latent.report.explorer.findings import insight_key
from mlflow_latent.report.model import Insight
from mlflow_latent.report.ranking import ranked_insights

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from mlflow_latent.report.explorer.header import InsightHeader
    from mlflow_latent.report.model import Report

PAIRS = [("val", "s2"), ("val", "s0")]


def keys(insights: tuple[InsightHeader, ...]) -> list[str]:
    return [key for insight in insights for key in (insight.key, *keys(insight.children))]


def test_insights_point_at_the_rows_of_their_samples(digits: Report) -> None:
    read = ExplorerFile(encode_explorer(digits))
    frame = digits.samples
    assert len(read.header.insights) == len(digits.insights)
    for header, insight in zip(read.header.insights, ranked_insights(digits), strict=True):
        rows = frame.iloc[read.array(header.rows)]
        assert tuple(zip(rows["split"], rows["sample_id"], strict=True)) == insight.samples
        for name in set(Insight.model_fields) - {"samples", "children"}:
            assert getattr(header, name) == getattr(insight, name)
        assert len(header.children) == len(insight.children)


def test_regions_name_the_rows_of_their_typical_samples(digits: Report) -> None:
    read = ExplorerFile(encode_explorer(digits))
    ids = digits.samples["sample_id"]
    for header, region in zip(read.header.regions, digits.regions, strict=True):
        assert tuple(ids[list(header.typical)]) == tuple(name for _, name in region.typical)


def test_a_key_is_of_kind_and_samples_alone(make_finding: Callable[..., Insight]) -> None:
    key = insight_key(make_finding(PAIRS))
    assert re.fullmatch("[0-9a-f]{12}", key)
    assert key == insight_key(make_finding(PAIRS[::-1], title="another", effect=9.0))
    assert key != insight_key(make_finding(PAIRS, kind="overfitting"))
    assert key != insight_key(make_finding(PAIRS[:1]))
    assert key != insight_key(make_finding([("train", "s2"), ("val", "s0")]))


def test_no_two_findings_of_a_report_share_a_key(
    make_report: Callable[..., Report],
    make_table: Callable[..., pd.DataFrame],
    make_finding: Callable[..., Insight],
) -> None:
    child = make_finding(PAIRS)
    insights = (make_finding(PAIRS, children=(child, child)), make_finding(PAIRS, title="by hue"))
    report = make_report(make_table(3), insights=insights)
    found = keys(ExplorerFile(encode_explorer(report)).header.insights)
    assert len(set(found)) == len(found) == 4
    assert found[0] == insight_key(insights[0])


def test_samples_that_the_table_lacks_are_left_out(
    make_report: Callable[..., Report],
    make_table: Callable[..., pd.DataFrame],
    make_finding: Callable[..., Insight],
) -> None:
    strangers = [("val", "s1"), ("val", "gone"), ("train", "s1"), ("test", "s0")]
    report = make_report(make_table(3), insights=(make_finding(strangers),))
    read = ExplorerFile(encode_explorer(report))
    assert read.array(read.header.insights[0].rows).tolist() == [1]
