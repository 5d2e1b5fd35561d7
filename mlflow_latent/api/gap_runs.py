"""Sets read from runs, their gap measured, and the documents logged to the runs."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from mlflow_latent.domain_gap import Origin, find_gap, find_trend
from mlflow_latent.errors import InputError
from mlflow_latent.report.domain_gap.bundle import write_gap, write_trend
from mlflow_latent.report.words import slugs
from mlflow_latent.schema import SPLIT_ORDER, UNLABELED
from mlflow_latent.snapshot import Snapshot
from mlflow_latent.store import CaptureStore, captures_in

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mlflow_latent.domain_gap import GapOptions
    from mlflow_latent.report.domain_gap.model import DomainGap, GapOrigin
    from mlflow_latent.report.domain_gap.trend import GapTrend

RunLike = str | Path | Snapshot
SetLike = str | tuple[RunLike, str]
"""A split of the run that is given beside it, or (another run, its split)."""
JUDGED_ON = ("val", "test", "train")
FOLDER_LENGTH = 120


@dataclass
class Reader:
    """Reads every run once.

    Attributes:
        epoch: 0-based; default the last one whose embeddings were kept.
        layer: default the first one captured.
        tracking_uri: where the runs live.
        progress: told what is being done.
    """

    epoch: int | None
    layer: str | None
    tracking_uri: str | None
    progress: Callable[[str], None]

    def __post_init__(self) -> None:
        self._read: dict[str, tuple[Snapshot, str | None]] = {}

    def origin(self, run: RunLike | None, wanted: SetLike) -> Origin:
        """Return the set that is wanted.

        Raises:
            InputError: a split without a run, or one that was not captured.
            LatentError: a run or a folder has no captures, or cannot be reached.
        """
        holder, split = (run, wanted) if isinstance(wanted, str) else wanted
        if holder is None:
            raise InputError(f"split {split!r} is of no run: give `run`, or (run, {split!r})")
        snapshot, name = self.snapshot(holder)
        is_run = isinstance(holder, str)
        run_id = holder if isinstance(holder, str) else None
        return Origin(snapshot, split, run_id, name if is_run else None)

    def snapshot(self, run: RunLike) -> tuple[Snapshot, str | None]:
        """Return the captures of a run, and its name."""
        if isinstance(run, Snapshot):
            return run, None
        key = str(run)
        if key not in self._read:
            self._read[key] = self._load(run)
        return self._read[key]

    def _load(self, run: str | Path) -> tuple[Snapshot, str | None]:
        if isinstance(run, Path):
            return CaptureStore(captures_in(run)).snapshot(self.epoch, self.layer), None
        from mlflow_latent.tracking import RunTracker

        self.progress("download")
        tracker = RunTracker(run, self.tracking_uri)
        captures = tracker.download_latent(self.epoch)
        snapshot = CaptureStore(captures).snapshot(self.epoch, self.layer)
        return snapshot, tracker.read().info.run_name or run


def choose_source(splits: Sequence[str]) -> str:
    """Return the split that a model is judged on: it has not learned it by heart.

    Raises:
        InputError: there is none of a usual name.
    """
    found = next((split for split in JUDGED_ON if split in splits), None)
    if found is None:
        raise InputError(f"source must be named; the splits are {', '.join(map(repr, splits))}")
    return found


def choose_target(splits: Sequence[str]) -> str:
    """Return the one split of another origin.

    Raises:
        InputError: there is none, or there are several.
    """
    others = [split for split in splits if split == UNLABELED or split not in SPLIT_ORDER]
    if len(others) != 1:
        there = ", ".join(map(repr, splits))
        raise InputError(f"target must be named; the splits are {there}")
    return others[0]


def gap_and_log(
    run: RunLike,
    source: SetLike | None,
    target: SetLike | None,
    *,
    options: GapOptions | None,
    reader: Reader,
    folder: Path | None,
) -> DomainGap:
    """Measure a gap; write it into `folder` if given, and log it to the runs it is of."""
    splits = reader.snapshot(run)[0].splits
    origins = [
        reader.origin(run, source or choose_source(splits)),
        reader.origin(run, target or choose_target(splits)),
    ]
    gap = find_gap(origins[0], origins[1], options, reader.progress)

    def write(place: Path) -> None:
        write_gap(gap, place)

    name = folder_name((gap.source,), gap.target)
    _write_and_log(write, name, [gap.source, gap.target], reader, folder)
    return gap


def trend_and_log(
    candidates: Sequence[SetLike],
    target: SetLike,
    run: RunLike | None,
    *,
    options: GapOptions | None,
    reader: Reader,
    folder: Path | None,
) -> GapTrend:
    """Measure a trend; write it into `folder` if given, and log it to the runs it is of."""
    origins = [reader.origin(run, candidate) for candidate in candidates]
    trend = find_trend(origins, reader.origin(run, target), options, reader.progress)

    def write(place: Path) -> None:
        write_trend(trend, place)

    sets = [one.origin for one in trend.candidates]
    _write_and_log(
        write, f"trend-{folder_name(sets, trend.target)}", [*sets, trend.target], reader, folder
    )
    return trend


def folder_name(sources: Sequence[GapOrigin], target: GapOrigin) -> str:
    """Return the name of the artifact folder of a gap: `<source>-<target>`."""
    return "-".join(slugs([*(one.name for one in sources), target.name]))[:FOLDER_LENGTH]


def _write_and_log(
    write: Callable[[Path], None],
    name: str,
    sets: Sequence[GapOrigin],
    reader: Reader,
    folder: Path | None,
) -> None:
    run_ids = list(dict.fromkeys(one.run_id for one in sets if one.run_id))
    if folder is None and not run_ids:
        return
    with TemporaryDirectory(prefix="mlflow-latent-") as temporary:
        place = Path(temporary)
        reader.progress("figures")
        write(place)
        if folder is not None:  # apart from what else is there, which is not to be uploaded
            shutil.copytree(place, folder, dirs_exist_ok=True)
        if not run_ids:
            return
        from mlflow_latent.tracking.connection import Connection
        from mlflow_latent.tracking.gaps import log_gap

        reader.progress("upload")
        connection = Connection(reader.tracking_uri)
        for run_id in run_ids:
            log_gap(connection, run_id, place, name)
