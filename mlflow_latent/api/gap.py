"""The public functions about domain gaps: a target against what the model knows, and candidates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_latent.api.autologging import unlogged
from mlflow_latent.api.gap_runs import Reader, gap_and_log, trend_and_log

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from mlflow_latent.api.gap_runs import RunLike, SetLike
    from mlflow_latent.domain_gap import GapOptions
    from mlflow_latent.report.domain_gap.model import DomainGap
    from mlflow_latent.report.domain_gap.trend import GapTrend


def gap(
    run: RunLike,
    *,
    source: SetLike | None = None,
    target: SetLike | None = None,
    epoch: int | None = None,
    layer: str | None = None,
    options: GapOptions | None = None,
    tracking_uri: str | None = None,
    folder: Path | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> DomainGap:
    """Measure how a target differs from a source: is there a gap, how far is it, in what.

    Args:
        run: an MLflow run id, a folder of captures, or a snapshot.
        source: a split of `run`, or (another run, its split); default val, else test, else train.
        target: likewise; default the one split of another origin, e.g. `unlabeled`.
        epoch: 0-based; default the last one whose embeddings were kept.
        layer: default the first one captured.
        options: confidence, error rate, projection, seed.
        tracking_uri: where the runs live; default as MLflow is configured.
        folder: write the gap there too.
        progress: told what is being done, in a few words.

    Returns:
        The gap, with its table of samples. Of MLflow runs it is logged to each, as
        `latent/gaps/<source>-<target>/`.

    Raises:
        InputError: no such split, the same set twice, or other layers or widths.
        LatentError: a run or a folder has no captures, or a run cannot be reached.

    Example:
        >>> import numpy as np
        >>> from mlflow_latent import Snapshot
        >>> rng = np.random.default_rng(0)
        >>> moved = np.r_[np.zeros((400, 8)), np.full((40, 8), 0.8)]
        >>> snapshot = Snapshot.from_arrays(
        ...     sample_id=np.arange(440),
        ...     split=["val"] * 400 + ["unlabeled"] * 40,
        ...     embedding=rng.normal(size=(440, 8)) + moved,
        ... )
        >>> found = gap(snapshot)
        >>> found.verdict, found.auc > 0.8
        ('gap', True)
    """
    reader = Reader(epoch, layer, tracking_uri, progress)
    with unlogged():
        return gap_and_log(run, source, target, options=options, reader=reader, folder=folder)


def gap_trend(
    candidates: Sequence[SetLike],
    *,
    target: SetLike,
    run: RunLike | None = None,
    epoch: int | None = None,
    layer: str | None = None,
    options: GapOptions | None = None,
    tracking_uri: str | None = None,
    folder: Path | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> GapTrend:
    """Measure several candidate sets against one target: which comes nearer, what of each fits.

    Args:
        candidates: splits of `run`, or (a run, its split) each.
        target: likewise: what they should come near to.
        run: the run that splits without one are of: an id, a folder of captures, or a snapshot.
        epoch: 0-based; default the last one whose embeddings were kept.
        layer: default the first one captured.
        options: confidence, error rate, projection, seed.
        tracking_uri: where the runs live; default as MLflow is configured.
        folder: write the trend there too.
        progress: told what is being done, in a few words.

    Returns:
        The trend, the nearest candidate first; `trend.fitting(name)` lists the ids that fit. Of
        MLflow runs it is logged to each, as `latent/gaps/trend-<candidates>-<target>/`.

    Raises:
        InputError: no candidate, no such split, a set twice, or other layers or widths.
        LatentError: a run or a folder has no captures, or a run cannot be reached.

    Example:
        >>> import numpy as np
        >>> from mlflow_latent import Snapshot
        >>> rng = np.random.default_rng(0)
        >>> place = {"unlabeled": 0.0, "near": 0.3, "far": 1.5}
        >>> split = np.repeat(list(place), 100)
        >>> snapshot = Snapshot.from_arrays(
        ...     sample_id=np.arange(300),
        ...     split=split,
        ...     embedding=rng.normal([[place[name]] for name in split], size=(300, 8)),
        ... )
        >>> trend = gap_trend(["far", "near"], target="unlabeled", run=snapshot)
        >>> [one.origin.name for one in trend.candidates]
        ['near', 'far']
    """
    reader = Reader(epoch, layer, tracking_uri, progress)
    with unlogged():
        return trend_and_log(candidates, target, run, options=options, reader=reader, folder=folder)
