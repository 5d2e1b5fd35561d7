/** How unusual a value is beside those of all samples. */
import { largestCode, type Column, type NumberColumn } from "../../../data/columns";

/** A value that so small a share of the samples has, or goes beyond, is unusual. */
export const UNUSUAL = 0.05;

/** The share of the other values under a row's own, ties for a half; NaN if it has none. */
export function percentile({ stored }: NumberColumn, row: number): number {
  // Codes rise with the values: nothing has to be decoded.
  const own = stored[row]!;
  const missing = stored instanceof Float32Array ? NaN : largestCode(stored);
  if (own !== own || own === missing) return NaN;
  let [below, same, total] = [0, 0, 0];
  for (let other = 0; other < stored.length; other++) {
    const value = stored[other]!;
    if (value !== value || value === missing) continue;
    total++;
    if (value < own) below++;
    else if (value === own) same++;
  }
  return (below + same / 2) / total;
}

/**
 * The share of samples that are as extreme (numbers: in either direction) or as rare (categories).
 *
 * @param totals rows of each category, of a column of categories.
 * @returns 0…1; 1 for texts, which are nobody else's anyway.
 */
export function rarity(column: Column, row: number, totals: () => Uint32Array): number {
  if (column.kind === "text") return 1;
  if (column.kind === "number") {
    const share = percentile(column, row);
    return 2 * Math.min(share, 1 - share);
  }
  const counts = totals().subarray(0, column.categories.length);
  const own = counts[column.codes[row]!]!;
  let [rarer, all] = [0, 0];
  for (const count of counts) {
    all += count;
    if (count <= own) rarer += count;
  }
  return rarer / all;
}
