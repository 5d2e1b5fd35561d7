"""`mlflow-latent analyze RUN`."""

from __future__ import annotations

from contextlib import closing

import click

from mlflow_latent.cli.output import (
    Stages,
    json_option,
    one_line_errors,
    print_json,
    print_report,
    run_or_folder,
    tracking_uri_option,
)


@click.command("analyze")
@click.argument("run")
@click.option("--epoch", type=int, help="0-based. Default: the last with embeddings.")
@click.option("--layer", help="Whose embeddings. Default: the first captured.")
@click.option("--random-state", type=int, default=0, show_default=True)
@click.option(
    "--projection",
    type=click.Choice(["umap", "tsne", "pca", "none"]),
    default="umap",
    show_default=True,
)
@click.option("--run-id", help="The MLflow run that a folder of captures belongs to.")
@tracking_uri_option
@json_option
@one_line_errors
def command(
    *,
    run: str,
    epoch: int | None,
    layer: str | None,
    random_state: int,
    projection: str,
    run_id: str | None,
    tracking_uri: str | None,
    as_json: bool,
) -> None:
    """Find what is wrong with the samples of RUN, and log it to the run.

    RUN is an MLflow run id, or a folder of captures.
    """
    from mlflow_latent.api.analyze import analyze

    with closing(Stages()) as stages:
        report = analyze(
            run_or_folder(run),
            run_id=run_id,
            tracking_uri=tracking_uri,
            epoch=epoch,
            layer=layer,
            random_state=random_state,
            projection=projection,  # type: ignore[arg-type]
            progress=stages,
        )
    if as_json:
        print_json(report.model_dump(mode="json"))
    else:
        print_report(report)
