/** Numbers and values as text: the voice of the report (`mlflow_latent/report/words.py`), everywhere on the page. */
import type { Column } from "../data/columns";

/** A bound of an interval; null is "not bounded". */
export type Bounds = readonly [number | null, number | null];

/** What stands where there is no value. */
export const MISSING = "–";

/** Places before which a comma stands. */
const THOUSANDS = /\B(?=(\d{3})+$)/g;
const THOUSAND = 1000;
const LARGEST_PLAIN = 1e15; // beyond it the digits mean nothing
const SMALLEST_PLAIN = 1e-4;
/** Whole numbers under it, e.g. years, stand without a comma where they are values. */
const GROUPED_FROM = 1e4;
const MINUS = "−";

/** Three significant digits, thousands separated: `0.0312`, `6.2`, `12,400`; `unknown` without a value. */
export function number(value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) return "unknown";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : `${MINUS}∞`;
  const size = Math.abs(value);
  if (size >= LARGEST_PLAIN) return signed(value.toExponential(2));
  return signed(size >= THOUSAND ? grouped(value) : compact(value));
}

function compact(value: number): string {
  const rounded = Number(value.toPrecision(3));
  const isTiny = rounded !== 0 && Math.abs(rounded) < SMALLEST_PLAIN;
  return isTiny ? rounded.toExponential() : String(rounded);
}

const signed = (text: string): string => text.replace(/^-/, MINUS).replace(/e-/, `e${MINUS}`);

/** Whole numbers as they are, thousands separated: `12,400`. */
export const whole = (value: number): string => signed(grouped(value));

// Not Intl's: a brush writes hundreds of counts anew, and that takes ten times as long.
function grouped(value: number): string {
  const text = String(Math.round(value));
  return text.length > 3 ? text.replace(THOUSANDS, ",") : text;
}

/** `1 sample`, `12,400 samples`. */
export const count = (items: number, noun = "sample", nouns = `${noun}s`): string =>
  `${whole(items)} ${items === 1 ? noun : nouns}`;

/** `72 %`, and a decimal where the share is under a tenth: `4.1 %`. */
export function percent(share: number | null | undefined): string {
  if (share === null || share === undefined || !Number.isFinite(share)) return "unknown";
  const value = 100 * share;
  const text = Math.abs(share) >= 0.1 ? value.toFixed(0) : value.toFixed(1).replace(/\.0$/, "");
  return `${signed(text)} %`;
}

/** `4.1 to 9.3`, or the one bound that there is. */
export function bounds([lower, upper]: Bounds, say: (value: number) => string = number): string {
  if (lower === null && upper === null) return "not bounded";
  if (upper === null) return `${say(lower!)} or more`;
  if (lower === null) return `${say(upper)} or less`;
  return `${say(lower)} to ${say(upper)}`;
}

/** A short list of significant digits that, typed in again, is the number: for fields. */
export function typed(value: number): string {
  if (value !== 0 && Math.abs(value) < 1e-3) return value.toExponential(2);
  return String(Number(value.toPrecision(6)));
}

/** A row's value in a column, for people; `MISSING` if it has none. */
export function valueText(column: Column, row: number): string {
  if (column.kind === "text") return column.text(row) || MISSING;
  if (column.kind === "category") return column.categories[column.codes[row]!] ?? MISSING;
  const value = column.values[row]!;
  if (Number.isNaN(value)) return MISSING;
  const isPlain = column.integer && Math.abs(value) < GROUPED_FROM;
  return isPlain ? signed(String(value)) : number(value);
}
