"""`metadata_loss`: fields whose curve against the loss of the tested split is not flat.

Fields that say nearly the same are tested once. Fields that the model itself makes (predicted
class, distances to class centroids) always go with the loss, and are not tested. Samples in which a
field is missing are one of its values.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from mlflow_latent.curves import BINS
from mlflow_latent.insights import words
from mlflow_latent.insights.base import NotApplicableError
from mlflow_latent.insights.cells import Cells, Least, make_cells
from mlflow_latent.insights.cuts import FINE_CELLS, ROUNDING, Cut, Cutter
from mlflow_latent.insights.flatness import PART_CELLS, Flatness, Parts
from mlflow_latent.insights.guards import excess_loss
from mlflow_latent.insights.registry import register
from mlflow_latent.insights.scores import savage_scores
from mlflow_latent.insights.steady import Steady
from mlflow_latent.report.model import Insight

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from mlflow_latent.fields import Field
    from mlflow_latent.insights.base import Context

KIND = "metadata_loss"
NAMED = 3  # values or fields in a sentence


@dataclass(frozen=True, eq=False)
class Tested:
    """One field, and the (N,) mask of the samples on which it was tested."""

    field: Field
    rows: NDArray[np.bool_]
    flatness: Flatness


@dataclass(frozen=True, eq=False)
class Found:
    """Where a field's loss is large: what an insight says."""

    tested: Tested
    cells: Cells
    cut: Cut
    steady: Steady
    members: NDArray[np.bool_]
    p_value: float
    q_value: float

    @property
    def is_missing(self) -> bool:
        """Whether it is about the samples that lack the field, or about those that have it."""
        chosen = self.cut.chosen
        return self.cells.has_missing and (chosen[:-1] != chosen[-1]).all()


@register(KIND)
def find(context: Context) -> Iterator[Insight]:
    """Test each field: is its curve flat? Benjamini–Hochberg over groups of similar fields."""
    rows = context.labelled(context.tested, "validation")
    fields = [f for f in context.fields.leaders(context.fields.usable) if not f.derived]
    if not fields:
        raise NotApplicableError("no metadata was captured that could explain the loss")
    scores = np.zeros((2, len(rows)))
    scores[:, rows] = stats.rankdata(context.loss[rows]), savage_scores(context.loss[rows])
    made = [_test(context, field, rows, scores) for field in fields]
    tested = [one for one in made if one is not None]
    p_values = np.array([one.flatness.p_value for one in tested])
    q = context.q_values(KIND, p_values)
    found = [
        there
        for one, p_value, q_value in zip(tested, p_values, q, strict=True)
        if q_value <= context.alpha
        and (there := _locate(context, one, (float(p_value), float(q_value))))
    ]
    for first, *others in _same_samples(found):
        yield _insight(context, first, [other.cells.field.name for other in others])


def _test(
    context: Context, field: Field, rows: NDArray[np.bool_], scores: NDArray[np.float64]
) -> Tested | None:
    least = Least(context.options.min_samples, context.options.min_samples)
    cells = make_cells(field, rows, BINS, least)
    rows = rows & (cells.place >= 0)
    place = cells.place[rows]
    if not len(place) or np.ptp(place) == 0 or np.ptp(scores[0, rows]) == 0:
        return None  # nothing to compare
    ordered = 0 if field.categories else cells.values
    ranks, savage = scores
    parts = Parts.of(make_cells(field, rows, PART_CELLS, least), rows)
    return Tested(field, rows, Flatness(place, ranks[rows], savage[rows], ordered, parts))


