"""Numbers and sets of samples in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.schema import TARGET

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlflow_latent.report.model import SeparatingField
    from mlflow_latent.snapshot import Snapshot

MOSTLY = 0.5  # share from which a class names a set of samples
NAME_LENGTH = 40


def number(value: float) -> str:
    """Three significant digits, without an exponent where people do not expect one."""
    if value == 0 or 1e-3 <= abs(value) < 1e5:  # noqa: PLR2004
        digits = 2 - int(np.floor(np.log10(abs(value)))) if value else 0
        return f"{value:.{max(0, min(digits, 5))}f}"
    return f"{value:.2e}"


def percent(share: float) -> str:
    """A share as a percentage with two or three digits."""
    value = 100 * share
    return f"{value:.1f} %" if value < 10 else f"{value:.0f} %"  # noqa: PLR2004


def span(lower: float, upper: float, confidence: float) -> str:
    """An interval in words."""
    return f"{confidence:.0%} interval {number(lower)} to {number(upper)}".replace("%", " %", 1)


def samples(count: int) -> str:
    """`1 sample`, `2 samples`."""
    return f"{count:,} sample{'' if count == 1 else 's'}"


def mostly(snapshot: Snapshot, members: NDArray[np.bool_]) -> str:
    """`, mostly 'dog'` where one class makes up more than half of the members, else nothing."""
    codes = snapshot.codes(TARGET)
    known = codes[members & (codes >= 0)] if codes is not None else np.empty(0, np.int32)
    if not len(known):
        return ""
    counts = np.bincount(known)
    top = int(counts.argmax())
    share = counts[top] / len(known)
    name = shorten(snapshot.class_name(top))
    return f", {'all' if share == 1 else 'mostly'} {name!r}" if share > MOSTLY else ""


def fields(found: tuple[SeparatingField, ...], limit: int = 2) -> str:
    """What separates the samples, in a few words; nothing if nothing does."""
    phrases = {
        "higher": "higher {name}",
        "lower": "lower {name}",
        "more_frequent": "{name} {category!r}",
        "less_frequent": "{name} other than {category!r}",
    }
    return " and ".join(
        phrases[field.direction].format(
            name=shorten(field.name), category=shorten(field.category or "")
        )
        for field in found[:limit]
    )


def shorten(name: str) -> str:
    """A name that may be of any length, at a length that fits a sentence."""
    return name if len(name) <= NAME_LENGTH else name[: NAME_LENGTH - 1] + "…"
