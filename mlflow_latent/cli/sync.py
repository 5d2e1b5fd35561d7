"""`mlflow-latent sync [FOLDER]`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from mlflow_latent.cli.output import json_option, one_line_errors, print_json, tracking_uri_option


@click.command("sync")
@click.argument("folder", type=click.Path(path_type=Path, exists=True), default=Path())
@tracking_uri_option
@json_option
@one_line_errors
def command(
    *,
    folder: Path,
    tracking_uri: str | None,
    as_json: bool,
) -> None:
    """Upload the captures below FOLDER that a training could not upload.

    FOLDER is the folder that the training ran in, or a run's spool. Exit status 1 if files are
    still left; run it again then.
    """
    from mlflow_latent.tracking import sync

    result = sync(folder, tracking_uri=tracking_uri, progress=True)
    if as_json:
        runs = [
            {
                "folder": str(run.folder),
                "run_id": run.run_id,
                "uploaded": run.uploaded,
                "left": run.left,
                "error": run.error,
            }
            for run in result.runs
        ]
        print_json({"uploaded": result.uploaded, "left": result.left, "runs": runs})
    else:
        for run in result.runs:
            error = f": {run.error}" if run.error else ""
            click.echo(
                f"{run.run_id or run.folder}: {run.uploaded} uploaded, {run.left} left{error}"
            )
    sys.exit(0 if result.complete else 1)
