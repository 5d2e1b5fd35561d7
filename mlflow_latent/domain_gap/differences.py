"""The metadata in which two origins differ, ranked by effect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_latent.fields import collect_fields
from mlflow_latent.insights.explanation import MIN_GROUP, Population
from mlflow_latent.report.model import NotApplicable

if TYPE_CHECKING:
    from mlflow_latent.domain_gap.options import GapOptions
    from mlflow_latent.domain_gap.origins import Both
    from mlflow_latent.report.model import SeparatingField

Found = tuple[tuple["SeparatingField", ...], tuple[NotApplicable, ...], tuple[str, ...]]


def find_fields(both: Both, options: GapOptions) -> Found:
    """Rank the fields by how much the target differs from the source.

    Args:
        both: the two sets.
        options: the smallest effect to name, and how many fields.

    Returns:
        The fields, best first; why none could be compared, if so; what a reader should know.
    """
    rows = both.mask(0), both.mask(1)
    fields = collect_fields(both.snapshot)
    notes, there = list(fields.skipped), False
    for field in fields.usable:
        lacking = [
            name
            for name, of in zip(both.names, rows, strict=True)
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
