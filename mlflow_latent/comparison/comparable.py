"""Which measures mean the same in both runs, and why the others must not be compared.

A loss over five classes and one over eight are not on one scale: with fewer classes a loss is lower
and a guess is right more often, whatever was learned. A per-sample metric of the same name and
direction is comparable: whoever captured it in both runs computed it in a label space of both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.errors import InputError, did_you_mean
from mlflow_latent.report.comparison.model import ComparedMeasure, RefusedMeasure
from mlflow_latent.schema import LOSS, LOSS_PREFIX, METRIC_PREFIX, PREDICTION, TARGET

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from mlflow_latent.comparison.join import Joined
    from mlflow_latent.comparison.side import Side
    from mlflow_latent.schema import Direction

CORRECT = "correct"  # 1 where the predicted class is the target, else 0


@dataclass(frozen=True, eq=False)
class Paired:
    """A measure in both runs: (S,) values each, NaN where missing."""

    measure: ComparedMeasure
    a: NDArray[np.float64]
    b: NDArray[np.float64]

    @property
    def known(self) -> NDArray[np.bool_]:
        """(S,) mask of the samples that have the measure in both runs."""
        return ~(np.isnan(self.a) | np.isnan(self.b))

    @property
    def difference(self) -> NDArray[np.float64]:
        """(S,) b − a."""
        return self.b - self.a


def find_measures(
    joined: Joined, wanted: Sequence[str] | None = None
) -> tuple[list[Paired], list[RefusedMeasure]]:
    """Return the measures that can be compared, loss first, and those that are refused.

    Args:
        joined: the shared samples.
        wanted: only these; default all.

    Raises:
        InputError: one that is asked for by name is unknown, or must not be compared.
    """
    names = _all_names(joined)
    unknown = [name for name in wanted or () if name not in names]
    if unknown:
        raise InputError(
            f"measure {unknown[0]!r} is in neither run{did_you_mean(unknown[0], names)}"
        )
    compared, refused = [], []
    for name in names if wanted is None else wanted:
        reason = refusal(joined, name)
        if reason is None:
            compared.append(_paired(joined, name))
        else:
            refused.append(RefusedMeasure(name=name, reason=reason))
    if wanted is not None and refused:
        raise InputError(f"{refused[0].name} cannot be compared: {refused[0].reason}")
    return compared, refused


def refusal(joined: Joined, name: str) -> str | None:
    """Return why a measure must not be compared, and what to use; None if it may be."""
    sides, has = (joined.a, joined.b), [_has(joined, which, name) for which in (0, 1)]
    if not all(has):
        where = sides[has.index(True)].name if any(has) else "neither run"
        return f"only {where} has it" if any(has) else "neither run has it for a shared sample"
    if name.startswith(METRIC_PREFIX):
        first, second = (_direction(side, name) for side in sides)
        return None if first == second else f"{first} is better in one run, {second} in the other"
    problem = different_labels(*sides)
    if problem is None:
        return None
    usable = [
        other
        for other in _all_names(joined)
        if other.startswith(METRIC_PREFIX) and refusal(joined, other) is None
    ]
    use = (
        f"use {', '.join(usable)}"
        if usable
        else "capture a per-sample metric in a label space that both have, under one name in both "
        "runs (e.g. metric_iou_person)"
    )
    return f"{problem}, so it is not on one scale; {use}"


def different_labels(a: Side, b: Side) -> str | None:
    """Return how the label spaces differ; None if they are the same, in whatever order."""
    if a.info.task != b.info.task:
        return f"{a.name} is {a.info.task}, {b.name} is {b.info.task}"
    first, second = set(a.info.class_names), set(b.info.class_names)
    if first == second or not first or not second:
        return None
    return (
        f"the label spaces differ ({len(a.info.class_names)} classes in {a.name}, "
        f"{len(b.info.class_names)} in {b.name})"
    )


def _all_names(joined: Joined) -> list[str]:
    columns = list(dict.fromkeys([*joined.frames[0].columns, *joined.frames[1].columns]))
    parts = sorted(name for name in columns if name.startswith(LOSS_PREFIX))
    metrics = sorted(name for name in columns if name.startswith(METRIC_PREFIX))
    correct = any(_has(joined, which, CORRECT) for which in (0, 1))
    loss = [LOSS] if LOSS in columns else []
    return [*loss, *([CORRECT] if correct else []), *metrics, *parts]


def _has(joined: Joined, which: int, name: str) -> bool:
    frame, side = joined.frames[which], (joined.a, joined.b)[which]
    if name == CORRECT:
        classified = side.info.task == "classification" and {TARGET, PREDICTION} <= set(frame)
        return classified and bool((frame[TARGET].notna() & frame[PREDICTION].notna()).any())
    return name in frame and bool(frame[name].notna().any())


def _direction(side: Side, name: str) -> Direction:
    if not name.startswith(METRIC_PREFIX):
        return "higher" if name == CORRECT else "lower"
    return side.info.metrics.get(name.removeprefix(METRIC_PREFIX), "higher")


def _paired(joined: Joined, name: str) -> Paired:
    measure = ComparedMeasure(name=name, direction=_direction(joined.a, name))
    if name == CORRECT:
        return Paired(measure, _correct(joined, 0), _correct(joined, 1))
    return Paired(measure, *joined.numbers(name))


def _correct(joined: Joined, which: int) -> NDArray[np.float64]:
    frame = joined.frames[which]
    target, prediction = frame[TARGET].astype("Int64"), frame[PREDICTION].astype("Int64")
    right = (target == prediction).astype("Float64")
    return np.asarray(right.to_numpy(dtype=np.float64, na_value=np.nan), dtype=np.float64)
