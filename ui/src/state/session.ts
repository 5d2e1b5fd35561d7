import { batch, computed, signal, type ReadonlySignal, type Signal } from "@preact/signals";
import type { Binning } from "../crossfilter/binning";
import { Crossfilter } from "../crossfilter/crossfilter";
import { markFailing } from "../crossfilter/masks";
import type { Dataset } from "../data/dataset";
import type { Source } from "../data/source";
import { Thumbnails } from "../data/thumbnails";
import { fitting } from "../scatter/camera";
import { Counting, type Counts } from "./counting";
import { filterKey, withFilter, withoutFilter, type Filter } from "./filters";
import { History } from "./history";
import { Ordering } from "./ordering";
import { firstView, type Camera, type Tool, type ViewState } from "./view";

/** Milliseconds of quiet after which sorted rows follow the filters. */
const SETTLE = 60;

/** How a change of the view is remembered. */
export interface ChangeOptions {
  /** Whether undo takes it back; default true. */
  readonly undoable?: boolean;
  /** Changes of one gesture (a drag, typing in a field) are one step of undo. */
  readonly gesture?: string;
}

/**
 * One dataset on the page: the view of it, and what follows from the view.
 *
 * Everything that follows is lazy: counts of a column are kept only while something shows them,
 * sorted rows only while a table or grid is open. Read signals' `.value` inside components.
 */
export class Session {
  /** The whole view; change it by `update`. Components read parts by `useView`. */
  readonly state: Signal<ViewState>;
  /** The samples' pictures. */
  readonly thumbnails: Thumbnails;
  /** Whether all of the file is here: until then only the first view can be drawn. */
  readonly isWhole = signal(false);
  /** Row under the pointer, in whatever view; null if none. */
  readonly hovered = signal<number | null>(null);
  /** Part of the plane that the scatter shows; not a step of undo. */
  readonly camera = signal<Camera>({ x: 0, y: 0, zoom: 1 });
  /** What dragging on the scatter does. */
  readonly tool = signal<Tool>("pan");
  /** Number of rows that pass all filters. */
  readonly keptCount: ReadonlySignal<number>;
  /** Rises whenever the rows that pass change: read it to follow `passes`. */
  readonly revision: ReadonlySignal<number>;
  /** Rows that pass, in the order of `state.sort`; follows after a moment of quiet. */
  readonly keptRows: ReadonlySignal<Uint32Array>;
  readonly canUndo: ReadonlySignal<boolean>;
  readonly canRedo: ReadonlySignal<boolean>;

