"""A gap in words: what a reader should see first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlflow_latent.report import words

if TYPE_CHECKING:
    from mlflow_latent.report.domain_gap.model import DomainGap, Verdict
    from mlflow_latent.report.domain_gap.trend import GapTrend

VERDICTS: dict[Verdict, str] = {
    "gap": "they differ",
    "no_gap": "no difference shown",
    "too_few": "too few samples to tell",
}
DISTANCES = {"frechet": "Fréchet distance", "sliced_wasserstein": "sliced Wasserstein distance"}
REGION_VERDICTS = {
    "target_only": "the target’s alone",
    "more_target": "more of the target",
    "both": "no sure difference",
    "more_source": "more of the source",
    "source_only": "the source’s alone",
}
NAMED = 3  # fields in one line


def headline(gap: DomainGap) -> str:
    """Return `fisheye against val: they differ, told apart in 97 % of pairs; first in lab a`."""
    names = (words.shorten(one.name, 40) for one in (gap.target, gap.source))
    text = f"{' against '.join(names)}: {VERDICTS[gap.verdict]}"
    if gap.auc is None or gap.verdict != "gap":
        return text
    fields = ", ".join(words.shorten(words.plain(one.name), 30) for one in gap.fields[:NAMED])
    told = f"{text}, told apart in {words.percent(gap.auc)} of pairs"
    return f"{told}; first in {fields}" if fields else told


def trend_headline(trend: GapTrend) -> str:
    """Return `nearest to fisheye: C, then B, then A`."""
    names = [words.shorten(one.origin.name, 30) for one in trend.candidates]
    return f"nearest to {words.shorten(trend.target.name, 40)}: {', then '.join(names)}"
