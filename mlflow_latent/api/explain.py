"""Heat-maps of a run that was analyzed, made later, and logged to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from mlflow_latent.analysis import AnalysisOptions
from mlflow_latent.api.analyze import publish
from mlflow_latent.api.reading import load_snapshot
from mlflow_latent.capture.adapters import find_adapter
from mlflow_latent.errors import InputError, did_you_mean
from mlflow_latent.explain.choice import choose
from mlflow_latent.explain.making import require_captum
from mlflow_latent.explain.options import ExplainOptions
from mlflow_latent.exploration import Exploration
from mlflow_latent.heatmaps import Heatmaps, heatmaps_folder, merged, write_heatmaps
from mlflow_latent.measures.options import MeasureOptions, ProjectionMethod
from mlflow_latent.report.model import REPORT_FILE, Report
from mlflow_latent.schema import OWN_POOL
from mlflow_latent.store import CaptureStore, captures_in

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mlflow_latent.explain.choice import Wanted
    from mlflow_latent.report.heatmaps import Explained

CLASSIFIED = ("classification", "segmentation")


def explain(
    run: str | Path,
    model: Any,
    data: Any,
    *,
    samples: Sequence[tuple[str, str]] = (),
    options: ExplainOptions | None = None,
    logits: str | None = None,
    pool: str | Callable[[Any], Any] | None = None,
    loss: Callable[[Any, Any], Any] | None = None,
    epoch: int | None = None,
    layer: str | None = None,
    tracking_uri: str | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> Explained:
    """Make heat-maps of a run's samples, and log them to it: `latent/heatmaps/`, and its pages.

    Maps that are there already stay, unless they are made again. The model stays as it was.

    Args:
        run: an MLflow run id, or a folder of captures; analyzed.
        model: with the weights of that epoch: a LightningModule, a torch classifier or segmenter
            (whose output are the logits), an Ultralytics YOLO; or where MLflow has logged one:
            `runs:/<id>/model`, `models:/<name>/<version>`.
        data: loaders by split, or one of the tested split; in the order in which they were
            captured, or with ids. For a YOLO: folders of images, or lists of files.
        samples: (split, sample_id) of those to explain; default the worst and the most typical ones
            of each insight.
        options: which layers, how many, how long.
        logits: layer whose output are the logits; default as captured, else the model's output.
        pool: of the captured layer; default as captured.
        loss: function of the step's output and the batch that gives (N,) losses; default the
            step's own, or the cross-entropy.
        epoch: 0-based; default the newest one that was analyzed.
        layer: whose embedding the regions are of; default the analyzed one.
        tracking_uri: where the run lives; default as MLflow is configured.
        progress: told what is being done, in a few words.

    Returns:
        The maps that were made now, and notes on what could not be.

    Raises:
        InputError: an argument cannot be used, or captum is not installed.
        LatentError: the run has no analysis, or cannot be reached, or the model cannot be loaded.
    """
    require_captum()
    options = options or ExplainOptions()
    progress("download")
    report, store = _read(run, tracking_uri, epoch)
    if isinstance(model, str):
        progress("model")
        model = _load(model, tracking_uri)
    loaders = _loaders(data, report)
    snapshot = load_snapshot(store, report.epoch, layer or report.layer)
    wanted = choose(report, snapshot, options, samples)
    missing = {one.split for one in wanted} - loaders.keys()
    if missing and samples:
        raise InputError(f"data has no split {min(missing)!r}{did_you_mean(min(missing), loaders)}")
    progress("heat-maps")
    made = _make(
        model,
        loaders,
        [one for one in wanted if one.split in loaders],
        report,
        options,
        **_reading(snapshot.info, layer, logits, pool, loss),
    )
    folder = heatmaps_folder(store.root, report.epoch)
    everything = merged(Heatmaps(folder).everything(), made.heatmaps)
    write_heatmaps(folder, everything, report.epoch, made.notes)
    publish(Exploration(store, snapshot, report, _measures(report), progress), tracking_uri)
    return made


def _read(
    run: str | Path, tracking_uri: str | None, epoch: int | None
) -> tuple[Report, CaptureStore]:
    if isinstance(run, Path):
        root = captures_in(run)
        folders = sorted(
            (root / "analysis").glob("epoch=*" if epoch is None else f"epoch={epoch:05d}")
        )
        known = [folder for folder in folders if (folder / REPORT_FILE).is_file()]
        if not known:
            raise InputError(f"{str(run)!r} holds no analysis; run `mlflow-latent analyze` first")
        return Report.load(known[-1]), CaptureStore(root)
    from mlflow_latent.tracking import RunTracker

    tracker = RunTracker(run, tracking_uri)
    report = tracker.read_report(epoch)
    return report, CaptureStore(tracker.download_latent(report.epoch, media=True))


def _load(uri: str, tracking_uri: str | None) -> Any:
    if ":/" not in uri:
        raise InputError(
            f"model is {uri!r}; give a model, or where MLflow has one, e.g. 'runs:/<run>/model'"
        )
    from mlflow_latent.tracking import load_model

    return load_model(uri, tracking_uri)


def _loaders(data: Any, report: Report) -> dict[str, Any]:
    known = [summary.split for summary in report.splits]
    if not isinstance(data, Mapping):
        return {report.tested_split or known[0]: data}
    for split in data:
        if split not in known:
            raise InputError(f"the run has no split {split!r}{did_you_mean(str(split), known)}")
    return dict(data)


def _reading(info: Any, layer: str | None, logits: Any, pool: Any, loss: Any) -> dict[str, Any]:
    """What differs from what an adapter takes for given."""
    captured = getattr(info, "pool", None)
    if pool is None and captured == OWN_POOL:
        raise InputError(
            "the training pooled its layers by a function of its own; pass the same one as pool="
        )
    given = {
        "layer": layer,
        "logits": logits or getattr(info, "logits", None),
        "pool": pool or captured,
        "loss": loss,
    }
    return {name: value for name, value in given.items() if value is not None}


def _make(
    model: Any,
    loaders: Mapping[str, Any],
    wanted: Sequence[Wanted],
    report: Report,
    options: ExplainOptions,
    **reading: Any,
) -> Explained:
    adapter = find_adapter(model)
    run = getattr(adapter, "explain", None)
    if run is None:
        raise InputError(f"a {type(model).__name__} cannot be explained here")
    made: Explained = run(model, loaders, wanted, report, options, **reading)
    return made


def _measures(report: Report) -> MeasureOptions:
    """The options that other epochs are projected with: those of the analysis."""
    options = AnalysisOptions().measures
    used = report.parameters.get("projection")
    for method in get_args(ProjectionMethod):
        if method == used:
            return replace(options, projection=method)
    return options