  private readonly crossfilter: Crossfilter;
  private readonly history = new History<ViewState>();
  private readonly steps = signal(0);
  private readonly changes = signal(0);
  private readonly settled = signal(0);
  private readonly count: Signal<number>;
  private readonly byKey = new Map<string, ReadonlySignal<Filter | undefined>>();
  private readonly counting: Counting;
  private readonly ordering: Ordering;
  private applied: readonly Filter[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * @param dataset what is shown.
   * @param source where pictures and other runs come from.
   * @param view the view to open with; the first view of the dataset by default.
   */
  constructor(
    readonly dataset: Dataset,
    readonly source: Source,
    view: ViewState = firstView(dataset),
  ) {
    this.thumbnails = new Thumbnails(dataset, source);
    this.crossfilter = new Crossfilter(dataset.n);
    this.counting = new Counting(dataset, this.crossfilter);
    this.ordering = new Ordering(dataset, this.crossfilter);
    this.state = signal({ ...view, filters: [] });
    this.count = signal(dataset.n);
    this.keptCount = this.count;
    this.revision = this.changes;
    const sort = computed(() => this.state.value.sort);
    this.keptRows = computed(() => {
      this.settled.value;
      return this.ordering.passing(sort.value);
    });
    this.canUndo = computed(() => this.steps.value >= 0 && this.history.canUndo);
    this.canRedo = computed(() => this.steps.value >= 0 && this.history.canRedo);
    this.show(view);
  }

  /** Change part of the view. */
  update(change: Partial<ViewState>, { undoable = true, gesture }: ChangeOptions = {}): void {
    const before = this.state.peek();
    if (undoable) this.history.push(before, gesture);
    this.show({ ...before, ...change });
  }

  /** End a gesture: what comes next is another step of undo. */
  endGesture(): void {
    this.history.endGesture();
  }

  /** Take back the last step. */
  undo(): void {
    const view = this.history.undo(this.state.peek());
    if (view) this.show(view);
  }

  /** Do again what was taken back. */
  redo(): void {
    const view = this.history.redo(this.state.peek());
    if (view) this.show(view);
  }

  /** Move the scatter so that it shows these rows, e.g. an insight's. */
  focus(rows: Iterable<number>): void {
    const plane = this.dataset.plane(this.state.peek().projection);
    const camera = plane && fitting(plane.x, plane.y, rows);
    if (camera) this.camera.value = camera;
  }

  /** Add a filter; it replaces the one of the same `filterKey`. */
  addFilter(filter: Filter, options?: ChangeOptions): void {
    this.update({ filters: withFilter(this.state.peek().filters, filter) }, options);
  }

  /** Remove a filter, or the one of a `filterKey`. */
  removeFilter(filter: Filter | string, options?: ChangeOptions): void {
    const key = typeof filter === "string" ? filter : filterKey(filter);
    this.update({ filters: withoutFilter(this.state.peek().filters, key) }, options);
  }

  /** Remove all filters. */
  clearFilters(): void {
    if (this.state.peek().filters.length) this.update({ filters: [] });
  }

  /** The active filter of a key (see `filterKey`), e.g. `column:loss`. */
  filter(key: string): Filter | undefined {
    let found = this.byKey.get(key);
    if (!found) {
      // A component that reads it renders again when this filter changes, not at every change.
      found = computed(() => this.state.value.filters.find((filter) => filterKey(filter) === key));
      this.byKey.set(key, found);
    }
    return found.value;
  }

  /** Whether a row passes all filters. */
  passes(row: number): boolean {
    return this.crossfilter.passes(row);
  }

  /** (n) how many filters each row fails; read it in loops instead of `passes`. */
  get fails(): Uint16Array {
    return this.crossfilter.fails;
  }

  /** How a column is cut into bins; null for texts and columns without a value. */
  binning(name: string): Binning | null {
    return this.counting.binning(name);
  }

  /**
   * Rows of each bin that pass all filters but the column's own; the last count is the missing.
   *
   * @param name of a column that has a `binning`.
   */
  counts(name: string): ReadonlySignal<Counts> {
    return this.counting.counts(name);
  }

  /** Rows of each bin over all samples; the last count is the missing. */
  total(name: string): Counts {
    return this.counting.total(name);
  }

  /** The same as `counts`, split by split, as they are now: read `revision` to follow them. */
  countsBySplit(name: string): ReadonlyMap<string, Counts> {
    return this.counting.bySplit(name);
  }

  /** The same as `total`, split by split. */
  totalBySplit(name: string): ReadonlyMap<string, Counts> {
    return this.counting.totalBySplit(name);
  }

  /** All rows in ascending order of a column, missing values last; made once. */
  order(name: string): Uint32Array {
    return this.ordering.order(name);
  }

  private show(view: ViewState): void {
    batch(() => {
      this.state.value = view;
      this.apply(view.filters);
      this.steps.value++;
    });
  }

  private apply(filters: readonly Filter[]): void {
    if (filters === this.applied) return;
    const before = new Map(this.applied.map((filter) => [filterKey(filter), filter]));
    for (const filter of filters) {
      const key = filterKey(filter);
      if (before.get(key) !== filter)
        this.crossfilter.set(key, (mask) => markFailing(this.dataset, filter, mask));
      before.delete(key);
    }
    for (const key of before.keys()) this.crossfilter.remove(key);
    this.applied = filters;
    this.publish();
  }

  private publish(): void {
    this.count.value = this.crossfilter.count;
    this.counting.publish();
    this.changes.value++;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.settled.value++, SETTLE);
  }
}
