import type { Dataset } from "../data/dataset";
import type { ArrayRef, ExplorerHeader } from "../payload";
import type { Filter } from "./filters";

/** The tabs of the right panel. */
export type Tab = "insights" | "samples" | "curves" | "selection";

/** What dragging on the scatter does. */
export type Tool = "pan" | "lasso" | "box";

/** Part of the plane that the scatter shows: its middle, and the zoom (1 = everything). */
export interface Camera {
  readonly x: number;
  readonly y: number;
  readonly zoom: number;
}

/** All that the page shows, as one immutable value: undo, the address and a saved copy hold it. */
export interface ViewState {
  readonly tab: Tab;
  /** Name of the column that colors the points; null is one color. */
  readonly color: string | null;
  /** Name of the column of numbers that sizes the points; null is one size. */
  readonly size: string | null;
  /** Place among `header.projections`. */
  readonly projection: number;
  readonly filters: readonly Filter[];
  /** Row whose detail is open. */
  readonly pinned: number | null;
  readonly samplesMode: "grid" | "table";
  readonly sort: { readonly column: string; readonly descending: boolean } | null;
  /** Columns of the table; null is the default ones. */
  readonly tableColumns: readonly string[] | null;
  /** Columns whose histogram is open in the rail. */
  readonly openFields: readonly string[];
  /** Whether histograms and bars show every split for itself. */
  readonly bySplit: boolean;
  /** Curves that a person added, beside the report's. */
  readonly addedCurves: readonly { readonly field: string; readonly measure: string }[];
}

/** Columns whose histogram is open at first, those that are there; at most `OPEN_AT_FIRST`. */
const FIRST_FIELDS = ["split", "loss", "correct", "target", "prediction", "confidence"];
const OPEN_AT_FIRST = 5;
/** Columns that color the points at first: the first of these that is there. */
const FIRST_COLORS = ["target", "cluster_coarse", "loss", "split"];

/** The view that a dataset opens with. */
export function firstView(dataset: Dataset): ViewState {
  const present = (name: string) => dataset.column(name) !== undefined;
  const hasLoss = dataset.column("loss")?.kind === "number";
  return {
    tab: "insights",
    color: FIRST_COLORS.find(present) ?? null,
    size: hasLoss ? "loss" : null,
    projection: 0,
    filters: [],
    pinned: null,
    samplesMode: "grid",
    sort: hasLoss ? { column: "loss", descending: true } : null,
    tableColumns: null,
    openFields: FIRST_FIELDS.filter(present).slice(0, OPEN_AT_FIRST),
    bySplit: false,
    addedCurves: [],
  };
}

/** What of the file a view without filters and without a pinned sample is drawn from. */
export function arraysOf(header: ExplorerHeader, view: ViewState): ArrayRef[] {
  const names = new Set([view.color, view.size, ...view.openFields]);
  const plane = header.projections[view.projection];
  const columns = header.columns.filter(({ name }) => names.has(name) || name === "loss");
  return [...columns.map(({ data }) => data), ...(plane ? [plane.x, plane.y] : [])];
}
