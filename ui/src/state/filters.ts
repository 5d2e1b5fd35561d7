/** A point of the projection's plane, each coordinate −1…1, y upwards. */
export type Point = readonly [x: number, y: number];

/** Numbers from `low` to `high`, both included; missing values too if `missing`. */
export interface RangeFilter {
  readonly type: "range";
  readonly column: string;
  readonly low: number;
  readonly high: number;
  readonly missing?: boolean;
}

/** Any of the named categories; missing values too if `missing`. */
export interface CategoriesFilter {
  readonly type: "categories";
  readonly column: string;
  readonly categories: readonly string[];
  readonly missing?: boolean;
}

/** Texts that contain `query`, whatever their case. */
export interface TextFilter {
  readonly type: "text";
  readonly column: string;
  readonly query: string;
}

/** Samples inside a polygon drawn on a projection. */
export interface LassoFilter {
  readonly type: "lasso";
  readonly projection: number;
  readonly polygon: readonly Point[];
}

/** Named rows: an insight's, a sample's similars, a saved set's. */
export interface RowsFilter {
  readonly type: "rows";
  readonly label: string;
  readonly rows: Uint32Array;
  readonly source?: {
    readonly insight?: string;
    readonly neighborsOf?: number;
    readonly set?: string;
  };
}

/** A condition on samples; the selection is the samples that pass all of them. */
export type Filter = RangeFilter | CategoriesFilter | TextFilter | LassoFilter | RowsFilter;

/**
 * What a filter is about: of two filters with the same key the later replaces the earlier. There is
 * one per column, one lasso per projection, one insight, one set, one neighborhood at a time.
 */
export function filterKey(filter: Filter): string {
  switch (filter.type) {
    case "range":
    case "categories":
    case "text":
      return `column:${filter.column}`;
    case "lasso":
      return `lasso:${filter.projection}`;
    case "rows":
      return rowsKey(filter);
  }
}

function rowsKey({ source, label }: RowsFilter): string {
  if (source?.insight !== undefined) return "rows:insight";
  if (source?.neighborsOf !== undefined) return "rows:neighbors";
  if (source?.set !== undefined) return "rows:set";
  return `rows:${label}`;
}

/** The filters with one more, in place of that of the same key. */
export function withFilter(filters: readonly Filter[], filter: Filter): Filter[] {
  const key = filterKey(filter);
  const place = filters.findIndex((other) => filterKey(other) === key);
  return place < 0 ? [...filters, filter] : filters.with(place, filter);
}

/** The filters without that of this key. */
export function withoutFilter(filters: readonly Filter[], key: string): Filter[] {
  return filters.filter((filter) => filterKey(filter) !== key);
}
