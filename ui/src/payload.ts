// Generated from mlflow_latent/report/explorer/header.py and report/heatmaps.py by
// `python -m mlflow_latent.report.explorer.types`. Do not edit.

/** The highest `schema_version` that this page reads. */
export const EXPLORER_SCHEMA_VERSION = 1;

/** The highest `schema_version` of a file of heat-maps that this page reads. */
export const HEATMAPS_SCHEMA_VERSION = 1;

/** In a `u32` array of rows or tiles: none. */
export const NO_ROW = 0xffffffff;

/** What a split holds: samples, labels, mean loss with interval, accuracy where it applies. */
export interface SplitSummary {
  readonly split: string;
  readonly n: number;
  readonly n_labelled: number;
  readonly mean_loss: number | null;
  readonly mean_loss_interval: readonly [number | null, number | null];
  readonly accuracy: number | null;
}

/** The gap between two splits of the model as a whole, not of a region. */
export interface Generalization {
  /** on which performance is judged. */
  readonly tested_split: string;
  /** with which it is compared, usually train. */
  readonly reference_split: string;
  /**
   * `overfitting` where the tested split's mean loss is larger beyond luck and by enough to matter,
   * `small_gap` where only beyond luck, `reversed` where it is smaller.
   */
  readonly verdict: "overfitting" | "small_gap" | "no_gap" | "reversed";
  /** the same in a sentence or two, with effect, interval and sizes. */
  readonly text: string;
  /** mean loss of the tested split minus that of the reference split. */
  readonly difference: number;
  /** its interval at the report's confidence. */
  readonly difference_interval: readonly [number | null, number | null];
  /** of the two means; null where a loss is negative. */
  readonly ratio: number | null;
  /** its interval. */
  readonly ratio_interval: readonly [number | null, number | null];
  /** losses by split. */
  readonly counts: Readonly<Record<string, number>>;
}

/** A set of samples near each other, as in the report. */
export interface RegionHeader {
  /** level and number; a category of the column `cluster_<level>`. */
  readonly id: string;
  /** `coarse` or `fine`. */
  readonly level: "coarse" | "fine";
  /** samples. */
  readonly n: number;
  /** samples by split. */
  readonly counts: Readonly<Record<string, number>>;
  /** by split, where there are labels. */
  readonly mean_loss: Readonly<Record<string, number>>;
  /** mean Jaccard overlap with its best match under resampling, 0…1. */
  readonly stability: number;
  /** rows nearest to its center, nearest first. */
  readonly typical: readonly number[];
  /** the most frequent class, for classification. */
  readonly main_class: string | null;
  /** its share of the region's labelled samples. */
  readonly main_class_share: number | null;
}

/** One bin of a curve: its range or category, n, and the mean with interval (null if n < 2). */
export interface CurveBin {
  readonly label: string;
  readonly lower: number | null;
  readonly upper: number | null;
  readonly n: number;
  readonly mean: number | null;
  readonly interval: readonly [number | null, number | null];
}

/**
 * A measure (the loss, a metric) as a function of one metadata field, a series per split.
 *
 * `strength` is the share of the measure's rank variance that the bins explain on the tested
 * split (eta squared on ranks, 0…1), for ordering curves; it is not a test.
 */
export interface Curve {
  readonly field: string;
  readonly measure: string;
  readonly binning: "quantile" | "equal_width" | "categorical";
  readonly series: Readonly<Record<string, readonly CurveBin[]>>;
  readonly strength: number;
  readonly similar_fields: readonly string[];
}

/** A kind of insight that could not be computed, and why. */
export interface NotApplicable {
  readonly kind: string;
  readonly reason: string;
}

/** Rows that could not be used: never silently. */
export interface DroppedRows {
  readonly reason: string;
  readonly split: string;
  readonly count: number;
  readonly sample_ids: readonly string[];
}

/**
 * Where an array is.
 *
 * In `u8` and `u16` that are codes (categories, quantized numbers) the largest value is "missing";
 * in `u32` that are rows or tiles it is "none"; in `f32` NaN is.
 */
export interface ArrayRef {
  /** `utf8` is u32[length + 1] byte offsets, then the bytes of all strings. */
  readonly type: "f32" | "u8" | "u16" | "u32" | "utf8";
  /** bytes from the start of the data section, a multiple of 4. */
  readonly offset: number;
  /** elements; of `utf8`, strings. */
  readonly length: number;
}

/** How a code becomes a number: value = offset + factor × code. */
export interface Scale {
  readonly offset: number;
  readonly factor: number;
}

