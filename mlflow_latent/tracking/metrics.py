"""The numbers of a report that MLflow charts: `latent/<name>`, one step per epoch."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlflow_latent.report.model import Region, Report, SplitSummary

PREFIX = "latent/"
INSIGHTS_PREFIX = f"{PREFIX}insights_"
SLUG_LENGTH = 120  # MLflow takes 250 characters for the whole name
SMALLEST_REGION = 20  # samples; the mean loss of fewer says more about luck than about the region


def report_metrics(report: Report) -> dict[str, float]:
    """Return the metrics of a report, by their name in MLflow.

    `insights_total` and `insights_<kind>` (0 where none was found, absent where not applicable);
    `samples_<split>`, `mean_loss_<split>`, `accuracy_<split>`; `generalization_gap` (mean loss of
    the tested split minus that of the reference split); `worst_region_loss_ratio` (the highest mean
    loss of a coarse region of at least `SMALLEST_REGION` samples over that of its split);
    `dropped_rows`.
    """
    metrics = {**_insights(report), **_splits(report.splits), **_comparisons(report)}
    if report.dropped:
        metrics["dropped_rows"] = float(sum(rows.count for rows in report.dropped))
    return {f"{PREFIX}{name}": value for name, value in metrics.items()}


def slug(text: str, taken: Iterable[str] = ()) -> str:
    """Return `text` as MLflow takes it in a metric's name, different from those `taken`."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    name = re.sub(r"[^A-Za-z0-9_.-]+", "_", plain).strip("_.")[:SLUG_LENGTH] or "unnamed"
    unique, number = name, 2
    while unique in set(taken):
        unique, number = f"{name}_{number}", number + 1
    return unique


def _insights(report: Report) -> dict[str, float]:
    kinds = Counter(dict.fromkeys(_tested_kinds(report), 0))
    kinds.update(insight.kind for insight in report.insights)
    counts = {f"insights_{slug(kind)}": float(count) for kind, count in kinds.items()}
    return {"insights_total": float(len(report.insights)), **counts}


def _tested_kinds(report: Report) -> set[str]:
    """Kinds that could be computed: none found is a result, and compares with other runs."""
    from mlflow_latent.insights.registry import insight_kinds  # scipy: half a second for `sync`

    return {kind.name for kind in insight_kinds()} - {kind.kind for kind in report.not_applicable}


def _splits(splits: Iterable[SplitSummary]) -> dict[str, float]:
    metrics: dict[str, float] = {}
    slugs: list[str] = []
    for split in splits:
        slugs.append(slug(split.split, slugs))
        values = {"samples": split.n, "mean_loss": split.mean_loss, "accuracy": split.accuracy}
        metrics |= {f"{name}_{slugs[-1]}": float(v) for name, v in values.items() if v is not None}
    return metrics


def _comparisons(report: Report) -> dict[str, float]:
    losses = {split.split: split.mean_loss for split in report.splits}
    tested = losses.get(report.tested_split or "")
    reference = losses.get(report.reference_split or "")
    metrics = {}
    if tested is not None and reference is not None:
        metrics["generalization_gap"] = tested - reference
    worst = _worst_region(report.regions, report.tested_split)
    if tested and worst is not None:
        metrics["worst_region_loss_ratio"] = worst / tested
    return metrics


def _worst_region(regions: Iterable[Region], split: str | None) -> float | None:
    losses = [
        region.mean_loss[split]
        for region in regions
        if region.level == "coarse"
        and split in region.mean_loss
        and region.counts.get(split, 0) >= SMALLEST_REGION
    ]
    return max(losses, default=None)
