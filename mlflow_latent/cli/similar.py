"""`mlflow-latent similar RUN SAMPLE`."""

from __future__ import annotations

import json

import click

from mlflow_latent.cli.output import (
    json_option,
    one_line_errors,
    print_json,
    run_or_folder,
    tracking_uri_option,
)

SHOWN_COLUMNS = ("rank", "split", "sample_id", "distance", "loss", "target", "prediction")


@click.command("similar")
@click.argument("run")
@click.argument("samples", metavar="SAMPLE...", nargs=-1, required=True)
@click.option("-k", type=click.IntRange(min=1), default=20, show_default=True, help="How many.")
@click.option("--split", help="Look only there. Default: in all splits.")
@click.option("--epoch", type=int, help="0-based. Default: the last with embeddings.")
@click.option("--layer", help="Whose embeddings. Default: the first captured.")
@tracking_uri_option
@json_option
@one_line_errors
def command(
    *,
    run: str,
    samples: tuple[str, ...],
    k: int,
    split: str | None,
    epoch: int | None,
    layer: str | None,
    tracking_uri: str | None,
    as_json: bool,
) -> None:
    """List the samples nearest to SAMPLE in the latent space of RUN.

    RUN is an MLflow run id, or a folder of captures. SAMPLE is an id, or `split/id` where an id is
    in several splits; of several samples the middle is taken.
    """
    from mlflow_latent.api.similar import similar

    table = similar(
        run_or_folder(run),
        list(samples),
        k=k,
        split=split,
        epoch=epoch,
        layer=layer,
        tracking_uri=tracking_uri,
    )
    if as_json:
        rows = json.loads(table.to_json(orient="records"))  # missing values become null
        print_json({"run": run, "query": list(samples), "samples": rows})
    else:
        shown = [name for name in SHOWN_COLUMNS if name in table]
        click.echo(table[shown].to_string(index=False, float_format="{:.4g}".format))
