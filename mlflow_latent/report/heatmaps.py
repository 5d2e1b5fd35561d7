"""What a heat-map says, and the header of the file that holds a split's: where, of what, how sure.

A map covers the sample's square thumbnail, letterboxed as it is: where the picture has a border,
the map is zero. Strong is what matters; no map is negative.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from mlflow_latent.report.document import Document
from mlflow_latent.report.explorer.header import ArrayRef
from mlflow_latent.report.words import number, percent

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    from numpy.typing import NDArray

HEATMAPS_SCHEMA_VERSION = 1
CONFIDENCE = 0.95

What = Literal["class", "output", "loss", "region"]
Measured = Literal["fall", "change"]
INPUT = "input"  # in place of a layer's name, where none was looked into


class HeatmapKind(Document):
    """What a map shows, apart from the sample and the target.

    Attributes:
        what: `class` (what speaks for a class), `output` (for an object, for the pixels of a
            class), `loss` (where a change would change the loss most), `region` (what makes the
            sample belong to its region).
        method: `grad-cam`, `occlusion`, `gradient`, `similarity`, `channels`.
        layer: that was looked into; null where it is the input itself.
        label: for a list to choose from, e.g. `class, Grad-CAM, late layer (stage4)`.
        meaning: what strong places mean, a sentence.
        quantity: what the map explains, e.g. `the log-probability of the class`.
        measured: whether masking should make the quantity `fall`, or only `change` it.
    """

    what: What
    method: str
    layer: str | None
    label: str
    meaning: str
    quantity: str
    measured: Measured


class HeatmapsHeader(Document):
    """What `split=<split>.bin` holds: s samples, m maps in the order of the samples.

    The layout is that of `explorer.bin`: header length (u32, little-endian), header (JSON, UTF-8),
    zeros up to a multiple of 4, then the arrays. Those of maps are of m, one after another.

    Attributes:
        schema_version: of this header; a reader refuses a higher one.
        split: whose samples these are.
        epoch: 0-based, that the weights had finished; null if unknown.
        size: maps are size × size numbers, row by row, downwards.
        confidence: of the intervals.
        kinds: what the maps show.
        sample_id: (s) utf8.
        first: (s + 1) u32; the maps of sample i are those from first[i] up to first[i + 1].
        kind: (m) u8 number of each map's kind.
        target: (m) utf8 what it is a map of, in words, e.g. `class 8`, `missed car`.
        values: (m × size × size) u8 codes; value = low + (high − low) × code / 255.
        scale: (m × 2) f32 low, high.
        advantage: (m × 3) f32 how much more the quantity falls (or changes) when the strongest
            tenth of the map is masked than when random tenths are: mean, and the interval over
            them. If the lower bound is not above zero, the map is no better than random; NaN where
            it was not measured.
        notes: what could not be made, and why.
    """

    schema_version: int = HEATMAPS_SCHEMA_VERSION
    split: str
    epoch: int | None
    size: int
    confidence: float
    kinds: tuple[HeatmapKind, ...]
    sample_id: ArrayRef
    first: ArrayRef
    kind: ArrayRef
    target: ArrayRef
    values: ArrayRef
    scale: ArrayRef
    advantage: ArrayRef
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Heatmap:
    """One map of one sample.

    Attributes:
        split: of the sample.
        sample_id: of the sample.
        kind: what it shows.
        target: of what, in words, e.g. `class 8`.
        values: (size, size) float32, not negative, over the square thumbnail.
        advantage: how much more the quantity falls than with random tenths masked: mean, lower and
            upper bound; NaN where it was not measured.
        confidence: of the bounds.
    """

    split: str
    sample_id: str
    kind: HeatmapKind
    target: str
    values: NDArray[np.float32]
    advantage: tuple[float, float, float]
    confidence: float = CONFIDENCE

    @property
    def key(self) -> tuple[str, ...]:
        """What tells it from all other maps of an epoch."""
        kind = self.kind
        return (self.split, self.sample_id, kind.what, kind.method, kind.layer or "", self.target)

    @property
    def is_faithful(self) -> bool | None:
        """Whether it is better than random; None where that was not measured."""
        estimate, low, _ = self.advantage
        return None if estimate != estimate else low > 0  # noqa: PLR0124 - NaN

    @property
    def title(self) -> str:
        """Of what it is a map, and how it was made, in a line."""
        made = self.kind.label.removeprefix(f"{self.kind.what}, ")
        return f"{self.target}: {made}" if self.target else self.kind.label

    @property
    def faithfulness(self) -> str:
        """How far to believe it, in a sentence."""
        if self.is_faithful is None:
            return "Not measured whether what it shows matters."
        verb = "lowers" if self.kind.measured == "fall" else "changes"
        estimate, low, high = map(number, self.advantage)
        said = (
            f"Masking its strongest tenth {verb} {self.kind.quantity} by {estimate} more than "
            f"random tenths do ({percent(self.confidence)}: {low} to {high})."
        )
        return said if self.is_faithful else f"No better than random. {said}"


@dataclass(frozen=True)
class Explained:
    """The maps of some samples, and what could not be made, and why."""

    heatmaps: tuple[Heatmap, ...] = ()
    notes: tuple[str, ...] = ()


def leading(heatmaps: Iterable[Heatmap]) -> list[Heatmap]:
    """Return one map for each sort of question, of the first target: the most faithful one.

    Maps of one target explain one number, so that their advantages compare.

    Args:
        heatmaps: of one sample.
    """
    by_sort: dict[str, list[Heatmap]] = {}
    for one in heatmaps:
        by_sort.setdefault(one.kind.what, []).append(one)
    chosen = []
    for maps in by_sort.values():
        same = [one for one in maps if one.target == maps[0].target]
        chosen.append(
            max(same, key=lambda one: -math.inf if one.is_faithful is None else one.advantage[0])
        )
    return chosen
