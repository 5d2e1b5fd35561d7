"""A comparison's changes in words and their order: what a reader should see first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_latent.report import words

if TYPE_CHECKING:
    from mlflow_latent.report.comparison.model import Change, Comparison, Grouping, Verdict

VERDICTS: dict[Verdict, str] = {
    "better": "better",
    "worse": "worse",
    "mostly_better": "better on most samples",
    "mostly_worse": "worse on most samples",
    "mixed": "mean and most samples disagree",
    "undecided": "no difference shown",
    "too_few": "too few samples",
}
GROUPINGS: dict[Grouping, str] = {
    "overall": "All shared samples",
    "category": "By category",
    "category_a": "By category of run a",
    "category_b": "By category of run b",
    "supercategory": "By super-category",
    "region_joint": "By region of the joint latent space",
    "region_a": "By region of run a",
    "region_b": "By region of run b",
    "metadata": "By metadata",
}
STATUSES = {
    "appeared": "appeared",
    "persisted": "persisted",
    "resolved": "resolved",
    "untested": "not looked for in the other run",
}


def headline(comparison: Comparison) -> str:
    """Return what changed overall, in one line."""
    change = comparison.overall()
    a, b = (words.shorten(run.name, 40) for run in (comparison.a, comparison.b))
    if change is None:
        return f"{b} against {a}: no measure can be compared"
    measure = words.plain(change.measure)
    sizes = f"{measure} {words.number(change.mean_b)} against {words.number(change.mean_a)}"
    verdict = VERDICTS[change.verdict]
    return f"{b} against {a}, {change.split}: {sizes}, {verdict}"


def tally(change: Change) -> str:
    """Return `b better on 812, worse on 188, equal on 0`."""
    return f"b better on {change.wins:,}, worse on {change.losses:,}, equal on {change.ties:,}"


def group_name(change: Change) -> str:
    """Return the group with its field, where it is a bin of one."""
    return f"{words.plain(change.field)}: {change.group}" if change.field else change.group


def ordered(comparison: Comparison, measure: str, grouping: str, split: str) -> list[Change]:
    """Return the changes of a family: what improved the most first, what was not tested last."""
    better = next(one.direction for one in comparison.measures if one.name == measure)
    sign = 1 if better == "lower" else -1
    family = [
        change
        for change in comparison.changes
        if (change.measure, change.grouping, change.split) == (measure, grouping, split)
    ]
    return sorted(family, key=lambda c: (c.p_value is None, sign * c.difference, group_name(c)))
