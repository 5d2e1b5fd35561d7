import { STATE_ELEMENT } from "../data/file_source";
import type { Dataset } from "../data/dataset";
import { isApplicable } from "../crossfilter/masks";
import type { Filter, Point, RowsFilter } from "./filters";
import type { Session } from "./session";
import { firstView, type Camera, type ViewState } from "./view";

/** Rows that an address or a copy can hold of one set; insights and similars are named instead. */
const MOST_ROWS = 4000;
/** Steps of a lasso's coordinates: finer than a pixel at any zoom that is of use. */
const LASSO_STEPS = 1e4;

/** A view as JSON: only what differs from the first view. */
export interface SavedView extends Partial<Omit<ViewState, "filters">> {
  readonly filters?: readonly SavedFilter[];
  readonly camera?: Camera;
}

type SavedFilter =
  | Exclude<Filter, RowsFilter>
  | (Omit<RowsFilter, "rows"> & { readonly rows?: readonly number[] });

/** The view as JSON, and the names of the filters that are too long for it. */
export function saved(session: Session): { view: SavedView; left: string[] } {
  const state = session.state.peek();
  const first = firstView(session.dataset);
  const left: string[] = [];
  const changed = Object.entries(state).filter(
    ([key, value]) =>
      key !== "filters" && JSON.stringify(value) !== JSON.stringify(first[key as keyof ViewState]),
  );
  const filters = state.filters.flatMap((filter) => savedFilter(filter) ?? (left.push(nameOf(filter)), []));
  const camera = session.camera.peek();
  const moved = camera.zoom !== 1 || camera.x !== 0 || camera.y !== 0;
  const view = {
    ...Object.fromEntries(changed),
    ...(filters.length && { filters }),
    ...(moved && { camera: rounded(camera) }),
  };
  return { view, left };
}

/** The view that was saved, as far as the dataset has what it speaks of. */
export function restored(dataset: Dataset, view: SavedView): { state: ViewState; camera: Camera | null } {
  const first = firstView(dataset);
  const { filters = [], camera, ...rest } = view;
  const known = Object.fromEntries(Object.entries(rest).filter(([key]) => key in first));
  const state: ViewState = { ...first, ...known };
  const has = (name: string | null) => name === null || dataset.column(name) !== undefined;
  const usable = filters
    .map((filter) => restoredFilter(dataset, filter))
    .filter((filter): filter is Filter => filter !== null && isApplicable(dataset, filter));
  return {
    state: {
      ...state,
      color: has(state.color) ? state.color : first.color,
      size: has(state.size) ? state.size : first.size,
      sort: state.sort && has(state.sort.column) ? state.sort : first.sort,
      projection: dataset.header.projections[state.projection] ? state.projection : 0,
      pinned: state.pinned !== null && state.pinned < dataset.n ? state.pinned : null,
      openFields: state.openFields.filter((name) => has(name)),
      filters: usable,
    },
    camera: camera ?? null,
  };
}

/** The view in an address's hash or in the page itself; null if there is none that can be read. */
export function findSaved(): SavedView | null {
  const text = location.hash.startsWith("#view=")
    ? decodeURIComponent(location.hash.slice("#view=".length))
    : document.getElementById(STATE_ELEMENT)?.textContent;
  if (!text) return null;
  try {
    const view: unknown = JSON.parse(text);
    return typeof view === "object" && view !== null ? (view as SavedView) : null;
  } catch {
    return null;
  }
}

/** The hash that holds the view; empty for the first view. */
export function hashOf(session: Session): { hash: string; left: string[] } {
  const { view, left } = saved(session);
  const empty = Object.keys(view).length === 0;
  return { hash: empty ? "" : `#view=${encodeURIComponent(JSON.stringify(view))}`, left };
}

/** The address of the view. */
export function addressOf(session: Session): { address: string; left: string[] } {
  const { hash, left } = hashOf(session);
  return { address: location.href.split("#")[0] + hash, left };
}

/** The page's own source with the view in it: a file that opens as the page is now. */
export function savedCopy(session: Session): string {
  const copy = document.documentElement.cloneNode(true) as HTMLElement;
  const root = copy.querySelector("#app")!;
  root.textContent = "";
  copy.querySelector(`#${STATE_ELEMENT}`)?.remove();
  copy.removeAttribute("data-theme");
  const element = document.createElement("script");
  element.type = "application/json";
  element.id = STATE_ELEMENT;
  // "<" would end the element early, were it part of a label.
  element.textContent = JSON.stringify(saved(session).view).replaceAll("<", "\\u003c");
  // Before the page's script, which looks for it while the rest may not have been read yet.
  root.after(element);
  return `<!doctype html>\n${copy.outerHTML}`;
}

function nameOf(filter: Filter): string {
  return filter.type === "rows" ? filter.label : filter.type;
}

function savedFilter(filter: Filter): SavedFilter | null {
  if (filter.type === "lasso") {
    const polygon = filter.polygon.map(
      (point) => point.map((value) => Math.round(value * LASSO_STEPS) / LASSO_STEPS) as unknown as Point,
    );
    return { ...filter, polygon };
  }
  if (filter.type !== "rows") return filter;
  const { rows, ...rest } = filter;
  if (filter.source?.insight !== undefined || filter.source?.neighborsOf !== undefined) return rest;
  return rows.length <= MOST_ROWS ? { ...rest, rows: [...rows] } : null;
}

function restoredFilter(dataset: Dataset, filter: SavedFilter): Filter | null {
  if (filter.type !== "rows") return filter;
  if (filter.rows) return { ...filter, rows: Uint32Array.from(filter.rows) };
  if (filter.source?.insight !== undefined) {
    const insight = dataset.insight(filter.source.insight);
    return insight ? { ...filter, rows: dataset.insightRows(insight) } : null;
  }
  const row = filter.source?.neighborsOf;
  return row === undefined ? null : { ...filter, rows: Uint32Array.from([row, ...dataset.neighbors(row)]) };
}

function rounded({ x, y, zoom }: Camera): Camera {
  const round = (value: number) => Number(value.toPrecision(4));
  return { x: round(x), y: round(y), zoom: round(zoom) };
}
