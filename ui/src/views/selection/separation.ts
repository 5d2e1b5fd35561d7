/** Which columns separate some rows from others, as the analysis says it of an insight (`SeparatingField`). */
import { cliffsDelta, medianOfSorted, shareDifference, type Evidence } from "./evidence";

/** Values of a column, one per row of the data. */
export type Values =
  | { kind: "number"; values: ArrayLike<number> }
  | {
      kind: "category";
      codes: ArrayLike<number>;
      categories: readonly string[];
      missingCode: number;
    };

/** How one column differs between the two groups. */
export interface Separation extends Evidence {
  /** the category that is more or less frequent; null of a number. */
  category: string | null;
  /** median of a number, share of the category, in the selection. */
  inside: number;
  /** the same in the rest. */
  outside: number;
  /** rows with a value that were compared. */
  insideCount: number;
  outsideCount: number;
}

/** Samples with a value that each side needs before anything is said; as in the analysis. */
export const MINIMUM_GROUP = 3;

/** How a column separates two groups of rows; null where a group is too small or nothing varies. */
export function separate(
  column: Values,
  inside: Uint32Array,
  outside: Uint32Array,
  confidence: number,
): Separation | null {
  return column.kind === "number"
    ? separateNumbers(column.values, inside, outside, confidence)
    : separateCategories(column, inside, outside, confidence);
}

function separateNumbers(
  values: ArrayLike<number>,
  inside: Uint32Array,
  outside: Uint32Array,
  confidence: number,
): Separation | null {
  const [first, second] = [present(values, inside), present(values, outside)];
  if (Math.min(first.length, second.length) < MINIMUM_GROUP) return null;
  const evidence = cliffsDelta(first, second, confidence);
  const one = first[0] === first.at(-1) && second[0] === second.at(-1) && first[0] === second[0];
  if (one) return null;
  return {
    ...evidence,
    category: null,
    inside: medianOfSorted(first),
    outside: medianOfSorted(second),
    insideCount: first.length,
    outsideCount: second.length,
  };
}

/** The values of these rows that are numbers, in a new array. */
export function present(values: ArrayLike<number>, rows: Uint32Array): Float32Array {
  const found = new Float32Array(rows.length);
  let length = 0;
  for (let i = 0; i < rows.length; i++) {
    const value = values[rows[i]!]!;
    if (Number.isFinite(value)) found[length++] = value;
  }
  return found.subarray(0, length);
}

function separateCategories(
  column: Values & { kind: "category" },
  inside: Uint32Array,
  outside: Uint32Array,
  confidence: number,
): Separation | null {
  const [hits, misses] = [countCategories(column, inside), countCategories(column, outside)];
  if (Math.min(hits.total, misses.total) < MINIMUM_GROUP) return null;
  const differences = column.categories.map((_, code) =>
    Math.abs(hits.counts[code]! / hits.total - misses.counts[code]! / misses.total),
  );
  const best = differences.reduce(
    (top, value, code) => (value > differences[top]! ? code : top),
    0,
  );
  if (!(differences[best]! > 0)) return null;
  const [a, b] = [hits.counts[best]!, misses.counts[best]!];
  return {
    ...shareDifference([a, hits.total], [b, misses.total], confidence),
    category: column.categories[best]!,
    inside: a / hits.total,
    outside: b / misses.total,
    insideCount: hits.total,
    outsideCount: misses.total,
  };
}

/** How often each category is there among the rows; missing ones are not counted. */
export function countCategories(
  column: Values & { kind: "category" },
  rows: Uint32Array,
): { counts: Uint32Array; total: number } {
  const counts = new Uint32Array(column.categories.length);
  let total = 0;
  for (let i = 0; i < rows.length; i++) {
    const code = column.codes[rows[i]!]!;
    if (code >= counts.length) continue; // the code of a missing value is the largest of its type
    counts[code]!++;
    total++;
  }
  return { counts, total };
}

/** Whether the interval leaves no doubt about the direction. */
export const isClear = (evidence: Evidence): boolean => evidence.lower > 0 || evidence.upper < 0;

/** Clear ones first, then by the size of the effect; a name decides between equals. */
export function rankSeparations<T extends { name: string; found: Separation }>(
  separations: T[],
): T[] {
  return [...separations].sort(
    (a, b) =>
      Number(isClear(b.found)) - Number(isClear(a.found)) ||
      Math.abs(b.found.effect) - Math.abs(a.found.effect) ||
      a.name.localeCompare(b.name),
  );
}
