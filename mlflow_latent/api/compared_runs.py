"""Runs read, compared, and the comparison logged to them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from mlflow_latent.comparison import compare_all, compare_sides, side_of_report, side_of_snapshot
from mlflow_latent.comparison.matrix import KEYS
from mlflow_latent.errors import InputError, TrackingError
from mlflow_latent.report.comparison.bundle import write_comparison, write_matrix
from mlflow_latent.report.comparison.matrix import ComparisonMatrix
from mlflow_latent.report.comparison.model import Comparison
from mlflow_latent.report.model import Report
from mlflow_latent.snapshot import Snapshot
from mlflow_latent.store import CaptureStore, captures_in

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mlflow_latent.comparison import ComparisonOptions, Side

Source = str | Path | Snapshot | Report
MIN_RUNS = 2
MATRIX = "matrix"


@dataclass(frozen=True, eq=False)
class Wanted:
    """One source with the epoch and the layer that are wanted of it."""

    source: Source
    epoch: int | None
    layer: str | None

    def is_same(self, other: Wanted) -> bool:
        """Whether both are the same samples of the same model."""
        if isinstance(self.source, (str, Path)) and isinstance(other.source, (str, Path)):
            same = str(self.source) == str(other.source)
            return same and (self.epoch, self.layer) == (other.epoch, other.layer)
        return self.source is other.source


def want(
    sources: Sequence[Source],
    epoch: int | Sequence[int | None] | None,
    layer: str | Sequence[str | None] | None,
) -> list[Wanted]:
    """Pair every source with its epoch and layer.

    Raises:
        InputError: fewer than two sources, the same one twice, or another number of epochs or
            layers than of sources.
    """
    size = len(sources)
    if size < MIN_RUNS:
        raise InputError(f"a comparison takes at least {MIN_RUNS} runs, got {size}")
    epochs = [epoch] * size if epoch is None or isinstance(epoch, int) else list(epoch)
    layers = [layer] * size if layer is None or isinstance(layer, str) else list(layer)
    for name, values in (("epoch", epochs), ("layer", layers)):
        if len(values) != size:
            raise InputError(f"{name} must be one value, or one for each of the {size} runs")
    wanted = [Wanted(*one) for one in zip(sources, epochs, layers, strict=True)]
    for one, other in combinations(wanted, 2):
        if one.is_same(other):
            named = one.source if isinstance(one.source, (str, Path)) else "the same data"
            raise InputError(f"{str(named)!r} is given twice; compare it with another run")
    return wanted


def read_sides(
    wanted: Sequence[Wanted], tracking_uri: str | None, progress: Callable[[str], None]
) -> list[Side]:
    """Read what is wanted: captures and analyses of runs, folders; or plain objects.

    Raises:
        LatentError: a run or a folder has no captures, or cannot be reached.
    """
    sides = []
    for key, one in zip(KEYS, wanted, strict=False):
        source, name = one.source, f"run {key}"
        if isinstance(source, Snapshot):
            sides.append(side_of_snapshot(source, name))
        elif isinstance(source, Report):
            sides.append(side_of_report(source, name))
        elif isinstance(source, Path):
            snapshot = CaptureStore(captures_in(source)).snapshot(one.epoch, one.layer)
            sides.append(side_of_snapshot(snapshot, name))
        else:
            progress("download")
            sides.append(_read_run(source, one, tracking_uri))
    return sides


def compare_and_log(
    wanted: Sequence[Wanted],
    options: ComparisonOptions | None,
    *,
    tracking_uri: str | None,
    folder: Path | None,
    comparison_run: bool,
    progress: Callable[[str], None],
) -> Comparison | ComparisonMatrix:
    """Compare what is wanted; write it into `folder` if given, and log it to the runs.

    Raises:
        InputError: a comparison run is asked for, and the sources are no runs.
        LatentError: the sources cannot be read or have nothing in common.
    """
    run_ids = tuple(one.source for one in wanted if isinstance(one.source, str))
    are_runs = len(run_ids) == len(wanted)
    if comparison_run and not are_runs:
        raise InputError("comparison_run needs MLflow run ids; the sources are not all of them")
    sides = read_sides(wanted, tracking_uri, progress)
    result: Comparison | ComparisonMatrix = (
        compare_sides(sides[0], sides[1], options, progress)
        if len(sides) == MIN_RUNS
        else compare_all(sides, options, progress)
    )
    if folder is None and not are_runs:
        return result
    with TemporaryDirectory(prefix="mlflow-latent-") as temporary:
        place = folder or Path(temporary)
        progress("figures")
        written = _write(result, place)
        if are_runs:
            progress("upload")
            _log(result, written, run_ids, tracking_uri, own_run=comparison_run)
    return result


def _read_run(run_id: str, one: Wanted, tracking_uri: str | None) -> Side:
    from mlflow_latent.tracking import RunTracker

    run = RunTracker(run_id, tracking_uri)
    captures = run.download_latent(one.epoch)
    snapshot = CaptureStore(captures).snapshot(one.epoch, one.layer)
    name = run.read().info.run_name or run_id
    try:
        report = run.read_report(snapshot.epoch)
    except TrackingError:  # not analyzed, or not at this epoch: the comparison says so
        report = None
    if report is not None and report.layer != snapshot.layer:
        report = None
    return side_of_snapshot(snapshot, name, report, run_id)


def _write(
    result: Comparison | ComparisonMatrix, folder: Path
) -> list[tuple[Path, Comparison | ComparisonMatrix]]:
    """Write the documents, each into a folder of its own where there are several."""
    if isinstance(result, Comparison):
        write_comparison(result, folder)
        return [(folder, result)]
    write_matrix(result, folder / MATRIX)
    written: list[tuple[Path, Comparison | ComparisonMatrix]] = [(folder / MATRIX, result)]
    for number, comparison in enumerate(result.comparisons, start=1):
        write_comparison(comparison, folder / f"pair-{number}")
        written.append((folder / f"pair-{number}", comparison))
    return written


def _log(
    result: Comparison | ComparisonMatrix,
    written: list[tuple[Path, Comparison | ComparisonMatrix]],
    run_ids: tuple[str, ...],
    tracking_uri: str | None,
    *,
    own_run: bool,
) -> None:
    from mlflow_latent.tracking.comparisons import create_comparison_run, log_comparison
    from mlflow_latent.tracking.connection import Connection

    connection = Connection(tracking_uri)
    for folder, document in written:
        if isinstance(document, Comparison):
            pair = document.a.run_id or "", document.b.run_id or ""
            log_comparison(connection, pair[0], folder, pair[1])
            log_comparison(connection, pair[1], folder, pair[0])
        else:
            for run_id in run_ids:
                log_comparison(connection, run_id, folder, MATRIX)
    if not own_run:
        return
    runs = (result.a, result.b) if isinstance(result, Comparison) else result.runs
    name = "compare " + " × ".join(run.name for run in runs)
    made = create_comparison_run(connection, run_ids, name, _metrics(result))
    for folder, document in written:
        single = isinstance(result, Comparison)
        other = MATRIX if isinstance(document, ComparisonMatrix) else _pair_name(document)
        log_comparison(connection, made, folder, run_ids[1] if single else other)


def _pair_name(comparison: Comparison) -> str:
    return f"{comparison.a.run_id}-{comparison.b.run_id}"


def _metrics(result: Comparison | ComparisonMatrix) -> dict[str, float]:
    """Return the overall changes of two runs, as MLflow charts them."""
    if isinstance(result, ComparisonMatrix):
        return {}
    from mlflow_latent.tracking.metrics import slug

    return {
        f"latent/change_{slug(one.measure)}_{slug(one.split)}": one.difference
        for one in result.changes
        if one.grouping == "overall"
    }
