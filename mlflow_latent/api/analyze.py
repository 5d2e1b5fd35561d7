"""From a run to its report, logged to the run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from mlflow_latent import analysis
from mlflow_latent.analysis import AnalysisOptions
from mlflow_latent.api.autologging import unlogged
from mlflow_latent.api.reading import download_captures, load_snapshot
from mlflow_latent.exploration import Exploration
from mlflow_latent.heatmaps import Heatmaps, heatmaps_folder, write_heatmaps
from mlflow_latent.media import MEDIA, Thumbnails
from mlflow_latent.report.bundle import write_bundle
from mlflow_latent.snapshot import Snapshot
from mlflow_latent.store import LATENT, CaptureStore, captures_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow_latent.measures.options import ProjectionMethod
    from mlflow_latent.report.explorer.extras import Extras
    from mlflow_latent.report.heatmaps import Explained
    from mlflow_latent.report.model import Report


@unlogged()
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
        run_id, captures = source, download_captures(source, tracking_uri, epoch)
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
