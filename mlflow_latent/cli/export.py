"""`mlflow-latent export RUN FILE`."""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from mlflow_latent.cli.output import json_option, one_line_errors, print_json, tracking_uri_option
from mlflow_latent.errors import InputError

PAGES = (".html", ".htm")


@click.command("export")
@click.argument("run")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), required=False)
@click.option("--epoch", type=int, help="0-based. Default: the newest that was analyzed.")
@click.option("--summary", is_flag=True, help="Save the page to read and print, without scripts.")
@click.option("--insight", type=int, help="Save the samples of the insight of that number instead.")
@click.option("--split", help="With --insight: only the samples of that split.")
@click.option(
    "--work-list",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Save the labels and copies to look at: FILE.csv, or FILE.json in COCO's format.",
)
@tracking_uri_option
@json_option
@one_line_errors
def command(
    *,
    run: str,
    file: Path | None,
    epoch: int | None,
    summary: bool,
    insight: int | None,
    split: str | None,
    work_list: Path | None,
    tracking_uri: str | None,
    as_json: bool,
) -> None:
    """Save the explorer of RUN as FILE, one self-contained HTML page that opens anywhere.

    With --summary, save the page to read and print instead. With --insight N, save the samples of
    insight N as FILE.csv (a row each) or FILE.json (a list of ids that a loader can take). With
    --work-list, save what a person should look at in an annotation tool, with the reason for each.
    """
    if (file is None) == (work_list is None):
        raise InputError("name either a FILE to write, or --work-list FILE.csv or FILE.json")
    path = file or work_list or Path()
    if not path.parent.is_dir():
        raise InputError(f"folder {str(path.parent)!r} does not exist; make it first")
    if file is None:
        _export_work_list(run, path, epoch, tracking_uri)
    elif insight is None:
        _export_page(run, path, epoch, tracking_uri, summary=summary)
    else:
        from mlflow_latent.tracking import RunTracker

        RunTracker(run, tracking_uri).read_report(epoch).export(insight, path, split)
    if as_json:
        print_json({"run_id": run, "file": str(path), "bytes": path.stat().st_size})
    else:
        click.echo(f"wrote {path} ({path.stat().st_size / 1e6:.1f} MB)")


def _export_work_list(run: str, path: Path, epoch: int | None, tracking_uri: str | None) -> None:
    from mlflow_latent.api.work_list import work_list

    work_list(run, path, epoch=epoch, tracking_uri=tracking_uri)


def _export_page(
    run: str, file: Path, epoch: int | None, tracking_uri: str | None, *, summary: bool
) -> None:
    from mlflow_latent.report.bundle import PAGE, SUMMARY
    from mlflow_latent.tracking import RunTracker

    if file.suffix.lower() not in PAGES:
        raise InputError(
            f"{file.name!r} must end in .html (the page), or name --insight N for .csv or .json"
        )
    name = SUMMARY if summary else PAGE
    page = RunTracker(run, tracking_uri).download_analysis(epoch, [name]) / name
    shutil.copyfile(page, file)
