"""The benchmark's tables, as Markdown."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import numpy as np
from scipy import stats

from _planted.dataset import NOTHING
from _planted.score import OURS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from _planted.dataset import Case
    from _planted.score import Match, Outcome

MISSING = "not there yet"


def render(outcomes: Sequence[Outcome], missing: Iterable[str], peers: Sequence[str]) -> str:
    """Return all tables."""
    planted = [o for o in outcomes if o.case.kind != NOTHING]
    null = [o for o in outcomes if o.case.kind == NOTHING]
    parts = ["### By kind", by_kind(planted, missing), "### Nothing planted", nulls(null, peers)]
    if any(o.quality for o in planted):
        parts += ["### Ranking of labels: average precision", qualities(planted)]
    if peers:
        parts += ["### Peers", by_peer(planted, peers)]
    return "\n\n".join([*parts, "### Every cell", cells(planted)]) + "\n"


def by_kind(outcomes: Sequence[Outcome], missing: Iterable[str]) -> str:
    """One line per kind, over the cells that a person would care about."""
    rows = []
    for kind, group in _grouped([o for o in outcomes if o.case.asked]).items():
        rows.append([f"`{kind}`", str(len(group)), *_figures(group), _others(group)])
    rows += [[f"`{kind}`", MISSING, *[""] * 5] for kind in sorted(missing)]
    return table([*_HEAD, "other kinds"], rows)


def cells(outcomes: Sequence[Outcome]) -> str:
    """One line per cell."""
    groups: dict[Case, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        groups[outcome.case].append(outcome)
    rows = [
        [f"`{c.kind}`: {c.name}{'' if c.asked else ' *'}", str(len(g)), *_figures(g), _others(g)]
        for c, g in groups.items()
    ]
    note = "\n\n\\* beyond what the figures to reach ask for; not in the summary."
    return table([*_HEAD, "other kinds"], rows) + note


def nulls(outcomes: Sequence[Outcome], peers: Sequence[str]) -> str:
    """One line per null cell: the share of data sets with any insight."""
    groups: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        groups[outcome.case.name].append(outcome)
    rows = [_null_row(name, group, peers) for name, group in groups.items()]
    if outcomes:
        rows.append(_null_row("**all**", outcomes, peers))
    return table(["nothing planted", "data sets", "any insight", "kinds", *peers], rows)


def by_peer(outcomes: Sequence[Outcome], peers: Sequence[str]) -> str:
    """Found, recall and precision of each peer beside ours, on the same data sets."""
    rows = []
    for peer in peers:
        for kind, group in _grouped([o for o in outcomes if o.case.asked]).items():
            both = [o for o in group if peer in o.peers]
            if both:
                ours, theirs = [o.match for o in both], [o.peers[peer] for o in both]
                rows.append([f"`{kind}`", str(len(both)), "mlflow-latent", *_agreement(ours)])
                rows.append([f"`{kind}`", str(len(both)), peer, *_agreement(theirs)])
    return table(["kind", "data sets", "by", "found", "recall", "precision"], rows)


def qualities(outcomes: Sequence[Outcome]) -> str:
    """Mean average precision of each score, by cell and split, the best of each line bold."""
    groups: dict[tuple[str, str], list[dict[str, float]]] = defaultdict(list)
    for outcome in outcomes:
        for split, scores in outcome.quality.items():
            groups[outcome.case.name, split].append(scores)
    names = sorted({n for g in groups.values() for s in g for n in s}, key=lambda n: (n != OURS, n))
    rows = []
    for (cell, split), scores in groups.items():
        means = {n: float(np.mean([s[n] for s in scores])) for n in names if n in scores[0]}
        best = max(means.values(), default=0.0)
        shown = [_bold(means.get(n), best) for n in names]
        rows.append([cell, split, str(len(scores)), *shown])
    return table(["labels", "split", "data sets", *names], rows)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


_HEAD = ("kind", "data sets", "found", "possible", "recall", "precision")


def _figures(group: Sequence[Outcome]) -> list[str]:
    found, recall, precision = _agreement([o.match for o in group])
    known = [o for o in group if o.possible is not None]
    possible = f"{np.mean([o.possible for o in known]):.2f}" if known else "–"
    return [found, possible, recall, precision]


def _agreement(matches: Sequence[Match]) -> list[str]:
    precisions = [m.precision for m in matches if not np.isnan(m.precision)]
    precision = f"{np.mean(precisions):.2f}" if precisions else "–"
    found, recall = (np.mean([getattr(m, name) for m in matches]) for name in ("found", "recall"))
    return [f"{found:.2f}", f"{recall:.2f}", precision]


def _others(group: Sequence[Outcome]) -> str:
    """Kinds that found something although it was not planted, nor says the same."""
    allowed = group[0].case.beside | {group[0].case.kind}
    counts = Counter(kind for o in group for kind in o.kinds - o.case.beside - allowed)
    return _listed(counts, len(group))


def _listed(counts: Counter[str], total: int) -> str:
    return ", ".join(f"{kind} {count / total:.2f}" for kind, count in counts.most_common()) or "–"


def _null_row(name: str, group: Sequence[Outcome], peers: Sequence[str]) -> list[str]:
    fired, total = sum(bool(o.kinds) for o in group), len(group)
    upper = stats.binomtest(fired, total).proportion_ci(0.95, method="wilson").high
    share = f"{fired / total:.3f} (up to {upper:.2f})"
    kinds = _listed(Counter(kind for o in group for kind in o.kinds), total)
    beside = [f"{np.mean([o.peers[peer].found for o in group]):.2f}" for peer in peers]
    return [name, str(total), share, kinds, *beside]


def _grouped(outcomes: Iterable[Outcome]) -> dict[str, list[Outcome]]:
    groups: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        groups[outcome.case.kind].append(outcome)
    return groups


def _bold(value: float | None, best: float) -> str:
    if value is None:
        return "–"
    return f"**{value:.3f}**" if value == best else f"{value:.3f}"
