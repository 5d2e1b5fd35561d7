"""One of the compared runs: its rows, and whatever else of it is at hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlflow_latent.errors import EmptySnapshotError
from mlflow_latent.report.comparison.model import ComparedRun
from mlflow_latent.schema import KEY, SPLIT, CaptureInfo, sort_splits

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from mlflow_latent.report.model import Report
    from mlflow_latent.snapshot import Snapshot

CLUSTER_COLUMNS = ("cluster_coarse", "cluster_fine")
TESTED_FIRST = ("val", "test")


@dataclass(frozen=True, eq=False)
class Side:
    """One run as a comparison sees it.

    Attributes:
        name: what a reader calls it.
        frame: N rows: `split`, `sample_id`, and where known `target`, `prediction`, `loss`,
            `loss_<part>`, `metric_<name>`, `meta_<name>`, `cluster_coarse`, `cluster_fine`.
        info: task, class names, super-categories, directions of metrics.
        embedding: (N, D) float32, if at hand.
        report: its analysis, if there is one.
        run_id: if it is a run.
        epoch: 0-based.
        layer: whose embedding.
        missing: why there is no report or no embedding, for the reader.
        notes: what else a reader should know.
    """

    name: str
    frame: pd.DataFrame
    info: CaptureInfo
    embedding: NDArray[np.float32] | None = None
    report: Report | None = None
    run_id: str | None = None
    epoch: int | None = None
    layer: str | None = None
    missing: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def splits(self) -> list[str]:
        """The splits that have rows, train first."""
        return sort_splits(self.frame[SPLIT].unique())

    def counts(self, rows: NDArray[np.bool_] | None = None) -> dict[str, int]:
        """Return the samples by split, of all rows or of a (N,) mask."""
        splits = self.frame[SPLIT] if rows is None else self.frame.loc[rows, SPLIT]
        found = splits.value_counts()
        return {name: int(found.get(name, 0)) for name in self.splits}

    def as_run(self, key: str, alone: dict[str, int]) -> ComparedRun:
        """Describe the run.

        Args:
            key: what the document calls it.
            alone: samples by split that only this run has.
        """
        return ComparedRun(
            key=key,
            name=self.name,
            run_id=self.run_id,
            epoch=self.epoch,
            layer=self.layer,
            task=self.info.task,
            class_names=self.info.class_names,
            samples=self.counts(),
            alone=alone,
        )


def side_of_snapshot(
    snapshot: Snapshot, name: str, report: Report | None = None, run_id: str | None = None
) -> Side:
    """Make a side of a snapshot, with the regions and insights of its report if there is one."""
    frame = snapshot.frame
    if report is not None:
        frame = _with_clusters(frame, report)
    return Side(
        name=name,
        frame=frame,
        info=snapshot.info,
        embedding=snapshot.embedding,
        report=report,
        run_id=run_id,
        epoch=snapshot.epoch,
        layer=snapshot.layer,
        missing=None if report else f"{name} was not analyzed",
        notes=tuple(
            f"{name}: {dropped.count} rows of {dropped.split} were left out: {dropped.reason}"
            for dropped in snapshot.dropped
        ),
    )


def side_of_report(report: Report, name: str) -> Side:
    """Make a side of a report: it has no embeddings, and does not say where metrics are better.

    Raises:
        EmptySnapshotError: the report was read without its table of samples.
    """
    try:
        frame = report.samples
    except AttributeError as error:
        raise EmptySnapshotError(f"{name}: {error}; a comparison needs it") from None
    info = CaptureInfo.model_validate({"task": report.task, "class_names": report.class_names})
    return Side(
        name=name,
        frame=frame,
        info=info,
        report=report,
        run_id=report.run_id,
        epoch=report.epoch,
        layer=report.layer,
        missing=f"{name} is a report, which holds no embeddings",
    )


def choose_tested(splits: list[str]) -> str:
    """Return the split that leads: val, else test, else the first that is not train."""
    others = [split for split in splits if split != "train"]
    return next((split for split in TESTED_FIRST if split in splits), (others or splits)[0])


def _with_clusters(frame: pd.DataFrame, report: Report) -> pd.DataFrame:
    try:
        table = report.samples
    except AttributeError:
        return frame
    columns = [name for name in CLUSTER_COLUMNS if name in table and name not in frame]
    return frame.merge(table[[*KEY, *columns]], on=KEY, how="left") if columns else frame
