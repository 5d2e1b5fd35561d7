"""Numbers and sets of samples in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.measures.class_codes import commonest
from mlflow_latent.schema import TARGET

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from mlflow_latent.report.model import SeparatingField
    from mlflow_latent.snapshot import Snapshot

MOSTLY = 0.5  # share from which a class names a set of samples
TWO_MOSTLY = 0.7  # share from which two classes do
CLASS = "class"  # the field that holds the target's names
NAME_LENGTH = 40  # of a name in a sentence
TITLE_NAME = 24  # of a name in a title
TITLE_LENGTH = 110  # a title is one line of a list


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
    """`, mostly 'dog'` or `, mostly 'cat' and 'dog'` where that tells the members, else nothing."""
    codes = snapshot.codes(TARGET)
    known = codes[members & (codes >= 0)] if codes is not None else np.empty(0, np.int32)
    if not len(known):
        return ""
    classes, shares = commonest(known)
    names = [repr(shorten(snapshot.class_name(code), TITLE_NAME)) for code in classes[:2].tolist()]
    if shares[0] > MOSTLY:
        return f", {'all' if shares[0] == 1 else 'mostly'} {names[0]}"
    return f", mostly {' and '.join(names)}" if shares[:2].sum() > TWO_MOSTLY else ""


def failing(snapshot: Snapshot, members: NDArray[np.bool_], excess: NDArray[np.floating]) -> str:
    """`, most of its loss from 'cat'` where few of the members are cats, else nothing.

    Args:
        snapshot: N samples.
        members: (N,) mask of the region.
        excess: (N,) loss of each beyond what is usual.
    """
    codes = snapshot.codes(TARGET)
    known = members & (codes >= 0) if codes is not None else np.zeros_like(members)
    if codes is None or not known.any():
        return ""
    carried = np.bincount(codes[known], weights=excess[known])
    first = int(carried.argmax())
    few = (codes[known] == first).mean() <= MOSTLY
    if carried[first] <= MOSTLY * excess[known].sum() or not few:
        return ""
    return f", most of its loss from {shorten(snapshot.class_name(first), TITLE_NAME)!r}"


def where(
    snapshot: Snapshot, members: NDArray[np.bool_], metadata: tuple[SeparatingField, ...]
) -> str:
    """What tells a region in a title: `, mostly '8', with lower brightness`, or nothing.

    Args:
        snapshot: N samples.
        members: (N,) mask of the region.
        metadata: what separates them, best first, of which a person can tell them.
    """
    classes = mostly(snapshot, members)
    best = [field for field in metadata if field.name != CLASS or not classes]
    separated = fields(tuple(best), limit=1, length=TITLE_NAME)
    return classes + (f", with {separated}" if separated else "")


def title(text: str) -> str:
    """One line of at most TITLE_LENGTH letters, cut between words where it is too long."""
    line = " ".join(text.split())
    if len(line) <= TITLE_LENGTH:
        return line
    return line[: TITLE_LENGTH - 2].rsplit(" ", 1)[0].rstrip(",") + " …"


def fields(found: tuple[SeparatingField, ...], limit: int = 2, length: int = NAME_LENGTH) -> str:
    """What separates the samples, in a few words; nothing if nothing does."""
    phrases = {
        "higher": "higher {name}",
        "lower": "lower {name}",
        "more_frequent": "{name} {category!r}",
        "less_frequent": "{name} other than {category!r}",
    }
    return " and ".join(
        phrases[field.direction].format(
            name=shorten(field.name, length), category=shorten(field.category or "", length)
        )
        for field in found[:limit]
    )


def shorten(name: str, length: int = NAME_LENGTH) -> str:
    """A name that may be of any length, at a length that fits a sentence."""
    return name if len(name) <= length else name[: length - 1] + "…"
