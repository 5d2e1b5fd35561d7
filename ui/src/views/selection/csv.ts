/** Rows as CSV (RFC 4180) that a spreadsheet opens without running anything. */

/** What a spreadsheet takes for the start of a formula. Source: OWASP, CSV Injection. */
const FORMULA = /^[=+\-@\t\r\n\uFF1D\uFF0B\uFF0D\uFF20]/;

/**
 * One field of a record; null is empty.
 *
 * A text that looks like a formula gets an apostrophe before it, which a spreadsheet shows as the text
 * itself; a number is written as it is, with its sign.
 */
export function csvField(value: string | number | null): string {
  if (value === null || (typeof value === "number" && !Number.isFinite(value))) return "";
  if (typeof value === "number") return String(value);
  const safe = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** A record with its line end. */
export const csvRecord = (fields: readonly (string | number | null)[]): string =>
  `${fields.map(csvField).join(",")}\r\n`;

const RECORDS_PER_PART = 5_000; // a string of a whole million rows would be too long to build

/** A table as parts of a file, header first. */
export function* csvParts(
  names: readonly string[],
  rows: ArrayLike<number>,
  fieldsOf: (row: number) => (string | number | null)[],
): Generator<string> {
  let part = csvRecord(names);
  for (let i = 0; i < rows.length; i++) {
    if (i > 0 && i % RECORDS_PER_PART === 0) {
      yield part;
      part = "";
    }
    part += csvRecord(fieldsOf(rows[i]!));
  }
  yield part;
}

/** A float32 as the shortest decimal that is the same float32: 0.1, not 0.10000000149011612. */
export function shortest(value: number): number {
  for (let digits = 6; digits < 10; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === Math.fround(value)) return short;
  }
  return value;
}
