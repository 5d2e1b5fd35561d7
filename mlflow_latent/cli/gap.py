"""`mlflow-latent gap RUN [--source SPLIT …] [--target SPLIT]`."""

from __future__ import annotations

from contextlib import closing
from functools import partial
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
    from collections.abc import Callable

    from mlflow_latent.api.gap_runs import SetLike
    from mlflow_latent.domain_gap.options import GapProjection
    from mlflow_latent.report.domain_gap.model import DomainGap, Share
    from mlflow_latent.report.domain_gap.trend import GapTrend

STAGES = ("download", "space", "tests", "regions and fields", "figures", "upload")
MOST_FIELDS = 8


@click.command("gap")
@click.argument("run")
@click.option("--source", "sources", multiple=True, help="A split; several make a trend.")
@click.option("--target", help="A split. Default: the one of another origin.")
@click.option("--source-run", help="Where the sources are. Default: RUN.")
@click.option("--target-run", help="Where the target is. Default: RUN.")
@click.option("--epoch", type=int, help="0-based. Default: the last with embeddings.")
@click.option("--layer", help="Whose embeddings. Default: the first captured.")
@click.option(
    "--projection",
    type=click.Choice(["pca", "umap", "tsne", "none"]),
    default="pca",
    show_default=True,
    help="How the samples are drawn.",
)
@click.option("--random-state", type=int, default=0, show_default=True)
@click.option("--output", type=click.Path(path_type=Path), help="Write it into this folder too.")
@tracking_uri_option
@json_option
@one_line_errors
def command(
    *,
    run: str,
    sources: tuple[str, ...],
    target: str | None,
    source_run: str | None,
    target_run: str | None,
    epoch: int | None,
    layer: str | None,
    projection: GapProjection,
    random_state: int,
    output: Path | None,
    tracking_uri: str | None,
    as_json: bool,
) -> None:
    """Measure how TARGET differs from SOURCE, and log it to the run.

    RUN is an MLflow run id, or a folder of captures. The source is val (else test, else train) if
    it is not named. Of several sources it is told which comes nearest to the target.
    """
    from mlflow_latent.api.gap import gap, gap_trend
    from mlflow_latent.domain_gap import GapOptions
    from mlflow_latent.errors import InputError

    options = GapOptions(projection=projection, random_state=random_state)
    if target is None and (target_run or len(sources) > 1):
        raise InputError("--target must be named where there are several sources or runs")
    wanted = [_split_of(source, source_run) for source in sources]
    aim = None if target is None else _split_of(target, target_run)
    holder = run_or_folder(run)
    ask: Callable[..., DomainGap | GapTrend]
    if len(wanted) > 1 and aim is not None:
        ask = partial(gap_trend, wanted, target=aim, run=holder)
    else:
        ask = partial(gap, holder, source=wanted[0] if wanted else None, target=aim)
    with closing(Stages(STAGES)) as stages:
        result = ask(
            epoch=epoch,
            layer=layer,
            options=options,
            tracking_uri=tracking_uri,
            folder=output,
            progress=stages,
        )
    if as_json:
        print_json(result.model_dump(mode="json"))
    else:
        _print(result)


def _split_of(split: str, run: str | None) -> SetLike:
    if run is None:
        return split
    return run_or_folder(run), split


def _print(result: DomainGap | GapTrend) -> None:
    from mlflow_latent.report.domain_gap.trend import GapTrend

    if isinstance(result, GapTrend):
        _print_trend(result)
    else:
        _print_gap(result)
    for note in result.notes:
        click.echo(f"note: {note}")


def _print_gap(gap: DomainGap) -> None:
    from mlflow_latent.report import words
    from mlflow_latent.report.domain_gap.words import DISTANCES, headline

    click.echo(click.style(headline(gap), bold=True))
    click.echo(f"source: {gap.source.n:,} of {gap.source.name}; target: {gap.target.n:,}")
    if gap.p_value is not None:
        told = f"{words.percent(gap.auc)} of pairs ({words.bounds(gap.auc_interval)})"
        click.echo(f"told apart in {told}, p = {gap.p_value:.2g}")
    for one in gap.distances:
        size = f"{words.number(one.value)} ({words.bounds(one.interval)})"
        click.echo(f"{DISTANCES[one.name]}: {size} of the target's spread")
    _print_share("target out of the source's reach", gap.target_out_of_reach)
    _print_share("source out of the target's reach", gap.source_out_of_reach)
    for field in gap.fields[:MOST_FIELDS]:
        click.echo(f"differs: {field.name}: {words.separation(field, gap.confidence)}")
    for region in gap.regions:
        if region.verdict.endswith("_only"):
            sizes = f"{region.n_source:,} of the source, {region.n_target:,} of the target"
            click.echo(f"region {region.id}, {words.plain(region.verdict)}: {sizes}")
    for reason in gap.not_applicable:
        click.echo(f"not applicable: {reason.kind}: {reason.reason}")


def _print_share(name: str, share: Share | None) -> None:
    from mlflow_latent.report import words

    if share is not None:
        expected = f"{words.percent(share.expected)} if both were one"
        click.echo(f"{name}: {words.percent(share.share)} ({expected})")


def _print_trend(trend: GapTrend) -> None:
    from mlflow_latent.report import words
    from mlflow_latent.report.domain_gap.words import VERDICTS, trend_headline

    click.echo(click.style(trend_headline(trend), bold=True))
    for one in trend.candidates:
        found = one.distance()
        size = "not measured" if found is None else words.number(found.value)
        bounds = "" if found is None else f" ({words.bounds(found.interval)})"
        fits = "" if one.fits is None else f"; {one.n_fits:,} fit ({words.percent(one.fits.share)})"
        verdict = VERDICTS[one.verdict]
        click.echo(f"{one.rank}. {one.origin.name}: distance {size}{bounds}, {verdict}{fits}")
        for field in one.fields[:3]:
            click.echo(f"   differs: {field.name}: {words.separation(field, trend.confidence)}")
        for reason in one.not_applicable:
            click.echo(f"   not applicable: {reason.kind}: {reason.reason}")
    for step in trend.steps:
        sure = "surely" if step.sure else "perhaps"
        by = f"{words.number(step.difference)} ({words.bounds(step.interval)})"
        click.echo(f"{step.nearer} is {sure} nearer than {step.farther}, {step.distance}: by {by}")
