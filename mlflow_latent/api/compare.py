"""Runs compared sample by sample."""

from __future__ import annotations

from typing import TYPE_CHECKING, overload

from mlflow_latent.api.autologging import unlogged
from mlflow_latent.api.compared_runs import compare_and_log, want

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from mlflow_latent.api.compared_runs import Source
    from mlflow_latent.comparison import ComparisonOptions
    from mlflow_latent.report.comparison.matrix import ComparisonMatrix
    from mlflow_latent.report.comparison.model import Comparison


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


@unlogged()
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
        >>> from mlflow_latent import Snapshot
        >>> rng = np.random.default_rng(0)
        >>> loss = rng.exponential(size=200)
        >>> common = {"sample_id": np.arange(200), "split": "val"}
        >>> embedding = rng.normal(size=(200, 4))
        >>> before = Snapshot.from_arrays(**common, embedding=embedding, loss=loss)
        >>> after = Snapshot.from_arrays(**common, embedding=embedding, loss=0.8 * loss)
        >>> compare(before, after).overall().verdict
        'better'
    """
    return compare_and_log(
        want((run_a, run_b, *others), epoch, layer),
        options,
        tracking_uri=tracking_uri,
        folder=folder,
        comparison_run=comparison_run,
        progress=progress,
    )
