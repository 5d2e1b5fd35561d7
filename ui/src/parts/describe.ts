import type { Dataset } from "../data/dataset";
import { isApplicable } from "../crossfilter/masks";
import type { Filter, RangeFilter } from "../state/filters";
import { number, whole } from "./format";

/** Categories named in a chip; more are counted. */
const NAMED = 2;

/** A filter in words, for its chip. */
export function describeFilter(filter: Filter, dataset: Dataset): { about: string; text: string } {
  const { about, text } = wordsOf(filter, dataset);
  return { about, text: isApplicable(dataset, filter) ? text : `${text} (not in this analysis)` };
}

function wordsOf(filter: Filter, dataset: Dataset): { about: string; text: string } {
  switch (filter.type) {
    case "rows":
      return { about: filter.label, text: `${whole(filter.rows.length)} samples` };
    case "lasso":
      return { about: "Area", text: "drawn on the map" };
    case "text":
      return { about: labelOf(dataset, filter.column), text: `contains “${filter.query}”` };
    case "range":
      return { about: labelOf(dataset, filter.column), text: rangeText(filter, dataset) };
    case "categories":
      return {
        about: labelOf(dataset, filter.column),
        text: listed([...filter.categories, ...(filter.missing ? ["missing"] : [])]),
      };
  }
}

function labelOf(dataset: Dataset, name: string): string {
  return dataset.column(name)?.label ?? name;
}

function rangeText({ low, high, missing, column }: RangeFilter, dataset: Dataset): string {
  const found = dataset.column(column);
  const [minimum, maximum] =
    found?.kind === "number" ? [found.minimum ?? -Infinity, found.maximum ?? Infinity] : [-Infinity, Infinity];
  const tail = missing ? " or missing" : "";
  if (low <= minimum && high < maximum) return `≤ ${number(high)}${tail}`;
  if (high >= maximum && low > minimum) return `≥ ${number(low)}${tail}`;
  return low === high ? `${number(low)}${tail}` : `${number(low)} – ${number(high)}${tail}`;
}

function listed(names: readonly string[]): string {
  if (!names.length) return "none";
  if (names.length <= NAMED + 1) return names.join(", ");
  return `${names.slice(0, NAMED).join(", ")} and ${whole(names.length - NAMED)} more`;
}
