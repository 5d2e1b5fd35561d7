import { largestCode, type NumberColumn } from "../data/columns";

/** Share of the samples, those of the highest loss, that are drawn before all others. */
const FOREMOST = 0.02;
const SAMPLED = 20_000;
/** Step through the rows as a share of them: the golden ratio spreads any run of steps evenly. */
const GOLDEN = 0.6180339887498949;

/** How important rows are: the greater the more; `missing` is not important. */
export interface Importance {
  readonly values: Float32Array | Uint8Array | Uint16Array;
  readonly missing: number;
}

/** Rows are the more important the greater their value; codes will do, as they rise with it. */
export function importanceBy({ stored }: NumberColumn): Importance {
  return { values: stored, missing: stored instanceof Float32Array ? NaN : largestCode(stored) };
}

/**
 * Rows in the order of their importance: the highest losses first, then all others spread so that
 * any part of the order is an even sample of the rows, whatever their order was.
 *
 * @param importance of the rows; null treats all alike.
 */
export function drawingOrder(n: number, importance: Importance | null): Uint32Array {
  const rows = new Uint32Array(n);
  const step = coprimeStep(n);
  const { values, missing } = importance ?? { values: new Uint8Array(n), missing: 0 };
  const least = foremost(values, missing);
  let at = 0;
  for (let row = 0; row < n; row++)
    if (values[row]! >= least && values[row] !== missing) rows[at++] = row;
  rows.subarray(0, at).sort((a, b) => values[b]! - values[a]!);
  for (let k = 0, row = 0; k < n; k++) {
    if (!(values[row]! >= least && values[row] !== missing)) rows[at++] = row;
    row += step;
    if (row >= n) row -= n;
  }
  return rows;
}

/** The least value of the most important rows; infinite if none stand out. */
function foremost(values: Importance["values"], missing: number): number {
  const step = Math.max(1, Math.floor(values.length / SAMPLED));
  const sample: number[] = [];
  for (let row = 0; row < values.length; row += step) {
    const value = values[row]!;
    if (value === value && value !== missing) sample.push(value);
  }
  if (!sample.length) return Infinity;
  sample.sort((a, b) => a - b);
  const least = sample[Math.floor((1 - FOREMOST) * (sample.length - 1))]!;
  return least < sample.at(-1)! ? least : Infinity;
}

/** A step that visits every row once before it returns to the first. */
function coprimeStep(n: number): number {
  let step = Math.max(1, Math.round(n * GOLDEN));
  while (divisor(step, n) !== 1) step++;
  return step % Math.max(1, n);
}

function divisor(a: number, b: number): number {
  while (b) [a, b] = [b, a % b];
  return a;
}

/** The values of the rows, in their order. */
export function inOrder<T extends Float32Array | Uint8Array>(values: T, rows: Uint32Array): T {
  const ordered = new (values.constructor as new (length: number) => T)(rows.length);
  for (let k = 0; k < rows.length; k++) ordered[k] = values[rows[k]!]!;
  return ordered;
}
