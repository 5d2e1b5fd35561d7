"""A report's numbers in words, and text from outside made harmless for Markdown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlflow_latent.report.document import Interval
    from mlflow_latent.report.model import Insight, SeparatingField

LONGEST_TEXT = 240  # characters of a class name, title or field that a note shows
# A colon would make links of addresses, and MLflow shows the backslash of an escaped one.
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", ":": "&#58;"})
_MARKUP = re.compile(r"([\\`*_{}\[\]()#+\-.!|~=])")


def describe_interval(interval: Interval) -> str:
    """Return `2.1 to 4.4`; an unbounded side is said to be one."""
    lower, upper = interval
    if lower is None and upper is None:
        return "no interval"
    if lower is None:
        return f"at most {upper:.3g}"
    return f"at least {lower:.3g}" if upper is None else f"{lower:.3g} to {upper:.3g}"


def describe_effect(insight: Insight) -> str:
    """Return `loss ratio 3.1 (2.1 to 4.4)`."""
    name = insight.effect_name.replace("_", " ")
    return f"{name} {insight.effect:.3g} ({describe_interval(insight.interval)})"


def describe_field(field: SeparatingField) -> str:
    """Return `brightness lower`, or `weather = night more frequent`."""
    name = field.name if field.category is None else f"{field.name} = {field.category}"
    return f"{name} {field.direction.replace('_', ' ')}"


def escape_markdown(text: str) -> str:
    """Return `text` so that Markdown and HTML show it as it is, on one line."""
    line = " ".join(text.split())
    if len(line) > LONGEST_TEXT:
        line = line[: LONGEST_TEXT - 1] + "…"
    escaped = _MARKUP.sub(r"\\\1", line)
    return escaped.translate(_ENTITIES)
