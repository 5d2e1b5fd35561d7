"""The header of `explorer.bin`: what its arrays are. `ui/src/payload.ts` is generated from here.

The file is: header length (u32, little-endian), header (JSON, UTF-8), zeros up to a multiple of 4,
then the data section: arrays, each at a multiple of 4 bytes. `ArrayRef.offset` counts from the
start of the data section. `docs/data.md` says the same to people.
"""

from __future__ import annotations

from typing import Literal

from mlflow_latent.report.document import Document, Interval, Number
from mlflow_latent.report.expectations.model import Expectation
from mlflow_latent.report.model import (
    Curve,
    Generalization,
    NotApplicable,
    RelatedInsight,
    SeparatingField,
    SplitSummary,
)
from mlflow_latent.schema import DroppedRows

EXPLORER_SCHEMA_VERSION = 1
EXPLORER_FILE = "explorer.bin"
NO_ROW = 0xFFFFFFFF
"""In an array of rows or tiles: none."""

ArrayType = Literal["f32", "u8", "u16", "u32", "utf8"]
ColumnGroup = Literal["sample", "result", "metadata", "region", "score", "learning"]


class ArrayRef(Document):
    """Where an array is.

    In `u8` and `u16` that are codes (categories, quantized numbers) the largest value is "missing";
    in `u32` that are rows or tiles it is "none"; in `f32` NaN is.

    Attributes:
        type: `utf8` is u32[length + 1] byte offsets, then the bytes of all strings.
        offset: bytes from the start of the data section, a multiple of 4.
        length: elements; of `utf8`, strings.
    """

    type: ArrayType
    offset: int
    length: int


class Scale(Document):
    """How a code becomes a number: value = offset + factor × code."""

    offset: float
    factor: float


class ColumnHeader(Document):
    """One column of the table of samples.

    Attributes:
        name: unique among the columns, e.g. `loss`, `meta_brightness`.
        field: what curves and insights call it, e.g. `brightness`, `class`; null if they do not.
        label: for people, e.g. `brightness`.
        group: where a person would look for it.
        kind: numbers; one of `categories`; or text.
        data: (n) values or codes; `f32`, `u8`, `u16` of numbers, `u8`, `u16` of categories.
        scale: of quantized numbers; null where the values stand as they are.
        categories: names by code; null unless the kind is `category`.
        integer: whether all numbers are whole.
        missing: rows without a value; of a text, rows with an empty one.
        minimum: of the numbers, null if there are none.
        maximum: of the numbers, null if there are none.
        description: what the column is, in a sentence; may be empty.
    """

    name: str
    field: str | None
    label: str
    group: ColumnGroup
    kind: Literal["number", "category", "text"]
    data: ArrayRef
    scale: Scale | None
    categories: tuple[str, ...] | None
    integer: bool
    missing: int
    minimum: float | None
    maximum: float | None
    description: str


class ProjectionHeader(Document):
    """Places in the plane: −1…1 as 0…65534, 65535 where a sample was not projected.

    The first one is the default. The others of its layer and method lie over it (rotated, mirrored
    and scaled to fit), so that points can move between epochs.

    Attributes:
        method: `umap`, `tsne` or `pca`.
        epoch: 0-based; null if unknown.
        layer: null if unknown.
        x: (n) u16.
        y: (n) u16, upwards.
    """

    method: str
    epoch: int | None
    layer: str | None
    x: ArrayRef
    y: ArrayRef


class HistoryHeader(Document):
    """How each sample was learned: arrays of E × n, all samples of the first epoch first.

    Attributes:
        epochs: the E captured epochs, ascending.
        loss: u16 or u8 codes; null if no loss was captured.
        scale: of the losses; a code of 65534 (254) means "this or more".
        prediction: u16 or u8 class index; null if none was captured.
    """

    epochs: tuple[int, ...]
    loss: ArrayRef | None
    scale: Scale | None
    prediction: ArrayRef | None


class NeighborsHeader(Document):
    """The k most similar samples of each: u32 (n × k) rows, nearest first."""

    k: int
    rows: ArrayRef


class ProbabilitiesHeader(Document):
    """The k most probable classes of each sample, most probable first.

    Attributes:
        k: how many.
        classes: (n × k) u16 class indices, 65535 where there are fewer.
        values: (n × k) u8 probability × 255.
    """

    k: int
    classes: ArrayRef
    values: ArrayRef


class SheetHeader(Document):
    """A sheet of thumbnails: square tiles, row by row.

    Attributes:
        path: artifact path from the run's root, or a `data:` URI where the page is a file.
        first: number of its first tile.
        count: how many tiles it has.
        tile_size: side of a tile, in pixels.
        columns: tiles in a row.
    """

    path: str
    first: int
    count: int
    tile_size: int
    columns: int


class ThumbnailsHeader(Document):
    """Pictures of the samples: (n) u32 number of each one's tile over all sheets."""

    tile: ArrayRef
    sheets: tuple[SheetHeader, ...]


