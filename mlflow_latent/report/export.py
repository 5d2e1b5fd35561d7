"""Sets of samples for another program: a table of them, or a plain list of ids for a loader."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from mlflow_latent.errors import InputError, did_you_mean
from mlflow_latent.schema import KEY, LOSS, PREDICTION, SAMPLE_ID, SPLIT, TARGET

if TYPE_CHECKING:
    from collections.abc import Sequence

DETAILS = ("uri", TARGET, PREDICTION, LOSS)  # what a person wants beside the ids
ENDINGS = (".csv", ".json")


def write_samples(
    samples: Sequence[tuple[str, str]],
    path: str | Path,
    split: str | None = None,
    table: pd.DataFrame | None = None,
) -> Path:
    """Write samples, in their order, as `….csv` (a row each) or `….json` (a list of ids).

    Args:
        samples: (split, sample_id) of each.
        path: the file.
        split: only the samples of that split; a list needs it where there are several.
        table: a report's samples, from which a CSV gets uri, target, prediction and loss.

    Returns:
        The path.

    Raises:
        InputError: another ending, a folder that is not there, a split without samples, or a list
            over several splits.
    """
    path = Path(path)
    if path.suffix not in ENDINGS:
        raise InputError(f"{path.name!r} must end in .csv (a table) or .json (a list of ids)")
    if not path.parent.is_dir():
        raise InputError(f"folder {str(path.parent)!r} does not exist; make it first")
    frame = pd.DataFrame(list(samples), columns=[SPLIT, SAMPLE_ID])
    frame = _of_split(frame, split)
    if path.suffix == ".json":
        return _write_list(frame, path)
    if table is not None:
        details = [name for name in DETAILS if name in table]
        frame = frame.merge(table[[*KEY, *details]], on=list(KEY), how="left")
    frame.to_csv(path, index=False)
    return path


def _of_split(frame: pd.DataFrame, split: str | None) -> pd.DataFrame:
    if split is None:
        return frame
    known = frame[SPLIT].unique()
    if split not in known:
        raise InputError(f"no samples of split {split!r}{did_you_mean(split, known)}")
    return frame[frame[SPLIT] == split]


def _write_list(frame: pd.DataFrame, path: Path) -> Path:
    splits = list(frame[SPLIT].unique())
    if len(splits) > 1:
        named = " or ".join(map(repr, splits))
        raise InputError(f"a list of ids is of one split; choose split {named}, or write a .csv")
    text = json.dumps(list(frame[SAMPLE_ID]), ensure_ascii=False, indent=0)
    path.write_text(text + "\n", encoding="utf-8")
    return path
