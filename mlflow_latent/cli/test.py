"""`mlflow-latent test RUN`."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import click

from mlflow_latent.cli.output import (
    Stages,
    json_option,
    one_line_errors,
    print_json,
    tracking_uri_option,
)
from mlflow_latent.errors import InputError

if TYPE_CHECKING:
    from mlflow_latent.report.expectations.model import ExpectationResult, ExpectationResults

STAGES = ("download", "runs before", "tests", "upload")
FAILED, UNDECIDED = 1, 3  # exit status; 2 is bad input
COLORS = {"passed": "green", "failed": "red", "undecided": "yellow"}


@click.command("test")
@click.argument("run")
@click.option(
    "--file",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Expectations in YAML. Default: those that an earlier test has kept on the run.",
)
@click.option("--of", "other", help="Test those that were kept on this other run.")
@click.option("--propose", is_flag=True, help="Print the expectations that the insights propose.")
@click.option("--epoch", type=int, help="0-based. Default: the newest that was analyzed.")
@click.option(
    "--before",
    type=click.IntRange(min=0),
    default=5,
    show_default=True,
    help="Runs before it in the experiment to look at.",
)
@click.option(
    "--confidence",
    type=click.FloatRange(0, 1, min_open=True, max_open=True),
    default=0.95,
    show_default=True,
    help="Of the intervals.",
)
@click.option("--allow-undecided", is_flag=True, help="Exit with 0 where nothing failed.")
@click.option("--no-log", is_flag=True, help="Do not log the answer to the run.")
@tracking_uri_option
@json_option
@one_line_errors
def command(
    *,
    run: str,
    file: Path | None,
    other: str | None,
    propose: bool,
    epoch: int | None,
    before: int,
    confidence: float,
    allow_undecided: bool,
    no_log: bool,
    tracking_uri: str | None,
    as_json: bool,
) -> None:
    """Ask whether RUN meets expectations, and log the answer to it.

    RUN is the id of an analyzed MLflow run. The exit status is 0 if all passed, 1 if any failed,
    3 if none failed and some could not be decided, 2 for bad input.
    """
    if sum([file is not None, other is not None, propose]) > 1:
        raise InputError("give one of --file, --of and --propose")
    if propose:
        from mlflow_latent.api.expectations import propose as proposed

        click.echo(proposed(run, epoch=epoch, tracking_uri=tracking_uri), nl=False)
        return
    from mlflow_latent.api.expectations import test

    with TemporaryDirectory(prefix="mlflow-latent-") as folder, closing(Stages(STAGES)) as stages:
        results = test(
            run,
            file or _kept(other or run, tracking_uri, Path(folder)),
            epoch=epoch,
            before=before,
            confidence=confidence,
            log=not no_log,
            tracking_uri=tracking_uri,
            progress=stages,
        )
    if as_json:
        print_json(results.model_dump(mode="json"))
    else:
        _print(results)
    sys.exit(_status(results, allow_undecided=allow_undecided))


def _kept(run: str, tracking_uri: str | None, folder: Path) -> Path:
    """Bring the expectations that are kept on a run here, as one file."""
    from mlflow_latent.tracking.connection import Connection
    from mlflow_latent.tracking.expectations import kept_expectations

    kept = kept_expectations(Connection(tracking_uri), run, folder)
    if len(kept) > 1:
        names = ", ".join(path.stem for path in kept)
        raise InputError(f"run {run!r} keeps several files of expectations ({names}); give --file")
    return kept[0]


def _status(results: ExpectationResults, *, allow_undecided: bool) -> int:
    counts = results.counts
    if counts["failed"]:
        return FAILED
    return UNDECIDED if counts["undecided"] and not allow_undecided else 0


def _print(results: ExpectationResults) -> None:
    from mlflow_latent.report.expectations.words import describe_counts, describe_result

    named = results.run_name or results.run_id
    click.echo(click.style(f"{named}, epoch {results.epoch}", bold=True))
    for result in results.results:
        _print_result(result, describe_result(result, results.confidence))
    click.echo(describe_counts(results))


def _print_result(result: ExpectationResult, lines: list[str]) -> None:
    status = click.style(f"{result.status:<9}", fg=COLORS[result.status], bold=True)
    click.echo(f"\n{status} {lines[0]}")
    for line in lines[1:]:
        click.echo(f"{'':9} {line}")
