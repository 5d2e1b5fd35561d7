"""`mlflow-latent export RUN FILE`."""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from mlflow_latent.cli.output import json_option, one_line_errors, print_json, tracking_uri_option
from mlflow_latent.errors import InputError


@click.command("export")
@click.argument("run")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--epoch", type=int, help="0-based. Default: the newest that was analyzed.")
@click.option("--summary", is_flag=True, help="Save the page to read and print, without scripts.")
@click.option("--insight", type=int, help="Save the samples of the insight of that number instead.")
@click.option("--split", help="With --insight: only the samples of that split.")
@tracking_uri_option
@json_option
@one_line_errors
def command(
    *,
    run: str,
    file: Path,
    epoch: int | None,
    summary: bool,
    insight: int | None,
    split: str | None,
    tracking_uri: str | None,
    as_json: bool,
) -> None:
    """Save the explorer of RUN as FILE, one self-contained HTML page that opens anywhere.

    With --summary, save the page to read and print instead. With --insight N, save the samples of
    insight N as FILE.csv (a row each) or FILE.json (a list of ids that a loader can take).
    """
    if not file.parent.is_dir():
        raise InputError(f"folder {str(file.parent)!r} does not exist; make it first")
    if insight is None:
        _export_page(run, file, epoch, tracking_uri, summary=summary)
    else:
        from mlflow_latent.tracking import RunTracker

        RunTracker(run, tracking_uri).read_report(epoch).export(insight, file, split)
    if as_json:
        print_json({"run_id": run, "file": str(file), "bytes": file.stat().st_size})
    else:
        click.echo(f"wrote {file} ({file.stat().st_size / 1e6:.1f} MB)")


def _export_page(
    run: str, file: Path, epoch: int | None, tracking_uri: str | None, *, summary: bool
) -> None:
    from mlflow_latent.report.bundle import PAGE, SUMMARY
    from mlflow_latent.tracking import RunTracker

    name = SUMMARY if summary else PAGE
    page = RunTracker(run, tracking_uri).download_analysis(epoch, [name]) / name
    shutil.copyfile(page, file)
