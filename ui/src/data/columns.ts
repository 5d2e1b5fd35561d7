import type { ColumnHeader, Scale } from "../payload";
import type { Payload } from "./decode";

/** What every column has, whatever its kind. */
interface ColumnBase {
  readonly name: string;
  /** What curves and insights call it; null if they do not. */
  readonly field: string | null;
  readonly label: string;
  readonly group: ColumnHeader["group"];
  readonly description: string;
  /** Rows without a value. */
  readonly missing: number;
}

/** A column of numbers; NaN is missing. */
export interface NumberColumn extends ColumnBase {
  readonly kind: "number";
  /** (n) made when first asked for. */
  readonly values: Float32Array;
  /** The numbers as they were stored, to be read without making `values`; `scale` turns them. */
  readonly stored: Float32Array | Uint8Array | Uint16Array;
  readonly scale: Scale | null;
  readonly integer: boolean;
  /** Whether zero is its middle, as of a difference: colors then part there. */
  readonly diverging: boolean;
  /** Null if no row has a value. */
  readonly minimum: number | null;
  readonly maximum: number | null;
}

/** A column of categories: `categories[codes[row]]`, or missing where the code is `missingCode`. */
export interface CategoryColumn extends ColumnBase {
  readonly kind: "category";
  readonly codes: Uint8Array | Uint16Array;
  readonly categories: readonly string[];
  readonly missingCode: number;
}

/** A column of texts, decoded row by row. */
export interface TextColumn extends ColumnBase {
  readonly kind: "text";
  readonly text: (row: number) => string;
}

/** A column of the table of samples. */
export type Column = NumberColumn | CategoryColumn | TextColumn;

/** The column that a header describes. */
export function columnOf(payload: Payload, header: ColumnHeader): Column {
  const { name, field, label, group, description, missing } = header;
  const base = { name, field, label, group, description, missing };
  if (header.kind === "text") return { ...base, kind: "text", text: payload.strings(header.data) };
  if (header.kind === "category") {
    const codes = payload.array(header.data) as Uint8Array | Uint16Array;
    const categories = header.categories ?? [];
    return { ...base, kind: "category", codes, categories, missingCode: largestCode(codes) };
  }
  const { scale, integer, minimum, maximum } = header;
  const stored = payload.array(header.data) as NumberColumn["stored"];
  return new StoredNumbers(base, stored, { scale, integer, minimum, maximum, diverging: false });
}

/**
 * A column of numbers that the page computed, e.g. a difference of losses.
 *
 * @param values (n), NaN where there is none.
 * @param diverging whether zero is their middle.
 */
export function derivedNumbers(
  base: Pick<ColumnBase, "name" | "label"> & Partial<ColumnBase>,
  values: Float32Array,
  diverging = false,
): NumberColumn {
  let [minimum, maximum, missing] = [Infinity, -Infinity, 0];
  for (const value of values) {
    if (Number.isNaN(value)) missing++;
    if (value < minimum) minimum = value;
    if (value > maximum) maximum = value;
  }
  const range =
    missing === values.length ? { minimum: null, maximum: null } : { minimum, maximum };
  const whole = { field: null, group: "result" as const, description: "", ...base, missing };
  return new StoredNumbers(whole, values, { scale: null, integer: false, diverging, ...range });
}

/** A column of categories that the page computed. */
export function derivedCategories(
  base: Pick<ColumnBase, "name" | "label"> & Partial<ColumnBase>,
  codes: Uint8Array | Uint16Array,
  categories: readonly string[],
): CategoryColumn {
  const missingCode = largestCode(codes);
  let missing = 0;
  for (const code of codes) if (code === missingCode) missing++;
  const whole = { field: null, group: "result" as const, description: "", ...base, missing };
  return { ...whole, kind: "category", codes, categories, missingCode };
}

/** The code that means missing: the largest of the array's type. */
export function largestCode(codes: Uint8Array | Uint16Array): number {
  return codes.BYTES_PER_ELEMENT === 1 ? 0xff : 0xffff;
}

class StoredNumbers implements NumberColumn {
  readonly kind = "number";
  readonly name: string;
  readonly field: string | null;
  readonly label: string;
  readonly group: ColumnHeader["group"];
  readonly description: string;
  readonly missing: number;
  readonly scale: Scale | null;
  readonly integer: boolean;
  readonly diverging: boolean;
  readonly minimum: number | null;
  readonly maximum: number | null;
  private made: Float32Array | null = null;

  constructor(
    base: ColumnBase,
    readonly stored: NumberColumn["stored"],
    range: Pick<NumberColumn, "scale" | "integer" | "diverging" | "minimum" | "maximum">,
  ) {
    this.name = base.name;
    this.field = base.field;
    this.label = base.label;
    this.group = base.group;
    this.description = base.description;
    this.missing = base.missing;
    this.scale = range.scale;
    this.integer = range.integer;
    this.diverging = range.diverging;
    this.minimum = range.minimum;
    this.maximum = range.maximum;
  }

  get values(): Float32Array {
    this.made ??= this.stored instanceof Float32Array ? this.stored : decoded(this.stored, this.scale);
    return this.made;
  }
}

/** Quantized numbers as numbers; without a scale the codes are the values. */
function decoded(codes: Uint8Array | Uint16Array, scale: Scale | null): Float32Array {
  const missing = largestCode(codes);
  const table = new Float32Array(missing + 1);
  const { offset, factor } = scale ?? { offset: 0, factor: 1 };
  for (let code = 0; code < missing; code++) table[code] = offset + factor * code;
  table[missing] = NaN;
  const values = new Float32Array(codes.length);
  for (let row = 0; row < codes.length; row++) values[row] = table[codes[row]!]!;
  return values;
}
