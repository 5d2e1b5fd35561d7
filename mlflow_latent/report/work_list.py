"""What a person should look at in an annotation tool: labels in doubt and copies, each with why.

One row per sample and reason, the most severe finding first; copies are next to one another.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from mlflow_latent.report import words
from mlflow_latent.report.explorer.rows import RowFinder
from mlflow_latent.report.ranking import COPIES, ranked_insights
from mlflow_latent.report.table import SampleTable
from mlflow_latent.schema import LOSS, SAMPLE_ID, SPLIT, URI

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from mlflow_latent.report.model import Insight, Report

Key = tuple[str, str]
LABEL_ERROR = "label_error"
KINDS = (LABEL_ERROR, *COPIES)
COLUMNS = (
    "insight",
    "kind",
    "split",
    "sample_id",
    "uri",
    "reason",
    "action",
    "target",
    "suggested_class",
    "prediction",
    "label_quality",
    "copy_of",
    "group",
    "loss",
)


def work_list(report: Report) -> pd.DataFrame:
    """Return the samples of label-error, near-duplicate and leakage insights, with the reasons.

    Returns:
        A row per sample and reason: `insight` (its number on the pages), `kind`, `split`,
        `sample_id`, `uri`, `reason` and `action` in words; `target`, `suggested_class` and
        `prediction` by name; `label_quality`; of copies `copy_of` (`split/id` of the one that they
        are copies of, empty for that one itself) and `group` (a number that copies share); `loss`.
    """
    lister = _Lister(SampleTable.of(report))
    rows = [
        row
        for number, insight in enumerate(ranked_insights(report), start=1)
        if insight.kind in KINDS
        for row in lister.rows(number, insight)
    ]
    frame = pd.DataFrame(rows, columns=list(COLUMNS))
    types = {"group": "Int64", "label_quality": "Float64", "loss": "Float64"}
    return frame.astype(dict.fromkeys(COLUMNS[1:], "string") | types | {"insight": "int64"})


@dataclass(frozen=True, eq=False)
class _Lister:
    """Makes the rows of one insight after the other."""

    table: SampleTable

    def rows(self, number: int, insight: Insight) -> Iterator[dict[str, Any]]:
        places = places_of(self.table, list(_distinct(insight)))
        groups = _groups(self.table, places) if insight.kind in COPIES else {}
        members: dict[int, list[Key]] = {}
        for key, (group, _) in groups.items():
            members.setdefault(group, []).append(key)
        for key, place in places.items():
            known = self._known(place)
            row = {"insight": number, "kind": insight.kind, "split": key[0], "sample_id": key[1]}
            if insight.kind == LABEL_ERROR:
                yield row | known | _label_words(known)
            else:
                yield row | known | _copy_words(insight, key, groups, members)

    def _known(self, row: int) -> dict[str, Any]:
        if row < 0:
            return {}
        frame, table = self.table.frame, self.table
        known: dict[str, Any] = {
            name: frame[name].iloc[row]
            for name in (URI, LOSS, "label_quality", "suggested_class")
            if name in frame and not pd.isna(frame[name].iloc[row])
        }
        for name, codes in (("target", table.target), ("prediction", table.prediction)):
            if codes is not None and codes[row] >= 0:
                known[name] = table.class_name(int(codes[row]))
        return known


def places_of(table: SampleTable, keys: Sequence[Key]) -> dict[Key, int]:
    """Return the row of each (split, sample_id), −1 where the table does not have it."""
    columns = {SPLIT: [key[0] for key in keys], SAMPLE_ID: [key[1] for key in keys]}
    rows = RowFinder(table.frame).locate(pd.DataFrame(columns, dtype=object))
    return dict(zip(keys, rows.tolist(), strict=True))


def _distinct(insight: Insight) -> Iterable[Key]:
    """The samples of an insight and of those merged into it, each once."""
    children = [pair for child in insight.children for pair in _distinct(child)]
    return dict.fromkeys([*insight.samples, *children])


def _groups(table: SampleTable, places: dict[Key, int]) -> dict[Key, tuple[int, Key]]:
    """The number of each sample's group of copies, and the first sample of that group.

    Samples are copies that the analysis put into one group, or that have one id.
    """
    groups = table.frame.get("duplicate_group")
    codes = [] if groups is None else groups.fillna(-1).astype(int).tolist()
    names: dict[Key, int | str] = {}
    by_id: dict[str, int | str] = {}
    for key, place in places.items():
        code = codes[place] if codes and place >= 0 else -1
        # The same id in another split is the same group, whatever its embedding.
        names[key] = by_id.setdefault(key[1], code if code >= 0 else key[1])
    leaders: dict[int | str, Key] = {}
    for key, name in names.items():
        leaders.setdefault(name, key)
    numbers = {name: number for number, name in enumerate(leaders, start=1)}
    return {key: (numbers[name], leaders[name]) for key, name in names.items()}


def _label_words(known: dict[str, Any]) -> dict[str, str]:
    given, likely = known.get("target"), known.get("suggested_class")
    parts = [f"labelled {given!r}" if given is not None else "its label is in doubt"]
    if likely is not None:
        parts.append(f"looks like {likely!r}")
    if "prediction" in known:
        parts.append(f"predicted as {known['prediction']!r}")
    if "label_quality" in known:
        parts.append(f"label quality {words.number(float(known['label_quality']))} of 1")
    relabel = f"relabel as {likely!r}, or confirm {given!r}" if likely is not None else "check it"
    return {"reason": ", ".join(parts), "action": relabel}


def _copy_words(
    insight: Insight,
    key: Key,
    groups: dict[Key, tuple[int, Key]],
    members: dict[int, list[Key]],
) -> dict[str, Any]:
    number, leader = groups[key]
    others = [other for other in members[number] if other != key]
    named = "/".join(others[0] if key == leader and others else leader)
    more = f" and {len(others) - 1} more" if len(others) > 1 else ""
    row: dict[str, Any] = {"group": number}
    if key == leader:
        is_leak = insight.kind == "leakage"
        where = f"in {insight.split} too, as" if is_leak else "has a copy,"
        return row | {"reason": f"{where} {named}{more}", "action": "keep this one"}
    row["copy_of"] = named
    if insight.kind == "leakage" and key[0] == insight.split:
        return row | {
            "reason": f"it is in {leader[0]} too, as {named}",
            "action": f"leave it out of {key[0]}",
        }
    return row | {"reason": f"copy of {named}", "action": "leave it out, unless it differs"}
