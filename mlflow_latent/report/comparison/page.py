"""`comparison.html`: a comparison on one page that needs nothing else, not even a network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlflow_latent.report import pictures, words
from mlflow_latent.report.comparison.words import (
    GROUPINGS,
    STATUSES,
    VERDICTS,
    group_name,
    headline,
    ordered,
)
from mlflow_latent.report.html import environment
from mlflow_latent.schema import sort_splits

if TYPE_CHECKING:
    from pathlib import Path

    from mlflow_latent.report.comparison.matrix import ComparisonMatrix
    from mlflow_latent.report.comparison.model import Change, Comparison
    from mlflow_latent.report.pictures import Picture

MOST_ROWS = 60  # of a table; comparison.json has all


def write_page(
    comparison: Comparison, path: Path, figures: dict[str, tuple[Path, str]] | None = None
) -> Path:
    """Write the comparison as one self-contained page.

    Args:
        comparison: of two runs.
        path: the file to write; its folder is made if need be.
        figures: what `render_figures` returned.
    """
    drawn = {name: pictures.figure(file, text) for name, (file, text) in (figures or {}).items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(render_page(comparison, drawn), encoding="utf-8")
    return path


def render_page(comparison: Comparison, drawn: dict[str, Picture]) -> str:
    """Return the page of a comparison and its figures as text."""
    content = {
        "comparison": comparison,
        "runs": (comparison.a, comparison.b),
        "headline": headline(comparison),
        "overall": [one for one in comparison.changes if one.grouping == "overall"],
        "sections": _sections(comparison, drawn),
        "curves": [picture for name, picture in drawn.items() if name.startswith("curve_")],
        "splits": sort_splits(comparison.shared),
        "most_rows": MOST_ROWS,
    }
    return _render("comparison.html", content)


def write_matrix_page(matrix: ComparisonMatrix, path: Path) -> Path:
    """Write the summaries of several runs as one self-contained page."""
    path.parent.mkdir(parents=True, exist_ok=True)
    names = {run.key: run.name for run in matrix.runs}
    path.write_text(_render("matrix.html", {"matrix": matrix, "names": names}), encoding="utf-8")
    return path


def _render(template: str, content: dict[str, Any]) -> str:
    shared = {
        "verdicts": VERDICTS,
        "statuses": STATUSES,
        "groupings": GROUPINGS,
        "group_name": group_name,
        "words": words,
    }
    return environment().get_template(template).render(shared | content)


def _sections(comparison: Comparison, drawn: dict[str, Picture]) -> list[dict[str, Any]]:
    """Return what each way of grouping has: its figures, and the table of the leading measure."""
    there = {one.grouping for one in comparison.changes} - {"overall"}
    return [
        {
            "grouping": grouping,
            "title": title,
            "pictures": [
                picture for name, picture in drawn.items() if name.startswith(f"change_{grouping}_")
            ],
            "rows": _rows(comparison, grouping),
        }
        for grouping, title in GROUPINGS.items()
        if grouping in there
    ]


def _rows(comparison: Comparison, grouping: str) -> list[Change]:
    """Return the decided changes of the leading measure first, then the others by their order."""
    measure = comparison.measures[0].name
    family = ordered(comparison, measure, grouping, comparison.tested_split)
    silent = ("undecided", "too_few")
    return sorted(family, key=lambda one: one.verdict in silent)
