import { isSkewed, robustRange } from "../crossfilter/binning";
import { largestCode, type CategoryColumn, type Column, type NumberColumn } from "../data/columns";
import { CATEGORY_SLOTS, MISSING_SLOT, OTHER_SLOT, splitSlots } from "./palette";

/** A scale of numbers: from `low` to `high`, by square roots where a tail is long. */
export interface NumberScale {
  readonly low: number;
  readonly high: number;
  readonly squareRoot: boolean;
  /** Whether zero is in the middle and colors part there. */
  readonly diverging: boolean;
  /** Whether values lie beyond. */
  readonly clippedLow: boolean;
  readonly clippedHigh: boolean;
}

/** How a column colors the points. */
export type Coloring =
  | { readonly kind: "one"; readonly codes: Uint8Array }
  | { readonly kind: "number"; readonly codes: Uint8Array; readonly scale: NumberScale }
  | {
      readonly kind: "category";
      readonly codes: Uint8Array;
      /** Slot of each category's color. */
      readonly slots: Uint8Array;
    };

/**
 * The color code of every row.
 *
 * @param column to color by; null or a text is one color.
 * @param totals rows of each category, of a column of categories.
 * @param n number of rows.
 */
export function coloringOf(
  column: Column | undefined,
  totals: () => Uint32Array,
  n: number,
): Coloring {
  if (column?.kind === "number") {
    const scale = scaleOf(column);
    if (scale) return { kind: "number", scale, codes: levels(column, scale) };
  }
  if (column?.kind === "category") {
    const slots = slotsOf(column, totals());
    return { kind: "category", slots, codes: slotCodes(column, slots) };
  }
  return { kind: "one", codes: new Uint8Array(n) };
}

/** The scale of a column of numbers; null if it has no value. */
export function scaleOf(column: NumberColumn): NumberScale | null {
  const { minimum, maximum } = column;
  if (minimum === null || maximum === null) return null;
  const [low, high] = robustRange(column, minimum, maximum);
  const reach = Math.max(-low, high);
  if (column.diverging && reach > 0)
    return {
      low: -reach,
      high: reach,
      squareRoot: true,
      diverging: true,
      clippedLow: -reach > minimum,
      clippedHigh: reach < maximum,
    };
  const squareRoot = isSkewed(column, minimum, maximum);
  return {
    low: squareRoot ? Math.min(low, 0) : low,
    high: high > low ? high : low + 1,
    squareRoot,
    diverging: false,
    clippedLow: low > minimum,
    clippedHigh: high < maximum,
  };
}

/** Place of a value on a scale, 0…1; NaN stays NaN. */
export function levelOf(value: number, { low, high, squareRoot, diverging }: NumberScale): number {
  // Most differences are small beside the largest: by roots their signs can be seen.
  if (diverging) return 0.5 + 0.5 * Math.sign(value) * Math.sqrt(Math.min(1, Math.abs(value) / high));
  const share = Math.max(0, Math.min(1, (value - low) / (high - low)));
  return squareRoot ? Math.sqrt(share) : share;
}

/** The value at a place of a scale; the inverse of `levelOf`. */
export function valueAt(level: number, { low, high, squareRoot, diverging }: NumberScale): number {
  if (diverging) return Math.sign(level - 0.5) * (2 * level - 1) ** 2 * high;
  return low + (high - low) * (squareRoot ? level * level : level);
}

/** (n) levels of a column of numbers, 0…254; 255 is missing. */
export function levels(column: NumberColumn, scale: NumberScale): Uint8Array {
  const { stored, scale: quantized } = column;
  const codes = new Uint8Array(stored.length);
  const level = (value: number) =>
    value === value ? Math.round(254 * levelOf(value, scale)) : MISSING_SLOT;
  if (stored instanceof Float32Array) {
    for (let row = 0; row < stored.length; row++) codes[row] = level(stored[row]!);
    return codes;
  }
  const table = new Uint8Array(largestCode(stored) + 1).fill(MISSING_SLOT);
  const { offset, factor } = quantized ?? { offset: 0, factor: 1 };
  for (let code = 0; code < table.length - 1; code++) table[code] = level(offset + factor * code);
  for (let row = 0; row < stored.length; row++) codes[row] = table[stored[row]!]!;
  return codes;
}

/**
 * The slot of each category: all in order where there are colors enough, else the most frequent
 * ones in order and `OTHER_SLOT` for the rest, as in the report's figures.
 */
export function slotsOf(column: CategoryColumn, totals: Uint32Array): Uint8Array {
  const { name, categories } = column;
  if (name === "split" && categories.length <= CATEGORY_SLOTS)
    return Uint8Array.from(splitSlots(categories));
  const slots = new Uint8Array(categories.length).fill(OTHER_SLOT);
  const present = [...categories.keys()].filter((code) => totals[code]! > 0);
  const named =
    present.length <= CATEGORY_SLOTS
      ? present
      : present
          .sort((a, b) => totals[b]! - totals[a]! || a - b)
          .slice(0, CATEGORY_SLOTS - 1)
          .sort((a, b) => a - b);
  named.forEach((code, slot) => (slots[code] = slot));
  return slots;
}

function slotCodes({ codes, missingCode }: CategoryColumn, slots: Uint8Array): Uint8Array {
  const table = new Uint8Array(missingCode + 1).fill(MISSING_SLOT);
  table.set(slots.subarray(0, missingCode));
  const colors = new Uint8Array(codes.length);
  for (let row = 0; row < codes.length; row++) colors[row] = table[codes[row]!]!;
  return colors;
}
