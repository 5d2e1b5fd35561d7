import { largestCode, type CategoryColumn, type Column, type NumberColumn } from "../data/columns";
import type { Bins } from "./crossfilter";

/** Bins of a histogram of numbers, at most. */
const MOST_BINS = 48;
/** Values looked at to find the range of a histogram; a regular sample of them. */
const SAMPLED = 20_000;
/** Share of the values at each end that may lie beyond a histogram whose tail is long. */
const TAIL = 0.005;
/** A tail is long if leaving it out shrinks the range to less than this. */
const LONG_TAIL = 0.6;
/** Bins are even in the cube roots if the middle value lies so low in the range. */
const LOW_MIDDLE = 0.06;

/** A column cut into bins: those of the values, then one of the missing. */
export interface Binning {
  /** (n) bin of each row; `size` means missing. */
  readonly bins: Bins;
  /** Number of bins without that of the missing values. */
  readonly size: number;
  /** Of numbers: bin b reaches from edge b to edge b + 1; see `edgeOf`. */
  readonly low: number;
  readonly width: number;
  /** 1, or 3 where `low` and `width` are those of the cube roots: bins widen with the value. */
  readonly root: 1 | 3;
  /** Whether values lie beyond the first or the last bin and are counted there. */
  readonly clippedBelow: boolean;
  readonly clippedAbove: boolean;
}

/** The value at an edge of the bins; `at` may lie between two edges. */
export function edgeOf({ low, width, root }: Binning, at: number): number {
  const value = low + at * width;
  return root === 3 ? value ** 3 : value;
}

/** Where a value lies among the bins, 0…size within them: the inverse of `edgeOf`. */
export function placeOf({ low, width, root }: Pick<Binning, "low" | "width" | "root">, value: number): number {
  return ((root === 3 ? Math.cbrt(value) : value) - low) / width;
}

/** Whether every bin holds whole numbers only, so that it ends before the next one's first. */
export function isWhole({ low, width, root }: Binning): boolean {
  return root === 1 && Number.isInteger(width) && Number.isInteger(low);
}

/** The bins of a column; null for texts and for numbers without a value. */
export function binned(column: Column): Binning | null {
  if (column.kind === "text") return null;
  return column.kind === "category" ? categoryBins(column) : numberBins(column);
}

function categoryBins({ codes, categories, missing, missingCode }: CategoryColumn): Binning {
  const size = categories.length;
  const shared = { size, low: 0, width: 1, root: 1, clippedBelow: false, clippedAbove: false } as const;
  if (missing === 0) return { ...shared, bins: codes };
  const table = new Uint16Array(missingCode + 1).fill(size);
  for (let code = 0; code < Math.min(size, missingCode); code++) table[code] = code;
  const bins = new (size < 256 ? Uint8Array : Uint16Array)(codes.length);
  for (let row = 0; row < codes.length; row++) bins[row] = table[codes[row]!]!;
  return { ...shared, bins };
}

function numberBins(column: NumberColumn): Binning | null {
  const range = binRange(column);
  if (!range) return null;
  const { size } = range;
  const { stored, scale } = column;
  const bins = new Uint8Array(stored.length);
  const place = (value: number) =>
    value === value ? Math.max(0, Math.min(size - 1, Math.floor(placeOf(range, value)))) : size;
  if (stored instanceof Float32Array) {
    for (let row = 0; row < stored.length; row++) bins[row] = place(stored[row]!);
  } else {
    const table = new Uint8Array(largestCode(stored) + 1).fill(size);
    for (let code = 0; code < table.length - 1; code++)
      table[code] = place(Math.fround(scale ? scale.offset + scale.factor * code : code));
    for (let row = 0; row < stored.length; row++) bins[row] = table[stored[row]!]!;
  }
  return { ...range, bins };
}

/** Where the bins of numbers lie: over all values, or without a long tail. */
function binRange(column: NumberColumn): Omit<Binning, "bins"> | null {
  const { minimum, maximum, integer } = column;
  if (minimum === null || maximum === null) return null;
  const [low, high] = robustRange(column, minimum, maximum);
  const linear = { clippedBelow: low > minimum, clippedAbove: high < maximum, root: 1 } as const;
  if (integer && high - low < 4 * MOST_BINS) {
    const width = Math.max(1, Math.ceil((high - low + 1) / MOST_BINS));
    const start = Math.floor(low);
    return { ...linear, low: start, width, size: Math.floor((high - start) / width) + 1 };
  }
  if (low === high) return { ...linear, low: low - 0.5, width: 1, size: 1 };
  if (isSkewed(column, minimum, maximum)) {
    const [first, last] = [Math.cbrt(minimum), Math.cbrt(maximum)];
    const whole = { clippedBelow: false, clippedAbove: false, root: 3 } as const;
    return { ...whole, low: first, width: (last - first) / MOST_BINS, size: MOST_BINS };
  }
  return { ...linear, low, width: (high - low) / MOST_BINS, size: MOST_BINS };
}

/** Whether nearly all of the values lie in the lowest part of the range, as losses do. */
export function isSkewed(column: NumberColumn, minimum: number, maximum: number): boolean {
  if (minimum < 0) return false;
  const sample = sortedSample(column);
  const middle = sample[Math.floor(sample.length / 2)];
  return middle !== undefined && middle - minimum < LOW_MIDDLE * (maximum - minimum);
}

/**
 * The range that holds nearly all values: without the outer 0.5 % at an end where leaving them out
 * shrinks the range much, else from the least to the greatest.
 */
export function robustRange(
  column: NumberColumn,
  minimum: number,
  maximum: number,
): [low: number, high: number] {
  const sample = sortedSample(column);
  if (sample.length === 0) return [minimum, maximum];
  const quantile = (share: number) => sample[Math.round(share * (sample.length - 1))]!;
  const [low, high] = [quantile(TAIL), quantile(1 - TAIL)];
  if (!(high > low)) return [minimum, maximum];
  const whole = maximum - minimum;
  return [
    maximum - low < LONG_TAIL * whole ? low : minimum,
    high - minimum < LONG_TAIL * whole ? high : maximum,
  ];
}

function sortedSample({ stored, scale }: NumberColumn): Float32Array {
  const step = Math.max(1, Math.floor(stored.length / SAMPLED));
  const sample: number[] = [];
  const missing = stored instanceof Float32Array ? NaN : largestCode(stored);
  for (let row = 0; row < stored.length; row += step) {
    const value = stored[row]!;
    if (value === value && value !== missing)
      sample.push(scale ? scale.offset + scale.factor * value : value);
  }
  return Float32Array.from(sample).sort();
}
