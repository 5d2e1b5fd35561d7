"""Which metadata separates an insight's samples from the rest, best first."""

from __future__ import annotations

from dataclasses import dataclass, field as dataclass_field
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from mlflow_latent.evidence import q_values, share_difference, superiority
from mlflow_latent.report.model import SeparatingField

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlflow_latent.fields import Field, Fields

SIGNIFICANT = 0.05  # false discovery rate among the fields of one insight
MIN_GROUP = 3  # samples with a value that each side needs


@dataclass(frozen=True)
class Separation:
    """How well one field separates, before it is put into words."""

    field: Field
    effect: float
    lower: float
    upper: float
    p_value: float
    category: int = -1


@dataclass(frozen=True, eq=False)
class Population:
    """The samples that an insight's samples are compared with, themselves included.

    Attributes:
        rows: (N,) mask.
        fields: the fields that may separate.
        confidence: of the intervals.
    """

    rows: NDArray[np.bool_]
    fields: Fields
    confidence: float
    _ranks: dict[str, NDArray[np.float64]] = dataclass_field(default_factory=dict)

    def separating_fields(
        self, inside: NDArray[np.bool_], *, min_effect: float, limit: int
    ) -> tuple[SeparatingField, ...]:
        """Rank the fields by how well they separate `inside` from the rest.

        Args:
            inside: (N,) mask of the insight's samples.
            min_effect: absolute effect from which a field is named.
            limit: fields named at most.
        """
        found = [self._separate(field, inside) for field in self.fields.usable]
        usable = [separation for separation in found if separation is not None]
        q = q_values(np.array([separation.p_value for separation in usable]))
        strong = [
            (separation, float(value))
            for separation, value in zip(usable, q, strict=True)
            if value <= SIGNIFICANT and abs(separation.effect) >= min_effect
        ]
        strong.sort(key=lambda pair: (-abs(pair[0].effect), pair[0].field.name))
        leaders = {f.name for f in self.fields.leaders([pair[0].field for pair in strong])}
        best = [pair for pair in strong if pair[0].field.name in leaders][:limit]
        return tuple(self._describe(*pair, inside) for pair in best)

    def _separate(self, field: Field, inside: NDArray[np.bool_]) -> Separation | None:
        rows = field.present & self.rows
        mask = inside[rows]
        if min(mask.sum(), (~mask).sum()) < MIN_GROUP:
            return None
        if field.categories:
            return _separate_category(field, field.column[rows].astype(int), mask, self.confidence)
        return Separation(field, *superiority(self._rank(field, rows), mask, self.confidence))

    def _rank(self, field: Field, rows: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Ranks are the slow part, and the same for every insight."""
        if field.name not in self._ranks:
            self._ranks[field.name] = stats.rankdata(field.column[rows])
        return self._ranks[field.name]

    def _describe(
        self, separation: Separation, q_value: float, inside: NDArray[np.bool_]
    ) -> SeparatingField:
        field = separation.field
        rows = field.present & self.rows
        text = bool(field.categories)
        values = (field.column == separation.category).astype(float) if text else field.column
        center = np.mean if text else np.median
        directions = ("more_frequent", "less_frequent") if text else ("higher", "lower")
        return SeparatingField(
            name=field.name,
            direction=directions[0] if separation.effect > 0 else directions[1],
            category=field.categories[separation.category] if text else None,
            effect=separation.effect,
            effect_name="difference of shares" if text else "Cliff's delta",
            interval=(separation.lower, separation.upper),
            q_value=q_value,
            inside=float(center(values[rows & inside])),
            outside=float(center(values[rows & ~inside])),
            similar_fields=self.fields.similar[field.name],
        )


def _separate_category(
    field: Field, codes: NDArray[np.intp], mask: NDArray[np.bool_], confidence: float
) -> Separation:
    size = len(field.categories)
    hits = np.bincount(codes[mask], minlength=size)
    misses = np.bincount(codes[~mask], minlength=size)
    inside, outside = int(mask.sum()), int((~mask).sum())
    best = int(np.argmax(np.abs(hits / inside - misses / outside)))
    difference, lower, upper, p_value = share_difference(
        (int(hits[best]), inside), (int(misses[best]), outside), confidence
    )
    # Bonferroni: the best of `size` categories was chosen.
    return Separation(field, difference, lower, upper, min(1.0, p_value * size), best)
