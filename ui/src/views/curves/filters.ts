/** Bins of a curve as filters, and which bins a filter keeps. */
import type { Column } from "../../data/columns";
import type { CurveBin } from "../../payload";
import type { Filter } from "../../state";
import { OTHER } from "./bins";
import { justBelow } from "./geometry";

/**
 * The filter that keeps the bins from `first` to `last`.
 *
 * A bin of numbers leaves its upper edge to the next one; the last has it.
 */
export function filterOfBins(
  column: Column,
  bins: readonly CurveBin[],
  first: number,
  last: number,
): Filter | null {
  if (column.kind === "category") return categoriesOf(column, bins, first, last);
  const [low, high] = [bins[first]?.lower, bins[last]?.upper];
  if (column.kind !== "number" || low == null || high == null) return null;
  const open = last < bins.length - 1 && bins[last]!.lower !== high;
  const reach = first === last && low === high ? slack(low) : 0;
  const from = first === 0 ? Math.min(low, column.minimum ?? low) : low;
  const to = last === bins.length - 1 ? Math.max(high, column.maximum ?? high) : high;
  return {
    type: "range",
    column: column.name,
    low: from - reach,
    high: open ? justBelow(to) : to + reach,
  };
}

/** Single values come with six digits: a float beside them is the same value. */
const slack = (value: number): number => Math.abs(value) * 1e-5;

function categoriesOf(
  column: Column & { kind: "category" },
  bins: readonly CurveBin[],
  first: number,
  last: number,
): Filter {
  const named = new Set(bins.map((bin) => bin.label));
  const categories = bins
    .slice(first, last + 1)
    .flatMap(({ label }) =>
      label === OTHER && !column.categories.includes(OTHER)
        ? column.categories.filter((name) => !named.has(name))
        : [label],
    );
  return { type: "categories", column: column.name, categories };
}

/** Which bins a filter keeps; null if the filter is none or not about numbers or categories. */
export function keptBins(filter: Filter | undefined, bins: readonly CurveBin[]): boolean[] | null {
  if (filter?.type === "categories") {
    const named = new Set(bins.map((bin) => bin.label));
    const others = filter.categories.some((name) => !named.has(name));
    return bins.map(
      ({ label }) => filter.categories.includes(label) || (label === OTHER && others),
    );
  }
  if (filter?.type !== "range") return null;
  return bins.map(({ lower, upper }) => {
    if (lower === null || upper === null) return false;
    const middle = (lower + upper) / 2;
    const reach = lower === upper ? slack(lower) : 0;
    return middle >= filter.low - reach && middle <= filter.high + reach;
  });
}
