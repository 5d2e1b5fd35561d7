"""How a subcommand speaks: one JSON object or plain words, progress, and one-line errors."""

from __future__ import annotations

import functools
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import click

from mlflow_latent.errors import LatentError
from mlflow_latent.schema import LEFT_OUT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from mlflow_latent.report.model import Insight, Report
    from mlflow_latent.schema import DroppedRows

BAD_INPUT = 2
STAGES = ("download", "clusters", "insights", "curves", "projection", "figures", "upload")

P = ParamSpec("P")
R = TypeVar("R")

json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object on standard output."
)
tracking_uri_option = click.option(
    "--tracking-uri", help="Where the run lives. Default: as MLflow is configured."
)


def one_line_errors(command: Callable[P, R]) -> Callable[P, R]:
    """Make an error that was raised on purpose one line on standard error and exit status 2."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except LatentError as error:
            click.echo(f"mlflow-latent: {error}", err=True)
            sys.exit(BAD_INPUT)

    return run


class Stages:
    """A bar on standard error that names what is being done."""

    def __init__(self, stages: tuple[str, ...] = STAGES) -> None:
        from tqdm import tqdm

        self._stages = stages
        form = "{l_bar}{bar}| {elapsed}"
        self._bar = tqdm(  # disable=None: not where nobody looks, in a log file
            total=len(stages), bar_format=form, leave=False, file=sys.stderr, disable=None
        )

    def __call__(self, stage: str) -> None:
        """Show that `stage` begins."""
        self._bar.set_description(stage)
        if stage in self._stages:
            self._bar.update(self._stages.index(stage) - self._bar.n)

    def close(self) -> None:
        """Remove the bar."""
        self._bar.close()


def run_or_folder(run: str) -> Path | str:
    """Return what RUN names: a folder of captures that is there, or an MLflow run id."""
    return Path(run) if run and Path(run).is_dir() else run


def print_json(content: dict[str, Any]) -> None:
    """Print the one object that `--json` promises."""
    click.echo(json.dumps(content, ensure_ascii=False))


def print_report(report: Report) -> None:
    """Print what an analysis found, in plain words; first of all, what it was not made of."""
    lost = [note for note in report.notes if note.startswith(LEFT_OUT)]
    _print_lines(lost)
    for split in report.splits:
        loss = f", mean loss {split.mean_loss:.4g}" if split.mean_loss is not None else ""
        right = f", accuracy {split.accuracy:.1%}" if split.accuracy is not None else ""
        click.echo(f"{split.split}: {split.n:,} samples{loss}{right}")
    if report.generalization is not None:
        click.echo(report.generalization.text)
    click.echo(_headline(report))
    for place, insight in enumerate(report.insights, start=1):
        click.echo(f"\n{place}. {_words(insight)}")
    for reason in report.not_applicable:
        click.echo(f"\nnot applicable: {reason.kind}: {reason.reason}")
    _print_lines(map(_about_dropped, report.dropped))
    _print_lines(f"note: {note}" for note in report.notes if note not in lost)


def _print_lines(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line)


def _about_dropped(dropped: DroppedRows) -> str:
    names = ", ".join(dropped.sample_ids[:3])
    return f"\ndropped {dropped.count} of {dropped.split}: {dropped.reason} ({names}, …)"


def _headline(report: Report) -> str:
    count = len(report.insights)
    where = f"epoch {report.epoch}, layer {report.layer}"
    return f"{count} insight{'' if count == 1 else 's'} ({where})"


def _words(insight: Insight) -> str:
    separates = [
        f"     {field.name} {field.direction.replace('_', ' ')}"
        + (f": {field.category}" if field.category else "")
        + f" ({field.inside:.3g} against {field.outside:.3g}; effect {field.effect:+.2f})"
        for field in insight.metadata
    ]
    kind = click.style(insight.kind.replace("_", " "), bold=True)
    lines = [f"{kind}: {insight.title}", f"   {insight.description}", f"   {insight.action}"]
    return "\n".join([*lines, *separates])
