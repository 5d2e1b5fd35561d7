"""Data that can be used, but is probably not what was meant: said, with what to do about it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.schema import METRIC_PREFIX, PREDICTION, TARGET

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from mlflow_latent.snapshot import Snapshot

VAL_NAMES = {"val", "valid", "validation", "dev", "eval", "evaluation"}
TRAIN_NAMES = {"train", "training", "trn"}
"""What people call the splits that are only known by the names `val` and `train`."""


def find_hints(snapshot: Snapshot, tested: str | None, reference: str | None) -> Iterator[str]:
    """Yield what the reader of a report should know before all else.

    Args:
        snapshot: N samples.
        tested: the split on which performance is judged.
        reference: the split that it is compared with.
    """
    yield from _about_splits(snapshot.splits, tested, reference)
    if snapshot.info.task == "classification":
        yield from _about_classes(snapshot)
    yield from _about_metrics(snapshot)


def _about_splits(
    splits: Sequence[str], tested: str | None, reference: str | None
) -> Iterator[str]:
    for usual, names, chosen in (
        ("val", VAL_NAMES, tested),
        ("train", TRAIN_NAMES, reference),
    ):
        meant = [split for split in splits if split.lower() in names]
        if usual not in splits and meant and chosen not in meant:
            option = "tested_split" if usual == "val" else "reference_split"
            yield (
                f"split {meant[0]!r} is not taken for {usual!r}: name it {usual!r}, or set"
                f" AnalysisOptions({option}={meant[0]!r})"
            )


def _about_classes(snapshot: Snapshot) -> Iterator[str]:
    names, probabilities = snapshot.info.class_names, snapshot.pred_probs
    highest = -1
    for column in (TARGET, PREDICTION):
        codes = snapshot.codes(column)
        if codes is None:
            continue
        highest = max(highest, int(codes.max()))
        if probabilities is not None and (codes >= probabilities.shape[1]).any():
            beyond = int(np.count_nonzero(codes >= probabilities.shape[1]))
            yield (
                f"{column} is beyond the {probabilities.shape[1]} columns of pred_probs in"
                f" {beyond:,} samples (up to class {int(codes.max())}): these count as classes that"
                " the model does not know; number the classes as the model's outputs are"
            )
    if names and highest >= len(names):
        yield (
            f"class_names has {len(names)} names, but there is a class {highest}: the classes"
            " without a name are called by their number"
        )
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        yield (
            f"class_names has {twice[0]!r:.40} more than once: fields and titles cannot tell these"
            " classes apart; give them different names"
        )


def _about_metrics(snapshot: Snapshot) -> Iterator[str]:
    for name in snapshot.metrics:
        infinite = int(np.isinf(snapshot.frame[METRIC_PREFIX + name].to_numpy(np.float32)).sum())
        if infinite:
            yield f"metric {name!r} is infinite in {infinite:,} samples: these count as missing"
