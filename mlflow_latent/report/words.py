"""Numbers and names as words a person reads: one voice for figures and pages."""

from __future__ import annotations

import math
import re
import unicodedata
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlflow_latent.report.document import Interval
    from mlflow_latent.report.model import Insight, SeparatingField

SMALLEST_Q = 0.001  # below it a q-value's digits say nothing
SLUG_LENGTH = 60
ELLIPSIS = "…"
DIRECTIONS = {
    "higher": "higher",
    "lower": "lower",
    "more_frequent": "more frequent",
    "less_frequent": "less frequent",
}


def number(value: float | None) -> str:
    """Return three significant digits, thousands separated: `0.0312`, `6.2`, `12,400`."""
    if value is None or not math.isfinite(value):
        return "unknown"
    text = f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"  # noqa: PLR2004 - a thousand
    return text.replace("-", "−", 1) if value < 0 else text


def count(items: int, noun: str = "sample") -> str:
    """Return `1 sample`, `12,400 samples`."""
    return f"{items:,} {noun}" if items == 1 else f"{items:,} {noun}s"


def percent(share: float | None) -> str:
    """Return `72 %`, and a decimal where the share is under a tenth: `4.1 %`."""
    if share is None or not math.isfinite(share):
        return "unknown"
    text = f"{share:.0%}" if abs(share) >= 0.1 else f"{share:.1%}"  # noqa: PLR2004 - a tenth
    return text.replace(".0%", "%").replace("%", " %").replace("-", "−")


def plain(name: str) -> str:
    """Return a key as words: `loss_rest_of_val` is `loss rest of val`."""
    return name.replace("_", " ").strip() or name


def bounds(interval: Interval) -> str:
    """Return `4.1 to 9.3`, or the one bound that there is."""
    lower, upper = interval
    if lower is None and upper is None:
        return "not bounded"
    if upper is None:
        return f"{number(lower)} or more"
    if lower is None:
        return f"{number(upper)} or less"
    return f"{number(lower)} to {number(upper)}"


def interval(values: Interval, confidence: float) -> str:
    """Return `95 % interval 4.1 to 9.3`."""
    return f"{percent(confidence)} interval {bounds(values)}"


def q_value(value: float) -> str:
    """Return `q = 0.013`, or `q < 0.001`."""
    return f"q < {SMALLEST_Q}" if value < SMALLEST_Q else f"q = {value:.2g}"


def effect(insight: Insight, confidence: float) -> str:
    """Return the effect with its interval: `mean loss ÷ rest: 6.2 × (95 % interval 4.1 to 9.3)`."""
    return (
        f"{plain(insight.effect_name)}: {number(insight.effect)}{_unit(insight.effect_name)} "
        f"({interval(insight.interval, confidence)})"
    )


def short_effect(insight: Insight, confidence: float) -> str:
    """Return the same for a figure's margin: `low performance 6.2 × (95 %: 4.1 to 9.3)`."""
    size = f"{number(insight.effect)}{_unit(insight.effect_name)}"
    return f"{plain(insight.kind)} {size} ({percent(confidence)}: {bounds(insight.interval)})"


def rate(name: str, value: float) -> str:
    """Return what a number is compared with: `share of val: 4.1 %`, `mean loss region: 1.92`."""
    return f"{plain(name)}: {percent(value) if 'share' in name else number(value)}"


def samples_by_split(insight: Insight) -> str:
    """Return `38 samples: 30 val, 8 train`."""
    parts = [f"{n:,} {split}" for split, n in insight.counts.items() if n]
    total = count(len(insight.samples))
    return f"{total}: {', '.join(parts)}" if parts else total


def separation(field: SeparatingField, confidence: float) -> str:
    """Return how a metadata field separates an insight's samples from the rest, in words."""
    direction = DIRECTIONS[field.direction]
    if field.category is None:
        values = f"median {number(field.inside)} against {number(field.outside)}"
    else:
        values = f"{percent(field.inside)} against {percent(field.outside)}"
    size = f"{plain(field.effect_name)} {number(field.effect)}"
    return f"{direction}: {values} ({size}, {interval(field.interval, confidence)})"


def shorten(text: str, limit: int) -> str:
    """Return one line of at most `limit` characters; what is cut shows as an ellipsis."""
    line = one_line(text)
    return line if len(line) <= limit else line[: limit - 1].rstrip() + ELLIPSIS


def shorten_middle(text: str, limit: int) -> str:
    """Return the same with the middle cut, as ids and paths differ at their ends."""
    line = one_line(text)
    if len(line) <= limit:
        return line
    tail = (limit - 1) // 2
    return line[: limit - 1 - tail] + ELLIPSIS + line[-tail:]


def one_line(text: str) -> str:
    """Return the text without line breaks and control characters, which no figure can draw."""
    visible = (" " if unicodedata.category(letter) in {"Cc", "Cs"} else letter for letter in text)
    return " ".join("".join(visible).split())


def slugs(names: Iterable[str]) -> list[str]:
    """Return a file name for each name: letters, digits and underscores, no two the same."""
    taken: set[str] = set()
    for_names = []
    for name in names:
        slug = base = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:SLUG_LENGTH] or "field"
        number_of_slug = 1
        while slug in taken:
            number_of_slug += 1
            slug = f"{base}_{number_of_slug}"
        taken.add(slug)
        for_names.append(slug)
    return for_names


def _unit(effect_name: str) -> str:
    """Return the times sign for a ratio; a log ratio is a plain number."""
    is_ratio = ("ratio" in effect_name or "÷" in effect_name) and "log" not in effect_name
    return " ×" if is_ratio else ""
