"""`mlflow-latent compare RUN RUN [RUN…]`."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

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
    from mlflow_latent.report.comparison.matrix import ComparisonMatrix
    from mlflow_latent.report.comparison.model import Change, Comparison

STAGES = ("download", "join", "regions", "tests", "curves", "latent spaces", "figures", "upload")
MOST_CHANGES = 20  # that are printed; the document has all
SILENT = ("undecided", "too_few")


@click.command("compare")
@click.argument("runs", metavar="RUN RUN...", nargs=-1, required=True)
@click.option("--epoch", type=int, multiple=True, help="0-based; once for all, or for each run.")
@click.option("--layer", multiple=True, help="Whose embeddings; once for all, or for each run.")
@click.option("--measure", multiple=True, help="Compare only this. Default: all that can be.")
@click.option("--split", help="The split that leads. Default: val.")
@click.option("--output", type=click.Path(path_type=Path), help="Write it into this folder too.")
@click.option("--comparison-run", is_flag=True, help="Make a run of its own for the comparison.")
@tracking_uri_option
@json_option
@one_line_errors
def command(
    *,
    runs: tuple[str, ...],
    epoch: tuple[int, ...],
    layer: tuple[str, ...],
    measure: tuple[str, ...],
    split: str | None,
    output: Path | None,
    comparison_run: bool,
    tracking_uri: str | None,
    as_json: bool,
) -> None:
    """Compare runs sample by sample, and log the comparison to each of them.

    RUN is an MLflow run id, or a folder of captures. Every difference is the second run less the
    first; of more than two runs every pair is compared.
    """
    from mlflow_latent.api.compared_runs import compare_and_log, want
    from mlflow_latent.comparison import ComparisonOptions

    with closing(Stages(STAGES)) as stages:
        wanted = want(
            [run_or_folder(run) for run in runs],
            epoch[0] if len(epoch) == 1 else epoch or None,
            layer[0] if len(layer) == 1 else layer or None,
        )
        result = compare_and_log(
            wanted,
            ComparisonOptions(tested_split=split, measures=measure or None),
            tracking_uri=tracking_uri,
            folder=output,
            comparison_run=comparison_run,
            progress=stages,
        )
    if as_json:
        print_json(result.model_dump(mode="json"))
    else:
        _print(result)


def _print(result: Comparison | ComparisonMatrix) -> None:
    from mlflow_latent.report.comparison.matrix import ComparisonMatrix

    if isinstance(result, ComparisonMatrix):
        for comparison in result.comparisons:
            _print_comparison(comparison)
            click.echo("")
        for pair in result.pairs:
            if pair.reason:
                click.echo(f"{pair.a}, {pair.b}: {pair.reason}")
    else:
        _print_comparison(result)


def _print_comparison(comparison: Comparison) -> None:
    from mlflow_latent.report.comparison.words import headline

    click.echo(click.style(headline(comparison), bold=True))
    shared = ", ".join(f"{n:,} {split}" for split, n in comparison.shared.items())
    click.echo(f"shared: {shared}")
    for run in (comparison.a, comparison.b):
        only = ", ".join(f"{n:,} {split}" for split, n in run.alone.items() if n)
        click.echo(f"only in {run.name}: {only or 'none'}")
    _print_changes(comparison)
    for insight in comparison.insights:
        mention = insight.b or insight.a
        click.echo(f"insight {insight.status}: {insight.kind}: {mention.title if mention else ''}")
    if comparison.agreement is not None:
        one = comparison.agreement
        click.echo(
            f"latent spaces: linear CKA {one.cka}, {one.neighbor_overlap:.1%} of {one.k} neighbors "
            f"shared (chance {one.chance:.1%})"
        )
    for refused in comparison.refused:
        click.echo(f"not compared: {refused.name}: {refused.reason}")
    for reason in comparison.not_applicable:
        click.echo(f"not applicable: {reason.kind}: {reason.reason}")
    for note in comparison.notes:
        click.echo(f"note: {note}")


def _print_changes(comparison: Comparison) -> None:
    overall = [one for one in comparison.changes if one.grouping == "overall"]
    decided = [
        one
        for one in comparison.changes
        if one.grouping != "overall"
        and one.split == comparison.tested_split
        and one.verdict not in SILENT
    ]
    surest = sorted(decided, key=lambda one: (one.q_value or 0.0, -one.n))
    for change in [*overall, *surest[:MOST_CHANGES]]:
        click.echo(_words(change))
    if len(decided) > MOST_CHANGES:
        click.echo(f"and {len(decided) - MOST_CHANGES} more in comparison.json")


def _words(change: Change) -> str:
    from mlflow_latent.report import words
    from mlflow_latent.report.comparison.words import VERDICTS, group_name, tally

    group = "" if change.grouping == "overall" else f" {change.grouping} {group_name(change)}:"
    return (
        f"{change.split}:{group} {change.measure} {words.number(change.mean_a)} → "
        f"{words.number(change.mean_b)} (b − a {words.number(change.difference)}, "
        f"{words.bounds(change.interval)}): {VERDICTS[change.verdict]}; {tally(change)}"
    )
