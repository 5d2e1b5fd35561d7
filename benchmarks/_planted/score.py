"""Compare what was found with what was planted."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from sklearn.metrics import average_precision_score

from _planted.dataset import NOTHING
from _planted.peers import PEERS, cleanlab_scores
from mlflow_latent.analysis import AnalysisOptions, analyze
from mlflow_latent.measures import MeasureOptions

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from _planted.dataset import Case, Dataset, Key
    from mlflow_latent.report.model import Insight, Report

OPTIONS = AnalysisOptions(measures=MeasureOptions(projection="none"))
HALF = 0.5  # share of the planted samples from which they count as found
OURS = "label quality"


@dataclass(frozen=True)
class Match:
    """How the samples found agree with those planted.

    Attributes:
        found: at least half of what was planted.
        recall: share of the planted samples that were found.
        precision: share of the samples found that were planted; NaN where none was found.
    """

    found: bool
    recall: float
    precision: float


@dataclass(frozen=True)
class Outcome:
    """One data set, analyzed.

    Attributes:
        case: the cell.
        seed: of the data set.
        match: of the planted kind; of any kind, where nothing was planted.
        possible: whether the oracle would find it; None where there is no oracle.
        kinds: the kinds that found anything.
        peers: the same of each peer that speaks of this kind.
        quality: average precision of label scores by split and by name of the score.
        seconds: of our analysis.
    """

    case: Case
    seed: int
    match: Match
    possible: bool | None
    kinds: frozenset[str]
    peers: dict[str, Match]
    quality: dict[str, dict[str, float]] = field(default_factory=dict)
    seconds: float = 0.0


def run(case: Case, seed: int, peers: Sequence[str]) -> Outcome:
    """Make the data set, let everyone look at it, compare."""
    dataset = case.make(seed)
    began = time.perf_counter()
    report = analyze(dataset.snapshot, OPTIONS)
    seconds = time.perf_counter() - began
    ours = [insight for insight in report.insights if case.kind in (insight.kind, NOTHING)]
    match = match_field(ours, dataset) if dataset.field else match_samples(ours, dataset)
    return Outcome(
        case,
        seed,
        match,
        dataset.possible,
        frozenset(insight.kind for insight in report.insights),
        {peer: match_peer(peer, case.kind, dataset) for peer in peers if speaks(peer, case.kind)},
        label_quality(dataset, report, peers) if case.kind == "label_error" else {},
        seconds,
    )


def match_samples(insights: Iterable[Insight], dataset: Dataset) -> Match:
    """Compare the samples of all insights of the kind together with the truth."""
    found: set[Key] = set().union(*(insight.samples for insight in insights))
    return _match(len(found), len(found & dataset.keys), len(dataset.keys))


def match_field(insights: Sequence[Insight], dataset: Dataset) -> Match:
    """Compare the fields that the insights are about: the share of them that is the planted one."""
    about = [_names(insight, str(dataset.field)) for insight in insights]
    return Match(any(about), float(any(about)), float(np.mean(about)) if about else float("nan"))


def match_peer(peer: str, kind: str, dataset: Dataset) -> Match:
    """Compare the best of what a peer's methods find; on the null, all that they find."""
    kinds = [kind] if kind != NOTHING else list(PEERS[peer])
    methods = [method for name in kinds for method in PEERS[peer][name]]
    matches = []
    for method in methods:
        held = np.any([np.zeros_like(dataset.truth), *method(dataset.snapshot)], axis=0)
        hits = int((held & dataset.truth).sum())
        matches.append(_match(int(held.sum()), hits, int(dataset.truth.sum())))
    return max(matches, key=lambda match: (match.found, match.recall, match.precision))


def speaks(peer: str, kind: str) -> bool:
    """Whether a peer has a method for a kind; on the null it should keep silent."""
    return kind == NOTHING or kind in PEERS[peer]


def label_quality(
    dataset: Dataset, report: Report, peers: Sequence[str]
) -> dict[str, dict[str, float]]:
    """Average precision of the flipped labels, worst scores first, in each split."""
    result = {}
    for split in dataset.snapshot.splits:
        rows = dataset.snapshot.rows(split)
        scores = cleanlab_scores(dataset, rows) if "cleanlab" in peers else {}
        if "label_quality" in report.samples:
            scores[OURS] = report.samples["label_quality"].to_numpy(float)[rows]
        truth = dataset.truth[rows]
        result[split] = {
            name: float(average_precision_score(truth, -np.nan_to_num(score, nan=1.0)))
            for name, score in scores.items()
        }
    return result


def _match(size: int, hits: int, planted: int) -> Match:
    if not planted:  # on the null, anything is false
        return Match(size > 0, float("nan"), 0.0 if size else float("nan"))
    recall = hits / planted
    return Match(recall >= HALF, recall, hits / size if size else float("nan"))


def _names(insight: Insight, name: str) -> bool:
    return bool(re.search(rf"\b{re.escape(name)}\b", insight.title))