def _locate(context: Context, one: Tested, certainty: tuple[float, float]) -> Found | None:
    """Find the values with more loss, on finer cells than were tested; None if it is not much."""
    options = context.options
    least = options.min_samples
    cells = make_cells(one.field, one.rows, FINE_CELLS, Least(least, least), ROUNDING)
    place, loss = cells.place[one.rows], context.loss[one.rows]
    cut = Cutter(cells, place, one.flatness.telling, least).cut(options.confidence)
    if cut is None:
        return None
    confidence = 1 - 2 * float(stats.norm.sf(cut.reach))
    steady = Steady.of(loss, cut.chosen[place], options.min_loss_ratio, confidence)
    if steady is None:
        return None
    return Found(one, cells, cut, steady, one.rows & cells.members(cut.chosen), *certainty)


def _same_samples(found: list[Found]) -> Iterator[list[Found]]:
    """Group the fields that are missing in the very same samples; the others are alone."""
    groups: dict[object, list[Found]] = {}
    for one in found:
        key = one.members.tobytes() if one.is_missing else one.cells.field.name
        groups.setdefault(key, []).append(one)
    yield from groups.values()


def _insight(context: Context, found: Found, same: list[str]) -> Insight:
    options, split, steady = context.options, str(context.tested), found.steady
    n, name = int(found.members.sum()), words.shorten(found.cells.field.name)
    shown = steady.shown
    share = found.tested.flatness.eta_squared
    insight = Insight(
        kind=KIND,
        title=_title(found, f"{steady.size(split)} in {words.samples(n)}"),
        description=f"{steady.describe(split, options.confidence)} The interval holds for any "
        f"choice of values. {words.percent(share)} of the variance of the losses' ranks "
        f"goes with {name}.{_also(context, found, same)}",
        action=_action(found, name),
        split=split,
        samples=context.keys(found.members),
        effect=float(shown.evidence.effect[0]),
        effect_name=steady.effect_name,
        interval=shown.interval(0),
        p_value=found.p_value,
        q_value=found.q_value,
        severity=float(steady.means.severity[0]),
        counts={split: n},
        base_rates=steady.means.base_rates(0, split, "inside") | {"share_of_rank_variance": share},
        metadata=context.explain(found.members, split),
    )
    means = insight.model_copy(
        update={
            "effect": float(steady.means.evidence.effect[0]),
            "effect_name": steady.means.effect_name,
            "interval": insight.interval if steady.cap is None else (None, None),
        }
    )
    expectation = excess_loss(means, found.cells.filter(found.cut.chosen))
    return insight.model_copy(update={"expectation": expectation})


def _title(found: Found, size: str) -> str:
    """One line; where not all values fit, whole ones are left out and that is said."""
    name = words.shorten(found.cells.field.name)
    parts = found.cells.phrases(found.cut.chosen)
    for shown in range(min(NAMED, len(parts)), 0, -1):
        left = len(parts) - shown
        more = f" or {left} other{'' if left == 1 else 's'}" if left else ""
        text = f"Loss depends on {name}: {size} where it is {' or '.join(parts[:shown])}{more}"
        if len(text) <= words.TITLE_LENGTH:
            return text
    return words.title(text)


def _also(context: Context, found: Found, same: list[str]) -> str:
    """What else a reader must know of the field, in sentences."""
    similar = context.fields.similar[found.cells.field.name]
    parts = []
    if similar:
        parts.append(f" Says nearly the same: {_names(similar)}.")
    if same:
        parts.append(f" Missing in the same samples: {_names(same)}.")
    pooled = found.cells.pooled
    if pooled:
        least = context.options.min_samples
        parts.append(f" {pooled} values with fewer than {least} samples were taken together.")
    return "".join(parts)


def _names(names: tuple[str, ...] | list[str]) -> str:
    return ", ".join(map(words.shorten, names[:NAMED]))


def _action(found: Found, name: str) -> str:
    if found.is_missing:
        return f"Look at why {name} is missing where it is: it goes with what the model finds hard."
    if found.cells.field.categories:
        return f"Check the labels of these values of {name}; collect or up-weight such samples."
    return (
        f"Look at the curve of {name}; check the augmentation covers this range, or collect more "
        "samples in it."
    )
