"""`mlflow-latent capture RUN --model … --data …`."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from mlflow_latent.cli.output import (
    json_option,
    one_line_errors,
    print_json,
    run_or_folder,
    tracking_uri_option,
)
from mlflow_latent.errors import InputError, did_you_mean


@click.command("capture")
@click.argument("run")
@click.option("--model", required=True, help="A YOLO's .pt, or module:function that returns one.")
@click.option("--data", required=True, help="A folder of images, or module:function: a loader.")
@click.option("--split", default="unlabeled", show_default=True, help="What to call it.")
@click.option("--labelled", is_flag=True, help="The data's labels are true: capture losses too.")
@click.option("--epoch", type=int, help="0-based. Default: the last with embeddings.")
@click.option("--logits", help="Layer whose output are the logits. Default: the training's.")
@click.option("--device", help="Where to run. Default: where the model is.")
@click.option("--replace", is_flag=True, help="Capture a split again that is there already.")
@tracking_uri_option
@json_option
@one_line_errors
def command(
    *,
    run: str,
    model: str,
    data: str,
    split: str,
    labelled: bool,
    epoch: int | None,
    logits: str | None,
    device: str | None,
    replace: bool,
    tracking_uri: str | None,
    as_json: bool,
) -> None:
    """Capture a further split with a trained model, beside those that its training captured.

    RUN is an MLflow run id, or a folder of captures.
    """
    from mlflow_latent.api.capture import capture

    options = {"logits": logits, "device": device}
    found = capture(
        _model(model),
        Path(data) if Path(data).exists() else _called(data, "--data"),
        run_id=run_or_folder(run),
        split=split,
        labelled=labelled,
        epoch=epoch,
        replace=replace,
        tracking_uri=tracking_uri,
        **{name: value for name, value in options.items() if value is not None},
    )
    if as_json:
        names = ("run_id", "split", "epoch", "n", "labelled", "notes")
        print_json({name: getattr(found, name) for name in names})
        return
    click.echo(f"{found.n:,} samples of {found.split!r} captured at epoch {found.epoch}")
    for note in found.notes:
        click.echo(f"note: {note}")
    click.echo(f"analyze them: mlflow-latent analyze {run}")


def _model(place: str) -> Any:
    from mlflow_latent.capture.adapters import load_model

    return load_model(Path(place)) if Path(place).is_file() else _called(place, "--model")


def _called(place: str, option: str) -> Any:
    """Return what a function gives that is named as `package.module:function`."""
    module_name, mark, name = place.partition(":")
    if not (mark and module_name and name):
        raise InputError(
            f"{option} takes a file or module:function, got {place!r}, which is neither"
        )
    sys.path.insert(0, str(Path.cwd()))  # as `python -m` does
    try:
        module = import_module(module_name)
    except ModuleNotFoundError as error:
        raise InputError(f"{option} {place!r}: {error}") from None
    finally:
        sys.path.pop(0)
    if not callable(getattr(module, name, None)):
        known = [each for each in vars(module) if callable(getattr(module, each))]
        raise InputError(
            f"{option}: {module_name} has no function {name!r}{did_you_mean(name, known)}"
        )
    return getattr(module, name)()