/** One column of the table of samples. */
export interface ColumnHeader {
  /** unique among the columns, e.g. `loss`, `meta_brightness`. */
  readonly name: string;
  /** what curves and insights call it, e.g. `brightness`, `class`; null if they do not. */
  readonly field: string | null;
  /** for people, e.g. `brightness`. */
  readonly label: string;
  /** where a person would look for it. */
  readonly group: "sample" | "result" | "metadata" | "region" | "score" | "learning";
  /** numbers; one of `categories`; or text. */
  readonly kind: "number" | "category" | "text";
  /** (n) values or codes; `f32`, `u8`, `u16` of numbers, `u8`, `u16` of categories. */
  readonly data: ArrayRef;
  /** of quantized numbers; null where the values stand as they are. */
  readonly scale: Scale | null;
  /** names by code; null unless the kind is `category`. */
  readonly categories: readonly string[] | null;
  /** whether all numbers are whole. */
  readonly integer: boolean;
  /** rows without a value; of a text, rows with an empty one. */
  readonly missing: number;
  /** of the numbers, null if there are none. */
  readonly minimum: number | null;
  /** of the numbers, null if there are none. */
  readonly maximum: number | null;
  /** what the column is, in a sentence; may be empty. */
  readonly description: string;
}

/**
 * Places in the plane: −1…1 as 0…65534, 65535 where a sample was not projected.
 *
 * The first one is the default. The others of its layer and method lie over it (rotated, mirrored
 * and scaled to fit), so that points can move between epochs.
 */
export interface ProjectionHeader {
  /** `umap`, `tsne` or `pca`. */
  readonly method: string;
  /** 0-based; null if unknown. */
  readonly epoch: number | null;
  /** null if unknown. */
  readonly layer: string | null;
  /** (n) u16. */
  readonly x: ArrayRef;
  /** (n) u16, upwards. */
  readonly y: ArrayRef;
}

/** How each sample was learned: arrays of E × n, all samples of the first epoch first. */
export interface HistoryHeader {
  /** the E captured epochs, ascending. */
  readonly epochs: readonly number[];
  /** u16 or u8 codes; null if no loss was captured. */
  readonly loss: ArrayRef | null;
  /** of the losses; a code of 65534 (254) means "this or more". */
  readonly scale: Scale | null;
  /** u16 or u8 class index; null if none was captured. */
  readonly prediction: ArrayRef | null;
}

/** The k most similar samples of each: u32 (n × k) rows, nearest first. */
export interface NeighborsHeader {
  readonly k: number;
  readonly rows: ArrayRef;
}

/** The k most probable classes of each sample, most probable first. */
export interface ProbabilitiesHeader {
  /** how many. */
  readonly k: number;
  /** (n × k) u16 class indices, 65535 where there are fewer. */
  readonly classes: ArrayRef;
  /** (n × k) u8 probability × 255. */
  readonly values: ArrayRef;
}

/** A sheet of thumbnails: square tiles, row by row. */
export interface SheetHeader {
  /** artifact path from the run's root, or a `data:` URI where the page is a file. */
  readonly path: string;
  /** number of its first tile. */
  readonly first: number;
  /** how many tiles it has. */
  readonly count: number;
  /** side of a tile, in pixels. */
  readonly tile_size: number;
  /** tiles in a row. */
  readonly columns: number;
}

/** Pictures of the samples: (n) u32 number of each one's tile over all sheets. */
export interface ThumbnailsHeader {
  readonly tile: ArrayRef;
  readonly sheets: readonly SheetHeader[];
}

/** Boxes and outlines to draw over the thumbnails: M objects in the order of the rows. */
export interface OverlaysHeader {
  /** (n + 1) u32; the objects of row r are those from first[r] up to first[r + 1]. */
  readonly first: ArrayRef;
  /** (M × 4) u16 x0, y0, x1, y1 in 1/65535 of the picture's width and height. */
  readonly box: ArrayRef;
  /** (M) u16 class index. */
  readonly category: ArrayRef;
  /** (M) u8 score × 254; 255 where there is none. */
  readonly score: ArrayRef;
  /** (M) u8; 0 is a target, 1 a prediction. */
  readonly role: ArrayRef;
  /** (M + 1) u32 numbers of points, as `first`; null if nothing has an outline. */
  readonly polygon_first: ArrayRef | null;
  /** (points × 2) u16 x, y, as `box`. */
  readonly polygon: ArrayRef | null;
}

