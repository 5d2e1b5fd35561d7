"""Choose the samples, one after the other, and say why each.

Source of the coverage: the greedy solution of the k-center problem (Gonzalez 1985), as a core-set
for active learning (Sener & Savarese 2018), without the samples that have no company.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

import numpy as np

from mlflow_latent.acquisition.candidates import Candidates
from mlflow_latent.errors import InputError, UnpredictableError, did_you_mean
from mlflow_latent.measures.predicted_loss import MIN_CORRELATION
from mlflow_latent.report.acquisition.model import LabelList, Pick, Strategy

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlflow_latent.measures import Measures
    from mlflow_latent.measures.predicted_loss import PredictedLoss

MANY_OUTSIDE = 0.05  # share outside of what the prediction was fitted on, from which it is said
INSTEAD = "strategy='coverage' needs no losses"


def list_next(
    measures: Measures,
    *,
    split: str = "unlabeled",
    n: int = 100,
    strategy: Strategy = "mix",
    learned_from: str | None = None,
    run_id: str | None = None,
) -> LabelList:
    """List the samples of a split that are most worth a label.

    Args:
        measures: of the snapshot.
        split: whose samples.
        n: how many; fewer if there are not so many.
        strategy: `coverage`: each the farthest from all that are labelled or listed; `failure`:
            the largest predicted losses; `mix`: far and predicted to fail, by the product of both.
        learned_from: the split whose losses the prediction is fitted on; None where there is none.
        run_id: that the list will say it is of.

    Raises:
        InputError: no such split or strategy, `n` below 1, or nothing to label.
        UnpredictableError: the strategy needs predicted losses, and there are none.
    """
    if strategy not in get_args(Strategy):
        known = get_args(Strategy)
        raise InputError(f"strategy {strategy!r} is unknown{did_you_mean(str(strategy), known)}")
    if isinstance(n, bool) or n < 1:
        raise InputError(f"n must be 1 or more, got {n!r}")
    candidates = Candidates.of(measures, split)
    predicted, why = _predicted(measures, learned_from)
    if predicted is None and strategy != "coverage":
        raise UnpredictableError(f"losses cannot be predicted ({why}); {INSTEAD}")
    choice = _Choice.begin(measures, candidates, predicted)
    chosen = choice.pick(n, strategy)
    return LabelList(
        split=split,
        strategy=strategy,
        picks=tuple(choice.describe(chosen, strategy)),
        n=len(candidates.rows),
        copies_of_labelled=candidates.copies_of_labelled,
        copies_of_others=candidates.copies_of_others,
        lonely=0 if strategy == "failure" else int((~candidates.company).sum()),
        run_id=run_id,
        epoch=measures.snapshot.epoch,
        layer=measures.snapshot.layer,
        notes=tuple(_notes(candidates, predicted, why)),
    )


def _predicted(
    measures: Measures, learned_from: str | None
) -> tuple[PredictedLoss | None, str | None]:
    try:
        found = measures.predicted_loss(learned_from)
    except UnpredictableError as reason:
        return None, str(reason)
    if found.is_useful:
        return found, None
    return None, f"their rank correlation may be below {MIN_CORRELATION}: {found.quality}"


def _notes(candidates: Candidates, predicted: PredictedLoss | None, why: str | None) -> list[str]:
    if predicted is None:
        return [f"losses were not predicted: {why}"]
    notes = [f"predicted losses: {predicted.quality}"]
    outside = float(predicted.outside[candidates.rows].mean())
    if outside >= MANY_OUTSIDE:
        notes.append(
            f"{100 * outside:.0f} % of the split lie outside of what the prediction was fitted on:"
            " there the order may hold, the size of the losses does not"
        )
    return notes


@dataclass(eq=False)
class _Choice:
    """The state of choosing: how far each sample is from all that are labelled or chosen."""

    measures: Measures
    candidates: Candidates
    predicted: PredictedLoss | None
    points: NDArray[np.float32]  # (m, d)
    nearest: NDArray[np.float64]  # (m,) distance to the nearest labelled or chosen sample
    owner: NDArray[np.int64]  # (m,) which of the chosen that is; −1 is a labelled one
    before: list[float]  # of each chosen sample, what `nearest` was when it was chosen

    @classmethod
    def begin(
        cls, measures: Measures, candidates: Candidates, predicted: PredictedLoss | None
    ) -> _Choice:
        points = np.ascontiguousarray(measures.reduced[candidates.rows])
        nearest = _distance_to_labelled(points, measures.reduced[candidates.labelled])
        owner = np.full(len(points), -1, dtype=np.int64)
        return cls(measures, candidates, predicted, points, nearest, owner, [])

    def pick(self, n: int, strategy: Strategy) -> list[int]:
        """Return the places of the chosen candidates, the most wanted first."""
        free = self.candidates.usable.copy()
        if strategy != "failure" and (free & self.candidates.company).any():
            free &= self.candidates.company
        weight = self._weight(strategy)
        chosen: list[int] = []
        while free.any() and len(chosen) < n:
            wanted = weight if strategy == "failure" else weight * self.nearest
            place = int(np.argmax(np.where(free, wanted, -np.inf)))
            chosen.append(place)
            free[place] = False
            self._take(place, len(chosen) - 1)
        return chosen

    def _weight(self, strategy: Strategy) -> NDArray[np.float64]:
        """(m,) how wanted each is by its loss alone: its rank, 0…1, so that no scale matters."""
        if strategy == "coverage" or self.predicted is None:
            return np.ones(len(self.points))
        value = self.predicted.value[self.candidates.rows].astype(np.float64)
        order = np.argsort(np.argsort(value, kind="stable"), kind="stable")
        return np.asarray((order + 1) / len(order))

    def _take(self, place: int, number: int) -> None:
        self.before.append(float(self.nearest[place]))
        distance = np.linalg.norm(self.points - self.points[place], axis=1)
        nearer = distance < self.nearest
        nearer[place] = True
        self.nearest[nearer], self.owner[nearer] = distance[nearer], number

    def describe(self, chosen: list[int], strategy: Strategy) -> list[Pick]:
        """Say why each was chosen."""
        stands_for = np.bincount(self.owner[self.owner >= 0], minlength=len(chosen))
        return [
            self._describe(place, number, int(stands_for[number]), strategy)
            for number, place in enumerate(chosen)
        ]

    def _describe(self, place: int, number: int, stands_for: int, strategy: Strategy) -> Pick:
        row = int(self.candidates.rows[place])
        frame, found = self.measures.snapshot.frame, self.predicted
        distance = self.before[number] / self.candidates.unit
        distance = min(distance, float(np.finfo(np.float32).max))  # nothing is labelled
        reasons = [self._far(distance, stands_for)]
        if found is not None:
            reasons.append(self._fails(row))
        uri = frame["uri"].iloc[row] if "uri" in frame else None
        return Pick(
            rank=number + 1,
            sample_id=str(frame["sample_id"].iloc[row]),
            uri=uri if isinstance(uri, str) else None,
            reason="; ".join(reasons[::-1] if strategy == "failure" else reasons),
            stands_for=stands_for,
            distance=distance,
            predicted_loss=None if found is None else float(found.value[row]),
            predicted_loss_low=None if found is None else float(found.low[row]),
            predicted_loss_high=None if found is None else float(found.high[row]),
            outside=None if found is None else bool(found.outside[row]),
        )

    def _far(self, distance: float, stands_for: int) -> str:
        others = stands_for - 1
        company = f", the nearest to {others} other{'s' if others > 1 else ''}" if others else ""
        if not len(self.candidates.labelled) and distance > _NEVER:
            return f"the first, as nothing is labelled{company}"
        return f"{distance:.1f} × as far from what is labelled or listed as neighbors are{company}"

    def _fails(self, row: int) -> str:
        found = self.predicted
        assert found is not None  # noqa: S101 - tells the type checker
        values = found.value[self.candidates.rows]
        share = float((values <= found.value[row]).mean())
        beyond = ", unlike all that this was learned from" if found.outside[row] else ""
        return (
            f"predicted loss {found.value[row]:.3g} ({found.low[row]:.3g} to "
            f"{found.high[row]:.3g}), at least that of {100 * share:.0f} % of the split{beyond}"
        )


_NEVER = 1e30  # distances are about 1


def _distance_to_labelled(
    points: NDArray[np.float32], labelled: NDArray[np.float32]
) -> NDArray[np.float64]:
    """(m,) distance to the nearest labelled sample; the middle is the first where there is none."""
    import faiss

    if not len(labelled):
        middle = np.linalg.norm(points - points.mean(axis=0), axis=1)
        return np.asarray(np.finfo(np.float32).max / (1 + middle), dtype=np.float64)
    squared, _ = faiss.knn(points, np.ascontiguousarray(labelled), 1)
    return np.asarray(np.sqrt(np.maximum(squared[:, 0], 0)), dtype=np.float64)
