"""`mlflow-latent label-next RUN`."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mlflow_latent.cli.output import (
    Stages,
    json_option,
    one_line_errors,
    print_json,
    run_or_folder,
    tracking_uri_option,
)

if TYPE_CHECKING:
    from mlflow_latent.report.acquisition.model import LabelList

STAGES = ("download", "neighbors", "upload")
SHOWN = 10  # samples that are printed; the file has all


@click.command("label-next")
@click.argument("run")
@click.option("--split", default="unlabeled", show_default=True, help="Whose samples.")
@click.option("-n", type=click.IntRange(min=1), default=100, show_default=True, help="How many.")
@click.option(
    "--strategy",
    type=click.Choice(["coverage", "failure", "mix"]),
    default="mix",
    show_default=True,
    help="What nothing labelled is near, where the model is predicted to fail, or both.",
)
@click.option(
    "--output", type=click.Path(path_type=Path), help="A .csv with reasons or a .json of ids."
)
@click.option("--epoch", type=int, help="0-based. Default: the last with embeddings.")
@click.option("--layer", help="Whose embeddings. Default: the first captured.")
@tracking_uri_option
@json_option
@one_line_errors
def command(*, run: str, output: Path | None, as_json: bool, **options: Any) -> None:
    """List the samples without labels that are most worth one, each with the reason.

    RUN is an MLflow run id, which the list is logged to, or a folder of captures.
    """
    from mlflow_latent.api.label_next import label_next

    with closing(Stages(STAGES)) as stages:
        source = run_or_folder(run)
        found = label_next(source, progress=stages, **options)
    if output is not None:
        found.export(output)
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        _print(found)


def _print(found: LabelList) -> None:
    left_out = f"{found.copies_of_labelled:,} copies of labelled samples and "
    left_out += f"{found.copies_of_others:,} of one another left out"
    click.echo(f"{len(found.picks):,} of {found.n:,} samples of {found.split!r}; {left_out}")
    for pick in found.picks[:SHOWN]:
        click.echo(f"{pick.rank}. {pick.sample_id}: {pick.reason}")
    if len(found.picks) > SHOWN:
        click.echo(f"and {len(found.picks) - SHOWN} more: --output list.csv")
    for note in found.notes:
        click.echo(f"note: {note}")
