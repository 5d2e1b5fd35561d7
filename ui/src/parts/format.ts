import type { Column } from "../data/columns";

const COUNT = new Intl.NumberFormat("en-US");
const SIGNIFICANT = 4;
const DASH = "–";

/** A count of things, e.g. 122,031. */
export function count(value: number): string {
  return COUNT.format(value);
}

/** A number as people read it: four significant digits, no trailing zeros; a dash if missing. */
export function number(value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) return DASH;
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  if (Number.isInteger(value) && size < 1e15) return signed(size < 1e4 ? String(value) : COUNT.format(value));
  if (size !== 0 && (size >= 1e6 || size < 1e-4)) return signed(value.toExponential(2));
  return signed(String(Number(value.toPrecision(SIGNIFICANT))));
}

/** A short list of significant digits that, typed in again, is the number: for fields. */
export function typed(value: number): string {
  if (value !== 0 && Math.abs(value) < 1e-3) return value.toExponential(2);
  return String(Number(value.toPrecision(6)));
}

/** The value of a row as text; a dash if missing. */
export function valueText(column: Column, row: number): string {
  if (column.kind === "number") return number(column.values[row]!);
  if (column.kind === "category") return column.categories[column.codes[row]!] ?? DASH;
  return column.text(row) || DASH;
}

/** "n things", with the right ending. */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

function signed(text: string): string {
  return text.replace("-", "−");
}
