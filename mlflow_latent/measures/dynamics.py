"""How each sample was learned: its margins and losses over the captured epochs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from mlflow_latent.schema import EPOCH, KEY, LOSS, MARGIN, PREDICTION, TARGET

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlflow_latent.snapshot import Snapshot


MIN_EPOCHS = 3  # of which the first can be told from the rest


def learning_dynamics(snapshot: Snapshot) -> pd.DataFrame | None:
    """Summarize the history of each sample.

    Args:
        snapshot: N samples; its `history` holds a row per sample and epoch.

    Returns:
        None without a history; else N rows, missing where a sample has none of it:

        - `epochs_captured`: in how many epochs the sample is there;
        - `mean_loss`: over the epochs;
        - `area_under_margin`: mean over the epochs of the probability of the target − the largest
          other one, −1…1. Source: Pleiss et al. 2020, in probabilities, where one overconfident
          epoch cannot outweigh all the others as it can in logits;
        - `recent_margin`: the same with weights 1, 2, 3, … in the order of the epochs;
        - `early_margin`: the same over the first √E of E captured epochs, if there are at least
          `MIN_EPOCHS`: what the model thought before it knew labels by heart, since wrong labels
          are learned last (Arpit et al. 2017);
        - `forgetting_events`: how often it was right in one captured epoch and wrong in the next.
          Source: Toneva et al. 2019;
        - `wrong_epochs`: share of the epochs in which it was wrong.
    """
    if snapshot.history is None or snapshot.history.empty:
        return None
    history = snapshot.history.sort_values(EPOCH, kind="stable")
    rows = pd.MultiIndex.from_frame(snapshot.frame[KEY].astype(str)).get_indexer(
        pd.MultiIndex.from_frame(history[KEY].astype(str))
    )
    known = rows >= 0
    history, rows = history[known], rows[known]
    size = len(snapshot)
    margin = _numbers(history, MARGIN)
    order, epochs = pd.factorize(history[EPOCH], sort=True)
    weight = 1.0 + order
    early = order < (np.sqrt(len(epochs)) if len(epochs) >= MIN_EPOCHS else 0)
    wrong = _wrong(history, margin, snapshot.codes(TARGET), rows)
    forgotten = _forgotten(rows, wrong, size)
    return pd.DataFrame(
        {
            "epochs_captured": np.bincount(rows, minlength=size).astype(np.int32),
            "mean_loss": _mean(_numbers(history, LOSS), rows, size),
            "area_under_margin": _mean(margin, rows, size),
            "recent_margin": _mean(margin, rows, size, weight),
            "early_margin": _mean(np.where(early, margin, np.nan), rows, size),
            "forgetting_events": pd.array(forgotten, dtype="Float32").astype("Int32"),
            "wrong_epochs": _mean(wrong, rows, size),
        }
    )


def _numbers(history: pd.DataFrame, column: str) -> NDArray[np.float64]:
    if column not in history:
        return np.full(len(history), np.nan)
    return history[column].to_numpy(dtype=np.float64, na_value=np.nan)


def _wrong(
    history: pd.DataFrame,
    margin: NDArray[np.float64],
    target: NDArray[np.int32] | None,
    rows: NDArray[np.intp],
) -> NDArray[np.float64]:
    """1 where the sample was wrong in that epoch, 0 where right, NaN where nobody knows."""
    wrong = np.where(np.isnan(margin), np.nan, margin <= 0)
    if target is None or PREDICTION not in history:
        return wrong
    predicted = _numbers(history, PREDICTION)
    known = ~np.isnan(predicted) & (target[rows] >= 0)
    return np.where(known, predicted != target[rows], wrong)


def _mean(
    values: NDArray[np.float64],
    rows: NDArray[np.intp],
    size: int,
    weight: NDArray[np.floating] | None = None,
) -> NDArray[np.float32]:
    there = np.isfinite(values)
    weights = np.ones(len(values)) if weight is None else weight
    total = np.bincount(rows[there], weights=(values * weights)[there], minlength=size)
    count = np.bincount(rows[there], weights=weights[there], minlength=size)
    mean = np.divide(total, count, out=np.full(size, np.nan), where=count > 0)
    return np.asarray(mean, dtype=np.float32)


def _forgotten(
    rows: NDArray[np.intp], wrong: NDArray[np.float64], size: int
) -> NDArray[np.float64]:
    """Count the steps from right to wrong; NaN where a sample has no two epochs to compare."""
    order = np.argsort(rows, kind="stable")  # the epochs of a sample stay in their order
    row, state = rows[order], wrong[order]
    step = (row[1:] == row[:-1]) & ~np.isnan(state[1:]) & ~np.isnan(state[:-1])
    lost = step & (state[:-1] == 0) & (state[1:] == 1)
    events = np.bincount(row[1:][lost], minlength=size).astype(np.float64)
    events[np.bincount(row[1:][step], minlength=size) == 0] = np.nan
    return events
