/** Bins of a column, as the analysis makes them (`mlflow_latent/curves.py`), the same for all splits. */
import { lowerBound, quantileOfSorted, upperBound } from "../selection/evidence";
import type { Values } from "../selection/separation";

/** How a number is cut into bins. */
export type Binning = "quantile" | "equal_width" | "categorical";

/** Bins of one column: `place` says which bin a row is in, −1 where it has no value. */
export interface Bins {
  binning: Binning;
  spans: { label: string; lower: number | null; upper: number | null; categories: string[] }[];
  place: (row: number) => number;
}

export const BINS = 10;
export const CATEGORIES_SHOWN = 20; // the rest is one bin, "(other)"
export const FEW_VALUES = 12; // a number with at most so many different values has a bin for each
export const OTHER = "(other)";

/** Bin a column over `rows`; no bins where no row has a value. */
export function makeBins(
  column: Values,
  rows: ArrayLike<number>,
  binning: Binning,
  count = BINS,
): Bins {
  if (column.kind === "category") return categoryBins(column, rows);
  const values = sortedValues(column.values, rows);
  if (!values.length) return { binning, spans: [], place: () => -1 };
  const distinct = fewDistinct(values);
  if (distinct) return exactBins(column.values, distinct);
  const [lowest, highest] = [values[0]!, values.at(-1)!];
  const steps = Array.from({ length: count + 1 }, (_, i) => i / count);
  const edges =
    binning === "quantile"
      ? unique(steps.map((share) => quantileOfSorted(values, share)))
      : steps.map((share) => (share === 1 ? highest : lowest + share * (highest - lowest)));
  return numberBins(column.values, binning, edges);
}

function sortedValues(values: ArrayLike<number>, rows: ArrayLike<number>): Float32Array {
  const found = new Float32Array(rows.length);
  let length = 0;
  for (let i = 0; i < rows.length; i++) {
    const value = values[rows[i]!]!;
    if (Number.isFinite(value)) found[length++] = value;
  }
  return found.subarray(0, length).sort();
}

/** The different values, if they are few. */
function fewDistinct(sorted: Float32Array): number[] | null {
  const distinct: number[] = [];
  for (let at = 0; at < sorted.length; at = upperBound(sorted, sorted[at]!)) {
    if (distinct.length === FEW_VALUES) return null;
    distinct.push(sorted[at]!);
  }
  return distinct;
}

function exactBins(values: ArrayLike<number>, distinct: number[]): Bins {
  const spans = distinct.map((value) => ({
    label: short(value),
    lower: value,
    upper: value,
    categories: [],
  }));
  const place = (row: number): number => {
    const value = values[row]!;
    const at = Number.isFinite(value) ? lowerBound(distinct, value) : -1;
    return at < distinct.length && distinct[at] === value ? at : -1;
  };
  return { binning: "quantile", spans, place };
}

function numberBins(values: ArrayLike<number>, binning: Binning, edges: number[]): Bins {
  const inner = edges.slice(1, -1);
  const spans = edges.slice(0, -1).map((lower, i) => {
    const upper = edges[i + 1]!;
    return { label: `${short(lower)} – ${short(upper)}`, lower, upper, categories: [] };
  });
  const [lowest, highest] = [edges[0]!, edges.at(-1)!];
  const place = (row: number): number => {
    const value = values[row]!;
    return value >= lowest && value <= highest ? upperBound(inner, value) : -1;
  };
  return { binning, spans, place };
}

function categoryBins(column: Values & { kind: "category" }, rows: ArrayLike<number>): Bins {
  const counts = new Uint32Array(column.categories.length);
  for (let i = 0; i < rows.length; i++) {
    const code = column.codes[rows[i]!]!;
    if (code < counts.length) counts[code]!++;
  }
  const there = Array.from(counts.keys()).filter((code) => counts[code]! > 0);
  const shown = there
    .sort((a, b) => counts[b]! - counts[a]! || a - b)
    .slice(0, CATEGORIES_SHOWN)
    .sort((a, b) => a - b);
  const binOf = new Int32Array(column.categories.length).fill(-1);
  shown.forEach((code, bin) => (binOf[code] = bin));
  const others = Array.from(counts.keys()).filter(
    (code) => counts[code]! > 0 && binOf[code] === -1,
  );
  for (const code of others) binOf[code] = shown.length;
  const spans = shown.map((code) => span(column.categories[code]!, [column.categories[code]!]));
  if (others.length)
    spans.push(
      span(
        OTHER,
        others.map((code) => column.categories[code]!),
      ),
    );
  return { binning: "categorical", spans, place: (row) => binOf[column.codes[row]!] ?? -1 };
}

const span = (label: string, categories: string[]) => ({
  label,
  lower: null,
  upper: null,
  categories,
});

const unique = (sorted: number[]): number[] =>
  sorted.filter((value, i) => i === 0 || value !== sorted[i - 1]);

/** Four significant digits, as in the analysis. */
export const short = (value: number): string => String(Number(value.toPrecision(4)));