/** A metadata field that separates an insight's samples from the rest. */
export interface SeparatingField {
  /** the field, without `meta_`. */
  readonly name: string;
  /** how the insight's samples differ. */
  readonly direction: "higher" | "lower" | "more_frequent" | "less_frequent";
  /** the value that is more or less frequent, for a categorical field. */
  readonly category: string | null;
  /**
   * probability of superiority rescaled to −1…1 (Cliff's delta) for numbers; difference of shares,
   * −1…1, for a category.
   */
  readonly effect: number;
  /** what `effect` is. */
  readonly effect_name: string;
  /** its interval. */
  readonly interval: readonly [number | null, number | null];
  /** Benjamini–Hochberg over the fields of this insight. */
  readonly q_value: number;
  /** median (numbers) or share (category) among the insight's samples. */
  readonly inside: number;
  /** the same among the rest. */
  readonly outside: number;
  /** fields that say nearly the same, shown as one fact with this one. */
  readonly similar_fields: readonly string[];
}

/** An insight of another kind that speaks of about the same samples; `shared` are in both. */
export interface RelatedInsight {
  readonly kind: string;
  readonly title: string;
  readonly shared: number;
}

/** Something that should hold for a slice of every run. */
export interface Expectation {
  /**
   * which samples, e.g. `size < 0.2 and class == "car"`; `all`; `in samples`, those that are
   * listed; `in region`, the regions that mostly hold them. Of the tested split (val) unless it
   * names a split.
   */
  readonly filter: string;
  /**
   * what is measured: `loss`, `accuracy`, `error_rate`, `metric_<name>`, any other number that a
   * sample has; each alone, `… / rest` (ratio to the rest of the split) or `… - rest`; `gap`
   * (tested split − train) and `gap - rest`; `odds_ratio` (train ÷ tested split); `share_<kind>`
   * (share of samples in insights of that kind).
   */
  readonly metric: string;
  /** `<=`, `>=`, or `no worse than before` by more than the threshold. */
  readonly comparison: "<=" | ">=" | "no worse than before";
  /** what it is compared with. */
  readonly threshold: number;
  /** what it is called; by default what it says. */
  readonly name: string;
  /** ids by split, where the filter speaks of samples. */
  readonly samples: Readonly<Record<string, readonly string[]>> | null;
  /** or the insight whose samples they are, as `<run id>/<key of the insight>`. */
  readonly samples_of: string | null;
}

/** A finding as in the report, its samples as rows. */
export interface InsightHeader {
  /** 12 hex digits of its kind and samples: the same finding of another analysis has it too. */
  readonly key: string;
  /** u32 rows of its samples, in the report's order. */
  readonly rows: ArrayRef;
  /** what kind of statement, e.g. `low_performance`. */
  readonly kind: string;
  /** one line. */
  readonly title: string;
  /** what was compared with what, in words. */
  readonly description: string;
  /** what follows from the evidence. */
  readonly action: string;
  /** id of the region, if it is one; `fine/3+fine/8` is several that are one together. */
  readonly region: string | null;
  /** the split it was tested on, if it was one. */
  readonly split: string | null;
  /** effect size, named by `effect_name`. */
  readonly effect: number;
  /** what `effect` is. */
  readonly effect_name: string;
  /** of the effect, at the report's confidence. */
  readonly interval: readonly [number | null, number | null];
  /** of the test. */
  readonly p_value: number;
  /** after Benjamini–Hochberg over all tests of this kind. */
  readonly q_value: number;
  /** 0…1, for ranking. */
  readonly severity: number;
  /** samples by split. */
  readonly counts: Readonly<Record<string, number>>;
  /** what the numbers are compared with. */
  readonly base_rates: Readonly<Record<string, number>>;
  /** fields that separate these samples, best first. */
  readonly metadata: readonly SeparatingField[];
  /** overlapping insights that say less, merged into this one. */
  readonly children: readonly InsightHeader[];
  /** insights of other kinds that speak of about the same samples. */
  readonly related: readonly RelatedInsight[];
  /** the test that guards against it; where its filter speaks of samples, these. */
  readonly expectation: Expectation | null;
}