class OverlaysHeader(Document):
    """Boxes and outlines to draw over the thumbnails: M objects in the order of the rows.

    Attributes:
        first: (n + 1) u32; the objects of row r are those from first[r] up to first[r + 1].
        box: (M × 4) u16 x0, y0, x1, y1 in 1/65535 of the picture's width and height.
        category: (M) u16 class index.
        score: (M) u8 score × 254; 255 where there is none.
        role: (M) u8; 0 is a target, 1 a prediction.
        polygon_first: (M + 1) u32 numbers of points, as `first`; null if nothing has an outline.
        polygon: (points × 2) u16 x, y, as `box`.
    """

    first: ArrayRef
    box: ArrayRef
    category: ArrayRef
    score: ArrayRef
    role: ArrayRef
    polygon_first: ArrayRef | None
    polygon: ArrayRef | None


class RegionHeader(Document):
    """A set of samples near each other, as in the report.

    Attributes:
        id: level and number; a category of the column `cluster_<level>`.
        level: `coarse` or `fine`.
        n: samples.
        counts: samples by split.
        mean_loss: by split, where there are labels.
        stability: mean Jaccard overlap with its best match under resampling, 0…1.
        typical: rows nearest to its center, nearest first.
        main_class: the most frequent class, for classification.
        main_class_share: its share of the region's labelled samples.
    """

    id: str
    level: Literal["coarse", "fine"]
    n: int
    counts: dict[str, int]
    mean_loss: dict[str, Number]
    stability: Number
    typical: tuple[int, ...]
    main_class: str | None
    main_class_share: Number | None


class InsightHeader(Document):
    """A finding as in the report, its samples as rows.

    Attributes:
        key: 12 hex digits of its kind and samples: the same finding of another analysis has it too.
        rows: u32 rows of its samples, in the report's order.
        kind: what kind of statement, e.g. `low_performance`.
        title: one line.
        description: what was compared with what, in words.
        action: what follows from the evidence.
        region: id of the region, if it is one; `fine/3+fine/8` is several that are one together.
        split: the split it was tested on, if it was one.
        effect: effect size, named by `effect_name`.
        effect_name: what `effect` is.
        interval: of the effect, at the report's confidence.
        p_value: of the test.
        q_value: after Benjamini–Hochberg over all tests of this kind.
        severity: 0…1, for ranking.
        counts: samples by split.
        base_rates: what the numbers are compared with.
        metadata: fields that separate these samples, best first.
        children: overlapping insights that say less, merged into this one.
        related: insights of other kinds that speak of about the same samples.
        expectation: the test that guards against it; where its filter speaks of samples, these.
    """

    key: str
    rows: ArrayRef
    kind: str
    title: str
    description: str
    action: str
    region: str | None
    split: str | None
    effect: Number
    effect_name: str
    interval: Interval
    p_value: Number
    q_value: Number
    severity: Number
    counts: dict[str, int]
    base_rates: dict[str, Number]
    metadata: tuple[SeparatingField, ...]
    children: tuple[InsightHeader, ...]
    related: tuple[RelatedInsight, ...]
    expectation: Expectation | None = None


class ExplorerHeader(Document):
    """What `explorer.bin` holds.

    Attributes:
        schema_version: of this header; a reader refuses a higher one.
        n: samples; they are rows 0 … n − 1 everywhere.
        run_id: null outside a run.
        run_name: null if unknown.
        epoch: 0-based, that was analyzed.
        layer: whose embedding was analyzed.
        task: `classification`, `detection`, `segmentation` or `other`.
        class_names: by class index; an index beyond them stands for itself.
        supercategories: by class name.
        tested_split: on which performance was judged.
        reference_split: with which it was compared.
        confidence: of all intervals.
        error_budget: share of reports that may hold any insight where there is nothing to find.
        splits: what each split holds, train first.
        generalization: the gap of the model as a whole; null without two splits with losses.
        regions: coarse and fine.
        curves: a measure against a field, strongest first as in the report.
        not_applicable: kinds of insight that could not be computed, and why.
        dropped: rows that could not be used.
        notes: what else the reader should know.
        tests: by kind of insight, how many tests were made.
        columns: of the table of samples, in the order of the groups.
        projections: the first is the default; none if there was no projection.
        history: null if fewer than two epochs were captured.
        neighbors: null if there are none.
        probabilities: null if no probabilities were captured.
        thumbnails: null if there are none.
        overlays: null if there are none.
        insights: most severe first.
        data_bytes: of the data section; 0 if unknown, as of older files.
        first_bytes: of it, at its beginning, that the page needs to draw its first view: the page
            can be opened when so much of the file is there.
    """

    schema_version: int = EXPLORER_SCHEMA_VERSION
    n: int
    run_id: str | None
    run_name: str | None
    epoch: int | None
    layer: str | None
    task: str
    class_names: tuple[str, ...]
    supercategories: dict[str, str]
    tested_split: str | None
    reference_split: str | None
    confidence: Number
    error_budget: Number
    splits: tuple[SplitSummary, ...]
    generalization: Generalization | None
    regions: tuple[RegionHeader, ...]
    curves: tuple[Curve, ...]
    not_applicable: tuple[NotApplicable, ...]
    dropped: tuple[DroppedRows, ...]
    notes: tuple[str, ...]
    tests: dict[str, int]
    columns: tuple[ColumnHeader, ...]
    projections: tuple[ProjectionHeader, ...]
    history: HistoryHeader | None
    neighbors: NeighborsHeader | None
    probabilities: ProbabilitiesHeader | None
    thumbnails: ThumbnailsHeader | None
    overlays: OverlaysHeader | None
    insights: tuple[InsightHeader, ...]
    data_bytes: int = 0
    first_bytes: int = 0
