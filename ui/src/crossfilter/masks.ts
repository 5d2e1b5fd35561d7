import { largestCode, type CategoryColumn, type NumberColumn, type TextColumn } from "../data/columns";
import type { Dataset } from "../data/dataset";
import type { CategoriesFilter, Filter, RangeFilter, RowsFilter, TextFilter } from "../state/filters";
import { markOutside } from "./lasso";

/**
 * Write 1 for every row that fails the filter, 0 for every other.
 *
 * A filter of a column or projection that the dataset lacks lets nothing through: the page shows
 * such a filter as not applicable rather than as if it were not there.
 */
export function markFailing(dataset: Dataset, filter: Filter, mask: Uint8Array): void {
  switch (filter.type) {
    case "rows":
      return markRows(filter, mask);
    case "lasso": {
      const plane = dataset.plane(filter.projection);
      return plane ? markOutside(filter.polygon, plane.x, plane.y, mask) : void mask.fill(1);
    }
  }
  const column = dataset.column(filter.column);
  if (filter.type === "range" && column?.kind === "number") markRange(column, filter, mask);
  else if (filter.type === "categories" && column?.kind === "category")
    markCategories(column, filter, mask);
  else if (filter.type === "text" && column?.kind === "text") markText(column, filter, mask);
  else mask.fill(1);
}

/** Whether the dataset has what the filter is about. */
export function isApplicable(dataset: Dataset, filter: Filter): boolean {
  if (filter.type === "rows") return true;
  if (filter.type === "lasso") return dataset.header.projections.length > filter.projection;
  const kinds = { range: "number", categories: "category", text: "text" };
  return dataset.column(filter.column)?.kind === kinds[filter.type];
}

function markRows(filter: RowsFilter, mask: Uint8Array): void {
  mask.fill(1);
  for (const row of filter.rows) if (row < mask.length) mask[row] = 0;
}

function markRange(column: NumberColumn, filter: RangeFilter, mask: Uint8Array): void {
  const { low, high } = filter;
  const missing = filter.missing ? 0 : 1;
  const { stored, scale } = column;
  if (stored instanceof Float32Array) {
    for (let row = 0; row < stored.length; row++) {
      const value = stored[row]!;
      mask[row] = value >= low && value <= high ? 0 : value === value ? 1 : missing;
    }
    return;
  }
  const fails = new Uint8Array(largestCode(stored) + 1).fill(missing);
  for (let code = 0; code < fails.length - 1; code++) {
    // As the decoded values are: rounded to 32 bits.
    const value = Math.fround(scale ? scale.offset + scale.factor * code : code);
    fails[code] = value >= low && value <= high ? 0 : 1;
  }
  for (let row = 0; row < stored.length; row++) mask[row] = fails[stored[row]!]!;
}

function markCategories(column: CategoryColumn, filter: CategoriesFilter, mask: Uint8Array): void {
  const wanted = new Set(filter.categories);
  const fails = new Uint8Array(column.missingCode + 1).fill(1);
  column.categories.forEach((name, code) => (fails[code] = wanted.has(name) ? 0 : 1));
  fails[column.missingCode] = filter.missing ? 0 : 1;
  const { codes } = column;
  for (let row = 0; row < codes.length; row++) mask[row] = fails[codes[row]!]!;
}

function markText(column: TextColumn, filter: TextFilter, mask: Uint8Array): void {
  const query = filter.query.toLowerCase();
  for (let row = 0; row < mask.length; row++)
    mask[row] = column.text(row).toLowerCase().includes(query) ? 0 : 1;
}
