"""The insights as a table that MLflow's artifact view and evaluation tab show."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mlflow_latent.tracking.words import describe_effect, describe_field

if TYPE_CHECKING:
    from mlflow_latent.report.model import Insight, Report

TABLE_FILE = "insights.json"
NAMED_FIELDS = 3  # metadata fields in a cell

_COLUMNS = (
    "rank",  # MLflow's view of several runs groups by the first column and compares the second
    "title",
    "kind",
    "split",
    "region",
    "samples",
    "effect (interval)",
    "q_value",
    "severity",
    "separated by",
    "action",
)


def insights_table(report: Report) -> str:
    """Return the insights in pandas' split orientation, which MLflow reads as a table."""
    rows = [_row(place, insight) for place, insight in enumerate(report.insights, start=1)]
    return json.dumps({"columns": _COLUMNS, "data": rows}, ensure_ascii=False, indent=1) + "\n"


def with_table(logged: str | None, path: str) -> str:
    """Return the tag `mlflow.loggedArtifacts` with `path` named as a table.

    Args:
        logged: the tag as it is, if there is one.
        path: artifact path of the table.
    """
    try:
        entries = json.loads(logged or "[]")
    except ValueError:
        entries = []
    kept = [entry for entry in entries if isinstance(entry, dict) and entry.get("path") != path]
    return json.dumps([*kept, {"path": path, "type": "table"}])


def _row(place: int, insight: Insight) -> list[Any]:
    fields = ", ".join(describe_field(field) for field in insight.metadata[:NAMED_FIELDS])
    return [
        place,
        insight.title,
        insight.kind,
        insight.split or "all",
        insight.region or "",
        len(insight.samples),
        describe_effect(insight),
        insight.q_value,
        insight.severity,
        fields,
        insight.action,
    ]
