"""A run read, what to label next of it listed, and the list logged to it."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from urllib.parse import quote

import numpy as np

from mlflow_latent.acquisition import list_next
from mlflow_latent.api.autologging import unlogged
from mlflow_latent.measures import MeasureOptions, Measures
from mlflow_latent.snapshot import Snapshot
from mlflow_latent.store import LATENT, CaptureStore, captures_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from mlflow_latent.report.acquisition.model import LabelList, Strategy

TRAIN, VAL, TEST = "train", "val", "test"
FOLDER = "label_next"


def label_next(
    source: str | Path | Snapshot,
    *,
    split: str = "unlabeled",
    n: int = 100,
    strategy: Strategy = "mix",
    tested_split: str | None = None,
    epoch: int | None = None,
    layer: str | None = None,
    tracking_uri: str | None = None,
    random_state: int = 0,
    progress: Callable[[str], None] = lambda _: None,
) -> LabelList:
    """List the samples of a split that are most worth a label, the best first, each with a reason.

    Copies of what is labelled are left out, and of copies of one another all but one.

    Args:
        source: an MLflow run id: the list is logged to it, as `latent/label_next/split=…/`. Or a
            folder of captures, or a snapshot: nothing is written.
        split: whose samples.
        n: how many; fewer if there are not so many.
        strategy: `coverage`: what the labelled samples do not cover; `failure`: where the model is
            predicted to fail; `mix`: both.
        tested_split: whose losses are learned from; default val, else test, else the first other
            than train that has losses.
        epoch: 0-based; default the last one whose embeddings were kept.
        layer: default the first one captured.
        tracking_uri: where the run lives; default as MLflow is configured.
        random_state: seed of all that is drawn; the same seed gives the same list.
        progress: told what is being done, in a few words.

    Returns:
        The list; `export("list.csv")` writes it for an annotation tool.

    Raises:
        InputError: no such split or strategy, or nothing to label.
        UnpredictableError: the strategy needs predicted losses, and they cannot be had.
        LatentError: the run or the folder has no captures, or the run cannot be reached.

    Example:
        >>> import numpy as np
        >>> rng = np.random.default_rng(0)
        >>> snapshot = Snapshot.from_arrays(
        ...     sample_id=np.arange(200),
        ...     split=["val"] * 100 + ["unlabeled"] * 100,
        ...     embedding=rng.normal(size=(200, 4)),
        ...     target=[0] * 100 + [None] * 100,
        ... )
        >>> len(label_next(snapshot, n=5, strategy="coverage").picks)
        5
    """
    run_id = source if isinstance(source, str) else None
    snapshot = _read(source, epoch, layer, tracking_uri, progress)
    progress("neighbors")
    measures = Measures(snapshot, MeasureOptions(random_state=random_state, projection="none"))
    with unlogged():
        found = list_next(
            measures,
            split=split,
            n=n,
            strategy=strategy,
            learned_from=tested_split or _judged(snapshot),
            run_id=run_id,
        )
    if run_id is not None:
        progress("upload")
        _log(found, run_id, tracking_uri)
    return found


def _judged(snapshot: Snapshot) -> str | None:
    """Return the split that an analysis would judge performance by."""
    loss = snapshot.loss
    others = [name for name in snapshot.splits if name != TRAIN]
    with_loss = [
        name for name in others if loss is not None and np.isfinite(loss[snapshot.rows(name)]).any()
    ]
    return next((name for name in (VAL, TEST, *with_loss) if name in with_loss), None)


def _read(
    source: str | Path | Snapshot,
    epoch: int | None,
    layer: str | None,
    tracking_uri: str | None,
    progress: Callable[[str], None],
) -> Snapshot:
    if isinstance(source, Snapshot):
        return source
    if isinstance(source, Path):
        return CaptureStore(captures_in(source)).snapshot(epoch, layer)
    from mlflow_latent.tracking import RunTracker

    progress("download")
    captures = RunTracker(source, tracking_uri).download_latent(epoch)
    return CaptureStore(captures).snapshot(epoch, layer)


def _log(found: LabelList, run_id: str, tracking_uri: str | None) -> None:
    from mlflow_latent.tracking import RunTracker

    run = RunTracker(run_id, tracking_uri)
    run.connection.require_reachable()
    with TemporaryDirectory(prefix="mlflow-latent-") as folder:
        for path in found.save(Path(folder)):
            run.upload(path, f"{LATENT}/{FOLDER}/split={quote(found.split, safe='')}")
