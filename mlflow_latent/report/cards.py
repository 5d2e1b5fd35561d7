"""What a page shows of an insight and of a region: the samples to look at, and their pictures."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import chain, zip_longest
from typing import TYPE_CHECKING

import numpy as np

from mlflow_latent.report import heat, pictures, words
from mlflow_latent.report.heatmaps import leading
from mlflow_latent.report.ranking import COPIES, REPRESENTATION, ranked_insights
from mlflow_latent.schema import SAMPLE_ID

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from mlflow_latent.report.heatmaps import Heatmap
    from mlflow_latent.report.model import Insight, Region
    from mlflow_latent.report.pictures import Budget, Picture
    from mlflow_latent.report.table import SampleTable

    Thumbnails = Callable[[str, str], bytes | None]
    Heatmaps = Callable[[str, str], Sequence[Heatmap]]

SHOWN_SAMPLES = 12
TYPICAL_SAMPLES = 4
EXPLAINED_SAMPLES = 4  # of an insight, that are shown with heat-maps
OVERLAY_SIDE = 112  # pixels


@dataclass(frozen=True)
class Tile:
    """One sample as a page shows it; what is not known is None."""

    split: str
    sample_id: str
    target: str | None
    prediction: str | None
    loss: float | None
    picture: Picture | None

    @property
    def is_wrong(self) -> bool:
        """Whether target and prediction are known and differ."""
        known = self.target is not None and self.prediction is not None
        return known and self.target != self.prediction


@dataclass(frozen=True)
class Overlay:
    """A heat-map over its sample."""

    heatmap: Heatmap
    picture: Picture


@dataclass(frozen=True)
class Explanation:
    """A sample, and the most faithful heat-map of each sort."""

    tile: Tile
    overlays: tuple[Overlay, ...]


@dataclass(frozen=True)
class Card:
    """An insight with its number, its figure and some of its samples."""

    rank: int
    insight: Insight
    figure: Picture | None
    tiles: tuple[Tile, ...]
    order: str
    explained: tuple[Explanation, ...] = ()


@dataclass(frozen=True)
class Gallery:
    """Makes tiles of samples, with thumbnails while the budget lasts.

    Attributes:
        table: the report's samples.
        thumbnails: maps (split, sample_id) to an encoded picture, or None where there is none.
        budget: what thumbnails may still take.
        heatmaps: maps (split, sample_id) to the sample's heat-maps.
    """

    table: SampleTable
    thumbnails: Thumbnails | None
    budget: Budget
    heatmaps: Heatmaps | None = None

    def cards(self, figures: Mapping[int, Picture]) -> list[Card]:
        """Return a card for every insight, the most severe first; `figures` are by rank."""
        ranked = enumerate(ranked_insights(self.table.report), start=1)
        return [self._card(rank, insight, figures.get(rank)) for rank, insight in ranked]

    def typical(self, region: Region) -> list[Tile]:
        """Return tiles of the samples nearest to a region's center that have a thumbnail."""
        if self.thumbnails is None:
            return []
        rows = self.table.rows(region.typical)[:TYPICAL_SAMPLES]
        return [tile for tile in map(self.tile, rows.tolist()) if tile.picture]

    def tile(self, row: int) -> Tile:
        """Return the tile of one row of the table."""
        table = self.table
        split, sample_id = str(table.split[row]), str(table.frame[SAMPLE_ID].iloc[row])
        return Tile(
            split=split,
            sample_id=sample_id,
            target=_class(table, table.target, row),
            prediction=_class(table, table.prediction, row),
            loss=_finite(table.loss, row),
            picture=self._picture(split, sample_id),
        )

    def _card(self, rank: int, insight: Insight, figure: Picture | None) -> Card:
        rows, order = representatives(self.table, insight)
        tiles = tuple(self.tile(row) for row in rows)
        explained = tuple(self._explained(insight, rows))
        return Card(rank, insight, figure, tiles, order, explained)

    def _explained(self, insight: Insight, shown: list[int]) -> Iterator[Explanation]:
        """The samples that are shown, and then others of the insight, as far as they have maps."""
        if self.heatmaps is None or self.thumbnails is None:
            return
        left = EXPLAINED_SAMPLES
        for row in dict.fromkeys([*shown, *self.table.rows(insight.samples).tolist()]):
            split = str(self.table.split[row])
            found = self.heatmaps(split, str(self.table.frame[SAMPLE_ID].iloc[row]))
            overlays = tuple(self._overlays(leading(found))) if found else ()
            if overlays:
                yield Explanation(self.tile(row), overlays)
                left -= 1
            if not left:
                return

    def _overlays(self, heatmaps: Sequence[Heatmap]) -> Iterator[Overlay]:
        for one in heatmaps:
            content = self.thumbnails(one.split, one.sample_id) if self.thumbnails else None
            picture = self.budget.take(partial(_overlay, content, one)) if content else None
            if picture is not None:
                yield Overlay(one, picture)

    def _picture(self, split: str, sample_id: str) -> Picture | None:
        thumbnails = self.thumbnails
        if thumbnails is None:
            return None
        name = words.shorten_middle(sample_id, 60)

        def load() -> Picture | None:
            content = thumbnails(split, sample_id)
            return pictures.thumbnail(content, f"sample {name} of {split}") if content else None

        return self.budget.take(load)


def _overlay(content: bytes, one: Heatmap) -> Picture | None:
    drawn = heat.overlay(content, one, OVERLAY_SIDE)
    name = words.shorten_middle(one.sample_id, 60)
    return pictures.thumbnail(drawn, f"{one.title}, over sample {name}") if drawn else None


def representatives(table: SampleTable, insight: Insight) -> tuple[list[int], str]:
    """Choose the samples of an insight to show, and say how they were chosen.

    A set that fails is known by its worst samples on the tested split; one that is rare or common
    by those nearest to its region's center; copies are known by one another.
    """
    rows = table.rows(insight.samples)
    if insight.kind in REPRESENTATION and len(typical := _typical(table, insight)):
        return typical[:SHOWN_SAMPLES].tolist(), "nearest to the region's center first"
    if insight.kind in COPIES:
        return rows[:SHOWN_SAMPLES].tolist(), "copies side by side"
    tested = rows[table.split[rows] == insight.split] if insight.split else rows
    rows = tested if len(tested) else rows
    loss = None if table.loss is None else table.loss[rows]
    if loss is None or not np.isfinite(loss).any():
        return rows[:SHOWN_SAMPLES].tolist(), "in the order of the data"
    worst = np.argsort(-np.nan_to_num(loss, nan=-np.inf), kind="stable")
    return rows[worst[:SHOWN_SAMPLES]].tolist(), "highest loss first"


def _typical(table: SampleTable, insight: Insight) -> NDArray[np.intp]:
    """Rows of the samples nearest to the centers of an insight's regions, nearest first."""
    ids = (insight.region or "").split("+")
    parts = [region.typical for region in table.report.regions if region.id in ids]
    nearest = chain.from_iterable(zip_longest(*parts))
    return table.rows(tuple(key for key in nearest if key is not None))


def _class(table: SampleTable, codes: NDArray[np.int64] | None, row: int) -> str | None:
    return None if codes is None or codes[row] < 0 else table.class_name(int(codes[row]))


def _finite(values: NDArray[np.float64] | None, row: int) -> float | None:
    return None if values is None or not np.isfinite(values[row]) else float(values[row])
