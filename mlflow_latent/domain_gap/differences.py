"""The metadata in which two origins differ, ranked by effect."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.fields import collect_fields
from mlflow_latent.insights.explanation import MIN_GROUP, Population
from mlflow_latent.report.model import NotApplicable

if TYPE_CHECKING:
    from mlflow_latent.domain_gap.options import GapOptions
    from mlflow_latent.domain_gap.origins import Pool
    from mlflow_latent.report.model import SeparatingField

Found = tuple[tuple["SeparatingField", ...], tuple[NotApplicable, ...], tuple[str, ...]]


def find_fields(pool: Pool, source: int, target: int, options: GapOptions) -> Found:
    """Rank the fields by how much the target differs from the source.

    Args:
        pool: the origins.
        source: number of the one.
        target: number of the other.
        options: the smallest effect to name, and how many fields.

    Returns:
        The fields, best first; why none could be compared, if so; what a reader should know.
    """
    rows = [np.zeros(len(pool.snapshot), dtype=bool) for _ in (source, target)]
    rows[0][pool.rows(source)] = True
    rows[1][pool.rows(target)] = True
    fields = collect_fields(pool.snapshot)
    notes, there = list(fields.skipped), False
    for field in fields.usable:
        lacking = [
            pool.names[number]
            for number, of in zip((source, target), rows, strict=True)
            if int((field.present & of).sum()) < MIN_GROUP
        ]
        there = there or not lacking
        if lacking:
            names = " and ".join(map(repr, lacking))
            notes.append(f"field {field.name!r} is not compared: it is missing in {names}")
    if not there:
        why = "no metadata field has values in both sets"
        return (), (NotApplicable(kind="fields", reason=why),), tuple(notes)
    population = Population(rows[0] | rows[1], fields, options.confidence)
    found = population.separating_fields(
        rows[1], min_effect=options.min_field_effect, limit=options.max_fields
    )
    return found, (), tuple(notes)