/** What `explorer.bin` holds. */
export interface ExplorerHeader {
  /** of this header; a reader refuses a higher one. */
  readonly schema_version: number;
  /** samples; they are rows 0 … n − 1 everywhere. */
  readonly n: number;
  /** null outside a run. */
  readonly run_id: string | null;
  /** null if unknown. */
  readonly run_name: string | null;
  /** 0-based, that was analyzed. */
  readonly epoch: number | null;
  /** whose embedding was analyzed. */
  readonly layer: string | null;
  /** `classification`, `detection`, `segmentation` or `other`. */
  readonly task: string;
  /** by class index; an index beyond them stands for itself. */
  readonly class_names: readonly string[];
  /** by class name. */
  readonly supercategories: Readonly<Record<string, string>>;
  /** on which performance was judged. */
  readonly tested_split: string | null;
  /** with which it was compared. */
  readonly reference_split: string | null;
  /** of all intervals. */
  readonly confidence: number;
  /** share of reports that may hold any insight where there is nothing to find. */
  readonly error_budget: number;
  /** what each split holds, train first. */
  readonly splits: readonly SplitSummary[];
  /** the gap of the model as a whole; null without two splits with losses. */
  readonly generalization: Generalization | null;
  /** coarse and fine. */
  readonly regions: readonly RegionHeader[];
  /** a measure against a field, strongest first as in the report. */
  readonly curves: readonly Curve[];
  /** kinds of insight that could not be computed, and why. */
  readonly not_applicable: readonly NotApplicable[];
  /** rows that could not be used. */
  readonly dropped: readonly DroppedRows[];
  /** what else the reader should know. */
  readonly notes: readonly string[];
  /** by kind of insight, how many tests were made. */
  readonly tests: Readonly<Record<string, number>>;
  /** of the table of samples, in the order of the groups. */
  readonly columns: readonly ColumnHeader[];
  /** the first is the default; none if there was no projection. */
  readonly projections: readonly ProjectionHeader[];
  /** null if fewer than two epochs were captured. */
  readonly history: HistoryHeader | null;
  /** null if there are none. */
  readonly neighbors: NeighborsHeader | null;
  /** null if no probabilities were captured. */
  readonly probabilities: ProbabilitiesHeader | null;
  /** null if there are none. */
  readonly thumbnails: ThumbnailsHeader | null;
  /** null if there are none. */
  readonly overlays: OverlaysHeader | null;
  /** most severe first. */
  readonly insights: readonly InsightHeader[];
  /** of the data section; 0 if unknown, as of older files. */
  readonly data_bytes: number;
  /**
   * of it, at its beginning, that the page needs to draw its first view: the page can be opened
   * when so much of the file is there.
   */
  readonly first_bytes: number;
}

/** What a map shows, apart from the sample and the target. */
export interface HeatmapKind {
  /**
   * `class` (what speaks for a class), `output` (for an object, for the pixels of a class), `loss`
   * (where a change would change the loss most), `region` (what makes the sample belong to its
   * region).
   */
  readonly what: "class" | "output" | "loss" | "region";
  /** `grad-cam`, `occlusion`, `gradient`, `similarity`, `channels`. */
  readonly method: string;
  /** that was looked into; null where it is the input itself. */
  readonly layer: string | null;
  /** for a list to choose from, e.g. `class, Grad-CAM, late layer (stage4)`. */
  readonly label: string;
  /** what strong places mean, a sentence. */
  readonly meaning: string;
  /** what the map explains, e.g. `the log-probability of the class`. */
  readonly quantity: string;
  /** whether masking should make the quantity `fall`, or only `change` it. */
  readonly measured: "fall" | "change";
}

/**
 * What `split=<split>.bin` holds: s samples, m maps in the order of the samples.
 *
 * The layout is that of `explorer.bin`: header length (u32, little-endian), header (JSON, UTF-8),
 * zeros up to a multiple of 4, then the arrays. Those of maps are of m, one after another.
 */
export interface HeatmapsHeader {
  /** of this header; a reader refuses a higher one. */
  readonly schema_version: number;
  /** whose samples these are. */
  readonly split: string;
  /** 0-based, that the weights had finished; null if unknown. */
  readonly epoch: number | null;
  /** maps are size × size numbers, row by row, downwards. */
  readonly size: number;
  /** of the intervals. */
  readonly confidence: number;
  /** what the maps show. */
  readonly kinds: readonly HeatmapKind[];
  /** (s) utf8. */
  readonly sample_id: ArrayRef;
  /** (s + 1) u32; the maps of sample i are those from first[i] up to first[i + 1]. */
  readonly first: ArrayRef;
  /** (m) u8 number of each map's kind. */
  readonly kind: ArrayRef;
  /** (m) utf8 what it is a map of, in words, e.g. `class 8`, `missed car`. */
  readonly target: ArrayRef;
  /** (m × size × size) u8 codes; value = low + (high − low) × code / 255. */
  readonly values: ArrayRef;
  /** (m × 2) f32 low, high. */
  readonly scale: ArrayRef;
  /**
   * (m × 3) f32 how much more the quantity falls (or changes) when the strongest tenth of the map
   * is masked than when random tenths are: mean, and the interval over them. If the lower bound is
   * not above zero, the map is no better than random; NaN where it was not measured.
   */
  readonly advantage: ArrayRef;
  /** what could not be made, and why. */
  readonly notes: readonly string[];
}
