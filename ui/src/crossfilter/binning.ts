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

/** A column cut into bins: those of the values, then one of the missing. */
export interface Binning {
  /** (n) bin of each row; `size` means missing. */
  readonly bins: Bins;
  /** Number of bins without that of the missing values. */
  readonly size: number;
  /** Of numbers: bin b reaches from low + b·width to low + (b + 1)·width. */
  readonly low: number;
  readonly width: number;
  /** Whether values lie beyond the first or the last bin and are counted there. */
  readonly clippedBelow: boolean;
  readonly clippedAbove: boolean;
}

/** The bins of a column; null for texts and for numbers without a value. */
export function binned(column: Column): Binning | null {
  if (column.kind === "text") return null;
  return column.kind === "category" ? categoryBins(column) : numberBins(column);
}

function categoryBins({ codes, categories, missingCode }: CategoryColumn): Binning {
  const size = categories.length;
  const shared = { size, low: 0, width: 1, clippedBelow: false, clippedAbove: false };
  const bins = new (size < 256 ? Uint8Array : Uint16Array)(codes.length);
  for (let row = 0; row < codes.length; row++) {
    const code = codes[row]!;
    bins[row] = code === missingCode || code >= size ? size : code;
  }
  return { ...shared, bins };
}

function numberBins(column: NumberColumn): Binning | null {
  const range = binRange(column);
  if (!range) return null;
  const { low, width, size } = range;
  const { stored, scale } = column;
  const bins = new Uint8Array(stored.length);
  const place = (value: number) =>
    value === value ? Math.max(0, Math.min(size - 1, Math.floor((value - low) / width))) : size;
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
  const clipped = { clippedBelow: low > minimum, clippedAbove: high < maximum };
  if (integer) {
    const width = Math.max(1, Math.ceil((high - low + 1) / MOST_BINS));
    const start = Math.floor(low);
    return { ...clipped, low: start, width, size: Math.floor((high - start) / width) + 1 };
  }
  if (low === high) return { ...clipped, low: low - 0.5, width: 1, size: 1 };
  return { ...clipped, low, width: (high - low) / MOST_BINS, size: MOST_BINS };
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
