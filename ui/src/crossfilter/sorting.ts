import type { Column } from "../data/columns";

/**
 * Rows in ascending order of a column; missing values last, ties in the order of the rows.
 *
 * @param n number of rows.
 */
export function ascending(column: Column, n: number): Uint32Array {
  if (column.kind === "number") return byKey(floatKeys(column.values));
  if (column.kind === "category") return byKey(categoryKeys(column.codes, column));
  const texts = Array.from({ length: n }, (_, row) => column.text(row));
  const collator = new Intl.Collator("en", { numeric: true });
  return Uint32Array.from(texts.keys()).sort((a, b) => collator.compare(texts[a]!, texts[b]!));
}

/** Keys that order as the numbers do; NaN is the greatest. */
function floatKeys(values: Float32Array): Uint32Array {
  const bits = new Uint32Array(values.slice().buffer);
  for (let row = 0; row < bits.length; row++) {
    const value = bits[row]!;
    const negative = value >>> 31;
    if (values[row] !== values[row]) bits[row] = 0xffffffff;
    else bits[row] = negative ? ~value : value | 0x80000000;
  }
  return bits;
}

/** Keys that order as the names of the categories do. */
function categoryKeys(
  codes: Uint8Array | Uint16Array,
  { categories, missingCode }: { categories: readonly string[]; missingCode: number },
): Uint32Array {
  const collator = new Intl.Collator("en", { numeric: true });
  const order = [...categories.keys()].sort((a, b) =>
    collator.compare(categories[a]!, categories[b]!),
  );
  const rank = new Uint32Array(missingCode + 1).fill(0xffff);
  order.forEach((code, place) => (rank[code] = place));
  return Uint32Array.from(codes, (code) => rank[code]!);
}

/** Rows ordered by a key of 32 bits: a radix sort of two passes over 16 bits. */
function byKey(keys: Uint32Array): Uint32Array {
  const rows = Uint32Array.from(keys.keys());
  return pass(pass(rows, keys, 0), keys, 16);
}

function pass(rows: Uint32Array, keys: Uint32Array, shift: number): Uint32Array {
  const starts = new Uint32Array(0x10001);
  for (let at = 0; at < keys.length; at++) starts[((keys[at]! >>> shift) & 0xffff) + 1]!++;
  for (let digit = 0; digit < 0x10000; digit++) starts[digit + 1]! += starts[digit]!;
  const sorted = new Uint32Array(rows.length);
  for (let at = 0; at < rows.length; at++) {
    const row = rows[at]!;
    sorted[starts[(keys[row]! >>> shift) & 0xffff]!++] = row;
  }
  return sorted;
}
