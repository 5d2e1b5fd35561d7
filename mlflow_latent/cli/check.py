"""`mlflow-latent check SCRIPT_OR_RUN`."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mlflow_latent.cli.output import json_option, one_line_errors, print_json, tracking_uri_option
from mlflow_latent.errors import InputError

if TYPE_CHECKING:
    from mlflow_latent.store import CaptureStore

_SCRIPT = {"ignore_unknown_options": True}  # what is not ours is the script's


@click.command("check", context_settings=_SCRIPT)
@tracking_uri_option
@json_option
@click.argument("script_or_run")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@one_line_errors
def command(
    *,
    script_or_run: str,
    arguments: tuple[str, ...],
    tracking_uri: str | None,
    as_json: bool,
) -> None:
    """Try a training script for two batches, or validate the captures of a run.

    SCRIPT_OR_RUN is a Python file (or `-m` and a module), a run id, or a folder of captures;
    ARGUMENTS are the script's. Exit status 1 if there are problems.
    """
    if script_or_run == "-m" or script_or_run.endswith(".py"):
        sys.exit(_check_script([script_or_run, *arguments], as_json=as_json))
    found = _check_captures(script_or_run, tracking_uri)
    if as_json:
        print_json(found)
    else:
        for line in _words(found):
            click.echo(line)
    sys.exit(1 if found["problems"] else 0)


def _check_script(script: list[str], *, as_json: bool) -> int:
    if not any(find_spec(package) for package in ("pytorch_lightning", "lightning")):
        raise InputError(
            "checking a script needs Lightning, which is not installed: "
            'pip install "mlflow-latent[lightning]"'
        )
    # A process of its own: the script may set up anything, and this package imports no framework.
    flags = ["--json"] if as_json else []
    command = [sys.executable, "-m", "lightning_callbacks.check", *flags, *script]
    return subprocess.run(command, check=False).returncode  # noqa: S603 - the user's own script


def _check_captures(run: str, tracking_uri: str | None) -> dict[str, Any]:
    from mlflow_latent.errors import StoreError
    from mlflow_latent.store import LATENT, CaptureStore

    if run and Path(run).is_dir():
        inner = Path(run) / LATENT
        store = CaptureStore(inner if inner.is_dir() else Path(run))
    else:
        from mlflow_latent.tracking import RunTracker

        store = CaptureStore(RunTracker(run, tracking_uri).download_latent(progress=True))
    problems = list(store.problems)
    try:
        problems += _unusable_rows(store)
    except StoreError as error:
        problems.append(str(error))
    return {
        "epochs": store.epochs(),
        "embedding_epochs": store.embedding_epochs(),
        "layers": store.layers(),
        "rows": _rows(store),
        "problems": problems,
    }


def _unusable_rows(store: CaptureStore) -> list[str]:
    snapshot = store.snapshot()
    unfit = [snapshot.unfit_probs] if snapshot.unfit_probs else []
    return [*(f"{d.count} rows of {d.split}: {d.reason}" for d in snapshot.dropped), *unfit]


def _rows(store: CaptureStore) -> dict[str, int]:
    rows: dict[str, int] = {}
    for shard in store.shards:
        if shard.table == "captures":
            name = f"epoch {shard.epoch}, {shard.split}"
            rows[name] = rows.get(name, 0) + shard.rows
    return rows


def _words(found: dict[str, Any]) -> list[str]:
    epochs, kept = found["epochs"], found["embedding_epochs"]
    return [
        f"epochs captured: {', '.join(map(str, epochs)) or 'none'}",
        f"epochs with embeddings: {', '.join(map(str, kept)) or 'none'}",
        f"layers: {', '.join(found['layers']) or 'none'}",
        *(f"{name}: {count:,} rows" for name, count in found["rows"].items()),
        *(f"problem: {problem}" for problem in found["problems"]),
        *(["everything can be read"] if not found["problems"] else []),
    ]
