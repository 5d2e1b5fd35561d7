"""`mlflow-latent explain RUN`."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mlflow_latent.cli.objects import named_model, named_object
from mlflow_latent.cli.output import (
    Stages,
    json_option,
    one_line_errors,
    print_json,
    run_or_folder,
    tracking_uri_option,
)
from mlflow_latent.errors import InputError

if TYPE_CHECKING:
    from mlflow_latent.report.heatmaps import Explained

STAGES = ("download", "model", "heat-maps", "pages and figures", "upload")


@click.command("explain")
@click.argument("run")
@click.option(
    "--model",
    required=True,
    help="`runs:/…` or `models:/…` as MLflow has it, `module:function` that returns one, a file of "
    "an Ultralytics model, or with --checkpoint `module:Class`.",
)
@click.option("--checkpoint", type=click.Path(path_type=Path, dir_okay=False), help="Of Lightning.")
@click.option(
    "--data",
    required=True,
    help="`module:function` that returns loaders by split, or one of the tested split; of an "
    "Ultralytics model, a folder of images.",
)
@click.option("--sample", "samples", multiple=True, metavar="SPLIT/ID", help="Only these.")
@click.option(
    "--layer", "layers", multiple=True, help="To look into. Default: a late and a middle one."
)
@click.option("--logits", help="Layer whose output are the logits. Default: as captured.")
@click.option(
    "--number", type=click.IntRange(min=1), default=48, show_default=True, help="Samples."
)
@click.option(
    "--seconds", type=click.FloatRange(min=0, min_open=True), default=300, show_default=True
)
@click.option("--epoch", type=int, help="0-based. Default: the newest that was analyzed.")
@tracking_uri_option
@json_option
@one_line_errors
def command(
    *,
    run: str,
    model: str,
    checkpoint: Path | None,
    data: str,
    samples: tuple[str, ...],
    layers: tuple[str, ...],
    logits: str | None,
    number: int,
    seconds: float,
    epoch: int | None,
    tracking_uri: str | None,
    as_json: bool,
) -> None:
    """Make heat-maps of samples of RUN, and log them to it: what does the model look at?

    RUN is an analyzed MLflow run, or a folder of captures. Without --sample these are the worst and
    the most typical samples of each insight.
    """
    keys = [_key(sample) for sample in samples]
    loaded = named_model(model, checkpoint)
    loaders = data if Path(data).exists() else _called(named_object(data, "--data"))
    from mlflow_latent.api.explain import explain
    from mlflow_latent.explain import ExplainOptions

    with closing(Stages(STAGES)) as stages:
        made = explain(
            run_or_folder(run),
            loaded,
            loaders,
            samples=keys,
            options=ExplainOptions(layers=layers, samples=number, seconds=seconds),
            logits=logits,
            epoch=epoch,
            tracking_uri=tracking_uri,
            progress=stages,
        )
    if as_json:
        print_json(_document(run, made))
    else:
        _print(made)


def _key(sample: str) -> tuple[str, str]:
    split, _, sample_id = sample.partition("/")
    if not split or not sample_id:
        raise InputError(f"--sample takes split/id, got {sample!r}")
    return split, sample_id


def _called(found: object) -> object:
    return found() if callable(found) else found


def _document(run: str, made: Explained) -> dict[str, object]:
    return {
        "run": run,
        "notes": list(made.notes),
        "heatmaps": [
            {
                "split": one.split,
                "sample_id": one.sample_id,
                "what": one.kind.what,
                "method": one.kind.method,
                "layer": one.kind.layer,
                "target": one.target,
                "better_than_random": one.is_faithful,
                "advantage": None if one.is_faithful is None else list(one.advantage),
            }
            for one in made.heatmaps
        ],
    }


def _print(made: Explained) -> None:
    samples = {(one.split, one.sample_id) for one in made.heatmaps}
    click.echo(f"{len(made.heatmaps)} heat-maps of {len(samples)} samples")
    for label in dict.fromkeys(one.kind.label for one in made.heatmaps):
        same = [one for one in made.heatmaps if one.kind.label == label]
        better = sum(one.is_faithful is True for one in same)
        click.echo(f"  {label}: {better} of {len(same)} are better than random")
    for note in made.notes:
        click.echo(f"note: {note}")
