"""The samples nearest to one, to several, or to an embedding."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mlflow_latent.api.autologging import unlogged
from mlflow_latent.api.reading import download_captures
from mlflow_latent.report.model import Report
from mlflow_latent.similarity import find_similar, similar_in_report
from mlflow_latent.snapshot import Snapshot
from mlflow_latent.store import CaptureStore, captures_in

if TYPE_CHECKING:
    import pandas as pd

    from mlflow_latent.similarity import Query


@unlogged()
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
        `sample_id`, `distance` (Euclidean in the scaled, reduced embedding, whose median norm
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
            else download_captures(source, tracking_uri, epoch, media=False)
        )
        source = CaptureStore(captures).snapshot(epoch, layer)
    return find_similar(source, sample, k=k, split=split)
