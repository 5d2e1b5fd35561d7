"""The public functions that join the parts: from a run to its report, logged to the run."""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import wraps
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, ParamSpec, TypeVar, overload

from mlflow_latent import analysis
from mlflow_latent.analysis import AnalysisOptions
from mlflow_latent.exploration import Exploration
from mlflow_latent.heatmaps import Heatmaps, heatmaps_folder, write_heatmaps
from mlflow_latent.media import MEDIA, Thumbnails
from mlflow_latent.report.bundle import write_bundle
from mlflow_latent.report.model import Report
from mlflow_latent.similarity import find_similar, similar_in_report
from mlflow_latent.snapshot import Snapshot
from mlflow_latent.store import LATENT, CaptureStore, captures_in

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

    from mlflow_latent.comparing import Source
    from mlflow_latent.comparison import ComparisonOptions
    from mlflow_latent.measures.options import ProjectionMethod
    from mlflow_latent.report.comparison.matrix import ComparisonMatrix
    from mlflow_latent.report.comparison.model import Comparison
    from mlflow_latent.report.explorer.extras import Extras
    from mlflow_latent.report.heatmaps import Explained
    from mlflow_latent.similarity import Query


Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

MIN_HISTORY_EPOCHS = 2  # one epoch has no history


def _unlogged(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Keep MLflow's autologging out of a call: the clusters that it fits are nobody's models."""

    @wraps(function)
    def call(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        if "mlflow" not in sys.modules:  # then nothing is logged by itself
            return function(*args, **kwargs)
        from mlflow_latent.tracking import without_autologging

        with without_autologging():
            return function(*args, **kwargs)

    return call


@_unlogged
def analyze(
    source: str | Path | Snapshot,
    *,
    run_id: str | None = None,
    tracking_uri: str | None = None,
    epoch: int | None = None,
    layer: str | None = None,
    random_state: int | None = None,
    projection: ProjectionMethod | None = None,
    options: AnalysisOptions | None = None,
    explain: Callable[[Report, Snapshot], Explained] | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Report:
    """Find what is wrong with samples, and log it to the run they are of.

    Args:
        source: an MLflow run id: its captures are read, and the analysis is logged to it. Or a
            folder of captures: the analysis is logged to `run_id` if that is given, else written
            beside them. Or a snapshot: nothing is written.
        run_id: the run that a folder of captures belongs to.
        tracking_uri: where the run lives; default as MLflow is configured.
        epoch: 0-based; default the last one whose embeddings were kept.
        layer: default the first one captured.
        random_state: seed of all that is random; the same seed gives the same report.
        projection: `umap`, `tsne`, `pca` or `none`.
        options: everything else.
        explain: makes heat-maps of what was found, before it is logged; see
            `LatentCapture(heatmaps=…)`, and `mlflow_latent.explain` for later.
        progress: told what is being done, in a few words.

    Returns:
        The report, with its table of samples.

    Raises:
        LatentError: the run or the folder has no captures, or the run cannot be reached.

    Example:
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> report = analyze(
        ...     Snapshot.from_arrays(
        ...         sample_id=np.arange(90), split="val", embedding=rng.normal(size=(90, 4))
        ...     ),
        ...     projection="pca",
        ... )
        >>> {reason.kind: reason.reason for reason in report.not_applicable}["low_performance"]
        'no per-sample loss was captured'
    """
    options = _options(options, random_state, projection)
    if isinstance(source, Snapshot):
        return analysis.analyze(source, options, run_id=run_id, progress=progress)
    if isinstance(source, Path):
        captures = captures_in(source)
    else:
        progress("download")
        run_id, captures = source, _download(source, tracking_uri, epoch)
    store = CaptureStore(captures)
    snapshot = load_snapshot(store, epoch, layer)
    report = analysis.analyze(snapshot, options, run_id=run_id, progress=progress)
    if explain is not None:
        progress("heat-maps")
        made = explain(report, snapshot)
        folder = heatmaps_folder(captures, report.epoch)
        write_heatmaps(folder, made.heatmaps, report.epoch, made.notes)
    publish(Exploration(store, snapshot, report, options.measures, progress), tracking_uri)
    return report


def load_snapshot(
    store: CaptureStore, epoch: int | None = None, layer: str | None = None
) -> Snapshot:
    """Read a snapshot, with how its samples were learned if more than one epoch was captured.

    Args:
        store: the captures.
        epoch: 0-based; default the last one whose embeddings were kept.
        layer: default the first one captured.
    """
    snapshot = store.snapshot(epoch, layer)
    learned = [number for number in store.epochs() if number <= (snapshot.epoch or 0)]
    if len(learned) < MIN_HISTORY_EPOCHS:
        return snapshot
    return replace(snapshot, history=store.history(learned))


@_unlogged
def similar(
    source: str | Path | Snapshot | Report,
    sample: Query,
    *,
    k: int = 20,
    split: str | None = None,
    epoch: int | None = None,
    layer: str | None = None,
    tracking_uri: str | None = None,
) -> pd.DataFrame:
    """Find the samples nearest to a sample, to the middle of several, or to an embedding.

    Args:
        source: an MLflow run id, a folder of captures, a snapshot, or a report. The report of a run
            is answered from the run's captures; another one only from the neighbors it lists.
        sample: an id, `"train/<id>"` or `("train", <id>)` where an id is in several splits; a list
            of them; or an embedding, (D,) floating-point numbers of the same layer.
        k: how many; fewer if there are not so many.
        split: look only there; default in all splits.
        epoch: 0-based; default the last one whose embeddings were kept, or the report's.
        layer: default the first one captured, or the report's.
        tracking_uri: where the run lives; default as MLflow is configured.

    Returns:
        One row per sample, nearest first, without those asked for: `rank` (from 1), `split`,
        `sample_id`, `distance` (Euclidean in the standardized, reduced embedding, whose median norm
        is 1; NaN from a report without a run), `loss`, `target`, `prediction` where captured, and
        the sample's other columns.

    Raises:
        InputError: no such sample or split, one id in several splits, a wrong number of columns.
        LatentError: the run or the folder has no captures, or the run cannot be reached.

    Example:
        >>> snapshot = Snapshot.from_arrays(
        ...     sample_id=["a", "b", "c"], split="val", embedding=[[0.0], [1.0], [5.0]]
        ... )
        >>> similar(snapshot, "a")["sample_id"].tolist()
        ['b', 'c']
    """
    if isinstance(source, Report):
        if source.run_id is None:
            return similar_in_report(source, sample, k=k, split=split)
        epoch = source.epoch if epoch is None else epoch
        layer, source = layer or source.layer, source.run_id
    if not isinstance(source, Snapshot):
        captures = (
            captures_in(source)
            if isinstance(source, Path)
            else _download(source, tracking_uri, epoch, media=False)
        )
        source = CaptureStore(captures).snapshot(epoch, layer)
    return find_similar(source, sample, k=k, split=split)


@overload
def compare(
    run_a: Source,
    run_b: Source,
    /,
    *,
    epoch: int | Sequence[int | None] | None = None,
    layer: str | Sequence[str | None] | None = None,
    options: ComparisonOptions | None = None,
    tracking_uri: str | None = None,
    folder: Path | None = None,
    comparison_run: bool = False,
    progress: Callable[[str], None] = ...,
) -> Comparison: ...


@overload
def compare(
    run_a: Source,
    run_b: Source,
    /,
    *others: Source,
    epoch: int | Sequence[int | None] | None = None,
    layer: str | Sequence[str | None] | None = None,
    options: ComparisonOptions | None = None,
    tracking_uri: str | None = None,
    folder: Path | None = None,
    comparison_run: bool = False,
    progress: Callable[[str], None] = ...,
) -> Comparison | ComparisonMatrix: ...


@_unlogged
def compare(
    run_a: Source,
    run_b: Source,
    /,
    *others: Source,
    epoch: int | Sequence[int | None] | None = None,
    layer: str | Sequence[str | None] | None = None,
    options: ComparisonOptions | None = None,
    tracking_uri: str | None = None,
    folder: Path | None = None,
    comparison_run: bool = False,
    progress: Callable[[str], None] = lambda _: None,
) -> Comparison | ComparisonMatrix:
    """Compare runs sample by sample: what got better, what got worse, where, and is it luck.

    Args:
        run_a: an MLflow run id, a folder of captures, a snapshot, or a report.
        run_b: the same; every difference is b − a.
        *others: more runs make a matrix of all pairs.
        epoch: 0-based, one for all or one for each; default the last whose embeddings were kept.
        layer: one for all or one for each; default the first one captured.
        options: tested split, measures, confidence, and how the joint regions are found.
        tracking_uri: where the runs live; default as MLflow is configured.
        folder: write the comparison there too.
        comparison_run: make a run of its own for the comparison, beside logging it to the runs.
        progress: told what is being done, in a few words.

    Returns:
        The comparison of two runs, with its table of shared samples; a matrix of more. If all are
        MLflow runs it is logged to each, as `latent/comparisons/<id of the other run>/`.

    Raises:
        InputError: no sample is shared, the same run is given twice, or a measure that the options
            name means something else in the other run.
        LatentError: a run or a folder has no captures, or a run cannot be reached.

    Example:
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> loss = rng.exponential(size=200)
        >>> common = {"sample_id": np.arange(200), "split": "val"}
        >>> embedding = rng.normal(size=(200, 4))
        >>> before = Snapshot.from_arrays(**common, embedding=embedding, loss=loss)
        >>> after = Snapshot.from_arrays(**common, embedding=embedding, loss=0.8 * loss)
        >>> compare(before, after).overall().verdict
        'better'
    """
    from mlflow_latent.comparing import compare_and_log, want

    return compare_and_log(
        want((run_a, run_b, *others), epoch, layer),
        options,
        tracking_uri=tracking_uri,
        folder=folder,
        comparison_run=comparison_run,
        progress=progress,
    )


def _options(
    options: AnalysisOptions | None,
    random_state: int | None,
    projection: ProjectionMethod | None,
) -> AnalysisOptions:
    options = options or AnalysisOptions()
    measures = options.measures
    if random_state is not None:
        measures = replace(measures, random_state=random_state)
    if projection is not None:
        measures = replace(measures, projection=projection)
    return replace(options, measures=measures)


def _download(
    run_id: str, tracking_uri: str | None, epoch: int | None, *, media: bool = True
) -> Path:
    from mlflow_latent.tracking import RunTracker

    return RunTracker(run_id, tracking_uri).download_latent(epoch, media=media)


def publish(exploration: Exploration, tracking_uri: str | None = None) -> None:
    """Write the files and pages of a report, and log them to its run, if it has one.

    Args:
        exploration: the report, and the captures it is of.
        tracking_uri: where the run lives; default as MLflow is configured.
    """
    report, captures = exploration.report, exploration.store.root
    heatmaps = heatmaps_folder(captures, report.epoch)
    if report.run_id is None:
        folder = captures / "analysis" / f"epoch={report.epoch:05d}"
        _write(exploration, folder, exploration.gather())
        return
    from mlflow_latent.tracking import RunTracker

    run = RunTracker(report.run_id, tracking_uri)
    extras = exploration.gather(run.read().info.run_name)
    with TemporaryDirectory(prefix="mlflow-latent-") as name:
        _write(exploration, Path(name), extras)
        exploration.progress("upload")
        for path in sorted(heatmaps.glob("*")):
            run.upload(path, f"{LATENT}/{path.parent.relative_to(captures).as_posix()}")
        run.log_analysis(Path(name), report)


def _write(exploration: Exploration, folder: Path, extras: Extras) -> None:
    captures = exploration.store.root
    exploration.progress("pages and figures")
    heatmaps = Heatmaps(heatmaps_folder(captures, exploration.report.epoch))
    write_bundle(exploration.report, folder, Thumbnails(captures / MEDIA), extras, heatmaps)
