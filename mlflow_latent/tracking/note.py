"""Our section of the run's note: what was found, with links that work behind any prefix."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from mlflow_latent.tracking.words import (
    describe_effect,
    describe_field,
    describe_interval,
    escape_markdown,
)

if TYPE_CHECKING:
    from mlflow_latent.report.model import Insight, Report, SplitSummary

NOTE_TAG = "mlflow.note.content"
NOTE_LENGTH = 8000  # characters that MLflow takes
BEGIN, END = "<!-- mlflow-latent: begin -->", "<!-- mlflow-latent: end -->"
NAMED_INSIGHTS = 8
NAMED_FIELDS = 3  # metadata fields of an insight
SMALLEST_SECTION = 400  # characters; below that a section says nothing

_TRAINING = "?workflowType=machine_learning"  # else MLflow opens its pages for language models
_SECTION = re.compile(
    rf"\s*{re.escape(BEGIN)}(?:(?!{re.escape(BEGIN)}).)*?{re.escape(END)}", re.DOTALL
)


@dataclass(frozen=True)
class RunPage:
    """Where pages show a run's things: relative addresses, so a prefix does not matter."""

    experiment_id: str
    run_id: str

    @property
    def run(self) -> str:
        """The run's page."""
        return f"{self._path}{_TRAINING}"

    @property
    def explorer(self) -> str:
        """The run's explorer, on a server that was started with `--app-name latent`."""
        return f"latent/run/{self._run}"

    def artifact(self, path: str) -> str:
        """The page that shows an artifact (MLflow does not find one whose `=` is encoded)."""
        return f"{self._path}/artifacts/{quote(path, safe='/=')}{_TRAINING}"

    def content(self, path: str) -> str:
        """The bytes of an artifact."""
        return f"get-artifact?path={quote(path, safe='')}&run_uuid={self._run}"

    @property
    def _path(self) -> str:
        return f"#/experiments/{quote(self.experiment_id, safe='')}/runs/{self._run}"

    @property
    def _run(self) -> str:
        return quote(self.run_id, safe="")


def with_section(note: str, section: str) -> str:
    """Return a note with our section replaced, or added at its end; the user's own text stays.

    Args:
        note: the note as it is.
        section: what `note_section` returned.
    """
    own = _SECTION.sub("", note).rstrip()
    return f"{own}\n\n{section}" if own else section


def room_for_section(note: str) -> int:
    """Return how many characters the user's own text leaves."""
    return NOTE_LENGTH - len(with_section(note, ""))


def note_section(report: Report, page: RunPage, folder: str, room: int = NOTE_LENGTH) -> str:
    """Write our section, as many insights as there is room for.

    Args:
        report: what to tell.
        page: the run's addresses.
        folder: artifact folder of the analysis.
        room: characters it may take.

    Returns:
        Markdown between our markers; empty if there is no room for one worth reading.
    """
    named = min(NAMED_INSIGHTS, len(report.insights))
    for shown in range(named, -1, -1):
        section = "\n".join(_lines(report, page, folder, shown))
        if len(section) <= room:
            return section if room >= SMALLEST_SECTION else ""
    return ""


def _lines(report: Report, page: RunPage, folder: str, shown: int) -> list[str]:
    """MLflow folds a note after a few lines, so what matters most and the links come first."""
    return [
        BEGIN,
        f"### Latent space, epoch {report.epoch}",
        "",
        f"{_summary(report)} {_links(page, folder)}",
        "",
        f"![overview]({page.content('latent_overview.png')})",
        "",
        *_gap(report),
        *_insights(report, shown),
        "",
        *_splits(report),
        "",
        END,
    ]


def _summary(report: Report) -> str:
    kinds = Counter(insight.kind for insight in report.insights)
    if not kinds:
        return f"**No insight**: nothing stood out at an error budget of {report.error_budget:g}."
    named = ", ".join(f"{count} {kind.replace('_', ' ')}" for kind, count in kinds.items())
    total = kinds.total()
    return f"**{total} insight{'s' if total > 1 else ''}**: {escape_markdown(named)}."


def _links(page: RunPage, folder: str) -> str:
    links = {
        "Explore": f"{folder}/report.html",
        "Summary to read and print": f"{folder}/summary.html",
        "Table of insights": "latent/insights.json",
        "All files": folder,
    }
    return " · ".join(f"[{name}]({page.artifact(path)})" for name, path in links.items())


def _splits(report: Report) -> list[str]:
    """A list, since MLflow draws tables without any space between their columns."""
    confidence = f"{100 * report.confidence:.3g} % interval"
    return [f"- {_split(split, confidence)}" for split in report.splits]


def _split(split: SplitSummary, confidence: str) -> str:
    text = f"**{escape_markdown(split.split)}**: {split.n} samples"
    if split.mean_loss is not None:
        interval = describe_interval(split.mean_loss_interval)
        text += f", mean loss {split.mean_loss:.3g} ({confidence} {interval})"
    if split.accuracy is not None:
        text += f", accuracy {100 * split.accuracy:.3g} %"
    return text


def _gap(report: Report) -> list[str]:
    """The gap of the model as a whole: before regions, which are judged against it."""
    found = report.generalization
    return [] if found is None else [escape_markdown(found.text), ""]


def _insights(report: Report, shown: int) -> list[str]:
    lines = [f"{place}. {_insight(i)}" for place, i in enumerate(report.insights[:shown], 1)]
    left = len(report.insights) - shown
    return [*lines, "", f"and {left} more in the report."] if left else lines


def _insight(insight: Insight) -> str:
    effect = escape_markdown(describe_effect(insight))
    text = f"**{escape_markdown(insight.title)}**: {effect}, q = {insight.q_value:.2g}."
    fields = [describe_field(field) for field in insight.metadata[:NAMED_FIELDS]]
    if fields:
        text += f" Set apart by {escape_markdown('; '.join(fields))}."
    return text
